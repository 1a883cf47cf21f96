//! Stock at several places, on the page of a product and in lists; and what a page of a list costs.

use domain::{Money, product::Price, stock::Location};
use serde_json::{Value, json};

use crate::{PRODUCTS, category, open, product};

#[tokio::test]
async fn each_place_is_shown_and_the_main_one_as_the_original_did() {
    let (stage, router) = open().await;
    let price = Price::new(Money::from_santim(10_000), None).unwrap();
    let annex = Location::parse("annex").unwrap();
    let units = [(Location::main(), 2), (annex, 3)];
    let phone = stage.goods_at("Pixel 9", price, &units).await.unwrap();
    let anonymous = stage.anonymous(&router);
    let path = format!("{PRODUCTS}{}/", phone.id);
    let shown = anonymous.get(&path).await.json();
    assert_eq!(shown["total_stock"], 5);
    assert_eq!(shown["variants"][0]["available"], 5);
    let items = shown["inventory_items"].as_array().unwrap();
    let places: Vec<_> = items
        .iter()
        .map(|item| (&item["location"], &item["quantity"], &item["product"]))
        .collect();
    let id = json!(phone.id);
    assert_eq!(
        places,
        [
            (&Value::Null, &json!(2), &id),
            (&json!("annex"), &json!(3), &id),
        ]
    );
    assert_eq!(items[0]["id"], id, "as it was when there was one place");
    assert_ne!(items[1]["id"], id);
    assert!(items[1]["id"].as_u64().is_some_and(|id| id < 1 << 53));
    assert_eq!(anonymous.get(PRODUCTS).await.json(), json!([shown]));
}

#[tokio::test]
async fn a_page_of_24_costs_four_read_units_however_many_products_there_are() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let anonymous = stage.anonymous(&router);
    let mut costs = Vec::new();
    for hundred in 0..2 {
        for number in 0..60 {
            let more = json!({
                "description": "Two sentences say what it is. They are as long as most are, or so.",
                "specifications": { "ram": "12 GB", "colours": ["black", "white"] },
                "sku": format!("PX-{hundred}-{number}"), "initial_stock": 3,
            });
            product(&staff, &phones, &format!("pixel-{hundred}-{number}"), more).await;
        }
        let page = format!("{PRODUCTS}?limit=24");
        let (answer, cost) = stage.wire.measured(anonymous.get(&page)).await;
        assert_eq!(answer.json().as_array().map(Vec::len), Some(24));
        assert_eq!(cost.round_trips, 1, "{cost:?}");
        assert!(cost.read_units <= 4.0, "{cost:?}");
        costs.push(cost.read_units);
    }
    assert_eq!(costs[0].to_string(), costs[1].to_string());
}
