//! The front door's endpoints, driven in process over a table of their own.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "what the tests stand on fails as they do"
)]

mod admin;
mod confirmation;
mod deletion;
mod nonsense;
mod passwords;
mod registration;
mod session;
mod sessions;
mod throttling;
mod timing;
mod user;

use actors::{Actor, Stage};
use auth::State;
use axum::Router;
use domain::event::EventKind;
use serde_json::{Value, json};

const PASSWORD: &str = "Rome-1960-barefoot";

/// A stage and the function's routes on it.
async fn open() -> (Stage, Router) {
    let stage = Stage::open().await.unwrap();
    let router = routes(&stage);
    (stage, router)
}

/// The function's routes on a stage.
fn routes(stage: &Stage) -> Router {
    let setup_token = stage.config().unwrap();
    auth::router(State {
        shop: stage.shop.clone(),
        setup_token,
    })
}

fn form(email: &str) -> Value {
    json!({ "email": email, "password1": PASSWORD, "password2": PASSWORD })
}

/// Registers an address, as somebody nobody knows.
async fn register(stage: &Stage, router: &Router, email: &str) -> Actor {
    let visitor = stage.anonymous(router);
    let answer = visitor.post("/api/auth/registration/", &form(email)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    visitor
}

/// The key that the consumer would mail for the last registration.
async fn mailed_key(stage: &Stage) -> String {
    let event = stage.queue.sent().pop().unwrap();
    let EventKind::UserRegistered { user } = event.kind else {
        panic!("{event:?}")
    };
    let user = stage.shop.store.find_user(user).await.unwrap().unwrap();
    stage
        .shop
        .tokens
        .email_key(user.id, &user.email, event.occurred_at)
        .unwrap()
}
