//! The ledger: who changed what is on hand, when, why and by how much: /api/inventory/movements/.

use axum::{extract::State, response::Response};
use domain::{
    MovementId, OrderId, ProductId, UserId, VariantId,
    ledger::{Movement, MovementKind},
    stock::Location,
};
use serde::Serialize;
use store::Page;
use web::{Result, Shop, identity::Staff, paging::Paging};

use crate::levels::product_of;

/// An entry of the ledger.
#[derive(Serialize)]
pub(crate) struct MovementWire {
    id: MovementId,
    at: String,
    /// Who did it; null where an order did.
    actor: Option<UserId>,
    product: ProductId,
    variant: VariantId,
    location: Location,
    kind: MovementKind,
    reason: String,
    /// By how many units what is on hand changed.
    delta: i64,
    on_hand_before: Option<u32>,
    on_hand_after: Option<u32>,
    /// Of a transfer, the place at its other end.
    counterpart: Option<Location>,
    order: Option<OrderId>,
}

/// `GET /api/inventory/movements/`: newest first, of one `product` or of all.
pub(crate) async fn list(State(shop): State<Shop>, _: Staff, paging: Paging) -> Result<Response> {
    let request = paging.request();
    let page = match product_of(&paging)? {
        Some(Some(product)) => shop.store.list_movements_of(product, request).await?,
        Some(None) => Page {
            items: Vec::new(),
            next: None,
        },
        None => {
            let now = shop.clock.now();
            shop.store.list_movements(request, now).await?
        }
    };
    Ok(paging.answer(page.map(MovementWire::from)))
}

impl From<Movement> for MovementWire {
    fn from(entry: Movement) -> Self {
        MovementWire {
            id: entry.id,
            at: entry.at.to_string(),
            actor: entry.actor,
            product: entry.product,
            variant: entry.variant,
            location: entry.location,
            kind: entry.kind,
            reason: entry.reason,
            delta: entry.delta,
            on_hand_before: entry.before,
            on_hand_after: entry.after,
            counterpart: entry.counterpart,
            order: entry.order,
        }
    }
}
