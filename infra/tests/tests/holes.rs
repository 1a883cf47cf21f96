//! The holes that the original had on this path, tried from outside.

use anyhow::Result;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::json;
use sha2::Sha256;

use crate::shop::Shop;

fn sign(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let bytes = mac.chain_update(body).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn nobody_pays_by_forging() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("999.00", None, 5).await?;
    let abebe = shop.shopper("abebe", &phone, 1).await?;
    let order = abebe.order().await?;
    let (tx_ref, _) = abebe.begin_payment(&order).await?;
    let anybody = shop.visitor()?;

    let page = format!("/api/payments/webhook/?tx_ref={tx_ref}&status=success");
    let shown = anybody.get(&page).await?;
    assert!(shown.text.contains("Payment Pending"), "{}", shown.text);

    let body = json!({ "event": "charge.success", "status": "success", "tx_ref": tx_ref });
    let body = body.to_string();
    let forged = [
        ("x-chapa-signature", String::new()),
        ("x-chapa-signature", sign("guess", &body)),
        (
            "chapa-signature",
            sign("local-webhook-secret", "local-webhook-secret"),
        ),
        (
            "x-chapa-signature",
            sign("local-webhook-secret", "local-webhook-secret"),
        ),
    ];
    let path = "/api/payments/webhook/";
    for (name, signature) in &forged {
        let headers = [(*name, signature.as_str())];
        let answer = anybody
            .send(Method::POST, path, Some(body.clone()), &headers)
            .await?;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (403, ""),
            "{name}: {signature}"
        );
    }
    // Rightly signed and still untrue: Chapa is asked, and knows better.
    let signature = sign("local-webhook-secret", &body);
    let headers = [("x-chapa-signature", signature.as_str())];
    for _ in 0..3 {
        let answer = anybody
            .send(Method::POST, path, Some(body.clone()), &headers)
            .await?;
        assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    }
    assert_eq!(abebe.reload(&order).await?["status"], "pending_payment");
    Ok(())
}

#[tokio::test]
async fn what_is_anothers_is_not_there() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 5).await?;
    let abebe = shop.shopper("abebe", &phone, 1).await?;
    let address = abebe.get("/api/accounts/addresses/").await?.body[0]["id"].clone();
    let line = abebe.get("/api/cart/items/").await?.body[0]["id"].clone();
    let mallory = shop.customer("mallory").await?;
    for (path, what) in [
        (format!("/api/accounts/addresses/{address}/"), "Address"),
        (format!("/api/cart/items/{line}/"), "CartItem"),
    ] {
        let answer = mallory.get(&path).await?;
        let expected = json!({ "detail": format!("No {what} matches the given query.") });
        assert_eq!((answer.status, answer.body), (404, expected));
    }
    let order = abebe.order().await?;
    let (tx_ref, page) = abebe.begin_payment(&order).await?;
    shop.check_out(&page, "success", "drop").await?;
    assert_eq!(
        mallory
            .get(&format!("/api/orders/{}/", order["id"]))
            .await?
            .status,
        404
    );
    let verified = mallory
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await?;
    assert_eq!(verified.status, 404);
    let body = json!({ "order_id": order["id"], "return_url": format!("{}/", shop.url) });
    let begun = mallory.post("/api/payments/initiate/", &body).await?;
    assert_eq!(
        (begun.status, begun.body),
        (400, json!({ "order_id": ["Order not found."] }))
    );
    assert_eq!(abebe.reload(&order).await?["status"], "pending_payment");
    Ok(())
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 5).await?;
    let abebe = shop.shopper("abebe", &phone, 1).await?;
    let mallory = shop.customer("mallory").await?;
    let foreign = mallory.cookie("csrftoken").unwrap_or_default();
    let own = abebe.cookie("csrftoken").unwrap_or_default();
    let forged: [(&[(&str, &str)], &str); 4] = [
        (&[], "CSRF token missing."),
        (&[("x-csrftoken", "short")], "has incorrect length."),
        (&[("x-csrftoken", &foreign)], "incorrect."),
        (
            &[("x-csrftoken", &own), ("origin", "https://evil.example")],
            "Origin checking failed",
        ),
    ];
    for (headers, reason) in forged {
        let answer = abebe
            .send(Method::POST, "/api/orders/", Some("{}".to_owned()), headers)
            .await?;
        assert_eq!(answer.status, 403, "{headers:?}: {answer:?}");
        assert!(answer.text.contains(reason), "{headers:?}: {}", answer.text);
    }
    assert_eq!(shop.stock(&phone).await?, 5);
    abebe.order().await?;
    Ok(())
}

