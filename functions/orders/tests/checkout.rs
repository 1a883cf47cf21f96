//! From cart to order.

use std::sync::Arc;

use actors::Actor;
use domain::{Money, event::EventKind};
use emulator::{Fault, FaultKind, Service};
use serde_json::{Value, json};

use crate::open;

const PATH: &str = "/api/orders/";
const BIRR_250: Money = Money::from_santim(25_000);
const BIRR_199: Money = Money::from_santim(19_999);

#[tokio::test]
async fn a_cart_becomes_an_order_at_final_prices_with_the_whole_address() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, Some(BIRR_199), 5).await?;
    let cable = stage.goods("Cable", BIRR_199, None, 5).await?;
    let customer = stage.shopper(&router, &[&phone, &cable], 2).await?;
    let answer = customer
        .post(PATH, &json!({ "status": "completed", "total_amount": "1" }))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let order = answer.json();
    assert_eq!(order["status"], "pending_payment");
    assert_eq!(order["payment_status"], "unpaid");
    assert_eq!(order["total_amount"], "799.96");
    assert_eq!(order["currency"], "ETB");
    assert_eq!(order["items"][0]["unit_price"], "199.99");
    assert_eq!(order["items"][0]["total_price"], "399.98");
    assert_eq!(order["items"][0]["product_name"], "Pixel 9");
    assert!(
        order["order_number"]
            .as_str()
            .is_some_and(|number| number.starts_with("ORD-"))
    );
    assert_eq!(
        order["shipping_address_snapshot"]["address_line_2"],
        "House 7"
    );
    assert_eq!(order["shipping_address_snapshot"]["postal_code"], "1000");
    assert_eq!(
        order["shipping_address_snapshot"]["recipient"],
        "Abebe Bikila"
    );
    assert!(order["expires_at"].is_string());
    assert!(
        order.get("customer").is_none(),
        "only staff see who ordered"
    );
    assert_eq!(stage.units(&phone).await?, (3, 2));
    let events = stage.queue.sent();
    assert!(
        matches!(events[0].kind, EventKind::OrderPlaced { .. }),
        "{events:?}"
    );
    let again = customer.post(PATH, &json!({})).await;
    assert_eq!(
        (again.status, again.json()),
        (400, json!({ "detail": ["Cart is empty."] }))
    );
    Ok(())
}

#[tokio::test]
async fn a_checkout_of_three_lines_costs_four_round_trips_and_one_write() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let mut goods = Vec::new();
    for number in 0..3 {
        goods.push(
            stage
                .goods(&format!("Thing {number}"), BIRR_250, None, 5)
                .await?,
        );
    }
    let customer = stage
        .shopper(&router, &goods.iter().collect::<Vec<_>>(), 1)
        .await?;
    let (answer, cost) = stage.wire.measured(customer.post(PATH, &json!({}))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    // What remains to four is the queue, which is not on this wire.
    assert_eq!(cost.round_trips, 3, "{cost:?}");
    assert_eq!(cost.calls_of("dynamodb.TransactWriteItems"), 1);
    assert_eq!(cost.total_calls(), 3, "{cost:?}");
    assert!(cost.write_units <= 21.0, "{cost:?}");
    Ok(())
}

#[tokio::test]
async fn the_address_asked_for_is_taken_or_refused() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 50).await?;
    let other = stage.shopper(&router, &[&phone], 1).await?;
    let others_address = stage.add_address(&other).await?;
    let customer = stage.verified(&router).await?;
    stage.fill_cart(&customer, &[&phone], 1).await?;
    let refused = |answer: actors::Answer| (answer.status, answer.json()["detail"].clone());
    let no_default = json!(["No shipping address provided and no default found."]);
    assert_eq!(
        refused(customer.post(PATH, &json!({})).await),
        (400, no_default)
    );
    let own = stage.add_address(&customer).await?;
    let invalid = json!(["Invalid shipping address ID."]);
    for unknown in [
        json!(others_address.value()),
        json!(-1),
        json!(u64::MAX),
        json!("12345"),
    ] {
        let answer = customer.post(PATH, &json!({ "address_id": unknown })).await;
        assert_eq!(refused(answer), (400, invalid.clone()), "{unknown}");
    }
    let no_number = json!("Field 'id' expected a number but got 'abc'.");
    let answer = customer.post(PATH, &json!({ "address_id": "abc" })).await;
    assert_eq!(refused(answer), (400, no_number));
    for odd in [json!({ "a": 1 }), json!([1]), json!(1.5)] {
        let answer = customer.post(PATH, &json!({ "address_id": odd })).await;
        assert_eq!(answer.status, 400, "{odd}: {}", answer.text());
    }
    assert_eq!(customer.post(PATH, &json!([1])).await.status, 400);
    assert_eq!(
        stage.units(&phone).await?,
        (50, 0),
        "nothing of this changed anything"
    );
    let answer = customer
        .post(PATH, &json!({ "address_id": own.value() }))
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    Ok(())
}

