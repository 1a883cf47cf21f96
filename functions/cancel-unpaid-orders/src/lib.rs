//! Every ten minutes: cancels orders nobody paid.
//!
//! Before an order is cancelled its payment links are made unusable at Chapa, and Chapa is asked
//! whether somebody paid at the last moment: then the order is settled instead. While Chapa cannot
//! be reached an order waits; its stock was given back long before.

use domain::{
    order::{Due, Order},
    payment::{Payment, PaymentStatus},
};
use futures::future::try_join_all;
use gateways::{
    aws::Clients,
    chapa::{Chapa, ChapaError},
    clock::Clock,
    config::{Reader, Section},
    entropy::Entropy,
    finalizer::{FinalizeError, Finalizer},
    queue::OrderEventQueue,
    relay::Relay,
    sections::{ChapaAccess, QueueUrl, TableName},
};
use serde::Serialize;
use store::{AdvanceError, PaymentWrite, Store, StoreError};

/// How many orders are read at a time.
const BATCH: usize = 50;
/// How many batches of one shard a tick works off; the rest waits for the next one.
const MAX_BATCHES: usize = 20;

/// What the worker works with.
#[derive(Debug, Clone)]
pub struct Worker {
    finalizer: Finalizer,
}

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// How many orders were cancelled.
    pub cancelled: usize,
    /// How many had moved on meanwhile, most likely because they were paid.
    pub moved_on: usize,
    /// How many wait because Chapa could not be asked.
    pub waiting: usize,
}

/// What became of one order.
enum Fate {
    Cancelled,
    MovedOn,
    Waiting,
}

/// What the worker is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table.
    pub table: TableName,
    /// The queue of events.
    pub queue: QueueUrl,
    /// The gateway.
    pub chapa: ChapaAccess,
}

impl Section for Config {
    fn read(reader: &mut Reader<'_>) -> Self {
        Config {
            table: TableName::read(reader),
            queue: QueueUrl::read(reader),
            chapa: ChapaAccess::read(reader),
        }
    }
}

impl Worker {
    /// A worker on the configured table, queue and gateway.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &Config, clients: &Clients, clock: Clock) -> Result<Worker, ChapaError> {
        let store = Store::new(clients.dynamodb.clone(), &config.table.0);
        let queue = OrderEventQueue::new(clients.sqs.clone(), &config.queue.0);
        let finalizer = Finalizer {
            relay: Relay::new(store.clone(), queue),
            chapa: Chapa::new(&config.chapa)?,
            entropy: Entropy::new(clock.clone()),
            store,
            clock,
        };
        Ok(Worker { finalizer })
    }
}

/// Cancels every order that has waited too long for its money.
///
/// # Errors
/// A fault of the table; what was not done waits for the next tick.
pub async fn handle(worker: &Worker) -> Result<Summary, StoreError> {
    let mut summary = Summary::default();
    // An order whose hold nobody has ended yet is still due for that, and may be due for both.
    for due in [Due::Cancellation, Due::HoldEnds] {
        for shard in Store::due_shards() {
            work_off(worker, due, shard, &mut summary).await?;
        }
    }
    if summary.cancelled > 0 || summary.waiting > 0 {
        tracing::info!(
            cancelled = summary.cancelled,
            waiting = summary.waiting,
            "unpaid orders"
        );
    }
    Ok(summary)
}

async fn work_off(
    worker: &Worker,
    due: Due,
    shard: u64,
    summary: &mut Summary,
) -> Result<(), StoreError> {
    let Finalizer { store, clock, .. } = &worker.finalizer;
    let mut last: Option<Order> = None;
    for _ in 0..MAX_BATCHES {
        let orders = store
            .due_orders(due, shard, last.as_ref(), clock.now(), BATCH)
            .await?;
        let Some(end) = orders.last() else { break };
        last = Some(end.clone());
        for order in &orders {
            let is_time = order.cancelled_at().is_some_and(|at| at <= clock.now());
            if !is_time {
                continue;
            }
            match cancel(worker, order).await? {
                Fate::Cancelled => summary.cancelled += 1,
                Fate::MovedOn => summary.moved_on += 1,
                Fate::Waiting => summary.waiting += 1,
            }
        }
    }
    Ok(())
}

async fn cancel(worker: &Worker, order: &Order) -> Result<Fate, StoreError> {
    let Finalizer {
        store,
        relay,
        clock,
        entropy,
        ..
    } = &worker.finalizer;
    if !close_links(worker, order).await? {
        return Ok(Fate::Waiting);
    }
    // Asking Chapa may have moved the order: what is decided now rests on how it is now.
    let Some(order) = store.find_order(order.id).await? else {
        return Ok(Fate::MovedOn);
    };
    let Some(change) = order.cancel_unpaid(clock.now(), entropy.version()) else {
        return Ok(Fate::MovedOn);
    };
    let mut writes = Vec::new();
    for payment in open_payments(store, &order).await? {
        let (now, version) = (clock.now(), entropy.version());
        let closed = payment.concluded(PaymentStatus::Cancelled, None, None, now, version);
        writes.push(PaymentWrite {
            from: Some(payment.version),
            payment: closed,
        });
    }
    let events = entropy.events(&change.events);
    match store.advance_order(&change, &writes, &events).await {
        Ok(()) => {
            relay.announce(&events).await;
            Ok(Fate::Cancelled)
        }
        Err(AdvanceError::Changed | AdvanceError::Short(_)) => Ok(Fate::MovedOn),
        Err(AdvanceError::Store(fault)) => Err(fault),
    }
}

/// Makes the order's payment links unusable and settles what was paid at the last moment; false
/// when Chapa could not be asked.
async fn close_links(worker: &Worker, order: &Order) -> Result<bool, StoreError> {
    let Finalizer { store, chapa, .. } = &worker.finalizer;
    for payment in open_payments(store, order).await? {
        // A refusal means that the link is not active: paid, closed before, or never made.
        if let Err(error @ ChapaError::Unreachable(_)) = chapa.cancel(&payment.tx_ref).await {
            tracing::warn!(%error, order = %order.id, "a link could not be closed");
            return Ok(false);
        }
        match worker.finalizer.finalize(&payment.tx_ref).await {
            Ok(_) => {}
            Err(FinalizeError::Store(fault)) => return Err(fault),
            Err(FinalizeError::Chapa(error)) => {
                tracing::warn!(%error, order = %order.id, "a payment could not be verified");
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The order's attempts that may still bring money. They are named by the order and read freshly.
async fn open_payments(store: &Store, order: &Order) -> Result<Vec<Payment>, StoreError> {
    let reads = order
        .attempts
        .iter()
        .map(|tx_ref| store.find_payment(tx_ref));
    let payments = try_join_all(reads).await?.into_iter().flatten();
    let may_bring_money = |payment: &Payment| {
        let is_open = matches!(
            payment.status,
            PaymentStatus::Pending | PaymentStatus::Failed
        );
        is_open && !payment.is_settled()
    };
    Ok(payments.filter(may_bring_money).collect())
}
