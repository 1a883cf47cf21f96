//! Checkout and orders: /api/orders/.

mod checkout;
mod history;
mod wire;

use axum::{Router, routing::get};
use web::{
    identity::{Customer, method_not_allowed},
    shop::Shop,
};

/// The routes of orders.
pub fn router(shop: Shop) -> Router {
    let routes = Router::new()
        .route(
            "/api/orders",
            get(history::list)
                .post(checkout::create)
                .fallback(method_not_allowed::<Customer>),
        )
        .route(
            "/api/orders/{id}",
            get(history::detail).fallback(method_not_allowed::<Customer>),
        )
        .with_state(shop.clone());
    shop.finish(routes)
}
