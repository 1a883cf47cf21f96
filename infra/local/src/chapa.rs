//! The Chapa sandbox: the gateway's API, its checkout page and its webhooks, traps included.

mod answers;
mod checkout;
mod faults;
mod ledger;
mod refunds;
mod rules;
mod transaction;
mod transactions;
mod webhooks;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::State,
    middleware::{self, Next},
    response::Response,
    routing::{get, post, put},
};
use emulator::FaultKind;
use gateways::{clock::Clock, entropy::Entropy};
use http::{HeaderMap, Request, StatusCode, header};

pub use self::{faults::Faults, webhooks::sign};
use self::{ledger::Ledger, webhooks::Courier};
use crate::{aws::journal::Journal, server};

const LATE: Duration = Duration::from_secs(3);
/// Live keys begin with `CHASECK-`, and the sandbox has no real money.
const TEST_KEY: &str = "CHASECK_TEST-";

/// The sandbox. Clones share everything.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ledger: Ledger,
    courier: Courier,
    faults: Faults,
    clock: Clock,
    entropy: Entropy,
    settings: Settings,
}

/// What a merchant enters in Chapa's dashboard, and where the sandbox is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the sandbox is reached, without a slash at the end: `http://127.0.0.1:3000`.
    pub public_url: String,
    /// Where webhooks go; without one they go to each payment's own `callback_url`.
    pub webhook_url: Option<String>,
    /// The secret hash that signs webhooks.
    pub webhook_secret: String,
}

impl Sandbox {
    /// A sandbox with its books in the journal.
    ///
    /// # Errors
    /// If no HTTP client can be had for the webhooks.
    pub fn new(
        journal: Journal,
        clock: Clock,
        entropy: Entropy,
        settings: Settings,
    ) -> anyhow::Result<Sandbox> {
        let ledger = Ledger::new(journal);
        let courier = Courier::new(
            ledger.clone(),
            settings.webhook_secret.clone(),
            clock.clone(),
        )?;
        Ok(Sandbox(Arc::new(Inner {
            ledger,
            courier,
            faults: Faults::default(),
            clock,
            entropy,
            settings,
        })))
    }

    /// How its calls fail.
    pub fn faults(&self) -> Faults {
        self.0.faults.clone()
    }

    /// Who delivers its webhooks; somebody has to run it.
    pub fn courier(&self) -> Courier {
        self.0.courier.clone()
    }

    /// The API under `/_local/chapa/v1`, the checkout page and the list of payments.
    pub fn router(&self) -> Router {
        let api = Router::new()
            .route("/transaction/initialize", post(transactions::initialize))
            .route("/transaction/verify/{tx_ref}", get(transactions::verify))
            .route("/transaction/cancel/{tx_ref}", put(transactions::cancel))
            .route("/refund/{reference}", post(refunds::refund))
            .route("/refund/{reference}/verify", get(refunds::verify))
            .fallback(async || answers::failed(StatusCode::NOT_FOUND, "Not found"))
            .layer(middleware::from_fn_with_state(self.clone(), authorize))
            .layer(middleware::from_fn_with_state(self.clone(), disturb));
        Router::new()
            .nest("/_local/chapa/v1", api)
            .route("/_local/chapa", get(checkout::list))
            .route(
                "/_local/chapa/checkout/{token}",
                get(checkout::page).post(checkout::conclude),
            )
            .with_state(self.clone())
    }

    fn now(&self) -> domain::Timestamp {
        self.0.clock.now()
    }

    fn checkout_url(&self, token: &str) -> String {
        format!(
            "{}/_local/chapa/checkout/{token}",
            self.0.settings.public_url
        )
    }

    /// Characters for a token or a reference, drawn at random.
    /// At most 64.
    fn draw(&self, length: usize) -> String {
        const ALPHABET: &[u8; 62] =
            b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let bytes: [u8; 64] = self.0.entropy.bytes();
        // Some characters are a little likelier than others: these are references, not keys.
        bytes
            .iter()
            .take(length)
            .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]))
            .collect()
    }
}

/// Fails calls that the control surface asked to fail.
async fn disturb(State(sandbox): State<Sandbox>, request: Request<Body>, next: Next) -> Response {
    match sandbox.0.faults.next() {
        None => next.run(request).await,
        Some(FaultKind::Refused) => server::dropped(),
        Some(FaultKind::LostAnswer) => {
            let _ = next.run(request).await;
            server::dropped()
        }
        Some(FaultKind::Throttled) => {
            answers::failed(StatusCode::TOO_MANY_REQUESTS, "Too Many Attempts.")
        }
        Some(FaultKind::Conflict) => answers::failed(StatusCode::CONFLICT, "Conflict"),
        Some(FaultKind::Slow) => {
            tokio::time::sleep(LATE).await;
            next.run(request).await
        }
    }
}

/// Asks for a test key.
async fn authorize(
    State(_): State<Sandbox>,
    headers: HeaderMap,
    request: Request<Body>,
    next: Next,
) -> Response {
    let key = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if key.is_some_and(|key| key.starts_with(TEST_KEY)) {
        next.run(request).await
    } else {
        answers::unauthorized()
    }
}
