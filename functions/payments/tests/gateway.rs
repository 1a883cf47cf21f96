//! Chapa as its wire looks, saying what the test wants it to say.

use std::{
    collections::HashMap,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

/// The gateway, on a loopback port of its own.
pub struct Gateway {
    port: u16,
    memory: Arc<Mutex<Memory>>,
}

#[derive(Default)]
struct Memory {
    /// What was asked for, by reference.
    asked: HashMap<String, Value>,
    /// What verify says, by reference, where it is more than "not paid yet".
    reports: HashMap<String, Value>,
    /// What initialize says instead of a link.
    refusal: Option<(StatusCode, Value)>,
    is_down: bool,
}

type Shared = State<Arc<Mutex<Memory>>>;

impl Gateway {
    pub async fn open() -> anyhow::Result<Gateway> {
        let memory: Arc<Mutex<Memory>> = Arc::default();
        let router = Router::new()
            .route("/v1/transaction/initialize", post(initialize))
            .route("/v1/transaction/verify/{tx_ref}", get(verify))
            .with_state(Arc::clone(&memory));
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Gateway { port, memory })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The customer pays just what was asked for.
    pub fn pay(&self, tx_ref: &str) {
        self.report(tx_ref, |_| {});
    }

    /// Verify will say this: what was asked for, paid, and then changed.
    pub fn report(&self, tx_ref: &str, change: impl FnOnce(&mut Value)) {
        let mut memory = self.memory();
        let asked = memory.asked.get(tx_ref).cloned().unwrap_or_default();
        let mut data = json!({
            "tx_ref": tx_ref, "status": "success", "mode": "test", "reference": "AP1",
            "amount": asked["amount"], "currency": asked["currency"],
        });
        change(&mut data);
        memory.reports.insert(tx_ref.to_owned(), data);
    }

    /// What was asked for.
    pub fn asked(&self, tx_ref: &str) -> Value {
        self.memory().asked.get(tx_ref).cloned().unwrap_or_default()
    }

    /// Initialize will refuse with this message.
    pub fn refuse(&self, message: Value) {
        let body = json!({ "message": message, "status": "failed", "data": null });
        self.memory().refusal = Some((StatusCode::BAD_REQUEST, body));
    }

    pub fn set_down(&self, is_down: bool) {
        self.memory().is_down = is_down;
    }
}

async fn initialize(State(memory): Shared, Json(body): Json<Value>) -> Response {
    let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    if memory.is_down {
        return (StatusCode::BAD_GATEWAY, "nobody home").into_response();
    }
    if let Some(refusal) = memory.refusal.take() {
        return (refusal.0, Json(refusal.1)).into_response();
    }
    let tx_ref = body["tx_ref"].as_str().unwrap_or_default().to_owned();
    let url = format!("https://checkout.chapa.co/checkout/payment/{tx_ref}");
    memory.asked.insert(tx_ref, body);
    let data = json!({ "checkout_url": url });
    Json(json!({ "message": "Hosted Link", "status": "success", "data": data })).into_response()
}

async fn verify(State(memory): Shared, Path(tx_ref): Path<String>) -> Response {
    let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
    if memory.is_down {
        return (StatusCode::BAD_GATEWAY, "nobody home").into_response();
    }
    match memory.reports.get(&tx_ref) {
        Some(data) => {
            let body = json!({ "message": "Payment details", "status": "success", "data": data });
            Json(body).into_response()
        }
        None => {
            let body = json!({ "message": "Payment not paid yet", "status": "null", "data": null });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
    }
}
