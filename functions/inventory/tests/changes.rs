//! Adjusting and transferring, and the ledger that tells of it.

use domain::event::EventKind;
use serde_json::{Value, json};

use crate::{MOVEMENTS, adjusted, goods, open, path, places, second_variant, shown};

#[tokio::test]
async fn an_adjustment_changes_the_level_and_is_entered_and_told() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    let body = json!({ "delta": 7, "kind": "received", "reason": "  Delivery 12 " });
    let answer = staff.post(&path(&pixel, "adjust"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    let level = &answer["levels"][0];
    assert_eq!(
        (&level["available"], &level["location"]),
        (&json!(12), &json!("main"))
    );
    assert_eq!(level["product_name"], "Pixel 9");
    let entry = &answer["movements"][0];
    let expected = json!({
        "id": entry["id"], "at": entry["at"], "actor": staff.user().id, "product": pixel.id,
        "variant": pixel.id, "location": "main", "kind": "received", "reason": "Delivery 12",
        "delta": 7, "on_hand_before": 5, "on_hand_after": 12, "counterpart": null, "order": null,
    });
    assert_eq!(*entry, expected);
    let told = stage.queue.sent().pop().unwrap().kind;
    assert_eq!(told, EventKind::StockAdjusted { product: pixel.id });
    assert_eq!(stage.outbox().await.unwrap().len(), 1);
    let product = stage.shop.store.find_products(&[pixel.id]).await.unwrap();
    let copy = &product[0].shown_stock;
    assert_eq!(copy.levels[0].available, 12, "lists show it at once");
    let ledger = staff.get(MOVEMENTS).await.json();
    assert_eq!(ledger, json!([expected]));
}

#[tokio::test]
async fn counting_says_what_is_on_hand() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    let counted = adjusted(&staff, &pixel, json!({ "counted": 3 })).await;
    let entry = &counted["movements"][0];
    assert_eq!(
        (&entry["kind"], &entry["delta"]),
        (&json!("counted"), &json!(-2))
    );
    let again = adjusted(&staff, &pixel, json!({ "counted": "3" })).await;
    assert_eq!(again["movements"][0]["delta"], 0);
    assert_eq!(shown(&staff, "").await, [("main".into(), 3, 0)]);
}

#[tokio::test]
async fn promised_units_are_counted_but_not_taken() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    let orders = orders::router(stage.shop.clone());
    let shopper = stage.shopper(&orders, &[&pixel], 3).await.unwrap();
    assert_eq!(shopper.post("/api/orders/", &json!({})).await.status, 201);
    let refused = async |body: Value| {
        let mut body = body;
        body["reason"] = "a count".into();
        let answer = staff.post(&path(&pixel, "adjust"), &body).await;
        assert_eq!(answer.status, 409, "{}", answer.text());
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    let short = refused(json!({ "delta": -3 })).await;
    assert_eq!(short, "Not enough stock. Available: 2, Requested: 3");
    let promised = refused(json!({ "counted": 2 })).await;
    let text = "3 units are promised to orders; fewer cannot be on hand.";
    assert_eq!(promised, text);
    adjusted(&staff, &pixel, json!({ "counted": 3 })).await;
    assert_eq!(shown(&staff, "").await, [("main".into(), 0, 3)]);
}

#[tokio::test]
async fn what_is_wrong_with_an_adjustment_is_told_by_field() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    let refused = async |body: Value| {
        let answer = staff.post(&path(&pixel, "adjust"), &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        answer.json()
    };
    let reason = json!({ "reason": ["This field is required."] });
    assert_eq!(refused(json!({ "delta": 1 })).await, reason);
    let either = json!({ "non_field_errors": ["Send either delta or counted."] });
    assert_eq!(refused(json!({ "reason": "r" })).await, either);
    let both = json!({ "reason": "r", "delta": 1, "counted": 1 });
    assert_eq!(refused(both).await, either);
    let zero = refused(json!({ "reason": "r", "delta": 0 })).await;
    assert_eq!(zero, json!({ "delta": ["Ensure this value is not 0."] }));
    let long = json!({ "reason": "r".repeat(201), "delta": 1 });
    assert!(refused(long).await["reason"].is_array());
    for (field, value) in [
        ("variant", json!(7)),
        ("location", json!("nowhere")),
        ("location", json!("NO")),
        ("kind", json!("sold")),
        ("counted", json!(-1)),
    ] {
        let mut body = json!({ "reason": "r", field: value });
        if field != "counted" {
            body["delta"] = 1.into();
        }
        let answer = refused(body).await;
        assert!(answer[field].is_array(), "{field}: {answer}");
    }
    let nobody = staff.post("/api/inventory/77/adjust/", &json!({})).await;
    assert_eq!(nobody.status, 404);
    assert_eq!(shown(&staff, "").await, [("main".into(), 5, 0)]);
    assert_eq!(staff.get(MOVEMENTS).await.json(), json!([]));
}

