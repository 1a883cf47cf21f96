//! Webhooks and return pages, genuine and forged.

use axum::{body::Body, http::Method};
use domain::order::OrderStatus;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{Market, WEBHOOK_SECRET};

const PATH: &str = "/api/payments/webhook/";

fn sign(body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    let bytes = mac.chain_update(body).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn success(tx_ref: &str) -> String {
    json!({ "event": "charge.success", "status": "success", "tx_ref": tx_ref }).to_string()
}

async fn deliver(market: &Market, body: &str, signature: Option<(&'static str, &str)>) -> u16 {
    let mut chapa = market.stage.anonymous(&market.payments);
    if let Some((name, value)) = signature {
        chapa = chapa.saying(name, value);
    }
    let body = Body::from(body.to_owned());
    let answer = chapa
        .send(Method::POST, PATH, Some("application/json"), body)
        .await;
    if matches!(answer.status, 200 | 403) {
        assert!(answer.body.is_empty(), "{}", answer.text());
    }
    answer.status
}

#[tokio::test]
async fn a_genuine_webhook_settles_once_however_often_it_comes() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, order, tx_ref) = market.payer(2).await?;
    market.gateway.pay(&tx_ref);
    let body = success(&tx_ref);
    for _ in 0..3 {
        let signature = sign(body.as_bytes());
        assert_eq!(
            deliver(&market, &body, Some(("x-chapa-signature", &signature))).await,
            200
        );
    }
    assert_eq!(market.order(&order).await?.status, OrderStatus::Processing);
    assert_eq!(market.units().await?, (3, 0));
    Ok(())
}

#[tokio::test]
async fn both_of_chapas_headers_together_are_accepted() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, order, tx_ref) = market.payer(2).await?;
    market.gateway.pay(&tx_ref);
    let body = json!({ "event": "charge.success", "data": { "tx_ref": tx_ref } }).to_string();
    let chapa = market
        .stage
        .anonymous(&market.payments)
        .saying("chapa-signature", &sign(WEBHOOK_SECRET.as_bytes()))
        .saying("x-chapa-signature", &sign(body.as_bytes()));
    let sent = Body::from(body);
    let answer = chapa
        .send(Method::POST, PATH, Some("application/json"), sent)
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(market.order(&order).await?.status, OrderStatus::Processing);
    Ok(())
}

#[tokio::test]
async fn a_forged_webhook_is_refused_and_does_nothing() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, order, tx_ref) = market.payer(2).await?;
    market.gateway.pay(&tx_ref);
    let body = success(&tx_ref);
    let of_secret = sign(WEBHOOK_SECRET.as_bytes());
    let of_other_body = sign(b"{}");
    let forged = [
        None,
        Some(("x-chapa-signature", "")),
        Some(("x-chapa-signature", "00")),
        Some(("chapa-signature", of_secret.as_str())),
        Some(("x-chapa-signature", of_secret.as_str())),
        Some(("x-chapa-signature", of_other_body.as_str())),
    ];
    for signature in forged {
        assert_eq!(
            deliver(&market, &body, signature).await,
            403,
            "{signature:?}"
        );
    }
    assert!(market.order(&order).await?.is_unpaid());
    assert_eq!(market.units().await?, (3, 2));
    Ok(())
}

#[tokio::test]
async fn an_authentic_lie_is_checked_with_chapa() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, order, tx_ref) = market.payer(2).await?;
    let body = success(&tx_ref);
    let signature = sign(body.as_bytes());
    assert_eq!(
        deliver(&market, &body, Some(("x-chapa-signature", &signature))).await,
        200
    );
    assert!(market.order(&order).await?.is_unpaid());
    Ok(())
}

#[tokio::test]
async fn authentic_odds_and_ends_are_acknowledged_or_refused_as_malformed() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let signed = async |body: &str| {
        let signature = sign(body.as_bytes());
        deliver(&market, body, Some(("x-chapa-signature", &signature))).await
    };
    for body in [
        "{}",
        r#"{"event":"payout.success"}"#,
        r#"{"tx_ref":"4FGFF4FFGD3"}"#,
        r#"{"tx_ref":5}"#,
        r#"{"tx_ref":"TX-06YJ7C21C00-00001"}"#,
    ] {
        assert_eq!(signed(body).await, 200, "{body}");
    }
    for body in ["", "null", "[]", "\"text\"", "{", "{\"a\":}"] {
        assert_eq!(signed(body).await, 400, "{body}");
    }
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(64 * 1024));
    assert_eq!(signed(&large).await, 413);
    Ok(())
}

#[tokio::test]
async fn a_webhook_that_could_not_be_settled_is_asked_for_again() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, order, tx_ref) = market.payer(2).await?;
    market.gateway.pay(&tx_ref);
    market.gateway.set_down(true);
    let body = success(&tx_ref);
    let signature = sign(body.as_bytes());
    assert_eq!(
        deliver(&market, &body, Some(("x-chapa-signature", &signature))).await,
        503
    );
    market.gateway.set_down(false);
    assert_eq!(
        deliver(&market, &body, Some(("x-chapa-signature", &signature))).await,
        200
    );
    assert_eq!(market.order(&order).await?.status, OrderStatus::Processing);
    Ok(())
}

#[tokio::test]
async fn a_forged_return_page_pays_nothing() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let (_, order, tx_ref) = market.payer(2).await?;
    let anybody = market.stage.anonymous(&market.payments);
    for name in ["tx_ref", "trx_ref"] {
        let answer = anybody
            .get(&format!("{PATH}?{name}={tx_ref}&status=success"))
            .await;
        assert_eq!(answer.status, 200);
        assert!(
            answer.text().contains("Payment Pending"),
            "{}",
            answer.text()
        );
    }
    assert!(market.order(&order).await?.is_unpaid());
    market.gateway.pay(&tx_ref);
    let answer = anybody
        .get(&format!("{PATH}?trx_ref={tx_ref}&status=failed"))
        .await;
    assert!(
        answer.text().contains("Payment Successful!"),
        "{}",
        answer.text()
    );
    assert_eq!(market.order(&order).await?.status, OrderStatus::Processing);
    Ok(())
}

#[tokio::test]
async fn the_return_page_shows_nothing_that_it_was_told() -> anyhow::Result<()> {
    let market = Market::open(5).await?;
    let anybody = market.stage.anonymous(&market.payments);
    let script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let answer = anybody
        .get(&format!("{PATH}?tx_ref={script}&status=success"))
        .await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains("script"), "{}", answer.text());
    assert!(
        answer
            .header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert_eq!(anybody.get(PATH).await.status, 200);
    let other: Value = anybody.delete(PATH).await.json();
    assert_eq!(other["detail"], "Method \"DELETE\" not allowed.");
    Ok(())
}
