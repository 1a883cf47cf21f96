//! Orders over their router: the contract, its holes, and crowds.

#[cfg(test)]
mod checkout;
#[cfg(test)]
mod events;
#[cfg(test)]
mod history;
#[cfg(test)]
mod places;

use actors::Stage;
use axum::Router;

async fn open() -> anyhow::Result<(Stage, Router)> {
    let stage = Stage::open().await?;
    let router = orders::router(stage.shop.clone());
    Ok((stage, router))
}
