//! Time passes: holds end, orders nobody paid are cancelled, what was left behind is sent.

use anyhow::Result;
use serde_json::json;

use crate::shop::Shop;

#[tokio::test]
async fn a_hold_ends_after_ten_minutes_and_late_money_takes_the_units_again() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 5).await?;
    let abebe = shop.shopper("abebe", &phone, 2).await?;
    let order = abebe.order().await?;
    let (_, page) = abebe.begin_payment(&order).await?;
    shop.wait(590).await?;
    shop.tick("expire-reservations").await?;
    assert_eq!(shop.stock(&phone).await?, 3, "not yet");
    shop.wait(15).await?;
    assert_eq!(shop.tick("expire-reservations").await?["released"], 1);
    assert_eq!(
        shop.tick("expire-reservations").await?["released"],
        0,
        "once"
    );
    assert_eq!(shop.stock(&phone).await?, 5);
    assert_eq!(abebe.reload(&order).await?["status"], "pending_payment");
    assert_eq!(abebe.reload(&order).await?["expires_at"], json!(null));
    shop.check_out(&page, "success", "send").await?;
    assert_eq!(abebe.reload(&order).await?["status"], "processing");
    assert_eq!(shop.stock(&phone).await?, 3);
    Ok(())
}

#[tokio::test]
async fn an_order_nobody_paid_is_cancelled_and_its_link_is_dead() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 5).await?;
    let abebe = shop.shopper("abebe", &phone, 2).await?;
    let order = abebe.order().await?;
    let (tx_ref, page) = abebe.begin_payment(&order).await?;
    shop.wait(29 * 60).await?;
    assert_eq!(
        shop.tick("cancel-unpaid-orders").await?["cancelled"],
        0,
        "not yet"
    );
    shop.wait(120).await?;
    assert_eq!(shop.tick("cancel-unpaid-orders").await?["cancelled"], 1);
    assert_eq!(
        shop.tick("cancel-unpaid-orders").await?["cancelled"],
        0,
        "once"
    );
    assert_eq!(abebe.reload(&order).await?["status"], "cancelled");
    assert_eq!(shop.stock(&phone).await?, 5);
    let dead = shop.check_out(&page, "success", "send").await?;
    assert!(dead.status >= 400, "{dead:?}");
    let verified = abebe
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await?;
    assert_eq!(verified.body, json!({ "status": "pending_or_failed" }));
    assert_eq!(abebe.reload(&order).await?["status"], "cancelled");
    let body = json!({ "order_id": order["id"], "return_url": format!("{}/", shop.url) });
    let again = abebe.post("/api/payments/initiate/", &body).await?;
    let expected = json!({ "order_id": ["Order is cancelled."] });
    assert_eq!((again.status, again.body), (400, expected));
    Ok(())
}

#[tokio::test]
async fn an_order_paid_at_the_last_moment_is_settled_not_cancelled() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 5).await?;
    let abebe = shop.shopper("abebe", &phone, 2).await?;
    let order = abebe.order().await?;
    let (_, page) = abebe.begin_payment(&order).await?;
    shop.check_out(&page, "success", "drop").await?;
    assert_eq!(
        abebe.reload(&order).await?["status"],
        "pending_payment",
        "nobody told us"
    );
    shop.wait(31 * 60).await?;
    assert_eq!(shop.tick("cancel-unpaid-orders").await?["cancelled"], 0);
    assert_eq!(abebe.reload(&order).await?["status"], "processing");
    assert_eq!(shop.stock(&phone).await?, 3);
    Ok(())
}

#[tokio::test]
async fn a_failed_try_is_not_final_and_webhooks_may_come_twice_or_late() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 9).await?;
    let abebe = shop.shopper("abebe", &phone, 1).await?;
    let order = abebe.order().await?;
    let (_, page) = abebe.begin_payment(&order).await?;
    shop.check_out(&page, "failed", "send").await?;
    assert_eq!(abebe.reload(&order).await?["status"], "payment_failed");
    shop.check_out(&page, "success", "twice").await?;
    assert_eq!(abebe.reload(&order).await?["status"], "processing");
    assert_eq!(shop.stock(&phone).await?, 8);

    abebe.add_to_cart(&phone, 1).await?;
    let order = abebe.order().await?;
    let (_, page) = abebe.begin_payment(&order).await?;
    shop.check_out(&page, "success", "delay").await?;
    assert_eq!(abebe.reload(&order).await?["status"], "pending_payment");
    shop.wait(601).await?;
    assert_eq!(abebe.reload(&order).await?["status"], "processing");
    assert_eq!(shop.stock(&phone).await?, 7);
    Ok(())
}

#[tokio::test]
async fn a_session_ends_after_fourteen_days() -> Result<()> {
    let shop = Shop::open().await?;
    let abebe = shop.customer("abebe").await?;
    shop.wait(14 * 24 * 3600 - 60).await?;
    assert_eq!(abebe.get("/api/auth/user/").await?.status, 200);
    shop.wait(61).await?;
    assert_eq!(abebe.get("/api/auth/user/").await?.status, 403);
    Ok(())
}
