//! The part of the walk in which the last unit of something goes to somebody else.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::shop::{Goods, Shop};

/// Lets a hold end, and looks for units that are no longer there: at the checkout, when somebody
/// begins to pay, and when it is found that somebody paid. What there was of it begins to run low and
/// ceases to.
pub async fn walk(shop: &Shop) -> Result<()> {
    let admin = shop.admin().await?;
    let categories = admin.get("/api/categories/").await?;
    let last = json!({
        "category_id": categories.body[0]["id"], "name": "The last one", "slug": "the-last-one",
        "price": "250.00", "initial_stock": 1, "low_stock_threshold": 1,
    });
    let made = admin.post("/api/products/", &last).await?;
    ensure!(made.status == 201, "{made:?}");
    let name = made.body["name"].as_str().context("a name")?.to_owned();
    let id = made.body["id"].clone();
    let last = Goods { id, name };
    let kebede = shop.shopper("kebede", &last, 1).await?;
    let derartu = shop.shopper("derartu", &last, 1).await?;
    let missed = kebede.order().await?;
    let (_, page) = kebede.begin_payment(&missed).await?;
    shop.settle().await?;
    let sold_out = derartu.post("/api/orders/", &json!({})).await?;
    ensure!(sold_out.status == 400, "{sold_out:?}");

    shop.wait(700).await?;
    shop.tick("expire-reservations").await?;
    shop.settle().await?;
    derartu.order().await?;
    let body = json!({ "order_id": missed["id"], "return_url": format!("{}/", shop.url) });
    let gone = kebede.post("/api/payments/initiate/", &body).await?;
    ensure!(gone.status == 409, "{gone:?}");
    shop.check_out(&page, "success", "drop").await?;
    shop.wait(1_200).await?;
    shop.tick("cancel-unpaid-orders").await?;
    let owed = kebede.reload(&missed).await?;
    ensure!(owed["payment_status"] == "refund_due", "{owed}");
    shop.settle().await
}
