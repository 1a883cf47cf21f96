//! A shop with stock at two places, over HTTP.

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::shop::{Goods, Shop};

/// Opens a second place and brings so many of the goods there.
async fn open_annex(shop: &Shop, goods: &Goods, quantity: u32) -> Result<()> {
    let admin = shop.admin().await?;
    let annex = json!({ "code": "annex", "name": "Annex" });
    let opened = admin.post("/api/inventory/locations/", &annex).await?;
    ensure!(opened.status == 201, "{opened:?}");
    let brought = json!({ "from": "main", "to": "annex", "quantity": quantity });
    let path = format!("/api/inventory/{}/transfer/", goods.id);
    let brought = admin.post(&path, &brought).await?;
    ensure!(brought.status == 200, "{brought:?}");
    Ok(())
}

/// How many of the goods can be bought at each place, as the page of the product says and, once all
/// is told, the list too.
async fn places(shop: &Shop, goods: &Goods) -> Result<Vec<(Value, Value)>> {
    shop.settle().await?;
    let visitor = shop.visitor()?;
    let detail = visitor.get(&format!("/api/products/{}/", goods.id)).await?;
    let list = visitor.get("/api/products/?limit=100").await?;
    let listed = list.body.as_array().context("a list")?.iter();
    let mut listed = listed.filter(|product| product["id"] == goods.id);
    let shown = listed.next().context("the goods")?;
    assert_eq!(shown["inventory_items"], detail.body["inventory_items"]);
    let items = detail.body["inventory_items"].as_array();
    let items = items.context("the places")?.iter();
    Ok(items
        .map(|item| (item["location"].clone(), item["quantity"].clone()))
        .collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_gets_all_that_two_places_have_and_it_all_goes_back_there() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 14).await?;
    open_annex(&shop, &phone, 7).await?;
    let both =
        |main: u32, annex: u32| vec![(Value::Null, json!(main)), (json!("annex"), json!(annex))];
    assert_eq!(places(&shop, &phone).await?, both(7, 7));
    let mut crowd = Vec::new();
    for _ in 0..3 {
        // They come in groups, because all of them share the attempts of one network address.
        let group = (0..6).map(|_| shop.shopper("crowd", &phone, 1));
        crowd.extend(try_join_all(group).await?);
    }
    let orders = crowd
        .into_iter()
        .map(|person| tokio::spawn(async move { person.post("/api/orders/", &json!({})).await }));
    let mut statuses = Vec::new();
    for answer in try_join_all(orders).await? {
        statuses.push(answer?.status);
    }
    let placed = statuses.iter().filter(|status| **status == 201).count();
    assert_eq!(placed, 14, "{statuses:?}");
    let refused = statuses.iter().filter(|status| **status == 400).count();
    assert_eq!(refused, 4, "{statuses:?}");
    assert_eq!(places(&shop, &phone).await?, both(0, 0));
    shop.wait(700).await?;
    assert_eq!(shop.tick("expire-reservations").await?["released"], 14);
    assert_eq!(places(&shop, &phone).await?, both(7, 7));
    Ok(())
}

#[tokio::test]
async fn late_money_takes_units_from_another_place() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 5).await?;
    open_annex(&shop, &phone, 3).await?;
    let abebe = shop.shopper("abebe", &phone, 2).await?;
    let order = abebe.order().await?;
    let (_, page) = abebe.begin_payment(&order).await?;
    shop.wait(700).await?;
    shop.tick("expire-reservations").await?;
    let derartu = shop.shopper("derartu", &phone, 1).await?;
    derartu.order().await?;
    shop.check_out(&page, "success", "send").await?;
    assert_eq!(abebe.reload(&order).await?["status"], "processing");
    let left: Vec<_> = places(&shop, &phone).await?;
    let quantities: Vec<_> = left.iter().map(|(_, quantity)| quantity.clone()).collect();
    assert_eq!(quantities, [json!(0), json!(2)], "{left:?}");
    Ok(())
}
