//! The accounts' endpoints, driven in process over a table of their own.

#![expect(
    clippy::unwrap_used,
    reason = "what the tests stand on fails as they do"
)]

mod addresses;
mod csrf;
mod export;
mod users;

use actors::Stage;
use axum::Router;

/// A stage and the function's routes on it.
async fn open() -> (Stage, Router) {
    let stage = Stage::open().await.unwrap();
    let router = accounts::router(stage.shop.clone());
    (stage, router)
}
