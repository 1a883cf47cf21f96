//! The outbox: events written with what caused them, until the queue has them.

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use domain::{EventId, Id, Timestamp, event::Event};
use serde::{Deserialize, Serialize};

use crate::{
    Store, StoreError,
    item::{self, Item},
    keys::{Key, outbox_pk},
    read::{Consistency, Range, Run},
    transaction::pause,
};

/// How many partitions share the outbox.
pub const OUTBOX_SHARDS: u64 = 4;
/// DynamoDB's bound on requests in one BatchWriteItem.
const MAX_BATCH: usize = 25;
/// How often a batch is asked for what it left undone.
const MAX_TRIES: u32 = 6;

/// An event waiting in the outbox, as the text that goes to the queue.
#[derive(Debug, Serialize, Deserialize)]
struct Waiting {
    event: String,
}

/// The outbox entry of an event.
pub(crate) fn entry(event: &Event) -> Result<Item, StoreError> {
    let text = serde_json::to_string(event).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    item::compose(&Key::outbox(&event.id), [], &Waiting { event: text })
}

impl Store {
    /// Puts an event that no change goes with, such as a mail asked for again. PutItem
    /// `OUTBOX#shard / event`; repeating it does nothing.
    ///
    /// # Errors
    /// [`StoreError`]; the event may have been written.
    pub async fn put_event(&self, event: &Event) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(entry(event)?))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Events of one shard that have waited since before `until`, oldest first, at most `limit`.
    /// Query `OUTBOX#shard`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn waiting_events(
        &self,
        shard: u64,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let millis = u64::try_from(until.unix_secs())
            .unwrap_or_default()
            .saturating_mul(1000);
        let run = Run {
            index: None,
            pk: outbox_pk(shard),
            range: Range::Below(Id::compose(millis, 0).padded()),
            newest_first: false,
            limit,
            consistency: Consistency::Fresh,
            description: "outbox",
        };
        let (items, _) = self.run(run).await?;
        items
            .into_iter()
            .map(|found| {
                let waiting: Waiting = item::parse(found)?;
                serde_json::from_str(&waiting.event)
                    .map_err(|error| StoreError::Corrupt(error.to_string()))
            })
            .collect()
    }

    /// Takes events out of the outbox: the queue has them. BatchWriteItem. Repeating it does
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError`]; some may be gone and some not.
    pub async fn forget_waiting(&self, events: &[EventId]) -> Result<(), StoreError> {
        let mut events = events.to_vec();
        events.sort_unstable();
        events.dedup();
        for batch in events.chunks(MAX_BATCH) {
            let mut wanted = Vec::with_capacity(batch.len());
            for event in batch {
                let delete = DeleteRequest::builder()
                    .set_key(Some(Key::outbox(event).attributes()))
                    .build()
                    .map_err(|error| StoreError::Corrupt(error.to_string()))?;
                wanted.push(WriteRequest::builder().delete_request(delete).build());
            }
            self.write_batch(wanted).await?;
        }
        Ok(())
    }

    async fn write_batch(&self, mut wanted: Vec<WriteRequest>) -> Result<(), StoreError> {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt).await;
            }
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.table, std::mem::take(&mut wanted))
                .send()
                .await
                .map_err(|error| StoreError::from_sdk(&error))?;
            let mut left_out = answer.unprocessed_items.unwrap_or_default();
            wanted = left_out.remove(&self.table).unwrap_or_default();
            if wanted.is_empty() {
                return Ok(());
            }
        }
        Err(StoreError::Throttled(
            "a batch was never written in full".into(),
        ))
    }
}

/// A point in time as an attribute: TTL wants plain seconds.
pub(crate) fn seconds(at: Timestamp) -> AttributeValue {
    AttributeValue::N(at.unix_secs().to_string())
}
