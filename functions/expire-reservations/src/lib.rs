//! Every five minutes: gives back the stock of holds that ran out.
//!
//! Each order is a transaction of its own, conditional on the order being as it was read, so a tick
//! may be cut short, repeated, or run beside another one.

use domain::order::{Due, Order};
use gateways::{aws::Clients, clock::Clock, entropy::Entropy, sections::TableName};
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
    clock: Clock,
    entropy: Entropy,
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
    /// A worker on the configured table.
    pub fn new(table: &TableName, clients: &Clients, clock: Clock) -> Worker {
        let store = Store::new(clients.dynamodb.clone(), &table.0);
        Worker {
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
            for order in &due {
                release(worker, order, &mut summary).await?;
            }
        }
    }
    if summary.released > 0 {
        tracing::info!(released = summary.released, "holds ended");
    }
    Ok(summary)
}

async fn release(worker: &Worker, order: &Order, summary: &mut Summary) -> Result<(), StoreError> {
    let Some(change) = order.release_hold(worker.clock.now(), worker.entropy.version()) else {
        return Ok(());
    };
    match worker.store.advance_order(&change, &[], &[]).await {
        Ok(()) => summary.released += 1,
        Err(AdvanceError::Changed | AdvanceError::Short(_)) => summary.moved_on += 1,
        Err(AdvanceError::Store(fault)) => return Err(fault),
    }
    Ok(())
}
