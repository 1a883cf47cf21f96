//! As much of Chapa as it takes to begin a payment and to ask about one that nobody has paid.

use std::net::Ipv4Addr;

use anyhow::Result;
use axum::{
    Json, Router,
    http::StatusCode,
    routing::{get, post},
};
use serde_json::json;

/// The gateway, on a loopback port of its own.
pub struct Gateway {
    port: u16,
}

impl Gateway {
    pub async fn open() -> Result<Gateway> {
        let link = json!({ "checkout_url": "https://checkout.chapa.co/checkout/payment/x" });
        let begun = json!({ "message": "Hosted Link", "status": "success", "data": link });
        let unpaid = json!({ "message": "Payment not paid yet", "status": "null", "data": null });
        let router = Router::new()
            .route(
                "/v1/transaction/initialize",
                post(async move || Json(begun)),
            )
            .route(
                "/v1/transaction/verify/{tx_ref}",
                get(async move || (StatusCode::NOT_FOUND, Json(unpaid))),
            );
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Gateway { port })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }
}
