//! Keeping what lists say about stock in step with it.

use domain::{
    OrderId, ProductId,
    event::{Event, EventKind},
};
use futures::{StreamExt, TryStreamExt, stream};
use store::StoreError;

use crate::Consumer;

/// How many products are brought up to date side by side.
const AT_ONCE: usize = 8;

/// Brings the products up to date of which, as the event says, units have moved.
/// Each is read as it is by now, so it does no harm to do it twice, late, or in another order.
pub(crate) async fn follow(consumer: &Consumer, event: &Event) -> Result<(), StoreError> {
    let products = match &event.kind {
        // Paying takes what was promised, which nobody else could buy before. But it moves the levels,
        // and lists say when they last moved.
        EventKind::OrderPlaced { order, .. }
        | EventKind::OrderPaid { order, .. }
        | EventKind::HoldEnded { order, .. }
        | EventKind::HoldRenewed { order, .. }
        | EventKind::OrderCancelled { order, .. } => products_of(consumer, *order).await?,
        EventKind::StockAdjusted { product } => vec![*product],
        EventKind::OrderCompleted { .. }
        | EventKind::RefundDue { .. }
        | EventKind::UserRegistered { .. }
        | EventKind::RegistrationRepeated { .. }
        | EventKind::PasswordResetRequested { .. }
        | EventKind::PasswordChanged { .. }
        | EventKind::SignedInAnew { .. }
        | EventKind::AccountDeleted { .. }
        | EventKind::Decoy => Vec::new(),
    };
    stream::iter(products)
        .map(Ok)
        .try_for_each_concurrent(AT_ONCE, |product| {
            consumer.store.refresh_shown_stock(product)
        })
        .await
}

/// The products of an order, each once.
async fn products_of(consumer: &Consumer, id: OrderId) -> Result<Vec<ProductId>, StoreError> {
    let Some(order) = consumer.store.find_order(id).await? else {
        tracing::error!(order = %id, "an event names an order that is not there");
        return Ok(Vec::new());
    };
    let mut products: Vec<ProductId> = order.lines.iter().map(|line| line.product).collect();
    products.sort_unstable();
    products.dedup();
    Ok(products)
}
