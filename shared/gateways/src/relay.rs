//! From the outbox to the queue: at once after a commit, and in sweeps for what was left behind.

use domain::{EventId, Timestamp, event::Event};
use serde::Serialize;
use store::{OUTBOX_SHARDS, Store, StoreError};

use crate::queue::{OrderEventQueue, QueueError};

/// How many events a sweep reads of one shard at a time.
const SWEEP_BATCH: usize = 100;
/// How many times a sweep goes back to one shard.
const MAX_ROUNDS: usize = 50;

/// Sends events from the outbox to the queue.
///
/// The outbox entry of an event that was sent right after its commit stays until the consumer gets
/// it: deleting it here would cost every request a round trip more, and the queue's receipt is the
/// better proof. The sweep, which has time, deletes what it sends.
#[derive(Debug, Clone)]
pub struct Relay {
    store: Store,
    queue: OrderEventQueue,
}

/// What a sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sweep {
    /// How many events it sent.
    pub sent: usize,
}

/// Why a sweep stopped. What it did not send is still in the outbox.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of the queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Relay {
    /// From this outbox to this queue.
    pub fn new(store: Store, queue: OrderEventQueue) -> Relay {
        Relay { store, queue }
    }

    /// Sends events that were just committed. A failure is logged and no more: the events are in the
    /// outbox, and the sweep sends them within minutes.
    pub async fn announce(&self, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        if let Err(error) = self.queue.send(events).await {
            tracing::warn!(%error, events = events.len(), "left in the outbox for the sweep");
        }
    }

    /// Sends all events that have waited since before `until`, within a bound.
    ///
    /// # Errors
    /// [`SweepError`].
    pub async fn sweep(&self, until: Timestamp) -> Result<Sweep, SweepError> {
        let mut sweep = Sweep::default();
        for shard in 0..OUTBOX_SHARDS {
            for _ in 0..MAX_ROUNDS {
                let events = self.store.waiting_events(shard, until, SWEEP_BATCH).await?;
                if events.is_empty() {
                    break;
                }
                self.queue.send(&events).await?;
                let ids: Vec<EventId> = events.iter().map(|event| event.id.clone()).collect();
                self.store.forget_waiting(&ids).await?;
                sweep.sent += events.len();
            }
        }
        Ok(sweep)
    }
}
