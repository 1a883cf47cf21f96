//! Lists show a copy of the stock, which follows what the orders do.

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shop::{Goods, Shop};

/// How many of the goods the list says can be bought.
async fn listed(shop: &Shop, goods: &Goods) -> Result<u64> {
    let list = shop.visitor()?.get("/api/products/?limit=100").await?;
    let products = list.body.as_array().context("a list")?;
    let found = products.iter().find(|product| product["id"] == goods.id);
    let shown = found.context("the goods")?;
    let detail = shop
        .visitor()?
        .get(&format!("/api/products/{}/", goods.id))
        .await?;
    for field in ["total_stock", "inventory_items", "variants"] {
        assert_eq!(shown[field], detail.body[field], "{field}");
    }
    shown["total_stock"].as_u64().context("total_stock")
}

#[tokio::test]
async fn a_list_shows_what_the_page_of_the_product_shows_once_all_is_told() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 9).await?;
    assert_eq!(listed(&shop, &phone).await?, 9);
    let abebe = shop.shopper("abebe", &phone, 2).await?;

    let paid = abebe.order().await?;
    shop.settle().await?;
    assert_eq!(listed(&shop, &phone).await?, 7);
    let (_, page) = abebe.begin_payment(&paid).await?;
    // Payment moves the levels too: the list has to say when, though no fewer can be bought.
    shop.wait(60).await?;
    shop.check_out(&page, "success", "send").await?;
    shop.settle().await?;
    assert_eq!(listed(&shop, &phone).await?, 7);

    abebe.add_to_cart(&phone, 3).await?;
    let left = abebe.order().await?;
    abebe.begin_payment(&left).await?;
    shop.settle().await?;
    assert_eq!(listed(&shop, &phone).await?, 4);
    shop.wait(700).await?;
    shop.tick("expire-reservations").await?;
    shop.settle().await?;
    assert_eq!(listed(&shop, &phone).await?, 7, "the hold ended");
    abebe.begin_payment(&left).await?;
    shop.settle().await?;
    assert_eq!(listed(&shop, &phone).await?, 4, "it is taken again");
    shop.wait(2_000).await?;
    shop.tick("cancel-unpaid-orders").await?;
    let cancelled: Value = abebe.reload(&left).await?;
    assert_eq!(cancelled["status"], "cancelled");
    shop.settle().await?;
    assert_eq!(listed(&shop, &phone).await?, 7);
    Ok(())
}

#[tokio::test]
async fn what_nobody_could_send_is_told_by_the_sweep() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 9).await?;
    let abebe = shop.shopper("abebe", &phone, 2).await?;
    shop.settle().await?;
    shop.fail("sqs", 1, "refused", 9).await?;
    abebe.order().await?;
    shop.mend().await?;
    shop.wait(120).await?;
    assert_eq!(shop.tick("relay-outbox").await?["sent"], 1);
    shop.settle().await?;
    assert_eq!(listed(&shop, &phone).await?, 7);
    Ok(())
}
