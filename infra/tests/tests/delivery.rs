//! Events on a queue that is really called: relayed, taken in batches, handed out again, given up.
//!
//! The queue is the local stand-in's, or that of the emulator that `cargo xtask emulator` starts.

use actors::Stage;
use anyhow::{Context as _, Result, ensure};
use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use aws_sdk_sqs::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    types::{DeleteMessageBatchRequestEntry, Message, QueueAttributeName},
};
use domain::Money;
use emulator::Template;
use gateways::clock::Clock;
use local::aws::{ACCOUNT, Backends, Now, journal::Journal, secrets::Secrets};
use serde_json::json;
use tokio::sync::watch;

const POISON: &str = "this is not an event";

/// The queue of events with its dead letters, as the template has them.
struct Post {
    sqs: Client,
    queue: String,
    dead_letters: String,
    batch_size: i32,
    max_receive_count: usize,
    sdk: aws_config::SdkConfig,
    /// The stand-ins' port closes with it.
    _open: Option<watch::Sender<bool>>,
}

impl Post {
    async fn open() -> Result<Post> {
        let template = Template::shop()?;
        let consumer = template.consumers.first().context("a consumer")?;
        let queue = template.queues.iter().find(|it| it.name == consumer.queue);
        let queue = queue.context("its queue")?;
        let dead_letters = queue.dead_letters.as_deref().context("its dead letters")?;
        let max_receive_count = queue.max_receive_count.context("a bound on attempts")?;

        let mut open = None;
        let endpoint = match emulator::second_opinion() {
            Some(endpoint) => endpoint,
            None => {
                let listener = local::server::bind(0).await?;
                let endpoint = format!("http://{}", listener.local_addr()?);
                let clock = Clock::system();
                let now = Now::new(move || clock.now().unix_secs());
                let journal = Journal::memory()?;
                let backends =
                    Backends::open(&journal, &template.queues, Secrets::new::<&str>([]), now)?;
                let (sender, stop) = watch::channel(false);
                tokio::spawn(local::server::serve(listener, backends.router(), stop));
                open = Some(sender);
                endpoint
            }
        };
        let sdk = aws_config::SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(
                Credentials::from_keys("local", "local", None),
            ))
            .endpoint_url(&endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let sqs = Client::new(&sdk);
        let (queue, dead_letters) = if open.is_some() {
            let url = |name: &str| format!("{endpoint}/{ACCOUNT}/{name}");
            (url(&queue.name), url(dead_letters))
        } else {
            make_queues(&sqs, max_receive_count).await?
        };
        Ok(Post {
            sqs,
            queue,
            dead_letters,
            batch_size: i32::try_from(consumer.batch_size)?.min(10),
            max_receive_count: usize::try_from(max_receive_count)?,
            sdk,
            _open: open,
        })
    }

