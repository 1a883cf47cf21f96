//! Registration, login and the account itself: /api/auth/.

mod admin;
mod confirmation;
mod hashing;
mod registration;
mod session;
mod user;

use axum::{
    Router,
    extract::FromRef,
    routing::{get, post},
};
use gateways::{
    aws::Clients,
    clock::Clock,
    config::{Reader, Section},
    sections::AdminSetupToken,
};
use web::{
    Shop,
    identity::{Customer, Visitor, method_not_allowed},
    shop::ShopConfig,
};

/// What the function is configured with.
#[derive(Clone, Debug)]
pub struct Config {
    /// What all HTTP functions are configured with.
    pub shop: ShopConfig,
    /// Who knows it may make the first admin.
    pub setup_token: AdminSetupToken,
}

impl Section for Config {
    fn read(reader: &mut Reader<'_>) -> Self {
        Config {
            shop: ShopConfig::read(reader),
            setup_token: AdminSetupToken::read(reader),
        }
    }
}

/// What the handlers work with.
#[derive(Clone, Debug, FromRef)]
pub struct State {
    /// What all functions work with.
    pub shop: Shop,
    /// Who knows it may make the first admin.
    pub setup_token: AdminSetupToken,
}

impl State {
    /// Puts the state together.
    pub fn new(config: &Config, clients: &Clients, clock: Clock) -> State {
        State {
            shop: Shop::new(&config.shop, clients, clock),
            setup_token: config.setup_token.clone(),
        }
    }
}

/// The routes of this function.
pub fn router(state: State) -> Router {
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
        .with_state(state.clone());
    state.shop.finish(routes)
}
