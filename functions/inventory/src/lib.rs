//! Stock by place, its changes and their ledger, promised units: /api/inventory/.

mod availability;
mod changes;
mod levels;
mod locations;
mod movements;
mod reservations;

use axum::Router;
use web::{
    Routes, Shop,
    identity::{Reader, Staff},
    routes::{get, post},
};

/// The routes of this function, as data: for staff, but for the question whether there is enough.
pub fn routes() -> Routes<Shop> {
    Routes::new()
        .path::<Staff>("/api/inventory", get(levels::list))
        .path::<Staff>(
            "/api/inventory/locations",
            get(locations::list).post(locations::create),
        )
        .path::<Staff>(
            "/api/inventory/locations/{code}",
            get(locations::show)
                .patch(locations::change)
                .delete(locations::remove),
        )
        .path::<Staff>("/api/inventory/movements", get(movements::list))
        .path::<Staff>("/api/inventory/reservations", get(reservations::list))
        .path::<Reader>("/api/inventory/check_stock", post(availability::check))
        .path::<Staff>("/api/inventory/{id}/adjust", post(changes::adjust))
        .path::<Staff>("/api/inventory/{id}/transfer", post(changes::transfer))
}

/// The function: its routes with the layers that all functions share.
pub fn router(shop: Shop) -> Router {
    shop.finish(routes().with_state(shop.clone()))
}
