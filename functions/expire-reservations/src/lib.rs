//! Every five minutes: gives back the stock of holds that ran out.
//!
//! Each order is a transaction of its own, conditional on the order being as it was read, so a tick
//! may be cut short, repeated, or run beside another one. Events that a tick cut short did not send
//! are in the outbox.

use domain::{
    event::Event,
    order::{Due, Order},
};
use gateways::{
    aws::Clients,
    clock::Clock,
    config::{Reader, Section},
    entropy::Entropy,
    queue::OrderEventQueue,
    relay::Relay,
    sections::{QueueUrl, TableName},
};
use serde::Serialize;
use store::{AdvanceError, Store, StoreError};

/// How many orders are read at a time.
const BATCH: usize = 100;
/// How many batches of one shard a tick works off; the rest waits for the next one.
const MAX_BATCHES: usize = 20;

/// What the worker works with.
#[derive(Debug, Clone)]
pub struct Worker {
    store: Store,
    relay: Relay,
    clock: Clock,
    entropy: Entropy,
}

/// What the worker is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table.
    pub table: TableName,
    /// The queue of events.
    pub queue: QueueUrl,
}

impl Section for Config {
    fn read(reader: &mut Reader<'_>) -> Self {
        Config {
            table: TableName::read(reader),
            queue: QueueUrl::read(reader),
        }
    }
}

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many holds ended.
    pub released: usize,
    /// How many orders had moved on meanwhile.
    pub moved_on: usize,
}

impl Worker {
    /// A worker on the configured table and queue.
    pub fn new(config: &Config, clients: &Clients, clock: Clock) -> Worker {
        let store = Store::new(clients.dynamodb.clone(), &config.table.0);
        let queue = OrderEventQueue::new(clients.sqs.clone(), &config.queue.0);
        Worker {
            relay: Relay::new(store.clone(), queue),
            store,
            entropy: Entropy::new(clock.clone()),
            clock,
        }
    }
}

/// Ends every hold whose time is over.
///
/// # Errors
/// A fault of the table; what was not done waits for the next tick.
pub async fn handle(worker: &Worker) -> Result<Summary, StoreError> {
    let mut summary = Summary::default();
    for shard in Store::due_shards() {
        let mut last: Option<Order> = None;
        for _ in 0..MAX_BATCHES {
            let now = worker.clock.now();
            let due = worker
                .store
                .due_orders(Due::HoldEnds, shard, last.as_ref(), now, BATCH)
                .await?;
            let Some(end) = due.last() else { break };
            last = Some(end.clone());
            let mut told = Vec::new();
            for order in &due {
                told.extend(release(worker, order, &mut summary).await?);
            }
            worker.relay.announce(&told).await;
        }
    }
    if summary.released > 0 {
        tracing::info!(released = summary.released, "holds ended");
    }
    Ok(summary)
}

/// Ends the hold of one order, if it is over, and gives the events that are to be sent.
async fn release(
    worker: &Worker,
    order: &Order,
    summary: &mut Summary,
) -> Result<Vec<Event>, StoreError> {
    let Some(change) = order.release_hold(worker.clock.now(), worker.entropy.version()) else {
        return Ok(Vec::new());
    };
    let events = worker.entropy.events(&change.events);
    match worker.store.advance_order(&change, &[], &events).await {
        Ok(()) => {
            summary.released += 1;
            Ok(events)
        }
        Err(AdvanceError::Changed | AdvanceError::Short(_)) => {
            summary.moved_on += 1;
            Ok(Vec::new())
        }
        Err(AdvanceError::Store(fault)) => Err(fault),
    }
}
