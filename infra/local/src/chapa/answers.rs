//! What the gateway says, word for word as far as it is known.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::{
    ledger::Refund,
    transaction::{Status, Transaction},
};

/// 200 with data.
pub fn success(message: &str, data: Value) -> Response {
    axum::Json(json!({ "message": message, "status": "success", "data": data })).into_response()
}

/// An error; the message is a text, or an object of fields.
pub fn failed(status: StatusCode, message: impl Into<Value>) -> Response {
    let message: Value = message.into();
    (
        status,
        axum::Json(json!({ "message": message, "status": "failed", "data": null })),
    )
        .into_response()
}

/// 401.
pub fn unauthorized() -> Response {
    failed(
        StatusCode::UNAUTHORIZED,
        "Invalid API Key or the business can't accept payments at the moment. Please verify your API key and \
         ensure the account is active and able to process payments.",
    )
}

/// 404 for what does not exist.
pub fn unknown() -> Response {
    failed(
        StatusCode::NOT_FOUND,
        "Invalid transaction or Transaction not found",
    )
}

/// What verify says: before anybody tried to pay it is a 404 of its own, with a status that is the
/// word `null`.
pub fn verified(transaction: &Transaction) -> Response {
    if transaction.status == Status::Pending {
        let body = json!({ "message": "Payment not paid yet", "status": "null", "data": null });
        return (StatusCode::NOT_FOUND, axum::Json(body)).into_response();
    }
    let request = &transaction.request;
    let mut data = details(transaction);
    // Here amounts are numbers; in webhooks they are texts.
    data["amount"] = number(&request.amount.to_string());
    data["charge"] = number(&transaction.charge().to_string());
    data["method"] = data["payment_method"].take();
    if let Some(fields) = data.as_object_mut() {
        fields.remove("payment_method");
        fields.remove("mobile");
    }
    success("Payment details", data)
}

/// The flat body of a webhook.
pub fn webhook(transaction: &Transaction, event: &str) -> Value {
    let mut body = details(transaction);
    body["event"] = json!(event);
    body["amount"] = json!(transaction.request.amount.to_string());
    body["charge"] = json!(transaction.charge().to_string());
    body
}

/// What refund and its verify tell of a refund.
pub fn refund(refund: &Refund) -> Value {
    json!({
        "ref_id": refund.ref_id,
        "reference": refund.reference,
        "merchant_reference": refund.merchant_reference,
        "amount": number(&refund.amount.to_string()),
        "status": "refunded",
        "created_at": refund.created_at.to_string(),
        "updated_at": refund.created_at.to_string(),
    })
}

fn details(transaction: &Transaction) -> Value {
    let request = &transaction.request;
    let paid = matches!(transaction.status, Status::Success | Status::Refunded);
    json!({
        "first_name": request.first_name,
        "last_name": request.last_name,
        "email": request.email,
        "mobile": request.phone_number.as_ref().and_then(|phone| phone.strip_prefix('0')).map(|rest| format!("251{rest}")),
        "currency": request.currency,
        "status": transaction.status.word(),
        "mode": "test",
        "reference": transaction.reference,
        "created_at": transaction.created_at.to_string(),
        "updated_at": transaction.updated_at.to_string(),
        "type": "API",
        "tx_ref": request.tx_ref,
        "payment_method": if paid { json!("telebirr") } else { Value::Null },
        "customization": { "title": request.title, "description": request.description, "logo": null },
        "meta": request.meta,
    })
}

/// A decimal text as a JSON number: `400.00` becomes `400`, `199.90` becomes `199.9`.
fn number(text: &str) -> Value {
    let short = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    };
    short
        .parse::<serde_json::Number>()
        .map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::chapa::transaction::{Outcome, tests::transaction};

    async fn body(response: Response) -> (StatusCode, Value) {
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn nobody_paid_yet_is_a_404_whose_status_is_the_word_null() {
        let (status, body) = body(verified(&transaction())).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(
            body,
            json!({ "message": "Payment not paid yet", "status": "null", "data": null })
        );
    }

    #[tokio::test]
    async fn amounts_are_numbers_in_verify_and_texts_in_webhooks() {
        let mut transaction = transaction();
        transaction
            .conclude(Outcome::Success, Timestamp(1_001))
            .unwrap();
        let (status, verified) = body(verified(&transaction)).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(verified["data"]["amount"], json!(400));
        assert_eq!(verified["data"]["status"], "success");
        assert_eq!(verified["data"]["method"], "telebirr");
        let webhook = webhook(&transaction, "charge.success");
        assert_eq!(webhook["amount"], "400.00");
        assert_eq!(webhook["charge"], "12.00");
        assert_eq!(webhook["mobile"], "251912345678");
    }

    #[tokio::test]
    async fn a_failed_payment_is_a_success_by_its_envelope() {
        let mut transaction = transaction();
        transaction
            .conclude(Outcome::Failed, Timestamp(1_001))
            .unwrap();
        let (status, body) = body(verified(&transaction)).await;
        assert_eq!(
            (status, &body["status"], &body["data"]["status"]),
            (StatusCode::OK, &json!("success"), &json!("failed"))
        );
    }

    #[test]
    fn decimals_become_numbers_without_a_float_in_between() {
        for (text, expected) in [
            ("400.00", "400"),
            ("199.90", "199.9"),
            ("0.05", "0.05"),
            ("100", "100"),
        ] {
            assert_eq!(number(text).to_string(), expected);
        }
    }
}