#[tokio::test]
async fn every_short_line_is_told() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 0).await?;
    let cable = stage.goods("Cable", BIRR_250, None, 1).await?;
    let case = stage.goods("Case", BIRR_250, None, 9).await?;
    let customer = stage.shopper(&router, &[&phone, &cable, &case], 2).await?;
    let answer = customer.post(PATH, &json!({})).await;
    let told = json!({ "detail": [
        "Not enough stock for Pixel 9. Available: 0, Requested: 2",
        "Not enough stock for Cable. Available: 1, Requested: 2",
    ] });
    assert_eq!((answer.status, answer.json()), (400, told));
    assert_eq!(stage.units(&case).await?, (9, 0));
    Ok(())
}

#[tokio::test]
async fn checkout_wants_a_verified_address_and_a_csrf_token() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 5).await?;
    let anonymous = stage.anonymous(&router).post(PATH, &json!({})).await;
    let expected = json!({ "detail": "Authentication credentials were not provided." });
    assert_eq!((anonymous.status, anonymous.json()), (403, expected));
    let unverified = stage.customer(&router).await?.post(PATH, &json!({})).await;
    let expected = json!({ "detail": "Email verification required." });
    assert_eq!((unverified.status, unverified.json()), (403, expected));
    let forged = stage
        .shopper(&router, &[&phone], 1)
        .await?
        .saying("x-csrftoken", "");
    let answer = forged.post(PATH, &json!({})).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert!(answer.text().contains("CSRF Failed"));
    assert_eq!(stage.units(&phone).await?, (5, 0));
    let bearer = stage.shopper(&router, &[&phone], 1).await?.as_bearer();
    assert_eq!(bearer.post(PATH, &json!({})).await.status, 201);
    Ok(())
}

pub(crate) async fn statuses(customers: Vec<Arc<Actor>>) -> Vec<(u16, Value)> {
    let tries = customers.into_iter().map(|customer| {
        tokio::spawn(async move {
            let answer = customer.post(PATH, &json!({})).await;
            (answer.status, answer.json())
        })
    });
    let answers = futures::future::join_all(tries).await;
    answers
        .into_iter()
        .map(|answer| answer.expect("no request panics"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_customers_for_one_unit_make_one_order() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 1).await?;
    let mut customers = Vec::new();
    for _ in 0..20 {
        customers.push(Arc::new(stage.shopper(&router, &[&phone], 1).await?));
    }
    let answers = statuses(customers).await;
    assert_eq!(
        answers.iter().filter(|(status, _)| *status == 201).count(),
        1,
        "{answers:?}"
    );
    assert!(
        answers
            .iter()
            .all(|(status, _)| matches!(status, 201 | 400)),
        "{answers:?}"
    );
    assert_eq!(stage.units(&phone).await?, (0, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_cart_ordered_six_times_at_once_is_one_order() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 50).await?;
    let customer = Arc::new(stage.shopper(&router, &[&phone], 5).await?);
    let answers = statuses(vec![Arc::clone(&customer); 6]).await;
    assert_eq!(
        answers.iter().filter(|(status, _)| *status == 201).count(),
        1,
        "{answers:?}"
    );
    let empty = json!({ "detail": ["Cart is empty."] });
    let others = answers.iter().filter(|(status, _)| *status != 201);
    assert!(
        others.clone().all(|other| *other == (400, empty.clone())),
        "{answers:?}"
    );
    assert_eq!(stage.units(&phone).await?, (45, 5));
    let listed = customer.get(PATH).await.json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn carts_in_opposite_order_do_not_stand_in_each_others_way() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let one = stage.goods("One", BIRR_250, None, 100).await?;
    let two = stage.goods("Two", BIRR_250, None, 100).await?;
    let mut customers = Vec::new();
    for number in 0..20 {
        let goods = if number % 2 == 0 {
            [&one, &two]
        } else {
            [&two, &one]
        };
        customers.push(Arc::new(stage.shopper(&router, &goods, 1).await?));
    }
    let answers = statuses(customers).await;
    assert!(
        answers.iter().all(|(status, _)| *status == 201),
        "{answers:?}"
    );
    assert_eq!(stage.units(&one).await?, (80, 20));
    Ok(())
}

#[tokio::test]
async fn a_fault_of_the_table_is_a_503_that_changes_nothing() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods("Pixel 9", BIRR_250, None, 5).await?;
    let customer = stage.shopper(&router, &[&phone], 1).await?;
    for kind in [FaultKind::Refused, FaultKind::Throttled] {
        let fault = Fault {
            service: Service::Dynamodb,
            nth: 3,
            kind,
            times: 20,
        };
        stage.wire.inject(fault)?;
        let answer = customer.post(PATH, &json!({})).await;
        stage.wire.clear_faults();
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(!answer.header("retry-after").is_empty());
        assert!(!answer.header("x-request-id").is_empty());
        let expected = json!({ "detail": "Temporarily unavailable, try again." });
        assert_eq!(answer.json(), expected);
    }
    assert_eq!(stage.units(&phone).await?, (5, 0));
    assert_eq!(customer.post(PATH, &json!({})).await.status, 201);
    Ok(())
}
