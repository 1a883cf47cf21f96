//! The stand-ins for SQS, SES, EventBridge and Secrets Manager, asked by the real SDKs, and the one
//! for S3, asked as functions and browsers do.

mod mail_and_events;
mod memory;
mod pictures;
mod poller;
mod queues;
mod secrets;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_ses::types::{Body, Content, Destination, Message as Letter, RawMessage};
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use emulator::{Consumer, Queue, Wire};
use local::aws::journal::Journal;
use local::aws::poller::poll;
use local::aws::queues::Depth;
use local::aws::secrets::Secrets;
use local::aws::{Backends, Now};
use tokio::sync::watch;

/// The stand-ins on a port of their own, clients for them, and a clock to move.
struct Bench {
    backends: Backends,
    clock: Arc<AtomicI64>,
    sqs: aws_sdk_sqs::Client,
    ses: aws_sdk_ses::Client,
    eventbridge: aws_sdk_eventbridge::Client,
    secrets: aws_sdk_secretsmanager::Client,
    endpoint: String,
    /// The stand-ins' port closes with it.
    _open: watch::Sender<bool>,
}

impl Bench {
    async fn new() -> Self {
        Self::over(&Journal::memory().unwrap()).await
    }

    async fn over(journal: &Journal) -> Self {
        let clock = Arc::new(AtomicI64::new(1_795_435_200));
        let tell = clock.clone();
        let queues = [queue("Orders", Some("Dead")), queue("Dead", None)];
        let now = Now::new(move || tell.load(Ordering::SeqCst));
        let secrets = Secrets::new([("SIGNING_SECRET", "kept to ourselves".to_owned())]);
        let backends = Backends::open(journal, &queues, secrets, now).unwrap();
        let listener = local::server::bind(0).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (open, stop) = watch::channel(false);
        tokio::spawn(local::server::serve(listener, backends.router(), stop));

        let wire = Wire::new();
        let credentials = Credentials::from_keys("local", "local", None);
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(&endpoint)
            .http_client(wire.http_client())
            .build();
        Self {
            backends,
            clock,
            sqs: aws_sdk_sqs::Client::new(&sdk),
            ses: aws_sdk_ses::Client::new(&sdk),
            eventbridge: aws_sdk_eventbridge::Client::new(&sdk),
            secrets: aws_sdk_secretsmanager::Client::new(&sdk),
            endpoint,
            _open: open,
        }
    }

    fn advance(&self, secs: i64) {
        self.clock.fetch_add(secs, Ordering::SeqCst);
        self.backends.queues.wake();
    }

    async fn send(&self, body: &str) -> String {
        let request = self
            .sqs
            .send_message()
            .queue_url(url("Orders"))
            .message_body(body);
        request.send().await.unwrap().message_id.unwrap()
    }

    async fn receive(&self, queue: &str) -> Vec<Message> {
        let request = self
            .sqs
            .receive_message()
            .queue_url(url(queue))
            .max_number_of_messages(10)
            .message_system_attribute_names(MessageSystemAttributeName::All);
        request.send().await.unwrap().messages.unwrap_or_default()
    }

    async fn delete(&self, message: &Message) {
        let receipt = message.receipt_handle().unwrap();
        let request = self
            .sqs
            .delete_message()
            .queue_url(url("Orders"))
            .receipt_handle(receipt);
        request.send().await.unwrap();
    }

    /// Visible and hidden messages of a queue.
    fn depth(&self, queue: &str) -> (u64, u64) {
        let depths = self.backends.queues.depths().unwrap();
        let Depth {
            visible, in_flight, ..
        } = depths.iter().find(|depth| depth.queue == queue).unwrap();
        (*visible, *in_flight)
    }

    async fn mail(&self, to: &str, subject: &str) {
        let content = |text: &str| {
            Content::builder()
                .data(text)
                .charset("UTF-8")
                .build()
                .unwrap()
        };
        let body = Body::builder()
            .text(content("Selam & hi"))
            .html(content("<p>Selam</p>"))
            .build();
        self.ses
            .send_email()
            .source("Merkato <shop@example.com>")
            .destination(Destination::builder().to_addresses(to).build())
            .message(
                Letter::builder()
                    .subject(content(subject))
                    .body(body)
                    .build(),
            )
            .send()
            .await
            .unwrap();
    }

    async fn put_event(&self, detail: &str) -> (i32, Vec<Option<String>>) {
        let entry = |kind: &str, detail: &str| {
            PutEventsRequestEntry::builder()
                .event_bus_name("merkato")
                .source("shop")
                .detail_type(kind)
                .detail(detail)
                .build()
        };
        let request = self
            .eventbridge
            .put_events()
            .entries(entry("OrderPaid", detail))
            .entries(entry("OrderPlaced", "{\"order\": 7}"));
        let output = request.send().await.unwrap();
        let codes = output
            .entries()
            .iter()
            .map(|it| it.error_code().map(str::to_owned))
            .collect();
        (output.failed_entry_count(), codes)
    }
}

fn queue(name: &str, dead_letters: Option<&str>) -> Queue {
    Queue {
        name: name.to_owned(),
        visibility_timeout: Duration::from_secs(180),
        max_receive_count: dead_letters.map(|_| 3),
        dead_letters: dead_letters.map(str::to_owned),
    }
}

/// Only the last part of a queue's URL counts.
fn url(queue: &str) -> String {
    format!("http://localhost/000000000000/{queue}")
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message.body().unwrap())
        .collect()
}
