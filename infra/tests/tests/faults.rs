//! The services behind fail: nothing is lost, nothing happens twice.

use anyhow::Result;
use serde_json::json;

use crate::shop::Shop;

#[tokio::test]
async fn events_that_the_queue_did_not_take_are_swept() -> Result<()> {
    let shop = Shop::open().await?;
    let email = shop.fresh_email("abebe");
    shop.fail("sqs", 1, "refused", 9).await?;
    shop.visitor()?.register(&email, "injera-and-wot-9").await?;
    shop.mend().await?;
    assert!(shop.mails(&email).await?.is_empty());
    shop.wait(120).await?;
    assert_eq!(shop.tick("relay-outbox").await?["sent"], 1);
    assert_eq!(shop.tick("relay-outbox").await?["sent"], 0, "once");
    shop.settle().await?;
    assert_eq!(shop.subjects(&email).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_mail_that_was_refused_is_sent_later() -> Result<()> {
    let shop = Shop::open().await?;
    let email = shop.fresh_email("abebe");
    // One delivery tries three times; two deliveries fail, the third one succeeds.
    shop.fail("ses", 1, "refused", 6).await?;
    shop.visitor()?.register(&email, "injera-and-wot-9").await?;
    shop.settle().await?;
    assert_eq!(shop.subjects(&email).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn checkout_under_any_fault_of_any_call_is_one_order_after_a_retry() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 100).await?;
    let mut sold = 0;
    for kind in ["refused", "lost_answer", "throttled", "conflict"] {
        for nth in 1..=4 {
            let abebe = shop.shopper("abebe", &phone, 1).await?;
            shop.settle().await?;
            shop.fail("dynamodb", nth, kind, 1).await?;
            let answer = abebe.post("/api/orders/", &json!({})).await?;
            shop.mend().await?;
            assert!(
                matches!(answer.status, 201 | 503),
                "{kind} {nth}: {answer:?}"
            );
            if answer.status == 503 {
                abebe.post("/api/orders/", &json!({})).await?;
            }
            sold += 1;
            let orders = abebe.get("/api/orders/").await?;
            assert_eq!(
                orders.body.as_array().map(Vec::len),
                Some(1),
                "{kind} {nth}"
            );
            assert_eq!(shop.stock(&phone).await?, 100 - sold, "{kind} {nth}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_gateway_that_does_not_answer_costs_a_try_not_an_order() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 5).await?;
    let abebe = shop.shopper("abebe", &phone, 1).await?;
    let order = abebe.order().await?;
    shop.fail("chapa", 1, "lost_answer", 1).await?;
    let body = json!({ "order_id": order["id"], "return_url": format!("{}/", shop.url) });
    let lost = abebe.post("/api/payments/initiate/", &body).await?;
    assert_eq!(lost.status, 503, "{lost:?}");
    assert!(lost.headers.contains_key("retry-after"));
    let (_, page) = abebe.begin_payment(&order).await?;
    shop.check_out(&page, "success", "send").await?;
    assert_eq!(abebe.reload(&order).await?["status"], "processing");
    Ok(())
}
