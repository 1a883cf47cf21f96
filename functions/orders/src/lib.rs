//! Checkout and orders: /api/orders/.

mod checkout;
mod history;
mod wire;

use axum::Router;
use web::{Routes, Shop, identity::Customer, routes::get};

/// The routes of orders, as data.
pub fn routes() -> Routes<Shop> {
    Routes::new()
        .path::<Customer>("/api/orders", get(history::list).post(checkout::create))
        .path::<Customer>("/api/orders/{id}", get(history::detail))
}

/// The function: its routes with the layers that all functions share.
pub fn router(shop: Shop) -> Router {
    shop.finish(routes().with_state(shop.clone()))
}
