//! What money does, whoever tells of it.

use domain::{
    event::EventKind,
    order::{CancelReason, OrderStatus},
    payment::{RefundReason, TxRef},
};
use serde_json::{Value, json};

use crate::{Market, begin};

pub(crate) async fn verify(buyer: &actors::Actor, tx_ref: &str) -> (u16, Value) {
    let answer = buyer
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await;
    (answer.status, answer.json())
}

fn status(text: &str) -> (u16, Value) {
    (200, json!({ "status": text }))
}

#[tokio::test]
async fn money_makes_the_order_processing_and_the_units_sold_once() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    assert_eq!(verify(&buyer, &tx_ref).await, status("pending_or_failed"));
    assert_eq!(market.units().await?, (3, 2));
    market.gateway.pay(&tx_ref);
    for _ in 0..3 {
        assert_eq!(verify(&buyer, &tx_ref).await, status("success"));
    }
    assert_eq!(market.order(&order).await?.status, OrderStatus::Processing);
    assert_eq!(market.units().await?, (3, 0));
    let events = market.stage.queue.sent();
    let paid = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::OrderPaid { .. }));
    assert_eq!(paid.count(), 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_who_settle_at_once_settle_once() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    market.gateway.pay(&tx_ref);
    let buyer = std::sync::Arc::new(buyer);
    let asks = (0..10).map(|_| {
        let (buyer, tx_ref) = (std::sync::Arc::clone(&buyer), tx_ref.clone());
        tokio::spawn(async move { verify(&buyer, &tx_ref).await })
    });
    for answer in futures::future::join_all(asks).await {
        assert_eq!(answer?, status("success"));
    }
    assert_eq!(market.order(&order).await?.status, OrderStatus::Processing);
    assert_eq!(market.units().await?, (3, 0));
    let events = market.stage.queue.sent();
    let paid = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::OrderPaid { .. }));
    assert_eq!(paid.count(), 1);
    Ok(())
}

#[tokio::test]
async fn somebody_elses_payment_is_not_there() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, _, tx_ref) = market.payer(1).await?;
    let (other, _) = market.buyer(1).await?;
    market.gateway.pay(&tx_ref);
    let missing = (
        404,
        json!({ "detail": "No Payment matches the given query." }),
    );
    assert_eq!(verify(&other, &tx_ref).await, missing);
    assert_eq!(verify(&other, "TX-nothing").await, missing);
    let none = other.get("/api/payments/verify/").await;
    assert_eq!(
        (none.status, none.json()),
        (400, json!({ "detail": "tx_ref required" }))
    );
    assert_eq!(market.units().await?, (3, 2), "nothing was settled");
    Ok(())
}

#[tokio::test]
async fn not_the_money_that_was_asked_for_pays_nothing_and_is_owed_back() -> anyhow::Result<()> {
    type Bend = fn(&mut Value);
    let bent: [Bend; 4] = [
        |report| report["amount"] = json!("1.00"),
        |report| report["amount"] = json!(499),
        |report| report["currency"] = json!("USD"),
        |report| report["mode"] = json!("live"),
    ];
    for bend in bent {
        let market = Market::open(5).await?;
        let (buyer, order, tx_ref) = market.payer(2).await?;
        market.gateway.report(&tx_ref, bend);
        assert_eq!(verify(&buyer, &tx_ref).await, status("refund_due"));
        assert_eq!(
            market.order(&order).await?.status,
            OrderStatus::PendingPayment
        );
        let payment = market
            .stage
            .shop
            .store
            .find_payment(&TxRef::parse(&tx_ref).unwrap())
            .await?;
        assert_eq!(
            payment.and_then(|p| p.refund_due),
            Some(RefundReason::Mismatch)
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_envelope_that_says_success_about_a_failure_is_not_believed() -> anyhow::Result<()> {
    for word in [
        "failed",
        "cancelled",
        "failed/cancelled",
        "pending",
        "Success",
        "refunded",
    ] {
        let market = Market::open(5).await?;
        let (buyer, order, tx_ref) = market.payer(2).await?;
        market
            .gateway
            .report(&tx_ref, |report| report["status"] = json!(word));
        assert_eq!(
            verify(&buyer, &tx_ref).await,
            status("pending_or_failed"),
            "{word}"
        );
        assert!(market.order(&order).await?.is_unpaid());
    }
    Ok(())
}

#[tokio::test]
async fn another_references_report_is_worth_nothing() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    market
        .gateway
        .report(&tx_ref, |report| report["tx_ref"] = json!("TX-OTHER"));
    assert_eq!(verify(&buyer, &tx_ref).await, status("pending_or_failed"));
    assert!(market.order(&order).await?.is_unpaid());
    Ok(())
}

#[tokio::test]
async fn a_failure_is_not_final() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    market
        .gateway
        .report(&tx_ref, |report| report["status"] = json!("failed"));
    assert_eq!(verify(&buyer, &tx_ref).await, status("pending_or_failed"));
    assert_eq!(
        market.order(&order).await?.status,
        OrderStatus::PaymentFailed
    );
    market.gateway.pay(&tx_ref);
    assert_eq!(verify(&buyer, &tx_ref).await, status("success"));
    assert_eq!(market.order(&order).await?.status, OrderStatus::Processing);
    Ok(())
}

#[tokio::test]
async fn an_order_paid_twice_owes_the_second_payment_back() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, first) = market.payer(2).await?;
    let second = begin(&buyer, &order).await?;
    market.gateway.pay(&first);
    market.gateway.pay(&second);
    assert_eq!(verify(&buyer, &second).await, status("success"));
    assert_eq!(verify(&buyer, &first).await, status("refund_due"));
    assert_eq!(verify(&buyer, &second).await, status("success"));
    assert_eq!(market.units().await?, (3, 0));
    let due = market
        .stage
        .queue
        .sent()
        .into_iter()
        .find_map(|event| match event.kind {
            EventKind::RefundDue { tx_ref, reason, .. } => Some((tx_ref.to_string(), reason)),
            _ => None,
        });
    assert_eq!(due, Some((first, RefundReason::PaidTwice)));
    Ok(())
}

#[tokio::test]
async fn money_that_comes_after_the_hold_takes_the_units_again() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    market.end_hold(&order).await?;
    market.gateway.pay(&tx_ref);
    assert_eq!(verify(&buyer, &tx_ref).await, status("success"));
    assert_eq!(market.units().await?, (3, 0));
    Ok(())
}

#[tokio::test]
async fn money_that_comes_when_the_units_are_gone_is_owed_back() -> anyhow::Result<()> {
    let market = Market::open(2).await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    market.end_hold(&order).await?;
    market.buyer(1).await?;
    market.gateway.pay(&tx_ref);
    assert_eq!(verify(&buyer, &tx_ref).await, status("refund_due"));
    let order = market.order(&order).await?;
    assert_eq!(order.status, OrderStatus::Cancelled);
    assert_eq!(order.cancelled_because, Some(CancelReason::SoldOut));
    assert_eq!(
        market.units().await?,
        (1, 1),
        "the other's unit is untouched"
    );
    Ok(())
}

#[tokio::test]
async fn an_unreachable_gateway_settles_nothing_and_says_so() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, tx_ref) = market.payer(2).await?;
    market.gateway.pay(&tx_ref);
    market.gateway.set_down(true);
    let answer = buyer
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await;
    assert_eq!(answer.status, 503);
    assert!(market.order(&order).await?.is_unpaid());
    market.gateway.set_down(false);
    assert_eq!(verify(&buyer, &tx_ref).await, status("success"));
    Ok(())
}
