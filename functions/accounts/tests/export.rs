use actors::{Actor, Stage};
use axum::Router;
use domain::{
    Id, Money, SessionId,
    json::Json,
    order::Order,
    payment::{Mode, Payment, PaymentStatus},
    product::Product,
    user::{Origin, Profile},
};
use serde_json::{Value, json};
use store::PaymentWrite;

use crate::open;

const PATH: &str = "/api/accounts/export/";
const SECRET: &str = "$argon2id$v=19$what-a-thief-would-like";

async fn tea(stage: &Stage) -> Product {
    let price = Money::from_santim(12_550);
    stage.goods("Tea", price, None, 99).await.unwrap()
}

/// Somebody who has told everything one can tell, with an address and nothing bought yet.
async fn person(stage: &Stage, router: &Router, name: &str) -> Actor {
    let now = stage.shop.clock.now();
    let actor = stage.somebody(router, |user| {
        user.first_name = name.to_owned();
        user.last_name = format!("{name}-last");
        user.email = format!("{name}@example.com");
        user.password_hash = SECRET.to_owned();
        user.email_verified_at = Some(now);
        user.profile = Profile {
            birth_date: Some("1932-08-07".to_owned()),
            profile_picture: format!("/pictures/{name}.png"),
            preferences: Some(Json(json!({ "shoes": format!("{name}-none") }))),
        };
        let origin = Origin::new(&format!("{name}-browser"), Some([196, 188, 1, 2].into()));
        let session = SessionId(Id::compose(0, 7));
        user.open_session(session, origin, now);
    });
    let actor = actor.await.unwrap();
    stage.add_address(&actor).await.unwrap();
    actor
}

