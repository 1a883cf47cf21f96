//! The catalogue's endpoints, driven in process over a table of their own.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests stand on fails as they do"
)]

mod access;
mod caching;
mod categories;
mod category_edits;
mod category_lists;
mod costs;
mod events;
mod images;
mod places;
mod product_edits;
mod product_lists;
mod products;
mod uploads;
mod variants;

use actors::{Actor, Answer, Stage};
use axum::Router;
use serde_json::{Value, json};

const CATEGORIES: &str = "/api/categories/";
const PRODUCTS: &str = "/api/products/";

/// The function's state on a stage.
fn state(stage: &Stage) -> catalog::State {
    let config = stage.config().unwrap();
    catalog::State::new(&config, &stage.clients, stage.shop.clock.clone())
}

/// A stage and the function's routes on it.
async fn open() -> (Stage, Router) {
    let stage = Stage::open().await.unwrap();
    let router = catalog::router(state(&stage));
    (stage, router)
}

/// Makes what `body` says and gives it as answered.
async fn made(staff: &Actor, path: &str, body: &Value) -> Value {
    let answer = staff.post(path, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

/// A category of this slug, named after it.
async fn category(staff: &Actor, slug: &str) -> Value {
    made(staff, CATEGORIES, &json!({ "name": slug, "slug": slug })).await
}

/// A product of this slug, named after it, and whatever else is said of it.
async fn product(staff: &Actor, category: &Value, slug: &str, more: Value) -> Value {
    let mut body =
        json!({ "category_id": category["id"], "name": slug, "slug": slug, "price": "10" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    made(staff, PRODUCTS, &body).await
}

/// The version in the tag of an answer, without what the tag says besides.
fn version(answer: &Answer) -> String {
    let tag = answer.header("etag").trim_matches('"');
    assert!(!tag.is_empty(), "{answer:?}");
    tag.split('-').next().unwrap_or_default().to_owned()
}

/// The slugs of a list, in its order.
fn slugs(list: &Value) -> Vec<&str> {
    let entries = list.as_array().unwrap();
    entries
        .iter()
        .map(|entry| entry["slug"].as_str().unwrap())
        .collect()
}

/// The path of one object.
fn at(path: &str, object: &Value) -> String {
    format!("{path}{}/", object["id"])
}
