//! Orders whose hold ended, in a shop with stock at two places.

use domain::{event::EventKind, order::OrderStatus, stock::Location};
use emulator::{Fault, FaultKind, Service};
use serde_json::json;

use crate::{Market, begin, settle::verify};

fn annex() -> Location {
    Location::parse("annex").expect("a code")
}

async fn open() -> anyhow::Result<Market> {
    Market::open_at(&[(Location::main(), 2), (annex(), 3)]).await
}

fn shelf(code: &str, available: u32, reserved: u32) -> (String, u32, u32) {
    (code.to_owned(), available, reserved)
}

/// The names of the events that were sent, without those of placed orders.
fn told(market: &Market) -> Vec<&'static str> {
    let sent = market.stage.queue.sent().into_iter();
    let names = sent.map(|event: domain::event::Event| match event.kind {
        EventKind::OrderPlaced { .. } => "",
        kind => kind.name(),
    });
    names.filter(|name| !name.is_empty()).collect()
}

#[tokio::test]
async fn a_hold_is_taken_again_from_where_there_are_units_now() -> anyhow::Result<()> {
    let market = open().await?;
    let (buyer, order) = market.buyer(2).await?;
    market.end_hold(&order).await?;
    // Somebody else takes one of the two that it had.
    market.buyer(1).await?;
    begin(&buyer, &order).await?;
    assert_eq!(
        market.stage.shelves(&market.phone).await?,
        [shelf("annex", 2, 1), shelf("main", 0, 2)]
    );
    assert_eq!(told(&market), ["HoldRenewed"]);
    market.end_hold(&order).await?;
    assert_eq!(
        market.stage.shelves(&market.phone).await?,
        [shelf("annex", 3, 0), shelf("main", 1, 1)],
        "it gives back where it took"
    );
    market.buyer(3).await?;
    let body = json!({ "order_id": order["id"], "return_url": "https://shop.example/" });
    let answer = buyer.post("/api/payments/initiate/", &body).await;
    let expected = json!({ "detail": ["Pixel 9 is no longer available."] });
    assert_eq!((answer.status, answer.json()), (409, expected));
    Ok(())
}

#[tokio::test]
async fn late_money_takes_units_from_where_they_are_now() -> anyhow::Result<()> {
    let market = open().await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    market.end_hold(&order).await?;
    market.buyer(2).await?;
    market.gateway.pay(&tx_ref);
    let paid = (200, json!({ "status": "success" }));
    for _ in 0..2 {
        assert_eq!(verify(&buyer, &tx_ref).await, paid);
    }
    assert_eq!(
        market.stage.shelves(&market.phone).await?,
        [shelf("annex", 1, 0), shelf("main", 0, 2)]
    );
    assert_eq!(told(&market), ["OrderPaid", "HoldRenewed"]);
    let order = market.order(&order).await?;
    assert_eq!(order.status, OrderStatus::Processing);
    assert_eq!(order.lines[0].allocations[0].location, annex());
    Ok(())
}

#[tokio::test]
async fn a_hold_that_stands_is_renewed_without_a_word() -> anyhow::Result<()> {
    let market = open().await?;
    let (buyer, order) = market.buyer(2).await?;
    let (begun, cost) = market.stage.wire.measured(begin(&buyer, &order)).await;
    begun?;
    assert!(told(&market).is_empty());
    assert_eq!(cost.calls_of("dynamodb.Query"), 0, "{cost:?}");
    Ok(())
}

#[tokio::test]
async fn whatever_fails_while_late_money_looks_for_units_it_is_settled_once() -> anyhow::Result<()>
{
    let kinds = [
        FaultKind::Refused,
        FaultKind::LostAnswer,
        FaultKind::Conflict,
        FaultKind::Throttled,
    ];
    for kind in kinds {
        for nth in 1..=7 {
            let market = open().await?;
            let (buyer, order, tx_ref) = market.payer(2).await?;
            market.end_hold(&order).await?;
            market.buyer(1).await?;
            market.gateway.pay(&tx_ref);
            let fault = Fault {
                service: Service::Dynamodb,
                nth,
                kind,
                times: 1,
            };
            market.stage.wire.inject(fault)?;
            let (status, _) = verify(&buyer, &tx_ref).await;
            assert!(matches!(status, 200 | 503), "{kind:?} {nth}: {status}");
            market.stage.wire.clear_faults();
            let settled = verify(&buyer, &tx_ref).await;
            assert_eq!(settled, (200, json!({ "status": "success" })));
            assert_eq!(
                market.stage.shelves(&market.phone).await?,
                [shelf("annex", 2, 0), shelf("main", 0, 1)],
                "{kind:?} {nth}"
            );
            let waiting = market.stage.outbox().await?;
            let paid = waiting
                .iter()
                .filter(|event| matches!(event.kind, EventKind::OrderPaid { .. }));
            assert_eq!(paid.count(), 1, "{kind:?} {nth}");
        }
    }
    Ok(())
}
