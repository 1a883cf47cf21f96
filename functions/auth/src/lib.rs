//! Registration, login and the account itself: /api/auth/.

mod admin;
mod attempts;
mod confirmation;
mod deletion;
mod hashing;
mod pages;
mod password;
mod registration;
mod reset_page;
mod session;
mod sessions;
mod user;

use axum::{Router, extract::FromRef};
use gateways::{
    aws::Clients,
    clock::Clock,
    config::{Reader, Section},
    sections::AdminSetupToken,
};
use web::{
    Routes, Shop,
    identity::{Customer, Visitor},
    routes::{delete, get, post},
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

/// The routes of this function, as data.
pub fn routes() -> Routes<State> {
    Routes::new()
        .path::<Visitor>("/api/auth/registration", post(registration::register))
        .path::<Visitor>(
            "/api/auth/registration/verify-email",
            post(registration::verify_email),
        )
        .path::<Visitor>(
            "/api/auth/registration/resend-email",
            post(registration::resend_email),
        )
        .path::<Visitor>("/api/auth/login", post(session::log_in))
        .path::<Visitor>("/api/auth/logout", post(session::log_out))
        .path::<Customer>(
            "/api/auth/user",
            get(user::show)
                .put(user::change)
                .patch(user::change)
                .delete(deletion::delete),
        )
        .path::<Customer>("/api/auth/sessions", get(sessions::list))
        .path::<Customer>("/api/auth/sessions/{id}", delete(sessions::end))
        .path::<Customer>("/api/auth/password/change", post(password::change))
        .path::<Visitor>("/api/auth/password/reset", post(password::ask_for_reset))
        .path::<Visitor>(
            "/api/auth/password/reset/confirm",
            post(password::confirm_reset),
        )
        .path::<Visitor>("/api/auth/init-admin", post(admin::initialize))
        .open_path(
            "/auth/confirm-email/{key}",
            get(confirmation::ask).post(confirmation::confirm),
        )
        .open_path(
            "/password-reset/confirm/{uid}/{token}",
            get(reset_page::ask).post(reset_page::choose),
        )
}

/// The function: its routes with the layers that all functions share.
pub fn router(state: State) -> Router {
    let shop = state.shop.clone();
    shop.finish(routes().with_state(state))
}
