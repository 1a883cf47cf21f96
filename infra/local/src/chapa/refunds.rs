//! Refunds: money back to the customer, by the gateway's own reference of the payment.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::Response,
};
use domain::Money;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::{Sandbox, answers, ledger::Refund, transaction::Status};

pub async fn refund(
    State(sandbox): State<Sandbox>,
    Path(reference): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let result = refunded(&sandbox, &reference, &fields(&headers, &body));
    result.unwrap_or_else(|error| {
        answers::failed(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    })
}

pub async fn verify(State(sandbox): State<Sandbox>, Path(ref_id): Path<String>) -> Response {
    match sandbox.0.ledger.refunds() {
        Ok(refunds) => match refunds.iter().find(|refund| refund.ref_id == ref_id) {
            Some(refund) => answers::success("Refund details", answers::refund(refund)),
            None => answers::failed(StatusCode::NOT_FOUND, "Refund not found"),
        },
        Err(error) => answers::failed(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn refunded(
    sandbox: &Sandbox,
    reference: &str,
    fields: &Map<String, Value>,
) -> anyhow::Result<Response> {
    let asked = match text(fields, "amount").map(|text| Money::parse_gateway(&text)) {
        None => None,
        Some(Some(amount)) if amount > Money::ZERO => Some(amount),
        Some(_) => {
            return Ok(answers::failed(
                StatusCode::BAD_REQUEST,
                "Invalid refund amount",
            ));
        }
    };
    let refund = sandbox.0.ledger.refund(reference, |transaction, left| {
        if transaction.status != Status::Success {
            return Err("Only successful transactions can be refunded");
        }
        let amount = asked.unwrap_or(left);
        if amount > left {
            return Err("Refund amount is greater than what is left of the transaction");
        }
        Ok(Refund {
            ref_id: format!("RF{}", sandbox.draw(10)),
            reference: reference.to_owned(),
            merchant_reference: text(fields, "reference"),
            amount,
            reason: text(fields, "reason"),
            created_at: sandbox.now(),
        })
    })?;
    Ok(match refund {
        None => answers::unknown(),
        Some(Err(refused)) => answers::failed(StatusCode::BAD_REQUEST, refused),
        Some(Ok(refund)) => {
            answers::success("Refund processed successfully", answers::refund(&refund))
        }
    })
}

/// This one call is documented with a form; JSON is taken as well.
fn fields(headers: &HeaderMap, body: &[u8]) -> Map<String, Value> {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    if is_json {
        serde_json::from_slice(body).unwrap_or_default()
    } else {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
        pairs
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect()
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    match fields.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}