#[tokio::test]
async fn of_several_variants_one_is_named() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    let red = second_variant(&stage, &pixel).await;
    let body = json!({ "delta": 1, "reason": "r" });
    let refused = staff.post(&path(&pixel, "adjust"), &body).await;
    let required = json!({ "variant": ["This field is required."] });
    assert_eq!((refused.status, refused.json()), (400, required));
    let answer = adjusted(&staff, &pixel, json!({ "delta": 4, "variant": red })).await;
    let level = &answer["levels"][0];
    assert_eq!(
        (&level["variant_title"], &level["sku"]),
        (&json!("red"), &json!("PIXEL-RED"))
    );
    let levels = shown(&staff, &format!("?product={}", pixel.id)).await;
    assert_eq!(levels, [("main".into(), 5, 0), ("main".into(), 4, 0)]);
}

#[tokio::test]
async fn a_transfer_moves_units_and_is_entered_at_both_places() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    places(&staff, &["bole"]).await;
    let transfer = async |body: Value| staff.post(&path(&pixel, "transfer"), &body).await;
    let body = json!({ "from": "main", "to": "bole", "quantity": 2, "reason": "Easter" });
    let answer = transfer(body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let entries = answer.json()["movements"].clone();
    let of = |at: usize| {
        let entry = &entries[at];
        assert_eq!(entry["kind"], "transferred");
        (
            entry["location"].clone(),
            entry["delta"].clone(),
            entry["counterpart"].clone(),
        )
    };
    assert_eq!(of(0), (json!("main"), json!(-2), json!("bole")));
    assert_eq!(of(1), (json!("bole"), json!(2), json!("main")));
    let there = [("bole".into(), 2, 0), ("main".into(), 3, 0)];
    assert_eq!(shown(&staff, "").await, there);
    let short = transfer(json!({ "from": "main", "to": "bole", "quantity": 4 })).await;
    let text = json!({ "detail": "Not enough stock. Available: 3, Requested: 4" });
    assert_eq!((short.status, short.json()), (409, text));
    let same = transfer(json!({ "from": "main", "to": "main", "quantity": 1 })).await;
    assert_eq!(same.status, 400);
    let empty = transfer(json!({})).await.json();
    for field in ["from", "to", "quantity"] {
        assert_eq!(empty[field], json!(["This field is required."]));
    }
    let nowhere = transfer(json!({ "from": "main", "to": "adama", "quantity": 1 })).await;
    assert_eq!(
        nowhere.json(),
        json!({ "to": ["\"adama\" is not a valid choice."] })
    );
    assert_eq!(shown(&staff, "").await, there);
}

#[tokio::test]
async fn the_ledger_is_read_page_by_page_and_product_by_product() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let (pixel, other) = (goods(&stage, 5).await, goods(&stage, 5).await);
    for _ in 0..3 {
        adjusted(&staff, &pixel, json!({ "delta": 1 })).await;
        adjusted(&staff, &other, json!({ "delta": -1 })).await;
    }
    let deltas = async |first: String| {
        let (mut deltas, mut next) = (Vec::new(), Some(first));
        while let Some(page) = next {
            let answer = staff.get(&page).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let entries = answer.json();
            let entries = entries.as_array().unwrap().iter();
            deltas.extend(entries.map(|entry| entry["delta"].as_i64().unwrap()));
            next = answer.next_page();
        }
        deltas
    };
    let all = deltas(format!("{MOVEMENTS}?limit=2")).await;
    assert_eq!(all, [-1, 1, -1, 1, -1, 1]);
    let of_pixel = format!("{MOVEMENTS}?limit=2&product={}", pixel.id);
    assert_eq!(deltas(of_pixel).await, [1, 1, 1]);
    assert!(deltas(format!("{MOVEMENTS}?product=77")).await.is_empty());
    let odd = staff.get(&format!("{MOVEMENTS}?product=x")).await;
    assert_eq!(odd.status, 400);
}
