use serde_json::json;

use crate::{PRODUCTS, at, category, open, product};

#[tokio::test]
async fn a_product_page_costs_at_most_two_round_trips() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({ "initial_stock": 3 })).await;
    let anonymous = stage.anonymous(&router);
    let (answer, cost) = stage
        .wire
        .measured(anonymous.get(&at(PRODUCTS, &pixel)))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!((cost.round_trips, cost.total_calls()), (1, 2), "{cost:?}");
    let customer = stage.customer(&router).await.unwrap();
    let (answer, cost) = stage
        .wire
        .measured(customer.get(&at(PRODUCTS, &pixel)))
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!((cost.round_trips, cost.total_calls()), (2, 3), "{cost:?}");
}

#[tokio::test]
async fn a_list_costs_the_same_however_many_products_it_shows() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    for number in 0..12 {
        product(
            &staff,
            &phones,
            &format!("p{number}"),
            json!({ "initial_stock": 3 }),
        )
        .await;
    }
    let anonymous = stage.anonymous(&router);
    for limit in [1, 10] {
        let (answer, cost) = stage
            .wire
            .measured(anonymous.get(&format!("{PRODUCTS}?limit={limit}")))
            .await;
        assert_eq!(answer.json().as_array().unwrap().len(), limit);
        // The categories and a page of the index side by side, and nothing after them.
        assert_eq!((cost.round_trips, cost.total_calls()), (1, 2), "{cost:?}");
    }
}

#[tokio::test]
async fn a_bad_token_costs_nothing() {
    let (stage, router) = open().await;
    let forged = stage.anonymous(&router).bearing("forged");
    let (answer, cost) = stage.wire.measured(forged.get(PRODUCTS)).await;
    assert_eq!((answer.status, cost.total_calls()), (401, 0));
}
