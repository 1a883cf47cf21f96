//! Chapa tells that something happened.
//!
//! Its word only makes us ask. Everything authentic is answered 200 with an empty body, known or
//! not, or it would be sent again for days; what we could not settle is answered 503, so that it is.

use axum::{
    body::Bytes,
    extract::State as Extract,
    http::{HeaderMap, StatusCode},
};
use domain::payment::TxRef;
use serde_json::Value;
use web::error::{Error, Result};

use crate::{State, signature::is_authentic, verify::fault};

/// `POST /api/payments/webhook/`.
pub(crate) async fn receive(
    Extract(state): Extract<State>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode> {
    if !is_authentic(&headers, &body, &state.paying.webhook_secrets) {
        tracing::warn!("a webhook without a valid signature");
        return Ok(StatusCode::FORBIDDEN);
    }
    let Ok(Value::Object(message)) = serde_json::from_slice(&body) else {
        return Err(Error::detail(
            StatusCode::BAD_REQUEST,
            "The body is not a JSON object.",
        ));
    };
    let message = Value::Object(message);
    let Some(tx_ref) = reference(&message) else {
        tracing::info!("a webhook about no payment of ours");
        return Ok(StatusCode::OK);
    };
    state.finalizer.finalize(&tx_ref).await.map_err(fault)?;
    Ok(StatusCode::OK)
}

/// Older senders nest what newer ones send flat.
fn reference(message: &Value) -> Option<TxRef> {
    ["/tx_ref", "/data/tx_ref", "/trx_ref", "/data/trx_ref"]
        .iter()
        .find_map(|path| message.pointer(path)?.as_str())
        .and_then(TxRef::parse)
}
