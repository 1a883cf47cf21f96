//! Initialize, verify and cancel: the calls a merchant makes around a payment.

use axum::{
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use super::{
    Sandbox, answers, rules,
    transaction::{Status, Transaction},
};
use crate::input::Refusal;

pub async fn initialize(
    State(sandbox): State<Sandbox>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.starts_with("application/json"));
    let Ok(Value::Object(fields)) = serde_json::from_slice(&body) else {
        return answers::failed(StatusCode::BAD_REQUEST, "Invalid request body");
    };
    if !is_json {
        return answers::failed(
            StatusCode::BAD_REQUEST,
            "Content-Type must be application/json",
        );
    }
    let request = match rules::request(&fields) {
        Ok(request) => request,
        Err(errors) => return answers::failed(StatusCode::BAD_REQUEST, errors),
    };
    // Chapa's references look like this: two letters and ten more characters.
    let reference = format!("AP{}", sandbox.draw(10));
    let transaction = Transaction::begin(request, sandbox.draw(40), reference, sandbox.now());
    match sandbox.0.ledger.begin(&transaction) {
        Ok(true) => answers::success(
            "Hosted Link",
            json!({ "checkout_url": sandbox.checkout_url(&transaction.token) }),
        ),
        Ok(false) => answers::failed(
            StatusCode::BAD_REQUEST,
            "Transaction reference has been used before",
        ),
        Err(error) => Refusal::broken(error).into_response(),
    }
}

pub async fn verify(State(sandbox): State<Sandbox>, Path(tx_ref): Path<String>) -> Response {
    match sandbox.0.ledger.transaction(&tx_ref) {
        Ok(Some(transaction)) => answers::verified(&transaction),
        Ok(None) => answers::unknown(),
        Err(error) => Refusal::broken(error).into_response(),
    }
}

pub async fn cancel(State(sandbox): State<Sandbox>, Path(tx_ref): Path<String>) -> Response {
    let now = sandbox.now();
    match sandbox
        .0
        .ledger
        .change(&tx_ref, |transaction| transaction.cancel(now))
    {
        Ok(Some(Ok(transaction))) => answers::success(
            "Transaction cancelled successfully",
            json!({
                "tx_ref": transaction.request.tx_ref,
                "amount": transaction.request.amount.to_string(),
                "currency": transaction.request.currency,
                "status": Status::Cancelled.word(),
            }),
        ),
        Ok(Some(Err(_))) => answers::failed(
            StatusCode::BAD_REQUEST,
            "Only active transactions can be cancelled",
        ),
        Ok(None) => answers::unknown(),
        Err(error) => Refusal::broken(error).into_response(),
    }
}
