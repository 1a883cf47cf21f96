//! What requests cost, as the local shop counts.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shop::Shop;

async fn cost_of(shop: &Shop, method: &str, route: &str) -> Result<Value> {
    let ledger = shop.visitor()?.get("/_local/capacity").await?;
    let entries = ledger.body.as_array().cloned().unwrap_or_default();
    let wanted = |entry: &&Value| {
        let label = entry["label"]
            .as_str()
            .unwrap_or_default()
            .trim_end_matches('/');
        label == format!("{method} {route}")
    };
    entries
        .iter()
        .find(wanted)
        .cloned()
        .with_context(|| format!("{route} in {}", ledger.text))
}

#[tokio::test]
async fn a_product_page_and_a_checkout_stay_within_their_round_trips() -> Result<()> {
    let shop = Shop::open().await?;
    let abebe = shop.customer("abebe").await?;
    abebe.add_address().await?;
    let mut goods = Vec::new();
    for _ in 0..3 {
        goods.push(shop.goods("250.00", None, 5).await?);
    }
    for thing in &goods {
        abebe.add_to_cart(thing, 1).await?;
    }
    shop.settle().await?;
    abebe
        .send(reqwest::Method::DELETE, "/_local/capacity", None, &[])
        .await?;

    shop.visitor()?
        .get(&format!("/api/products/{}/", goods[0].id))
        .await?;
    let anonymous = cost_of(&shop, "GET", "/api/products/{id}").await?;
    assert!(anonymous["round_trips"].as_u64() <= Some(1), "{anonymous}");
    abebe
        .get(&format!("/api/products/{}/", goods[0].id))
        .await?;
    let known = cost_of(&shop, "GET", "/api/products/{id}").await?;
    assert!(known["round_trips"].as_u64() <= Some(2), "{known}");

    abebe.order().await?;
    let checkout = cost_of(&shop, "POST", "/api/orders").await?;
    assert!(checkout["round_trips"].as_u64() <= Some(4), "{checkout}");
    assert_eq!(
        checkout["calls"]["dynamodb.TransactWriteItems"], 1,
        "{checkout}"
    );
    assert_eq!(
        checkout["calls"]["dynamodb.PutItem"],
        json!(null),
        "{checkout}"
    );
    assert!(checkout["write_units"].as_f64() <= Some(30.0), "{checkout}");
    Ok(())
}
