//! The sample events of this function, replayed as Lambda would hand them over.

use actors::{Stage, replay};
use payments::State;
use serde_json::json;

#[tokio::test]
async fn the_sampled_attempt_asks_for_an_order_that_is_not_there() -> anyhow::Result<()> {
    let stage = Stage::open_with(|name| match name {
        "PUBLIC_URL" => Some("https://shop.example"),
        "RETURN_URL_HOSTS" => Some("shop.example"),
        _ => None,
    })
    .await?;
    let state = State::new(&stage.config()?, &stage.clients, stage.shop.clock.clone())?;
    let router = payments::router(state);
    let sample = include_str!("../../../events/payments.json");
    let refused = replay(&router, sample).await?;
    assert_eq!(refused.status, 403, "the sample's session is no real one");
    let customer = stage.verified(&router).await?;
    let cookie = |name: &str| customer.cookie(name).unwrap_or_default();
    let sample = sample
        .replace("a.session.key", &cookie("sessionid"))
        .replace("0123456789abcdefghijklmnopqrstuv", &cookie("csrftoken"));
    let answer = replay(&router, &sample).await?;
    let unknown = json!({ "order_id": ["Order not found."] });
    assert_eq!((answer.status, answer.json()), (400, unknown));
    Ok(())
}

#[tokio::test]
async fn the_sampled_webhook_is_genuine_under_its_secret_and_under_no_other() -> anyhow::Result<()>
{
    let sample = include_str!("../../../events/payments-webhook.json");
    for (secret, status) in [("local-webhook-secret", 200), ("another-secret", 403)] {
        let stage =
            Stage::open_with(move |name| (name == "CHAPA_WEBHOOK_SECRET").then_some(secret))
                .await?;
        let state = State::new(&stage.config()?, &stage.clients, stage.shop.clock.clone())?;
        let answer = replay(&payments::router(state), sample).await?;
        assert_eq!((answer.status, answer.text()), (status, String::new()));
    }
    Ok(())
}
