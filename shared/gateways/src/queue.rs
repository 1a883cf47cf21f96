//! The SQS queue that takes events from the outbox to their consumer.

use aws_sdk_sqs::{error::DisplayErrorContext, types::SendMessageBatchRequestEntry};
use domain::event::Event;

use crate::aws::Lazily;

/// SQS's bound on messages in one batch.
const MAX_BATCH: usize = 10;

/// The queue of events.
#[derive(Debug, Clone)]
pub struct OrderEventQueue {
    client: Lazily<aws_sdk_sqs::Client>,
    url: String,
}

/// Some events did not reach the queue. They are still in the outbox.
#[derive(Debug, thiserror::Error)]
#[error("events did not reach the queue: {0}")]
pub struct QueueError(String);

impl OrderEventQueue {
    /// The queue at this URL.
    pub fn new(
        client: impl Into<Lazily<aws_sdk_sqs::Client>>,
        url: impl Into<String>,
    ) -> OrderEventQueue {
        OrderEventQueue {
            client: client.into(),
            url: url.into(),
        }
    }

    /// Sends events, ten at a time.
    ///
    /// # Errors
    /// [`QueueError`] when at least one was not taken; others may have been.
    pub async fn send(&self, events: &[Event]) -> Result<(), QueueError> {
        for batch in events.chunks(MAX_BATCH) {
            let mut entries = Vec::with_capacity(batch.len());
            for (number, event) in batch.iter().enumerate() {
                let body =
                    serde_json::to_string(event).map_err(|error| QueueError(error.to_string()))?;
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(number.to_string())
                    .message_body(body)
                    .build()
                    .map_err(|error| QueueError(error.to_string()))?;
                entries.push(entry);
            }
            let answer = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries))
                .send()
                .await
                .map_err(|error| QueueError(DisplayErrorContext(&error).to_string()))?;
            if let Some(failed) = answer.failed.first() {
                return Err(QueueError(format!(
                    "{} refused: {}",
                    answer.failed.len(),
                    failed.code
                )));
            }
        }
        Ok(())
    }
}
