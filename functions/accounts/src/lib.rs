//! Addresses and the CSRF token: /api/accounts/.

mod addresses;
mod csrf;

use axum::{Router, routing::get};
use web::{
    Shop,
    identity::{Verified, Visitor, method_not_allowed},
};

/// The routes of this function.
pub fn router(shop: Shop) -> Router {
    let routes = Router::new()
        .route(
            "/api/accounts/csrf",
            get(csrf::hand_out).fallback(method_not_allowed::<Visitor>),
        )
        .route(
            "/api/accounts/addresses",
            get(addresses::list)
                .post(addresses::create)
                .fallback(method_not_allowed::<Verified>),
        )
        .route(
            "/api/accounts/addresses/{id}",
            get(addresses::show)
                .put(addresses::replace)
                .patch(addresses::change)
                .delete(addresses::remove)
                .fallback(method_not_allowed::<Verified>),
        )
        .with_state(shop.clone());
    shop.finish(routes)
}
