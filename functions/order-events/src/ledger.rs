//! Entering what orders do to stock in its ledger.

use domain::{
    event::{Event, EventKind},
    ledger::{self, Movement, MovementKind},
};
use store::StoreError;

use crate::Consumer;

/// How often an entry looks for an id that no other one has. Two meet about once in a million, so
/// this is never reached.
const MAX_TRIES: usize = 8;

/// Enters what an order took when it was paid, and what it gave back when it was called off after
/// that. An entry has the same id at each delivery, so it is there once.
pub(crate) async fn follow(consumer: &Consumer, event: &Event) -> Result<(), StoreError> {
    let (order, kind) = match &event.kind {
        EventKind::OrderPaid { order, .. } => (*order, MovementKind::Sold),
        EventKind::OrderCancelled { order, .. } => (*order, MovementKind::TakenBack),
        _ => return Ok(()),
    };
    let Some(order) = consumer.store.find_order(order).await? else {
        tracing::error!(%order, "an event names an order that is not there");
        return Ok(());
    };
    // What was never paid was never taken: its units were promised, and on hand all the time.
    if order.paid_by.is_none() {
        return Ok(());
    }
    for movement in ledger::of_order(&order, kind, &event.id, event.occurred_at) {
        enter(consumer, movement).await?;
    }
    Ok(())
}

async fn enter(consumer: &Consumer, mut movement: Movement) -> Result<(), StoreError> {
    for _ in 0..MAX_TRIES {
        if consumer.store.enter_movement(&movement).await? {
            return Ok(());
        }
        movement = movement.moved_on();
    }
    Err(StoreError::Contention("ids of the ledger".to_owned()))
}
