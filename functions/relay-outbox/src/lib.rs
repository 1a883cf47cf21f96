//! Every minute: sends the events that were left in the outbox.
//!
//! Right after its commit each request sends its own events; the consumer takes them out of the
//! outbox. What is still there after [`PATIENCE_SECS`] was left behind by a crash or a queue that
//! did not answer.

use gateways::{
    aws::Clients,
    clock::Clock,
    config::{Reader, Section},
    queue::OrderEventQueue,
    relay::{Relay, Sweep, SweepError},
    sections::{QueueUrl, TableName},
};
use store::Store;

/// How long an event may wait for its own request and the consumer, in seconds.
pub const PATIENCE_SECS: i64 = 60;

/// What the worker works with.
#[derive(Debug, Clone)]
pub struct Worker {
    relay: Relay,
    clock: Clock,
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

impl Worker {
    /// A worker on the configured table and queue.
    pub fn new(config: &Config, clients: &Clients, clock: Clock) -> Worker {
        let store = Store::new(clients.dynamodb.clone(), &config.table.0);
        let queue = OrderEventQueue::new(clients.sqs.clone(), &config.queue.0);
        Worker {
            relay: Relay::new(store, queue),
            clock,
        }
    }
}

/// Sends what has waited too long.
///
/// # Errors
/// [`SweepError`]; what was not sent waits for the next tick.
pub async fn handle(worker: &Worker) -> Result<Sweep, SweepError> {
    let until = worker.clock.now().plus_secs(-PATIENCE_SECS);
    let sweep = worker.relay.sweep(until).await?;
    if sweep.sent > 0 {
        tracing::warn!(sent = sweep.sent, "events had been left in the outbox");
    }
    Ok(sweep)
}
