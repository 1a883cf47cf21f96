use actors::{Stage, replay};
use serde_json::json;

#[tokio::test]
async fn the_sampled_question_is_answered() {
    let stage = Stage::open().await.unwrap();
    let router = inventory::router(stage.shop.clone());
    let sample = include_str!("../../../events/inventory.json");
    let answer = replay(&router, sample).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["all_available"], json!(false));
}
