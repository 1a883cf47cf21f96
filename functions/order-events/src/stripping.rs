//! Forgetting people who deleted their account: what their orders say about them.
//!
//! Orders that are over are stripped when the account is deleted, all others when they are over,
//! which is when their owner is found to be gone. Every order is read again before it is decided on
//! and written on condition of what was read, so doing it twice, or halfway and again, is harmless.

use domain::{
    Id, OrderId, UserId,
    event::{Event, EventKind},
};
use store::{PageRequest, StoreError};

use crate::Consumer;

/// How many orders are stripped at once.
const PAGE: usize = 25;
/// How many pages one event sees to: a fraction of the seconds that a run may take. Whoever has more
/// orders gets another event.
const MAX_PAGES: usize = 4;

/// Strips what the event leaves without an owner.
pub(crate) async fn follow(consumer: &Consumer, event: &Event) -> Result<(), StoreError> {
    match &event.kind {
        EventKind::AccountDeleted { user, before } => {
            // What a request that was under way wrote after the deletion.
            consumer.store.forget_leftovers(*user).await?;
            strip_orders_of(consumer, event, *user, *before).await
        }
        EventKind::OrderCompleted { order, user }
        | EventKind::OrderCancelled { order, user, .. } => {
            if consumer.store.find_user(*user).await?.is_none() {
                strip(consumer, *order).await?;
            }
            Ok(())
        }
        EventKind::UserRegistered { .. }
        | EventKind::RegistrationRepeated { .. }
        | EventKind::PasswordResetRequested { .. }
        | EventKind::PasswordChanged { .. }
        | EventKind::SignedInAnew { .. }
        | EventKind::Decoy
        | EventKind::OrderPlaced { .. }
        | EventKind::OrderPaid { .. }
        | EventKind::HoldEnded { .. }
        | EventKind::HoldRenewed { .. }
        | EventKind::RefundDue { .. }
        | EventKind::StockAdjusted { .. } => Ok(()),
    }
}

/// Strips the orders of somebody from the newest `before` downwards, and hands on what is too much
/// for one event. The index that lists them may lag; an order that it does not show yet was placed a
/// moment ago, so it is not over, and is stripped when it is.
async fn strip_orders_of(
    consumer: &Consumer,
    event: &Event,
    user: UserId,
    before: Option<OrderId>,
) -> Result<(), StoreError> {
    let mut after: Option<Id> = before.map(|order| order.0);
    for _ in 0..MAX_PAGES {
        let request = PageRequest { limit: PAGE, after };
        let page = consumer.store.list_orders_of(user, request).await?;
        // Whether it is over is asked of the order itself; that it is stripped never changes again.
        let all = page.items.iter().filter(|order| !order.is_stripped());
        futures::future::try_join_all(all.map(|order| strip(consumer, order.id))).await?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
    let rest = Event {
        id: event.id.next(),
        occurred_at: event.occurred_at,
        kind: EventKind::AccountDeleted {
            user,
            before: after.map(OrderId),
        },
    };
    consumer.store.put_event(&rest).await
}

async fn strip(consumer: &Consumer, order: OrderId) -> Result<(), StoreError> {
    let stripped = consumer
        .store
        .strip_order(order, || consumer.entropy.version())
        .await?;
    if stripped {
        tracing::info!(%order, "an order was stripped of what is personal");
    }
    Ok(())
}

/// Whether an event carries on with another one's work: others were told of that one.
pub(crate) fn carries_on(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::AccountDeleted {
            before: Some(_),
            ..
        }
    )
}
