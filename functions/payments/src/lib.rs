//! Paying through Chapa: /api/payments/.
//!
//! Whatever tells of a payment, customer, webhook or return page, only leads to
//! [`Finalizer::finalize`], which asks Chapa itself.

mod initiate;
mod returning;
mod signature;
mod verify;
mod webhook;

use axum::{Router, extract::FromRef};
use gateways::{
    aws::Clients,
    chapa::{Chapa, ChapaError},
    clock::Clock,
    config::{Reader, Section},
    finalizer::Finalizer,
    sections::{ChapaAccess, Paying},
};
use web::{
    Routes,
    identity::Customer,
    routes::{get, post},
    shop::{Shop, ShopConfig},
};

/// The most bytes of a webhook's body.
const MAX_WEBHOOK_BYTES: usize = 64 * 1024;

/// What the handlers work with.
#[derive(Debug, Clone, FromRef)]
pub struct State {
    /// What all functions work with.
    pub shop: Shop,
    /// Settles payments.
    pub finalizer: Finalizer,
    /// What is agreed about paying.
    pub paying: Paying,
}

/// What the function is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// What all HTTP functions are configured with.
    pub shop: ShopConfig,
    /// How to reach the gateway.
    pub chapa: ChapaAccess,
    /// What is agreed about paying.
    pub paying: Paying,
}

impl Section for Config {
    fn read(reader: &mut Reader<'_>) -> Self {
        Config {
            shop: ShopConfig::read(reader),
            chapa: ChapaAccess::read(reader),
            paying: Paying::read(reader),
        }
    }
}

impl State {
    /// Puts the state together.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(config: &Config, clients: &Clients, clock: Clock) -> Result<State, ChapaError> {
        let shop = Shop::new(&config.shop, clients, clock);
        let finalizer = Finalizer {
            store: shop.store.clone(),
            chapa: Chapa::new(&config.chapa)?,
            relay: shop.relay.clone(),
            clock: shop.clock.clone(),
            entropy: shop.entropy.clone(),
        };
        Ok(State {
            shop,
            finalizer,
            paying: config.paying.clone(),
        })
    }
}

/// The routes of payments, as data.
pub fn routes() -> Routes<State> {
    Routes::new()
        .path::<Customer>("/api/payments/initiate", post(initiate::initiate))
        .path::<Customer>("/api/payments/verify", get(verify::verify))
        .open_path(
            "/api/payments/webhook",
            post(webhook::receive)
                .get(returning::page)
                .with_bodies_up_to(MAX_WEBHOOK_BYTES),
        )
}

/// The function: its routes with the layers that all functions share.
pub fn router(state: State) -> Router {
    let shop = state.shop.clone();
    shop.finish(routes().with_state(state))
}
