//! What Lambda does for a function that reads a queue: takes batches, calls, deletes what succeeded.

use std::collections::HashSet;
use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use aws_lambda_events::sqs::SqsBatchResponse;
use emulator::{Consumer, Queue};
use futures::FutureExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use super::queues::{Queues, Received, arn};
use super::{REGION, digest, queues};

/// How long to wait before a journal that failed is asked again.
const PAUSE: Duration = Duration::from_secs(1);

/// Feeds the consumer's queue to `handle`, one batch after the other, until `stop` turns true; a
/// batch that was begun is finished.
///
/// `handle` takes the event as Lambda would write it, an `SqsEvent` or its JSON, and answers with
/// the messages that failed, an `SqsBatchResponse` or its JSON. As on Lambda, an error, a panic or
/// a name that is not in the batch fails all of it, and what failed comes back when its visibility
/// timeout has passed.
///
/// # Errors
/// When there is no such queue.
pub async fn poll<E, R, X, F>(
    queues: Queues,
    consumer: &Consumer,
    mut stop: watch::Receiver<bool>,
    handle: impl Fn(E) -> F,
) -> Result<()>
where
    E: DeserializeOwned,
    R: Serialize,
    X: Display,
    F: Future<Output = Result<R, X>>,
{
    let queue = queues.named(&consumer.queue).cloned().with_context(|| {
        format!(
            "{} reads {}, which is no queue",
            consumer.function, consumer.queue
        )
    })?;
    let mut changes = queues.subscribe();
    while !*stop.borrow() {
        changes.borrow_and_update();
        let batch = match queues.take(&queue, consumer.batch_size) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(
                    queue = queue.name,
                    error = format!("{error:#}"),
                    "no messages"
                );
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if batch.is_empty() {
            let changed = queues.changed(&queue, &mut changes);
            tokio::select! {
                // An error means that nobody is left who could say stop: the shop is closing.
                _ = stop.wait_for(|stop| *stop) => break,
                _ = changed => {}
            }
            continue;
        }
        let failed = call(&handle, &queue, &batch).await.unwrap_or_else(|error| {
            let function = consumer.function.as_str();
            tracing::error!(
                function,
                error = format!("{error:#}"),
                "a whole batch failed"
            );
            batch.iter().map(|message| message.id.clone()).collect()
        });
        let done: Vec<_> = batch
            .iter()
            .filter(|message| !failed.contains(&message.id))
            .map(|message| message.receipt.clone())
            .collect();
        if let Err(error) = queues.delete(&queue, &done) {
            // They come back, and the function knows them by their ids.
            tracing::error!(
                queue = queue.name,
                error = format!("{error:#}"),
                "not deleted"
            );
        }
        queues.let_go(&batch);
        if !failed.is_empty() {
            tracing::warn!(
                function = consumer.function,
                failed = failed.len(),
                "messages failed"
            );
        }
    }
    Ok(())
}

/// Calls the function with a batch and gives the ids of what failed.
async fn call<E, R, X, F>(
    handle: &impl Fn(E) -> F,
    queue: &Queue,
    batch: &[Received],
) -> Result<HashSet<String>>
where
    E: DeserializeOwned,
    R: Serialize,
    X: Display,
    F: Future<Output = Result<R, X>>,
{
    let event =
        serde_json::from_value(event(queue, batch)).context("the function takes another event")?;
    let answer = AssertUnwindSafe(handle(event))
        .catch_unwind()
        .await
        .map_err(|_| anyhow!("the function panicked"))?
        .map_err(|error| anyhow!("{error}"))?;
    let answer = serde_json::to_value(answer)?;
    if answer.is_null() {
        return Ok(HashSet::new());
    }
    let answer: SqsBatchResponse =
        serde_json::from_value(answer).context("the function's answer is not a batch response")?;
    let failed: HashSet<_> = answer
        .batch_item_failures
        .into_iter()
        .map(|failure| failure.item_identifier)
        .collect();
    match failed
        .iter()
        .find(|id| batch.iter().all(|message| message.id != **id))
    {
        Some(stranger) => Err(anyhow!("{stranger:?} is not in the batch")),
        None => Ok(failed),
    }
}

/// The event as Lambda writes it.
fn event(queue: &Queue, batch: &[Received]) -> Value {
    let records: Vec<_> = batch
        .iter()
        .map(|message| {
            json!({
                "messageId": message.id,
                "receiptHandle": message.receipt,
                "body": message.body,
                "md5OfBody": digest::of_body(&message.body),
                "attributes": queues::system_attributes(message),
                "messageAttributes": attributes(&message.attributes),
                "eventSource": "aws:sqs",
                "eventSourceARN": arn(&queue.name),
                "awsRegion": REGION,
            })
        })
        .collect();
    json!({ "Records": records })
}

/// Message attributes, whose fields Lambda writes with small first letters.
fn attributes(sent: &Value) -> Value {
    let small = |value: &Value| {
        json!({
            "stringValue": value["StringValue"],
            "binaryValue": value["BinaryValue"],
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": value["DataType"],
        })
    };
    sent.as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), small(value)))
        .collect::<Map<_, _>>()
        .into()
}
