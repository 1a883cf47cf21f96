//! A walk through the whole shop, after which each right that a function needs was made use of.

mod account;
mod categories;
mod files;
mod holds;
mod images;
mod stock;

use anyhow::{Context, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{person::Person, shop::Shop};

/// Calls every route and schedule in every way that makes it ask AWS for something else.
pub async fn walk(shop: &Shop) -> Result<()> {
    let phone = shop.goods("250.00", None, 50).await?;
    let admin = shop.admin().await?;
    let slug = admin.get("/api/categories/").await?.body[0]["slug"].clone();
    let slug = slug.as_str().context("a category")?.to_owned();
    let parent = admin.get("/api/categories/").await?.body[0]["id"].clone();
    let inner = json!({ "name": "Covers", "slug": "covers", "parent_category": parent });
    let inner = admin.post("/api/categories/", &inner).await?;
    let cover = json!({
        "category_id": inner.body["id"], "name": "Cover", "slug": "cover", "sku": "COVER-1",
        "price": "20.00", "initial_stock": 5,
    });
    let cover = admin.post("/api/products/", &cover).await?;
    ensure!(cover.status == 201, "{cover:?}");
    change_and_delete(&admin, &parent, &inner.body["id"], &cover.body["id"]).await?;
    images::walk(&admin, &phone.id).await?;
    categories::walk(&admin).await?;
    admin.get("/api/products/").await?;
    admin
        .get(&format!("/api/products/?category={slug}"))
        .await?;

    let abebe = shop.shopper("abebe", &phone, 2).await?;
    abebe.register(&abebe.email(), "injera-and-wot-9").await?;
    let stranger = shop.fresh_email("stranger");
    shop.visitor()?
        .register(&stranger, "injera-and-wot-9")
        .await?;
    abebe
        .post(
            "/api/auth/registration/resend-email/",
            &json!({ "email": stranger }),
        )
        .await?;
    let csrf = abebe.cookie("csrftoken").unwrap_or_default();
    let headers = [("x-csrftoken", csrf.as_str())];
    let change = Some(json!({ "first_name": "Derartu" }).to_string());
    abebe
        .send(Method::PATCH, "/api/auth/user/", change, &headers)
        .await?;

    let address = abebe.get("/api/accounts/addresses/").await?.body[0]["id"].clone();
    let path = format!("/api/accounts/addresses/{address}/");
    let change = Some(json!({ "city": "Adama" }).to_string());
    abebe.send(Method::PATCH, &path, change, &headers).await?;
    let spare = abebe.add_address().await?;
    let path = format!("/api/accounts/addresses/{spare}/");
    abebe.send(Method::DELETE, &path, None, &headers).await?;

    abebe.get("/api/cart/my_cart/").await?;
    let line = abebe.get("/api/cart/items/").await?.body[0]["id"].clone();
    let path = format!("/api/cart/items/{line}/");
    let change = Some(json!({ "quantity": 1 }).to_string());
    abebe.send(Method::PATCH, &path, change, &headers).await?;

    let paid = abebe.order().await?;
    let (tx_ref, page) = abebe.begin_payment(&paid).await?;
    shop.check_out(&page, "success", "send").await?;
    abebe
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await?;
    abebe.get("/api/orders/").await?;
    admin.get("/api/orders/").await?;
    abebe.reload(&paid).await?;

    // One order is given up, one is found to be paid when its time is over.
    abebe.add_to_cart(&phone, 1).await?;
    let left = abebe.order().await?;
    abebe.begin_payment(&left).await?;
    abebe.add_to_cart(&phone, 1).await?;
    let late = abebe.order().await?;
    let (_, page) = abebe.begin_payment(&late).await?;
    shop.wait(700).await?;
    shop.tick("expire-reservations").await?;
    abebe.add_to_cart(&phone, 1).await?;
    let held = abebe.order().await?;
    shop.check_out(&page, "success", "drop").await?;
    shop.wait(1_900).await?;
    shop.tick("cancel-unpaid-orders").await?;
    assert_eq!(abebe.reload(&left).await?["status"], "cancelled");
    assert_eq!(abebe.reload(&held).await?["status"], "cancelled");
    assert_eq!(abebe.reload(&late).await?["status"], "processing");

    // Something is left in the outbox for the sweep.
    shop.fail("sqs", 1, "refused", 9).await?;
    let email = shop.fresh_email("left-behind");
    shop.visitor()?.register(&email, "injera-and-wot-9").await?;
    shop.mend().await?;
    shop.wait(120).await?;
    assert_eq!(shop.tick("relay-outbox").await?["sent"], 1);
    holds::walk(shop).await?;
    account::walk(shop, &abebe).await?;
    files::walk(&admin).await?;
    stock::walk(&admin, &phone).await?;
    shop.settle().await
}

/// Takes a product that nobody ordered through all that staff can do to it.
async fn change_and_delete(
    admin: &Person,
    from: &Value,
    to: &Value,
    product: &Value,
) -> Result<()> {
    let csrf = admin.cookie("csrftoken").unwrap_or_default();
    let headers = [("x-csrftoken", csrf.as_str())];
    let path = format!("/api/products/{product}/");
    let change = json!({
        "category_id": from, "slug": "case", "sku": "CASE-1",
        "options": [{ "name": "size", "values": ["S", "M"] }],
        "variants": [{ "options": { "size": "S" } }, { "options": { "size": "M" } }],
    });
    let change = Some(change.to_string());
    let changed = admin.send(Method::PATCH, &path, change, &headers).await?;
    ensure!(changed.status == 200, "{changed:?}");
    let back = Some(json!({ "category_id": to }).to_string());
    admin.send(Method::PATCH, &path, back, &headers).await?;
    let deleted = admin.send(Method::DELETE, &path, None, &headers).await?;
    ensure!(deleted.status == 204, "{deleted:?}");
    Ok(())
}