#[tokio::test]
async fn the_cart_knows_no_zero_no_inactive_and_no_more_than_there_is() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 10).await?;
    let abebe = shop.customer("abebe").await?;
    let add = async |quantity: i64| {
        let body = json!({ "product": phone.id, "quantity": quantity });
        abebe.post("/api/cart/items/", &body).await
    };
    assert_eq!(add(8).await?.status, 201);
    let over = add(5).await?;
    let message =
        "Only 10 items currently available (including what's in other carts). Requested: 13";
    assert_eq!(
        (over.status, over.body),
        (400, json!({ "quantity": [message] }))
    );
    for quantity in [0, -1, 1_000] {
        assert_eq!(add(quantity).await?.status, 400, "{quantity}");
    }
    let unknown = json!({ "product": 99_999, "quantity": 1 });
    let unknown = abebe.post("/api/cart/items/", &unknown).await?;
    let message = "Invalid pk \"99999\" - object does not exist.";
    assert_eq!(
        (unknown.status, unknown.body),
        (400, json!({ "product": [message] }))
    );
    Ok(())
}

#[tokio::test]
async fn nobody_can_put_a_host_of_theirs_into_anothers_mail() -> Result<()> {
    let shop = Shop::open().await?;
    let email = shop.fresh_email("victim");
    let body = json!({
        "email": email, "password1": "injera-and-wot-9", "password2": "injera-and-wot-9",
    });
    let headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
    ];
    let path = "/api/auth/registration/";
    let anybody = shop.visitor()?;
    anybody
        .send(Method::POST, path, Some(body.to_string()), &headers)
        .await?;
    shop.settle().await?;
    let mails = shop.mails(&email).await?;
    let text = mails[0]["text"].as_str().unwrap_or_default();
    assert!(
        text.contains(&format!("{}/auth/confirm-email/", shop.url)),
        "{text}"
    );
    assert!(!text.contains("evil.example"), "{text}");
    Ok(())
}

#[tokio::test]
async fn other_sites_get_no_leave_to_read_with_cookies() -> Result<()> {
    let shop = Shop::open().await?;
    let anybody = shop.visitor()?;
    let headers = [("origin", "https://evil.example")];
    for method in [Method::GET, Method::OPTIONS] {
        let answer = anybody
            .send(method, "/api/products/", None, &headers)
            .await?;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{answer:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn the_catalogue_refuses_in_words_and_forgets_nothing() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", Some("199.99"), 5).await?;
    let admin = shop.admin().await?;
    let path = format!("/api/products/{}/", phone.id);
    let change = |body| {
        let (admin, path) = (&admin, &path);
        async move { admin.write(Method::PATCH, path, &body).await }
    };
    // The discount is held against the price that is there, and the price against the discount.
    for body in [
        json!({ "discount_price": "250.01" }),
        json!({ "price": "199.98" }),
    ] {
        let refused = change(body).await?;
        let above = "Discount price cannot be higher than the original price.";
        let above = json!({ "discount_price": [above] });
        assert_eq!((refused.status, refused.body), (400, above));
    }
    // Two products without an SKU are no duplicates.
    let shown = shop.visitor()?.get(&path).await?.body;
    for slug in ["blank-1", "blank-2"] {
        let body = json!({
            "category_id": shown["category"]["id"], "name": "Blank", "slug": slug, "price": 1, "sku": "",
        });
        assert_eq!(admin.post("/api/products/", &body).await?.status, 201);
    }
    // What was ordered is not deleted, nor is its category; and what is hidden comes back.
    shop.shopper("abebe", &phone, 1).await?.order().await?;
    let category = format!("/api/categories/{}/", shown["category"]["id"]);
    for path in [&path, &category] {
        let refused = admin.write(Method::DELETE, path, &json!({})).await?;
        assert_eq!(refused.status, 409, "{refused:?}");
        assert!(refused.body["detail"].is_string(), "{refused:?}");
    }
    assert_eq!(change(json!({ "is_active": false })).await?.status, 200);
    assert_eq!(shop.visitor()?.get(&path).await?.status, 404);
    assert_eq!(change(json!({ "is_active": true })).await?.status, 200);
    assert_eq!(shop.visitor()?.get(&path).await?.status, 200);
    Ok(())
}
