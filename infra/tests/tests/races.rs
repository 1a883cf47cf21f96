//! Crowds, over HTTP.

use std::sync::Arc;

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::json;

use crate::{person::Person, shop::Shop};

async fn order_at_once(people: &[Arc<Person>]) -> Result<Vec<u16>> {
    let orders = people.iter().map(|person| {
        let person = Arc::clone(person);
        tokio::spawn(async move { person.post("/api/orders/", &json!({})).await })
    });
    let mut statuses = Vec::new();
    for answer in try_join_all(orders).await? {
        statuses.push(answer?.status);
    }
    statuses.sort_unstable();
    Ok(statuses)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_customers_want_the_last_unit_and_one_gets_it() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 1).await?;
    let people = (0..20).map(|_| shop.shopper("crowd", &phone, 1));
    let people: Vec<_> = try_join_all(people)
        .await?
        .into_iter()
        .map(Arc::new)
        .collect();
    let statuses = order_at_once(&people).await?;
    assert_eq!(
        statuses.iter().filter(|status| **status == 201).count(),
        1,
        "{statuses:?}"
    );
    assert!(
        statuses.iter().all(|status| matches!(status, 201 | 400)),
        "{statuses:?}"
    );
    assert_eq!(shop.stock(&phone).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_cart_ordered_six_times_at_once_is_one_order() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 50).await?;
    let abebe = Arc::new(shop.shopper("abebe", &phone, 5).await?);
    let statuses = order_at_once(&vec![Arc::clone(&abebe); 6]).await?;
    assert_eq!(statuses, [201, 400, 400, 400, 400, 400]);
    assert_eq!(shop.stock(&phone).await?, 45);
    let orders = abebe.get("/api/orders/").await?;
    assert_eq!(orders.body.as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_units_added_at_once_are_twelve() -> Result<()> {
    let shop = Shop::open().await?;
    let phone = shop.goods("250.00", None, 50).await?;
    let abebe = Arc::new(shop.customer("abebe").await?);
    let adds = (0..12).map(|_| {
        let (abebe, body) = (
            Arc::clone(&abebe),
            json!({ "product": phone.id, "quantity": 1 }),
        );
        tokio::spawn(async move { abebe.post("/api/cart/items/", &body).await })
    });
    for answer in try_join_all(adds).await? {
        let status = answer?.status;
        assert!(matches!(status, 200 | 201), "{status}");
    }
    let cart = abebe.get("/api/cart/my_cart/").await?;
    assert_eq!(cart.body["items"][0]["quantity"], 12, "{cart:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_first_admins_at_once_are_one() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let shop = Shop::open_in(directory.path())?;
    let tries = (0..2).map(|number| {
        let anybody = shop.visitor();
        let body = json!({
            "setup_token": "local-admin-token", "email": format!("admin-{number}@example.com"),
            "password": "kebero-drum-77", "password_confirm": "kebero-drum-77",
        });
        tokio::spawn(async move { anybody?.post("/api/auth/init-admin/", &body).await })
    });
    let mut answers = Vec::new();
    for answer in try_join_all(tries).await? {
        let answer = answer?;
        answers.push((answer.status, answer.body));
    }
    answers.sort_by_key(|(status, _)| *status);
    assert_eq!(
        answers[0],
        (201, json!({ "message": "Admin account created." }))
    );
    assert_eq!(
        answers[1],
        (403, json!({ "error": "Admin already initialized." }))
    );
    Ok(())
}
