//! Orders from a shop with stock at several places.

use std::sync::Arc;

use domain::{Money, order::MAX_ORDER_LINES, product::Price, stock::Location};
use emulator::{Fault, FaultKind, Service};
use serde_json::json;

use crate::{checkout::statuses, open};

const PATH: &str = "/api/orders/";
const BIRR_250: Money = Money::from_santim(25_000);

fn price() -> Price {
    Price::new(BIRR_250, None).expect("a price")
}

fn annex() -> Location {
    Location::parse("annex").expect("a code")
}

fn shelf(code: &str, available: u32, reserved: u32) -> (String, u32, u32) {
    (code.to_owned(), available, reserved)
}

#[tokio::test]
async fn a_line_takes_from_the_first_place_and_then_from_the_next() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let units = [(annex(), 5), (Location::main(), 3)];
    let phone = stage.goods_at("Pixel 9", price(), &units).await?;
    let customer = stage.shopper(&router, &[&phone], 4).await?;
    let (answer, cost) = stage.wire.measured(customer.post(PATH, &json!({}))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(cost.total_calls(), 3, "{cost:?}");
    assert_eq!(
        stage.shelves(&phone).await?,
        [shelf("annex", 4, 1), shelf("main", 0, 3)]
    );
    stage.fill_cart(&customer, &[&phone], 5).await?;
    let answer = customer.post(PATH, &json!({})).await;
    let told = json!({ "detail": [
        "Not enough stock for Pixel 9. Available: 4, Requested: 5",
    ] });
    assert_eq!((answer.status, answer.json()), (400, told));
    Ok(())
}

#[tokio::test]
async fn a_copy_that_is_out_of_date_refuses_nobody_and_promises_nothing() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let units = [(Location::main(), 2), (annex(), 2)];
    let phone = stage.goods_at("Pixel 9", price(), &units).await?;
    // Nobody consumes events on the stage: the copy says two and two from here on.
    for _ in 0..2 {
        let customer = stage.shopper(&router, &[&phone], 2).await?;
        assert_eq!(customer.post(PATH, &json!({})).await.status, 201);
    }
    assert_eq!(
        stage.shelves(&phone).await?,
        [shelf("annex", 0, 2), shelf("main", 0, 2)]
    );
    let customer = stage.shopper(&router, &[&phone], 1).await?;
    let answer = customer.post(PATH, &json!({})).await;
    let told = json!({ "detail": [
        "Not enough stock for Pixel 9. Available: 0, Requested: 1",
    ] });
    assert_eq!((answer.status, answer.json()), (400, told));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_gets_what_two_places_have_and_nothing_more() -> anyhow::Result<()> {
    for (crowd, served) in [(20, 20), (25, 20)] {
        let (stage, router) = open().await?;
        let units = [(Location::main(), 10), (annex(), 10)];
        let phone = stage.goods_at("Pixel 9", price(), &units).await?;
        let mut customers = Vec::new();
        for _ in 0..crowd {
            customers.push(Arc::new(stage.shopper(&router, &[&phone], 1).await?));
        }
        let answers = statuses(customers).await;
        let placed = answers.iter().filter(|(status, _)| *status == 201).count();
        assert_eq!(placed, served, "{answers:?}");
        let refused = answers.iter().filter(|(status, _)| *status == 400).count();
        assert_eq!(refused, crowd - served, "{answers:?}");
        assert_eq!(
            stage.shelves(&phone).await?,
            [shelf("annex", 0, 10), shelf("main", 0, 10)]
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_with_full_carts_empties_both_places_to_the_last_unit() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let units = [(Location::main(), 7), (annex(), 8)];
    let phone = stage.goods_at("Pixel 9", price(), &units).await?;
    let mut customers = Vec::new();
    for _ in 0..12 {
        customers.push(Arc::new(stage.shopper(&router, &[&phone], 3).await?));
    }
    let answers = statuses(customers).await;
    let placed = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(placed, 5, "{answers:?}");
    assert_eq!(
        stage.shelves(&phone).await?,
        [shelf("annex", 0, 8), shelf("main", 0, 7)]
    );
    Ok(())
}

#[tokio::test]
async fn the_largest_order_takes_what_fits_into_a_transaction() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let mut goods = Vec::new();
    for number in 0..MAX_ORDER_LINES {
        // Two places each would be too many operations; the second one alone has enough.
        let units = [(Location::main(), 1), (annex(), 2)];
        let name = format!("Thing {number}");
        goods.push(stage.goods_at(&name, price(), &units).await?);
    }
    let all: Vec<_> = goods.iter().collect();
    let customer = stage.shopper(&router, &all, 2).await?;
    let answer = customer.post(PATH, &json!({})).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(
        stage.shelves(&goods[0]).await?,
        [shelf("annex", 0, 2), shelf("main", 1, 0)]
    );
    Ok(())
}

#[tokio::test]
async fn an_order_whose_units_lie_in_too_many_places_is_refused_in_words() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let mut goods = Vec::new();
    for number in 0..=MAX_ORDER_LINES / 2 {
        let units = [(Location::main(), 1), (annex(), 1)];
        let name = format!("Thing {number}");
        goods.push(stage.goods_at(&name, price(), &units).await?);
    }
    let all: Vec<_> = goods.iter().collect();
    let customer = stage.shopper(&router, &all, 2).await?;
    let answer = customer.post(PATH, &json!({})).await;
    let told = json!({ "detail": [
        "The units of this order lie in too many places. Please order fewer products at a time.",
    ] });
    assert_eq!((answer.status, answer.json()), (400, told));
    assert_eq!(
        stage.shelves(&goods[0]).await?,
        [shelf("annex", 1, 0), shelf("main", 1, 0)]
    );
    Ok(())
}

