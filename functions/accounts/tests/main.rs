//! The accounts' endpoints, driven in process over a table of their own.

mod addresses;
mod csrf;

use actors::Stage;
use axum::Router;

/// A stage and the function's routes on it.
async fn open() -> (Stage, Router) {
    let stage = Stage::open().await.unwrap();
    let router = accounts::router(stage.shop.clone());
    (stage, router)
}
