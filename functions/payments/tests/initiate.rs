//! Beginning to pay.

use domain::{order::OrderStatus, payment::PaymentStatus, payment::TxRef};
use serde_json::json;

use crate::{Market, begin};

const PATH: &str = "/api/payments/initiate/";

#[tokio::test]
async fn an_attempt_is_written_down_and_chapa_asked_in_its_own_terms() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order) = market.buyer(2).await?;
    let body = json!({ "order_id": order["id"], "return_url": "https://shop.example/thanks" });
    let answer = buyer.post(PATH, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let tx_ref = answer.json()["tx_ref"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(answer.json()["payment_id"].is_u64());
    assert!(
        answer.json()["checkout_url"]
            .as_str()
            .is_some_and(|url| url.ends_with(&tx_ref))
    );
    let asked = market.gateway.asked(&tx_ref);
    assert_eq!(asked["amount"], "500.00");
    assert_eq!(asked["currency"], "ETB");
    assert_eq!(asked["return_url"], "https://shop.example/thanks");
    assert!(
        asked["callback_url"]
            .as_str()
            .is_some_and(|u| u.ends_with("/api/payments/webhook/"))
    );
    let title = asked["customization[title]"].as_str().unwrap_or_default();
    assert!(title.len() <= 16 && !title.is_empty(), "{title}");
    let order = market.order(&order).await?;
    assert_eq!(order.attempts.len(), 1);
    let stored = market
        .stage
        .shop
        .store
        .find_payment(&order.attempts[0])
        .await?;
    let stored = stored.expect("the attempt is stored");
    assert_eq!(stored.status, PaymentStatus::Pending);
    assert!(stored.checkout_url.is_some());
    Ok(())
}

#[tokio::test]
async fn somebody_elses_order_cannot_be_paid_nor_told_from_one_that_is_not_there()
-> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, order) = market.buyer(2).await?;
    let (other, _) = market.buyer(1).await?;
    let expected = json!({ "order_id": ["Order not found."] });
    for id in [order["id"].clone(), json!(12345)] {
        let body = json!({ "order_id": id, "return_url": "https://shop.example/" });
        let answer = other.post(PATH, &body).await;
        assert_eq!((answer.status, answer.json()), (400, expected.clone()));
    }
    let anonymous = market.stage.anonymous(&market.payments);
    assert_eq!(
        anonymous
            .post(PATH, &json!({ "order_id": order["id"] }))
            .await
            .status,
        403
    );
    Ok(())
}

#[tokio::test]
async fn customers_are_sent_back_only_to_hosts_on_the_list() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order) = market.buyer(1).await?;
    let required = buyer.post(PATH, &json!({ "order_id": order["id"] })).await;
    assert_eq!(
        required.json(),
        json!({ "return_url": ["This field is required."] })
    );
    for url in [
        "https://evil.example/",
        "https://shop.example.evil.example/",
        "https://shop.example@evil.example/",
        "ftp://shop.example/",
    ] {
        let body = json!({ "order_id": order["id"], "return_url": url });
        let answer = buyer.post(PATH, &body).await;
        assert_eq!(answer.status, 400, "{url}: {}", answer.text());
        assert!(
            answer.json()["return_url"].is_array(),
            "{url}: {}",
            answer.text()
        );
    }
    assert!(market.order(&order).await?.attempts.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_is_paid_or_cancelled_cannot_be_paid_again() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order, tx_ref) = market.payer(1).await?;
    market.gateway.pay(&tx_ref);
    buyer
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await;
    let body = json!({ "order": order["id"], "return_url": "https://shop.example/" });
    let answer = buyer.post(PATH, &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        json!({ "order_id": ["Order is already paid."] })
    );
    Ok(())
}

#[tokio::test]
async fn a_refusal_fails_the_attempt_and_leaves_the_order() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order) = market.buyer(1).await?;
    market
        .gateway
        .refuse(json!({ "email": ["validation.email"] }));
    let body = json!({ "order_id": order["id"], "return_url": "https://shop.example/" });
    let answer = buyer.post(PATH, &body).await;
    assert_eq!(answer.status, 400);
    let expected = json!({ "detail": "Chapa Error: email: [\"validation.email\"]" });
    assert_eq!(answer.json(), expected);
    let stored = market.order(&order).await?;
    assert_eq!(stored.status, OrderStatus::PendingPayment);
    let attempt = market
        .stage
        .shop
        .store
        .find_payment(&stored.attempts[0])
        .await?;
    assert_eq!(
        attempt.map(|attempt| attempt.status),
        Some(PaymentStatus::Failed)
    );
    begin(&buyer, &order).await?;
    Ok(())
}

#[tokio::test]
async fn an_unreachable_gateway_is_a_503_and_the_attempt_stays_pending() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (buyer, order) = market.buyer(1).await?;
    market.gateway.set_down(true);
    let body = json!({ "order_id": order["id"], "return_url": "https://shop.example/" });
    let answer = buyer.post(PATH, &body).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(!answer.header("retry-after").is_empty());
    let stored = market.order(&order).await?;
    let attempt = market
        .stage
        .shop
        .store
        .find_payment(&stored.attempts[0])
        .await?;
    let attempt = attempt.expect("written before the call");
    assert_eq!(attempt.status, PaymentStatus::Pending);
    assert!(attempt.next_check.is_some());
    market.gateway.set_down(false);
    let second = begin(&buyer, &order).await?;
    assert_ne!(
        TxRef::parse(&second).as_ref(),
        stored.attempts.first(),
        "never used again"
    );
    Ok(())
}

#[tokio::test]
async fn a_hold_that_ended_is_taken_again_while_there_are_units() -> anyhow::Result<()> {
    let market = Market::open(2).await?;
    let (buyer, order) = market.buyer(2).await?;
    market.end_hold(&order).await?;
    assert_eq!(market.units().await?, (2, 0));
    begin(&buyer, &order).await?;
    assert_eq!(market.units().await?, (0, 2), "promised again");
    market.end_hold(&order).await?;
    market.buyer(1).await?;
    let body = json!({ "order_id": order["id"], "return_url": "https://shop.example/" });
    let answer = buyer.post(PATH, &body).await;
    let expected = json!({ "detail": ["Pixel 9 is no longer available."] });
    assert_eq!((answer.status, answer.json()), (409, expected));
    Ok(())
}