#[tokio::test]
async fn a_product_that_was_never_stocked_anywhere_is_short() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let phone = stage.goods_at("Pixel 9", price(), &[]).await?;
    let customer = stage.shopper(&router, &[&phone], 1).await?;
    let answer = customer.post(PATH, &json!({})).await;
    let told = json!({ "detail": [
        "Not enough stock for Pixel 9. Available: 0, Requested: 1",
    ] });
    assert_eq!((answer.status, answer.json()), (400, told));
    Ok(())
}

#[tokio::test]
async fn a_fault_while_units_are_counted_changes_nothing() -> anyhow::Result<()> {
    let (stage, router) = open().await?;
    let units = [(Location::main(), 2), (annex(), 2)];
    let phone = stage.goods_at("Pixel 9", price(), &units).await?;
    let first = stage.shopper(&router, &[&phone], 2).await?;
    assert_eq!(first.post(PATH, &json!({})).await.status, 201);
    let second = stage.shopper(&router, &[&phone], 2).await?;
    // The account, the products, a refused transaction; then the count, then the second try.
    for nth in [4, 5] {
        let fault = Fault {
            service: Service::Dynamodb,
            nth,
            kind: FaultKind::Refused,
            times: 20,
        };
        stage.wire.inject(fault)?;
        let answer = second.post(PATH, &json!({})).await;
        stage.wire.clear_faults();
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert_eq!(
            stage.shelves(&phone).await?,
            [shelf("annex", 2, 0), shelf("main", 0, 2)]
        );
    }
    assert_eq!(second.post(PATH, &json!({})).await.status, 201);
    Ok(())
}

#[tokio::test]
async fn whatever_fails_while_units_are_looked_for_there_is_one_order_in_the_end()
-> anyhow::Result<()> {
    let kinds = [
        FaultKind::Refused,
        FaultKind::LostAnswer,
        FaultKind::Conflict,
        FaultKind::Throttled,
    ];
    for kind in kinds {
        for nth in 1..=5 {
            let (stage, router) = open().await?;
            let units = [(Location::main(), 2), (annex(), 2)];
            let phone = stage.goods_at("Pixel 9", price(), &units).await?;
            let first = stage.shopper(&router, &[&phone], 1).await?;
            assert_eq!(first.post(PATH, &json!({})).await.status, 201);
            let second = stage.shopper(&router, &[&phone], 3).await?;
            let fault = Fault {
                service: Service::Dynamodb,
                nth,
                kind,
                times: 1,
            };
            stage.wire.inject(fault)?;
            let answer = second.post(PATH, &json!({})).await;
            stage.wire.clear_faults();
            if answer.status != 201 {
                assert_eq!(answer.status, 503, "{kind:?} {nth}: {}", answer.text());
                let again = second.post(PATH, &json!({})).await;
                assert_eq!(again.status, 201, "{kind:?} {nth}: {}", again.text());
            }
            let orders = second.get(PATH).await.json();
            assert_eq!(orders.as_array().map(Vec::len), Some(1), "{kind:?} {nth}");
            assert_eq!(
                stage.shelves(&phone).await?,
                [shelf("annex", 0, 2), shelf("main", 0, 2)],
                "{kind:?} {nth}"
            );
        }
    }
    Ok(())
}
