//! Batches of messages, good, repeated and poisoned.

use actors::Stage;
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::{
    Money, UserId,
    event::{Event, EventKind},
    product::Product,
};
use order_events::{Consumer, handle};
use serde_json::json;

use crate::post::Post;

pub struct Scene {
    pub stage: Stage,
    pub post: Post,
    pub consumer: Consumer,
}

impl Scene {
    pub async fn open() -> anyhow::Result<Scene> {
        let post = Post::default();
        let mut stage = Stage::open().await?;
        stage.clients.ses = aws_sdk_ses::Client::new(&post.config()).into();
        stage.clients.eventbridge = aws_sdk_eventbridge::Client::new(&post.config()).into();
        let consumer = Consumer::new(&stage.config()?, &stage.clients, stage.shop.clock.clone());
        Ok(Scene {
            stage,
            post,
            consumer,
        })
    }

    pub fn event(&self, kind: EventKind) -> Event {
        self.stage.shop.entropy.event(kind)
    }

    /// Delivers messages, and gives the ids of those that must come again.
    pub async fn deliver(&self, bodies: &[String]) -> Vec<String> {
        let mut batch = SqsEvent::default();
        for (number, body) in bodies.iter().enumerate() {
            let mut message = SqsMessage::default();
            message.message_id = Some(format!("message-{number}"));
            message.body = Some(body.clone());
            batch.records.push(message);
        }
        let response = handle(&self.consumer, batch).await.unwrap();
        response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect()
    }

    /// Somebody's order, and the events it caused.
    pub async fn ordered(&self, goods: &[&Product]) -> anyhow::Result<Vec<Event>> {
        let router = orders::router(self.stage.shop.clone());
        let customer = self.stage.shopper(&router, goods, 2).await?;
        let placed = customer.post("/api/orders/", &json!({})).await;
        anyhow::ensure!(placed.status == 201, "{}", placed.text());
        Ok(self.stage.queue.sent())
    }

    /// Somebody's order of tea, as the message that tells of it.
    pub async fn tea_is_ordered(&self) -> anyhow::Result<String> {
        let price = Money::from_santim(5_050);
        let tea = self.stage.goods("Tea", price, None, 9).await?;
        Ok(text(&self.ordered(&[&tea]).await?[0]))
    }
}

pub fn text(event: &Event) -> String {
    serde_json::to_string(event).unwrap()
}

#[tokio::test]
async fn an_order_is_confirmed_once_however_often_it_is_told() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = scene
        .stage
        .goods("Tea <&> spice", Money::from_santim(5_050), None, 9)
        .await?;
    let events = scene.ordered(&[&tea]).await?;
    assert_eq!(
        scene.stage.outbox().await?.len(),
        1,
        "it waits until the queue has delivered it"
    );
    let message = text(&events[0]);
    for _ in 0..3 {
        assert!(
            scene
                .deliver(std::slice::from_ref(&message))
                .await
                .is_empty()
        );
    }
    assert!(scene.stage.outbox().await?.is_empty());
    let letters = scene.post.letters();
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(
        letters[0].subject.contains("Your order ORD-"),
        "{letters:?}"
    );
    assert!(
        letters[0].text.contains("2 x Tea <&> spice: 101.00 ETB"),
        "{}",
        letters[0].text
    );
    assert!(
        letters[0].html.contains("Tea &#60;&#38;&#62; spice"),
        "{}",
        letters[0].html
    );
    assert_eq!(scene.post.announced(), ["OrderPlaced"]);
    Ok(())
}

#[tokio::test]
async fn the_same_event_twice_in_a_batch_is_handled_once() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let message = scene.tea_is_ordered().await?;
    // One of the two finds the other at it and comes again, when all is done.
    let again = scene.deliver(&[message.clone(), message.clone()]).await;
    assert!(again.len() <= 1, "{again:?}");
    assert!(scene.deliver(&[message]).await.is_empty());
    assert_eq!(scene.post.letters().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_poisoned_message_fails_alone() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let good = scene.tea_is_ordered().await?;
    let poison = [
        "",
        "{}",
        "this is not an event",
        r#"{"id":"x","type":"OrderEaten"}"#,
    ];
    for poison in poison {
        let failed = scene.deliver(&[poison.to_owned(), good.clone()]).await;
        assert_eq!(failed, ["message-0"], "{poison}");
    }
    assert_eq!(scene.post.letters().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_mail_that_was_not_taken_comes_with_the_next_delivery() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let message = scene.tea_is_ordered().await?;
    scene.post.set_closed(true);
    for _ in 0..2 {
        let failed = scene.deliver(std::slice::from_ref(&message)).await;
        assert_eq!(failed, ["message-0"]);
    }
    assert!(
        scene.stage.outbox().await?.is_empty(),
        "the queue has it now"
    );
    scene.post.set_closed(false);
    assert!(scene.deliver(&[message]).await.is_empty());
    assert_eq!(scene.post.letters().len(), 1);
    assert_eq!(scene.post.announced(), ["OrderPlaced"]);
    Ok(())
}

#[tokio::test]
async fn a_new_customer_gets_a_key_that_proves_the_address() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let router = orders::router(scene.stage.shop.clone());
    let customer = scene.stage.customer(&router).await?;
    let event = scene.event(EventKind::UserRegistered {
        user: customer.user().id,
    });
    assert!(scene.deliver(&[text(&event)]).await.is_empty());
    let letters = scene.post.letters();
    assert_eq!(letters[0].to, customer.user().email);
    let (_, rest) = letters[0]
        .text
        .split_once("/auth/confirm-email/")
        .expect("a link");
    let key = rest.split('/').next().unwrap_or_default();
    let tokens = &scene.stage.shop.tokens;
    let read = tokens
        .read_email_key(key, scene.stage.shop.clock.now())
        .expect("a key of ours");
    assert_eq!(read.user, customer.user().id);
    assert!(tokens.proves(&read, &customer.user().email));
    Ok(())
}

#[tokio::test]
async fn who_is_verified_or_gone_gets_no_key() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let router = orders::router(scene.stage.shop.clone());
    let verified = scene.stage.verified(&router).await?;
    let gone = UserId(scene.stage.shop.entropy.id());
    for user in [verified.user().id, gone] {
        let event = scene.event(EventKind::UserRegistered { user });
        assert!(scene.deliver(&[text(&event)]).await.is_empty());
    }
    assert!(scene.post.letters().is_empty());
    let repeated = EventKind::RegistrationRepeated {
        user: verified.user().id,
    };
    assert!(
        scene
            .deliver(&[text(&scene.event(repeated))])
            .await
            .is_empty()
    );
    let letters = scene.post.letters();
    assert!(
        letters[0].subject.contains("You already have an account"),
        "{letters:?}"
    );
    assert!(!letters[0].text.contains("confirm-email"), "{letters:?}");
    Ok(())
}

#[tokio::test]
async fn the_sample_batch_fails_only_where_it_is_poisoned() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let sample = include_str!("../../../events/order-events.json");
    let batch: SqsEvent = serde_json::from_str(sample)?;
    assert!(batch.records.len() > 1);
    let response = handle(&scene.consumer, batch).await.unwrap();
    let failed: Vec<_> = response
        .batch_item_failures
        .iter()
        .map(|f| f.item_identifier.as_str())
        .collect();
    assert_eq!(failed, ["00000000-0000-4000-8000-000000000002"]);
    Ok(())
}
