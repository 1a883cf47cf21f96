//! The inventory's endpoints, driven in process over a table of their own.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests stand on fails as they do"
)]

mod availability;
mod changes;
mod events;
mod levels;
mod locations;
mod races;

use actors::{Actor, Stage};
use axum::Router;
use domain::{
    Money, VariantId,
    product::{Product, ProductOption, Variant},
};
use serde_json::{Value, json};

const INVENTORY: &str = "/api/inventory/";
const LOCATIONS: &str = "/api/inventory/locations/";
const MOVEMENTS: &str = "/api/inventory/movements/";
const RESERVATIONS: &str = "/api/inventory/reservations/";
const CHECK: &str = "/api/inventory/check_stock/";

/// A stage and the function's routes on it.
async fn open() -> (Stage, Router) {
    let stage = Stage::open().await.unwrap();
    let router = inventory::router(stage.shop.clone());
    (stage, router)
}

/// A product that comes one way, with so many units.
async fn goods(stage: &Stage, units: u32) -> Product {
    let price = Money::from_santim(10_000);
    stage.goods("Pixel 9", price, None, units).await.unwrap()
}

/// Gives a product a second variant, without stock, and tells which it is.
async fn second_variant(stage: &Stage, product: &Product) -> VariantId {
    let id = VariantId(stage.shop.entropy.id());
    let edited = stage.shop.store.edit_product(
        product.id,
        || stage.shop.entropy.version(),
        |stocked| {
            stocked.product.options = vec![ProductOption {
                name: "colour".into(),
                values: vec!["red".into()],
            }];
            stocked.product.variants.push(Variant {
                id,
                sku: Some("PIXEL-RED".into()),
                options: [("colour".to_owned(), "red".to_owned())].into(),
                price: None,
                is_active: true,
            });
            Ok::<(), std::convert::Infallible>(())
        },
    );
    edited.await.unwrap();
    id
}

/// Says below how many units staff want to be told.
async fn threshold(stage: &Stage, product: &Product, units: u32) {
    let edited = stage.shop.store.edit_product(
        product.id,
        || stage.shop.entropy.version(),
        |stocked| {
            stocked.product.low_stock_threshold = Some(units);
            Ok::<(), std::convert::Infallible>(())
        },
    );
    edited.await.unwrap();
}

/// Adds places to the list.
async fn places(staff: &Actor, codes: &[&str]) {
    for code in codes {
        let made = staff.post(LOCATIONS, &json!({ "code": code })).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }
}

fn path(product: &Product, verb: &str) -> String {
    format!("{INVENTORY}{}/{verb}/", product.id)
}

/// Adjusts and gives the answer, which is a good one.
async fn adjusted(staff: &Actor, product: &Product, mut body: Value) -> Value {
    body["reason"] = "a test".into();
    let answer = staff.post(&path(product, "adjust"), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Location, available and reserved of each level that a list shows.
async fn shown(staff: &Actor, query: &str) -> Vec<(String, u64, u64)> {
    let answer = staff.get(&format!("{INVENTORY}{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let levels = answer.json();
    let levels = levels.as_array().unwrap().iter();
    levels
        .map(|level| {
            let units = |name: &str| level[name].as_u64().unwrap();
            assert_eq!(units("on_hand"), units("available") + units("reserved"));
            let place = level["location"].as_str().unwrap().to_owned();
            (place, units("available"), units("reserved"))
        })
        .collect()
}
