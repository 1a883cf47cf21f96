//! Asking whether there is enough.

use actors::Stage;
use serde_json::{Value, json};

use crate::{CHECK, goods, open, second_variant};

#[tokio::test]
async fn everybody_may_ask_what_there_is() {
    let (stage, router) = open().await;
    let (pixel, other) = (goods(&stage, 5).await, goods(&stage, 0).await);
    let red = second_variant(&stage, &other).await;
    let nobody = stage.anonymous(&router);
    let body = json!({ "items": [
        { "product": pixel.id, "quantity": 5 },
        { "product": other.id, "variant": red, "quantity": 1 },
        { "product": 77, "quantity": 1 },
    ] });
    let answer = nobody.post(CHECK, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let expected = json!({
        "items": [
            { "product": pixel.id, "variant": pixel.id, "requested": 5, "available": 5,
              "is_available": true },
            { "product": other.id, "variant": red, "requested": 1, "available": 0,
              "is_available": false },
            { "product": 77, "variant": null, "requested": 1, "available": 0,
              "is_available": false },
        ],
        "all_available": false,
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn lines_of_one_variant_are_taken_together() {
    let (stage, router) = open().await;
    let pixel = goods(&stage, 5).await;
    let nobody = stage.anonymous(&router);
    let ask = async |quantities: [u32; 2]| {
        let line = |quantity| json!({ "product": pixel.id, "quantity": quantity });
        let answer = nobody
            .post(CHECK, &json!({ "items": quantities.map(line) }))
            .await;
        answer.json()["all_available"].as_bool().unwrap()
    };
    assert!(ask([2, 3]).await);
    assert!(!ask([3, 3]).await);
}

#[tokio::test]
async fn what_is_wrong_with_the_question_is_told_line_by_line() {
    let (stage, router) = open().await;
    let pixel = goods(&stage, 5).await;
    second_variant(&stage, &pixel).await;
    let nobody = stage.anonymous(&router);
    let refused = async |body: Value| {
        let answer = nobody.post(CHECK, &body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        answer.json()
    };
    let required = json!({ "items": ["This field is required."] });
    assert_eq!(refused(json!({})).await, required);
    let lines = json!([{ "product": pixel.id, "quantity": 1 }, { "product": 77, "quantity": 1 }]);
    let unnamed = json!({ "items": [{ "variant": ["This field is required."] }, {}] });
    assert_eq!(refused(json!({ "items": lines })).await, unnamed);
    let none = refused(json!({ "items": [{ "product": 77, "quantity": 0 }] })).await;
    assert!(none["items"][0]["quantity"].is_array(), "{none}");
    let many = vec![json!({ "product": 77, "quantity": 1 }); 101];
    assert_eq!(
        refused(json!({ "items": many })).await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn where_the_catalogue_is_not_public_neither_is_this() {
    let private = |name: &str| (name == "PUBLIC_CATALOG").then_some("false");
    let stage = Stage::open_with(private).await.unwrap();
    let router = inventory::router(stage.shop.clone());
    let body = json!({ "items": [] });
    let nobody = stage.anonymous(&router).post(CHECK, &body).await;
    assert_eq!(nobody.status, 403);
    let customer = stage.customer(&router).await.unwrap();
    let answer = customer.post(CHECK, &body).await;
    assert_eq!(answer.json(), json!({ "items": [], "all_available": true }));
}
