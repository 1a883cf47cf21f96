use actors::{Stage, replay};
use serde_json::json;

#[tokio::test]
async fn the_sampled_line_is_put_in_by_whose_cart_it_is() {
    let at_home = |name: &str| (name == "PUBLIC_URL").then_some("https://shop.example");
    let stage = Stage::open_with(at_home).await.unwrap();
    let router = cart::router(stage.shop.clone());
    let sample = include_str!("../../../events/cart.json");
    let refused = replay(&router, sample).await.unwrap();
    assert_eq!(refused.status, 403, "the sample's session is no real one");
    let customer = stage.customer(&router).await.unwrap();
    let sample = sample
        .replace("a.session.key", &customer.cookie("sessionid").unwrap())
        .replace(
            "0123456789abcdefghijklmnopqrstuv",
            &customer.cookie("csrftoken").unwrap(),
        );
    let refused = replay(&router, &sample).await.unwrap();
    let unknown =
        json!({ "product": ["Invalid pk \"7000000000000000\" - object does not exist."] });
    assert_eq!((refused.status, refused.json()), (400, unknown));
}
