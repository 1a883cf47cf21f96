use actors::{Stage, replay};
use serde_json::json;

use crate::{category, open, product, slugs};

#[tokio::test]
async fn the_sampled_list_is_answered() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let coffee = category(&staff, "coffee").await;
    for slug in ["harar", "sidamo", "yirgacheffe"] {
        product(&staff, &coffee, slug, json!({})).await;
    }
    let sample = include_str!("../../../events/catalog-list.json");
    let answer = replay(&router, sample).await.unwrap();
    assert_eq!(
        (answer.status, slugs(&answer.json())),
        (200, vec!["yirgacheffe", "sidamo"])
    );
    assert_eq!(answer.header("x-request-id"), "JKJaXmPLvHcESHA=");
    let next = staff.get(&answer.next_page().unwrap()).await;
    assert_eq!(
        (slugs(&next.json()), next.next_page()),
        (vec!["harar"], None)
    );
}

#[tokio::test]
async fn the_sampled_product_is_made_by_who_may() {
    let at_home = |name: &str| (name == "PUBLIC_URL").then_some("https://shop.example");
    let stage = Stage::open_with(at_home).await.unwrap();
    let router = catalog::router(crate::state(&stage));
    let sample = include_str!("../../../events/catalog.json");
    let refused = replay(&router, sample).await.unwrap();
    assert_eq!(refused.status, 403, "the sample's session is no real one");
    let staff = stage.staff(&router).await.unwrap();
    let sample = sample
        .replace("a.session.key", &staff.cookie("sessionid").unwrap())
        .replace(
            "0123456789abcdefghijklmnopqrstuv",
            &staff.cookie("csrftoken").unwrap(),
        );
    let refused = replay(&router, &sample).await.unwrap();
    let unknown = json!({ "category_id": ["Invalid pk \"1\" - object does not exist."] });
    assert_eq!((refused.status, refused.json()), (400, unknown));
}
