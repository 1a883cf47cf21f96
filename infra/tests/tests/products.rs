//! Products under edits that meet, orders that come in between, and a table that fails.

use std::sync::Arc;

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{person::Person, shop::Shop};

const PRODUCTS: &str = "/api/products/";

/// A category to put products into.
async fn shelf(admin: &Person) -> Result<Value> {
    let body = json!({ "name": "Shelf" });
    let made = admin.post("/api/categories/", &body).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(made.body["id"].clone())
}

async fn made(admin: &Person, shelf: &Value, slug: &str) -> Result<Value> {
    let body =
        json!({ "category_id": shelf, "name": slug, "slug": slug, "sku": slug, "price": 10 });
    let made = admin.post(PRODUCTS, &body).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(made.body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_products_of_one_name_at_once_one_is_made() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = Arc::new(shop.admin().await?);
    let shelf = shelf(&admin).await?;
    for field in ["slug", "sku"] {
        let tries = (0..20).map(|number| {
            let mut body = json!({
                "category_id": shelf, "name": "Same", "price": 10,
                "slug": format!("{field}-{number}"), "sku": format!("{field}-{number}"),
            });
            body[field] = json!("same");
            let admin = Arc::clone(&admin);
            tokio::spawn(async move { admin.post(PRODUCTS, &body).await })
        });
        let mut created = 0;
        for answer in try_join_all(tries).await? {
            let answer = answer?;
            if answer.status == 201 {
                created += 1;
                continue;
            }
            let taken = json!({ field: [format!("product with this {field} already exists.")] });
            assert_eq!((answer.status, answer.body), (400, taken));
        }
        assert_eq!(created, 1, "{field}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_under_any_fault_of_any_call_happens_once() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = shop.admin().await?;
    let shelf = shelf(&admin).await?;
    let product = made(&admin, &shelf, "first").await?;
    let path = format!("{PRODUCTS}{}/", product["id"]);
    let options = json!({
        "options": [{ "name": "n", "values": (0..40).map(|n| n.to_string()).collect::<Vec<_>>() }],
        "variants": [{ "options": { "n": "0" } }],
    });
    let varied = admin.write(Method::PATCH, &path, &options).await?;
    ensure!(varied.status == 200, "{varied:?}");
    let (mut slug, mut variants) = ("first".to_owned(), 1);
    for kind in ["refused", "lost_answer", "throttled", "conflict"] {
        for nth in 1..=4 {
            let next = format!("{}-{nth}", kind.replace('_', "-"));
            shop.fail("dynamodb", nth, kind, 1).await?;
            let change = json!({ "slug": next, "sku": next });
            let mut answer = admin.write(Method::PATCH, &path, &change).await?;
            shop.mend().await?;
            if answer.status == 503 {
                answer = admin.write(Method::PATCH, &path, &change).await?;
            }
            assert_eq!(answer.status, 200, "{kind} {nth}: {answer:?}");
            // What it gave up is free, what it has is not.
            let spare = made(&admin, &shelf, &slug).await?;
            let spare = format!("{PRODUCTS}{}/", spare["id"]);
            let taken = admin.write(Method::PATCH, &spare, &change).await?;
            assert_eq!(
                taken.body.as_object().map(serde_json::Map::len),
                Some(2),
                "{taken:?}"
            );
            let deleted = admin.write(Method::DELETE, &spare, &json!({})).await?;
            assert_eq!(deleted.status, 204, "{kind} {nth}");
            slug = next;

            shop.fail("dynamodb", nth, kind, 1).await?;
            let more = json!({ "options": { "n": variants.to_string() }, "initial_stock": 1 });
            let added = admin.post(&format!("{path}variants/"), &more).await?;
            shop.mend().await?;
            assert_eq!(added.status, 201, "{kind} {nth}: {added:?}");
            variants += 1;
            let shown = admin.get(&path).await?.body;
            let count = shown["variants"].as_array().map(Vec::len);
            assert_eq!(count, Some(variants), "{kind} {nth}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn variants_added_at_once_are_all_there() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = Arc::new(shop.admin().await?);
    let shelf = shelf(&admin).await?;
    let body = json!({
        "category_id": shelf, "name": "Shirt", "slug": "shirt", "price": 10,
        "options": [{ "name": "n", "values": ["0", "1", "2", "3", "4", "5", "6", "7", "8"] }],
        "variants": [{ "options": { "n": "0" } }],
    });
    let shirt = admin.post(PRODUCTS, &body).await?;
    let path = format!("{PRODUCTS}{}/", shirt.body["id"]);
    let adds = (1..9).map(|number| {
        let (admin, path) = (Arc::clone(&admin), format!("{path}variants/"));
        let body = json!({ "options": { "n": number.to_string() }, "initial_stock": 1 });
        tokio::spawn(async move { admin.post(&path, &body).await })
    });
    for answer in try_join_all(adds).await? {
        let answer = answer?;
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let shown = admin.get(&path).await?.body;
    assert_eq!(shown["variants"].as_array().map(Vec::len), Some(9));
    assert_eq!(shown["total_stock"], 8);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_order_and_a_deletion_at_once_one_wins() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = Arc::new(shop.admin().await?);
    for round in 0..8 {
        let goods = shop.goods("250.00", None, 1).await?;
        let shopper = shop.shopper("abebe", &goods, 1).await?;
        let path = format!("{PRODUCTS}{}/", goods.id);
        let order = tokio::spawn(async move { shopper.post("/api/orders/", &json!({})).await });
        let deletion = {
            let (admin, path) = (Arc::clone(&admin), path.clone());
            tokio::spawn(async move { admin.write(Method::DELETE, &path, &json!({})).await })
        };
        let (ordered, deleted) = (order.await??.status, deletion.await??.status);
        assert!(
            matches!((ordered, deleted), (201, 409) | (400 | 409, 204)),
            "{round}: {ordered} {deleted}"
        );
        let shown = admin.get(&path).await?.status;
        assert_eq!(shown, if deleted == 204 { 404 } else { 200 }, "{round}");
    }
    Ok(())
}

#[tokio::test]
async fn a_variant_is_bought_at_its_own_price_and_from_its_own_stock() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = shop.admin().await?;
    let body = json!({
        "category_id": shelf(&admin).await?, "name": "Shirt", "slug": "shirt", "price": 10,
        "options": [{ "name": "size", "values": ["S", "M"] }],
        "variants": [
            { "options": { "size": "S" }, "initial_stock": 5 },
            { "options": { "size": "M" }, "sku": "SHIRT-M", "price": 12, "discount_price": "11.50", "initial_stock": 2 },
        ],
    });
    let shirt = admin.post(PRODUCTS, &body).await?.body;
    let path = format!("{PRODUCTS}{}/", shirt["id"]);
    let medium = &shirt["variants"][1]["id"];
    let abebe = shop.customer("abebe").await?;
    abebe.add_address().await?;

    let items = "/api/cart/items/";
    let unsaid = abebe
        .post(items, &json!({ "product": shirt["id"] }))
        .await?;
    let required = json!({ "variant": ["This field is required."] });
    assert_eq!((unsaid.status, unsaid.body), (400, required));
    let line = json!({ "product": shirt["id"], "variant": medium, "quantity": 2 });
    let line = abebe.post(items, &line).await?;
    assert_eq!(line.status, 201, "{line:?}");
    assert_eq!(line.body["variant_title"], "M");
    assert_eq!(line.body["variant_options"], json!({ "size": "M" }));
    let order = abebe.order().await?;
    assert_eq!(order["total_amount"], "23.00");
    let bought = &order["items"][0];
    assert_eq!(
        (&bought["variant"], &bought["variant_title"], &bought["sku"]),
        (medium, &json!("M"), &json!("SHIRT-M"))
    );
    let shown = admin.get(&path).await?.body;
    let left = |place: usize| shown["variants"][place]["available"].clone();
    assert_eq!((left(0), left(1)), (json!(5), json!(0)));
    // It was ordered, the other one never: that may go.
    let variant = |place: usize| format!("{path}variants/{}/", shown["variants"][place]["id"]);
    for (place, status) in [(1, 409), (0, 204)] {
        let deleted = admin
            .write(Method::DELETE, &variant(place), &json!({}))
            .await?;
        assert_eq!(deleted.status, status, "{deleted:?}");
    }
    Ok(())
}