    async fn receive(&self, queue: &str) -> Result<Vec<Message>> {
        let request = self.sqs.receive_message().queue_url(queue);
        let answer = request
            .max_number_of_messages(self.batch_size)
            .send()
            .await?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Deletes what succeeded and makes visible at once what failed, which Lambda leaves to the
    /// visibility timeout.
    async fn settle(&self, batch: &[Message], failed: &[String]) -> Result<()> {
        for (number, message) in batch.iter().enumerate() {
            let receipt = message.receipt_handle().context("a receipt")?;
            let id = message.message_id().context("an id")?;
            if failed.iter().any(|failed| failed == id) {
                let again = self.sqs.change_message_visibility().queue_url(&self.queue);
                again
                    .receipt_handle(receipt)
                    .visibility_timeout(0)
                    .send()
                    .await?;
            } else {
                let entry = DeleteMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .receipt_handle(receipt)
                    .build()?;
                let deletion = self.sqs.delete_message_batch().queue_url(&self.queue);
                let answer = deletion.entries(entry).send().await?;
                ensure!(answer.failed().is_empty(), "{answer:?}");
            }
        }
        Ok(())
    }
}

/// Queues of one's own on an emulator that many tests share.
async fn make_queues(sqs: &Client, max_receive_count: u32) -> Result<(String, String)> {
    let name = format!("events-{}", std::process::id());
    let dead = sqs
        .create_queue()
        .queue_name(format!("{name}-dead"))
        .send()
        .await?;
    let dead = dead.queue_url.context("a URL")?;
    let attributes = sqs
        .get_queue_attributes()
        .queue_url(&dead)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await?;
    let attributes = attributes.attributes.unwrap_or_default();
    let arn = &attributes[&QueueAttributeName::QueueArn];
    let redrive = json!({ "deadLetterTargetArn": arn, "maxReceiveCount": max_receive_count });
    let queue = sqs
        .create_queue()
        .queue_name(name)
        .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
        .send()
        .await?;
    Ok((queue.queue_url.context("a URL")?, dead))
}

/// A batch as Lambda hands it to a function.
fn event(batch: &[Message]) -> SqsEvent {
    let mut event = SqsEvent::default();
    for message in batch {
        let mut record = SqsMessage::default();
        record.message_id = message.message_id.clone();
        record.body = message.body.clone();
        event.records.push(record);
    }
    event
}

#[tokio::test]
async fn what_was_left_behind_arrives_once_and_what_is_poisoned_ends_among_the_dead_letters()
-> Result<()> {
    let post = Post::open().await?;
    let queue: &'static str = post.queue.clone().leak();
    let mut stage = Stage::open_with(move |name| match name {
        "ORDER_EVENTS_QUEUE_URL" => Some(queue),
        "EVENT_BUS_NAME" => Some("default"),
        _ => None,
    })
    .await?;

    // The queue is down while the order is placed, so the event stays behind in the outbox.
    stage.queue.set_down(true);
    let router = orders::router(stage.shop.clone());
    let tea = stage
        .goods("Tea", Money::from_santim(5_050), None, 9)
        .await?;
    let customer = stage.shopper(&router, &[&tea], 2).await?;
    let placed = customer.post("/api/orders/", &json!({})).await;
    ensure!(placed.status == 201, "{}", placed.text());
    ensure!(stage.outbox().await?.len() == 1);

    stage.clients.sqs = post.sqs.clone().into();
    stage.clients.ses = aws_sdk_ses::Client::new(&post.sdk).into();
    stage.clients.eventbridge = aws_sdk_eventbridge::Client::new(&post.sdk).into();
    if emulator::second_opinion().is_some() {
        // As on AWS, it takes mail only from and, in the sandbox, to addresses that are verified.
        for address in ["shop@example.com", &customer.user().email] {
            let identity = stage.clients.ses.verify_email_identity();
            identity.email_address(address).send().await?;
        }
    }
    let clock = stage.shop.clock.clone();
    clock.advance(relay_outbox::PATIENCE_SECS + 1);
    let relay = relay_outbox::Worker::new(&stage.config()?, &stage.clients, clock.clone());
    ensure!(relay_outbox::handle(&relay).await?.sent == 1);
    let poison = post.sqs.send_message().queue_url(&post.queue);
    poison.message_body(POISON).send().await?;

    let consumer = order_events::Consumer::new(&stage.config()?, &stage.clients, clock);
    let mut failures = 0;
    loop {
        let batch = post.receive(&post.queue).await?;
        if batch.is_empty() {
            break;
        }
        let response = order_events::handle(&consumer, event(&batch))
            .await
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
        let failed: Vec<String> = response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        for message in &batch {
            let has_failed = failed
                .iter()
                .any(|id| Some(id) == message.message_id.as_ref());
            assert_eq!(has_failed, message.body() == Some(POISON), "{message:?}");
        }
        failures += failed.len();
        post.settle(&batch, &failed).await?;
    }
    assert_eq!(failures, post.max_receive_count);
    let dead = post.receive(&post.dead_letters).await?;
    let bodies: Vec<_> = dead.iter().filter_map(Message::body).collect();
    assert_eq!(bodies, [POISON]);
    assert!(stage.outbox().await?.is_empty(), "the event was handled");
    Ok(())
}