/// Places an order for one unit, and begins to pay it.
async fn buy(stage: &Stage, actor: &Actor, product: &Product) -> (Order, Payment) {
    stage.fill_cart(actor, &[product], 1).await.unwrap();
    let orders = orders::router(stage.shop.clone());
    let placed = actor.at(&orders).post("/api/orders/", &json!({})).await;
    let id = placed.json()["id"].as_u64().unwrap();
    let (store, entropy) = (&stage.shop.store, &stage.shop.entropy);
    let order = store.find_order(Id::try_from(id).map(domain::OrderId).unwrap());
    let order = order.await.unwrap().unwrap();
    let now = stage.shop.clock.now();
    let tx_ref = entropy.tx_ref(order.id);
    let change = order.begin_payment(tx_ref.clone(), now, entropy.version());
    let change = change.unwrap();
    let payment = Payment {
        tx_ref,
        id: entropy.id(),
        order: order.id,
        owner: order.owner,
        amount: order.total,
        currency: order.currency.clone(),
        mode: Mode::Test,
        status: PaymentStatus::Pending,
        checkout_url: Some(format!("https://checkout.example/{}", order.id)),
        gateway_reference: None,
        refund_due: None,
        created_at: now,
        updated_at: now,
        next_check: None,
        version: entropy.version(),
    };
    let write = PaymentWrite {
        from: None,
        payment,
    };
    store
        .advance_order(&change, std::slice::from_ref(&write), &[])
        .await
        .unwrap();
    (change.order, write.payment)
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(map) => map.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn a_person_gets_all_that_is_kept_about_them() {
    let (stage, router) = open().await;
    let actor = person(&stage, &router, "abebe").await;
    let product = tea(&stage).await;
    let (order, payment) = buy(&stage, &actor, &product).await;
    stage.fill_cart(&actor, &[&product], 3).await.unwrap();

    let answer = actor.get(PATH).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.header("content-disposition"),
        "attachment; filename=\"account.json\""
    );
    assert!(answer.header("cache-control").contains("no-store"));
    assert_eq!(answer.header("link"), "");
    let export = answer.json();
    let user = actor.user();
    assert_eq!(
        export["user"],
        json!({
            "id": user.id.value(),
            "email": "abebe@example.com",
            "first_name": "abebe",
            "last_name": "abebe-last",
            "birth_date": "1932-08-07",
            "profile_picture": "/pictures/abebe.png",
            "preferences": { "shoes": "abebe-none" },
            "is_active": true,
            "is_staff": false,
            "is_superuser": false,
            "email_verified_at": user.created_at.to_string(),
            "created_at": user.created_at.to_string(),
        })
    );
    assert_eq!(
        export["sessions"][0],
        json!({
            "id": 7,
            "created_at": user.created_at.to_string(),
            "expires_at": user.sessions[0].expires_at.to_string(),
            "agent": "abebe-browser",
            "ip": "196.188.1.2",
        })
    );
    assert_eq!(export["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(
        export["devices"][0],
        json!({ "agent": "abebe-browser", "network": "196.188.0.0" })
    );
    let addresses = actor.get("/api/accounts/addresses/").await;
    assert_eq!(export["addresses"], addresses.json());
    assert_eq!(
        export["cart"]["lines"],
        json!([{ "product": product.id.value(), "variant": product.id.value(), "quantity": 3 }])
    );
    let shown = &export["orders"][0];
    assert_eq!(shown["order_number"], order.id.number());
    assert_eq!(shown["status"], "pending_payment");
    assert_eq!(shown["customer"]["email"], "abebe@example.com");
    assert_eq!(shown["address"]["address_line_1"], "Bole Road 1");
    assert_eq!(shown["address"]["recipient"], "abebe abebe-last");
    assert_eq!(
        (&shown["total_amount"], &shown["lines"][0]["unit_price"]),
        (&json!("125.50"), &json!("125.50"))
    );
    assert_eq!(
        shown["payments"],
        json!([{
            "tx_ref": payment.tx_ref.as_str(),
            "status": "pending",
            "amount": "125.50",
            "currency": "ETB",
            "mode": "test",
            "checkout_url": payment.checkout_url,
            "gateway_reference": null,
            "refund_due": null,
            "created_at": payment.created_at.to_string(),
            "updated_at": payment.updated_at.to_string(),
        }])
    );
}

#[tokio::test]
async fn nothing_that_is_kept_is_forgotten_but_the_password() {
    let (stage, router) = open().await;
    let actor = person(&stage, &router, "abebe").await;
    let answer = actor.get(PATH).await;
    assert!(
        !answer.text().contains("argon2id"),
        "no hash leaves the shop"
    );
    let store = &stage.shop.store;
    let account = store.find_account(actor.user().id).await.unwrap();
    let mut user = account.user.unwrap();
    user.password_hash.clear();
    user.profile.preferences = None;
    let mut kept = texts(&serde_json::to_value(&user).unwrap());
    kept.extend(texts(&serde_json::to_value(&account.addresses).unwrap()));
    let exported = texts(&answer.json());
    for text in kept.iter().filter(|text| !text.is_empty()) {
        assert!(exported.contains(text), "{text}");
    }
    let fields = answer.json();
    let fields = fields.as_object().unwrap();
    assert_eq!(fields["cart"], Value::Null, "never used");
    assert_eq!(fields["orders"], json!([]));
}

#[tokio::test]
async fn nobody_finds_anything_of_somebody_else() {
    let (stage, router) = open().await;
    let product = tea(&stage).await;
    let mut people = Vec::new();
    for name in ["abebe", "mamo"] {
        let actor = person(&stage, &router, name).await;
        let bought = buy(&stage, &actor, &product).await;
        people.push((actor, name, bought));
    }
    for (reader, other) in [(0, 1), (1, 0)] {
        let (actor, ..) = &people[reader];
        let (stranger, name, (order, payment)) = &people[other];
        // Who is asked for is never up to the asker.
        let query = format!("{PATH}?user={0}&id={0}&email={name}", stranger.user().id);
        for path in [PATH, query.as_str()] {
            let text = actor.get(path).await.text();
            for theirs in [
                stranger.user().id.to_string(),
                (*name).to_owned(),
                order.id.to_string(),
                order.id.number(),
                order.address.address_id.to_string(),
                payment.tx_ref.to_string(),
            ] {
                assert!(!text.contains(&theirs), "{theirs}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_is_logged_in_gets_an_export_and_nobody_else() {
    let (stage, router) = open().await;
    let unproved = stage.customer(&router).await.unwrap();
    assert_eq!(unproved.get(PATH).await.status, 200);
    assert_eq!(unproved.as_bearer().get(PATH).await.status, 200);
    let superuser = stage.superuser(&router).await.unwrap();
    let answer = superuser.get(PATH).await;
    assert_eq!(answer.json()["user"]["is_superuser"], true);

    let nobody = json!({ "detail": "Authentication credentials were not provided." });
    let answer = stage.anonymous(&router).get(PATH).await;
    assert_eq!((answer.status, answer.json()), (403, nobody.clone()));
    let bearer = unproved.as_bearer();
    let ended = stage.shop.store.edit_user(
        unproved.user().id,
        || stage.shop.entropy.version(),
        |user| {
            user.sessions.clear();
            Ok::<_, std::convert::Infallible>(())
        },
    );
    ended.await.unwrap().unwrap();
    let answer = unproved.get(PATH).await;
    assert_eq!((answer.status, answer.json()), (403, nobody));
    assert_eq!(bearer.get(PATH).await.status, 401);
    let answer = superuser.post(PATH, &json!({})).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "GET, HEAD, OPTIONS")
    );
}

#[tokio::test]
async fn orders_go_page_by_page_each_with_its_payments() {
    let (stage, router) = open().await;
    let product = tea(&stage).await;
    let actor = person(&stage, &router, "abebe").await;
    let mut bought = Vec::new();
    // One more than other lists have on a page when nobody says how many.
    for _ in 0..51 {
        let (order, payment) = buy(&stage, &actor, &product).await;
        bought.insert(0, (order.id.value(), payment.tx_ref.to_string()));
    }
    for (limit, pages) in [("", 1), ("?limit=20", 3)] {
        let mut next = Some(format!("{PATH}{limit}"));
        let (mut seen, mut count) = (Vec::new(), 0);
        while let Some(page) = next {
            let answer = actor.get(&page).await;
            let export = answer.json();
            assert_eq!(export["user"]["email"], "abebe@example.com");
            for order in export["orders"].as_array().unwrap() {
                let payment = order["payments"][0]["tx_ref"].as_str().unwrap();
                seen.push((order["id"].as_u64().unwrap(), payment.to_owned()));
            }
            next = answer.next_page();
            count += 1;
        }
        assert_eq!((seen, count), (bought.clone(), pages));
    }
    let (answer, cost) = stage.wire.measured(actor.get(PATH)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (cost.total_calls(), cost.round_trips),
        (3, 2),
        "account and orders side by side, then the payments of all orders"
    );
}
