//! Categories under edits that meet, and a table that fails.

use std::sync::Arc;

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{person::Person, shop::Shop};

const CATEGORIES: &str = "/api/categories/";

async fn made(admin: &Person, name: &str, parent: &Value) -> Result<Value> {
    let body = json!({ "name": name, "parent_category": parent });
    let made = admin.post(CATEGORIES, &body).await?;
    ensure!(made.status == 201, "{made:?}");
    Ok(made.body)
}

fn at(category: &Value) -> String {
    format!("{CATEGORIES}{}/", category["id"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_categories_of_one_slug_at_once_one_is_made() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = Arc::new(shop.admin().await?);
    // A slug that was in use, and is free again.
    let before = made(&admin, "Same", &Value::Null).await?;
    let gone = admin
        .write(Method::DELETE, &at(&before), &Value::Null)
        .await?;
    ensure!(gone.status == 204, "{gone:?}");
    let tries = (0..20).map(|_| {
        let body = json!({ "name": "Same", "slug": before["slug"] });
        let admin = Arc::clone(&admin);
        tokio::spawn(async move { admin.post(CATEGORIES, &body).await })
    });
    let mut created = 0;
    for answer in try_join_all(tries).await? {
        let answer = answer?;
        if answer.status == 201 {
            created += 1;
            continue;
        }
        let taken = json!({ "slug": ["category with this slug already exists."] });
        assert_eq!((answer.status, answer.body), (400, taken));
    }
    assert_eq!(created, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_moves_at_once_make_no_cycle() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = Arc::new(shop.admin().await?);
    for _ in 0..8 {
        let one = made(&admin, "One", &Value::Null).await?;
        let other = made(&admin, "Other", &Value::Null).await?;
        let moves = [(&one, &other), (&other, &one)].map(|(moved, to)| {
            let (path, body) = (at(moved), json!({ "parent_category": to["id"] }));
            let admin = Arc::clone(&admin);
            tokio::spawn(async move { admin.write(Method::PATCH, &path, &body).await })
        });
        let mut statuses = Vec::new();
        for answer in try_join_all(moves).await? {
            let answer = answer?;
            if answer.status == 400 {
                let message =
                    json!({ "parent_category": ["A category cannot stand under itself."] });
                assert_eq!(answer.body, message);
            }
            statuses.push(answer.status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 400]);
        // Whoever stands above, both are shown.
        let mut parents = Vec::new();
        for category in [&one, &other] {
            let shown = admin.get(&at(category)).await?;
            assert_eq!(shown.status, 200);
            parents.push(shown.body["parent_category"].is_null());
        }
        parents.sort_unstable();
        assert_eq!(parents, [false, true]);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_under_any_fault_of_any_call_loses_no_product() -> Result<()> {
    let shop = Shop::open().await?;
    let admin = shop.admin().await?;
    let heir = made(&admin, "Heir", &Value::Null).await?;
    for kind in ["refused", "lost_answer", "throttled", "conflict"] {
        for nth in [1, 2, 3, 5, 7, 8] {
            let category = made(&admin, "Shelf", &Value::Null).await?;
            let body = json!({
                "category_id": category["id"], "name": "Thing", "price": 10,
                "slug": format!("thing-{}", category["id"]),
            });
            let product = admin.post("/api/products/", &body).await?;
            ensure!(product.status == 201, "{product:?}");
            let path = format!("/api/products/{}/", product.body["id"]);
            let inner = made(&admin, "Inner", &category["id"]).await?;
            let deletion = format!("{}?reassign_to={}", at(&category), heir["id"]);
            shop.fail("dynamodb", nth, kind, 1).await?;
            let mut answer = admin.write(Method::DELETE, &deletion, &Value::Null).await?;
            shop.mend().await?;
            if answer.status == 503 {
                answer = admin.write(Method::DELETE, &deletion, &Value::Null).await?;
            }
            assert_eq!(answer.status, 204, "{kind} {nth}: {answer:?}");
            let moved = admin.get(&path).await?.body;
            assert_eq!(moved["category"]["id"], heir["id"], "{kind} {nth}");
            let inner = admin.get(&at(&inner)).await?.body;
            assert_eq!(inner["parent_category"], Value::Null, "{kind} {nth}");
            let gone = admin.get(&at(&category)).await?;
            assert_eq!(gone.status, 404, "{kind} {nth}");
        }
    }
    Ok(())
}
