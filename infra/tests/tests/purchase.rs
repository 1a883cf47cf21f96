//! One whole purchase, from an empty shop to three mails.

use anyhow::Result;
use serde_json::json;

use crate::shop::Shop;

#[tokio::test]
async fn somebody_registers_browses_orders_pays_and_is_told() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", Some("199.99"), 10).await?;

    let email = shop.fresh_email("abebe");
    let abebe = shop.visitor()?;
    abebe.register(&email, "injera-and-wot-9").await?;
    shop.settle().await?;
    abebe.log_in(&email, "injera-and-wot-9").await?;
    let unverified = abebe.get("/api/accounts/addresses/").await?;
    assert_eq!(unverified.status, 403, "{unverified:?}");
    assert_eq!(
        unverified.body,
        json!({ "detail": "Email verification required." })
    );
    let key = shop.verification_key(&email).await?;
    let verify = "/api/auth/registration/verify-email/";
    assert_eq!(
        abebe.post(verify, &json!({ "key": key })).await?.status,
        200
    );
    assert_eq!(
        abebe.post(verify, &json!({ "key": key })).await?.status,
        404,
        "it works once"
    );

    let me = abebe.get("/api/auth/user/").await?;
    assert_eq!(me.body["email"], email.as_str());
    let address = abebe.add_address().await?;

    let listed = abebe.get("/api/products/?limit=100").await?;
    let products = listed.body.as_array().cloned().unwrap_or_default();
    assert!(
        products.iter().any(|product| product["id"] == phone.id),
        "{listed:?}"
    );
    let detail = abebe.get(&format!("/api/products/{}/", phone.id)).await?;
    assert_eq!(detail.body["final_price"], "199.99");
    assert_eq!(detail.body["total_stock"], 10);

    abebe.add_to_cart(&phone, 2).await?;
    let cart = abebe.get("/api/cart/my_cart/").await?;
    assert_eq!(cart.body["grand_total"], 399.98, "the discount counts");

    let placed = abebe
        .post("/api/orders/", &json!({ "address_id": address }))
        .await?;
    assert_eq!(placed.status, 201, "{placed:?}");
    let order = placed.body;
    assert_eq!(order["status"], "pending_payment");
    assert_eq!(order["total_amount"], "399.98");
    assert_eq!(shop.stock(&phone).await?, 8);
    assert_eq!(
        abebe.get("/api/cart/my_cart/").await?.body["items"],
        json!([])
    );

    let (tx_ref, checkout_url) = abebe.begin_payment(&order).await?;
    let paid = shop.check_out(&checkout_url, "success", "send").await?;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(abebe.reload(&order).await?["status"], "processing");
    let verified = abebe
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await?;
    assert_eq!(verified.body, json!({ "status": "success" }));
    assert_eq!(shop.stock(&phone).await?, 8);

    shop.settle().await?;
    let subjects = shop.subjects(&email).await?;
    assert_eq!(subjects.len(), 3, "{subjects:?}");
    assert!(
        subjects[0].contains("Please Confirm Your Email Address"),
        "{subjects:?}"
    );
    assert!(subjects[1].contains("Your order ORD-"), "{subjects:?}");
    assert!(subjects[2].contains("Payment received"), "{subjects:?}");
    let events = abebe.get("/_local/events").await?;
    for name in ["UserRegistered", "OrderPlaced", "OrderPaid"] {
        assert!(
            events.text.contains(name),
            "{name} is on the bus: {}",
            events.text
        );
    }
    Ok(())
}

#[tokio::test]
async fn every_path_is_the_same_with_and_without_a_slash_at_its_end() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 10).await?;
    let abebe = shop.shopper("abebe", &phone, 1).await?;
    let order = abebe.order().await?;
    let paths = [
        "/api/auth/user".to_owned(),
        "/api/accounts/addresses".to_owned(),
        "/api/categories".to_owned(),
        "/api/products".to_owned(),
        format!("/api/products/{}", phone.id),
        "/api/cart/my_cart".to_owned(),
        "/api/cart/items".to_owned(),
        "/api/orders".to_owned(),
        format!("/api/orders/{}", order["id"]),
        "/api/payments/webhook".to_owned(),
    ];
    for path in paths {
        let (without, with) = (
            abebe.get(&path).await?,
            abebe.get(&format!("{path}/")).await?,
        );
        assert_eq!((without.status, with.status), (200, 200), "{path}");
        assert_eq!(without.text, with.text, "{path}");
    }
    let csrf = abebe.get("/api/accounts/csrf").await?;
    assert_eq!(csrf.body["csrfToken"].as_str().map(str::len), Some(64));
    Ok(())
}

#[tokio::test]
async fn what_nobody_knows_is_told_in_json() -> Result<()> {
    let shop = Shop::open().await?;
    let anybody = shop.visitor()?;
    for path in [
        "/api/nothing/",
        "/api/orders/1/nothing/",
        "/nothing",
        "/api/",
    ] {
        let answer = anybody.get(path).await?;
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert_eq!(answer.body, json!({ "detail": "Not found." }), "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_bearer_token_does_as_well_as_a_cookie() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 10).await?;
    let abebe = shop.shopper("abebe", &phone, 1).await?;
    let script = shop.visitor()?;
    for scheme in ["Bearer", "Token"] {
        let header = format!("{scheme} {}", abebe.key());
        let headers = [("authorization", header.as_str())];
        let me = script
            .send(reqwest::Method::GET, "/api/auth/user/", None, &headers)
            .await?;
        assert_eq!(me.body["email"], abebe.email().as_str(), "{me:?}");
    }
    let header = format!("Bearer {}", abebe.key());
    let headers = [("authorization", header.as_str())];
    let body = Some("{}".to_owned());
    let placed = script
        .send(reqwest::Method::POST, "/api/orders/", body, &headers)
        .await?;
    assert_eq!(placed.status, 201, "no CSRF token is needed: {placed:?}");
    assert_eq!(
        abebe.post("/api/auth/logout/", &json!({})).await?.status,
        200
    );
    let ended = script
        .send(reqwest::Method::GET, "/api/auth/user/", None, &headers)
        .await?;
    assert_eq!(ended.status, 401, "the session ended at once: {ended:?}");
    assert!(ended.headers.contains_key("www-authenticate"));
    Ok(())
}
