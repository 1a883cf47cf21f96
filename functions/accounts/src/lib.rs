//! Addresses and the CSRF token: /api/accounts/.

mod addresses;
mod csrf;

use axum::Router;
use web::{
    Routes, Shop,
    identity::{Verified, Visitor},
    routes::get,
};

/// The routes of this function, as data.
pub fn routes() -> Routes<Shop> {
    Routes::new()
        .path::<Visitor>("/api/accounts/csrf", get(csrf::hand_out))
        .path::<Verified>(
            "/api/accounts/addresses",
            get(addresses::list).post(addresses::create),
        )
        .path::<Verified>(
            "/api/accounts/addresses/{id}",
            get(addresses::show)
                .put(addresses::replace)
                .patch(addresses::change)
                .delete(addresses::remove),
        )
}

/// The function: its routes with the layers that all functions share.
pub fn router(shop: Shop) -> Router {
    shop.finish(routes().with_state(shop.clone()))
}
