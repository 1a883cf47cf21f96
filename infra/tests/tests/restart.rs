//! Power cuts: what was answered is kept.

use anyhow::Result;
use serde_json::json;

use crate::shop::{Goods, Shop};

#[tokio::test]
async fn a_purchase_survives_a_kill_after_every_step() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let reopen = |shop: Shop| {
        shop.kill()?;
        Shop::open_in(directory.path())
    };
    let shop = Shop::open_in(directory.path())?;
    let phone = shop.goods("250.00", None, 5).await?;
    let email = shop.fresh_email("abebe");
    shop.visitor()?.register(&email, "injera-and-wot-9").await?;

    let shop = reopen(shop)?;
    shop.settle().await?;
    assert!(!shop.subjects(&email).await?.is_empty(), "the mail comes");
    let key = shop.verification_key(&email).await?;
    let proved = json!({ "key": key });
    let anybody = shop.visitor()?;
    let proved = anybody
        .post("/api/auth/registration/verify-email/", &proved)
        .await?;
    assert_eq!(proved.status, 200);
    anybody.log_in(&email, "injera-and-wot-9").await?;
    let key = anybody.key();

    let shop = reopen(shop)?;
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str())];
    let send = async |shop: &Shop, path: &str, body: serde_json::Value| {
        let anybody = shop.visitor()?;
        anybody
            .send(
                reqwest::Method::POST,
                path,
                Some(body.to_string()),
                &headers,
            )
            .await
    };
    let address = json!({
        "address_line_1": "Bole Road 1", "city": "Addis Ababa", "region": "AA", "country": "ET",
    });
    assert_eq!(
        send(&shop, "/api/accounts/addresses/", address)
            .await?
            .status,
        201
    );
    let line = json!({ "product": phone.id, "quantity": 2 });
    assert_eq!(send(&shop, "/api/cart/items/", line).await?.status, 201);

    let shop = reopen(shop)?;
    let order = send(&shop, "/api/orders/", json!({})).await?;
    assert_eq!(
        order.status, 201,
        "the session and the cart are still there: {order:?}"
    );
    let order = order.body;

    let shop = reopen(shop)?;
    assert_eq!(shop.stock(&phone).await?, 3);
    let begin = json!({ "order_id": order["id"], "return_url": format!("{}/", shop.url) });
    let begun = send(&shop, "/api/payments/initiate/", begin).await?;
    assert_eq!(begun.status, 200, "{begun:?}");
    let page = begun.body["checkout_url"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let token = page
        .rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or_default()
        .to_owned();

    let shop = reopen(shop)?;
    let page = format!("{}/_local/chapa/checkout/{token}", shop.url);
    assert_eq!(shop.check_out(&page, "success", "send").await?.status, 200);

    let shop = reopen(shop)?;
    let path = format!("/api/orders/{}/", order["id"]);
    let order = shop
        .visitor()?
        .send(reqwest::Method::GET, &path, None, &headers)
        .await?;
    assert_eq!(order.body["status"], "processing");
    shop.settle().await?;
    // A mail may go out twice, if the power goes between SES's answer and the note of it.
    let mut subjects = shop.subjects(&email).await?;
    subjects.sort();
    subjects.dedup();
    assert_eq!(subjects.len(), 3, "nothing was lost: {subjects:?}");
    let queues = shop.visitor()?.get("/_local/queues").await?;
    let queues = queues.body.as_array().cloned().unwrap_or_default();
    assert!(
        queues.iter().all(|queue| queue["visible"] == 0),
        "{queues:?}"
    );
    let phone = Goods {
        id: phone.id,
        name: phone.name,
    };
    assert_eq!(shop.stock(&phone).await?, 3);
    Ok(())
}
