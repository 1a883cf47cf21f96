//! Addresses, the CSRF token, what is kept about a person, and who may what: /api/accounts/.

mod addresses;
mod audit;
mod csrf;
mod export;
mod users;

use axum::Router;
use web::{
    Routes, Shop,
    identity::{Customer, Superuser, Verified, Visitor},
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
        .path::<Customer>("/api/accounts/export", get(export::download))
        .path::<Superuser>("/api/accounts/users", get(users::list))
        .path::<Superuser>(
            "/api/accounts/users/{id}",
            get(users::show).patch(users::change),
        )
        .path::<Superuser>("/api/accounts/audit", get(audit::list))
}

/// The function: its routes with the layers that all functions share.
pub fn router(shop: Shop) -> Router {
    shop.finish(routes().with_state(shop.clone()))
}
