//! The sample event of this function, replayed as Lambda would hand it over.

use actors::{Stage, replay};
use domain::Money;

const SAMPLE: &str = include_str!("../../../events/orders.json");

#[tokio::test]
async fn the_sampled_checkout_orders_the_cart_of_whose_session_it_bears() -> anyhow::Result<()> {
    let at_home = |name: &str| (name == "PUBLIC_URL").then_some("https://shop.example");
    let stage = Stage::open_with(at_home).await?;
    let router = orders::router(stage.shop.clone());
    let refused = replay(&router, SAMPLE).await?;
    assert_eq!(refused.status, 403, "the sample's session is no real one");
    let phone = stage
        .goods("Pixel 9", Money::from_santim(25_000), None, 5)
        .await?;
    let customer = stage.shopper(&router, &[&phone], 2).await?;
    let sample = SAMPLE
        .replace(
            "a.session.key",
            &customer.cookie("sessionid").unwrap_or_default(),
        )
        .replace(
            "0123456789abcdefghijklmnopqrstuv",
            &customer.cookie("csrftoken").unwrap_or_default(),
        );
    let answer = replay(&router, &sample).await?;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["total_amount"], "500.00");
    Ok(())
}
