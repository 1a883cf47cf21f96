//! Registration, login and the account itself: /api/auth/.

mod admin;
mod confirmation;
mod hashing;
mod registration;
mod session;
mod user;

use axum::{
    Router,
    routing::{get, post},
};
use web::{
    Shop,
    identity::{Customer, Visitor, method_not_allowed},
};

/// The routes of this function.
pub fn router(shop: Shop) -> Router {
    let for_anybody = || method_not_allowed::<Visitor>;
    let routes = Router::new()
        .route(
            "/api/auth/registration",
            post(registration::register).fallback(for_anybody()),
        )
        .route(
            "/api/auth/registration/verify-email",
            post(registration::verify_email).fallback(for_anybody()),
        )
        .route(
            "/api/auth/registration/resend-email",
            post(registration::resend_email).fallback(for_anybody()),
        )
        .route(
            "/api/auth/login",
            post(session::log_in).fallback(for_anybody()),
        )
        .route(
            "/api/auth/logout",
            post(session::log_out).fallback(for_anybody()),
        )
        .route(
            "/api/auth/user",
            get(user::show)
                .put(user::change)
                .patch(user::change)
                .fallback(method_not_allowed::<Customer>),
        )
        .route(
            "/api/auth/init-admin",
            post(admin::initialize).fallback(for_anybody()),
        )
        .route(
            "/auth/confirm-email/{key}",
            get(confirmation::ask).post(confirmation::confirm),
        )
        .with_state(shop.clone());
    shop.finish(routes)
}
