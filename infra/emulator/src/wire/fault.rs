//! Failures that an emulator never shows, made under the SDK: what to fail, when, and with which answer.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Call;

/// A service that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The table.
    Dynamodb,
    /// Queues.
    Sqs,
    /// Mail.
    Ses,
    /// The bus.
    Eventbridge,
    /// The bucket.
    S3,
    /// The payment gateway. Its calls do not run over the wire; whoever stands in for it asks
    /// [`Wire::next_fault`](super::Wire::next_fault) itself.
    Chapa,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Nobody answers: nothing was done.
    Refused,
    /// It was done, but the caller never hears of it.
    LostAnswer,
    /// The service's own throttling error.
    Throttled,
    /// Somebody else is writing the same item. Only writes to the table, and transactions, can
    /// conflict; other calls pass such a fault by without counting.
    Conflict,
    /// Three seconds late, otherwise well.
    Slow,
}

/// An order to fail calls that are still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Whose calls.
    pub service: Service,
    /// The first call to fail, counted from the next one, which is 1.
    #[serde(default = "once")]
    pub nth: u32,
    /// How it fails.
    pub kind: FaultKind,
    /// How many calls in a row fail so. Each attempt counts, the SDK's own retries too.
    #[serde(default = "once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// The faults that are still to happen, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts one call and tells how it fails, if it does. Of two faults due at once the older
    /// one strikes and the younger one waits for the next call.
    pub(super) fn next(&mut self, service: Service, conflicting: bool) -> Option<FaultKind> {
        let mut struck = None;
        for fault in &mut self.0 {
            if fault.service != service || (fault.kind == FaultKind::Conflict && !conflicting) {
                continue;
            }
            if fault.nth > 1 {
                fault.nth -= 1;
            } else if struck.is_none() {
                fault.times -= 1;
                struck = Some(fault.kind);
            }
        }
        self.0.retain(|fault| fault.times > 0);
        struck
    }
}

/// The service's throttling error, in its own protocol.
pub(super) fn throttled(service: Service) -> HttpResponse {
    match service {
        Service::Dynamodb => json_error(
            "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
        Service::Sqs => json_error(
            "com.amazonaws.sqs#RequestThrottled",
            "The request was denied: throttled.",
        ),
        Service::Eventbridge | Service::Chapa => {
            json_error("com.amazonaws.events#ThrottlingException", "Rate exceeded")
        }
        Service::S3 => answer(
            http::StatusCode::SERVICE_UNAVAILABLE,
            "application/xml",
            "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
                .to_owned(),
        ),
        Service::Ses => answer(
            http::StatusCode::BAD_REQUEST,
            "text/xml",
            "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error>\
             <Type>Sender</Type><Code>Throttling</Code>\
             <Message>Maximum sending rate exceeded.</Message></Error>\
             <RequestId>injected</RequestId></ErrorResponse>"
                .to_owned(),
        ),
    }
}

/// What DynamoDB says when another transaction has one of the items in hand.
pub(super) fn conflict(call: &Call) -> HttpResponse {
    let positions = call.positions();
    if positions == 0 {
        return json_error(
            "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "Transaction is ongoing for the item",
        );
    }
    let codes = vec!["TransactionConflict"; positions].join(", ");
    let reason = json!({
        "Code": "TransactionConflict",
        "Message": "Transaction is ongoing for the item",
    });
    json_answer(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": format!(
            "Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
        ),
        "CancellationReasons": vec![reason; positions],
    }))
}

fn json_error(kind: &str, message: &str) -> HttpResponse {
    json_answer(&json!({ "__type": kind, "message": message }))
}

fn json_answer(body: &Value) -> HttpResponse {
    answer(
        http::StatusCode::BAD_REQUEST,
        "application/x-amz-json-1.0",
        body.to_string(),
    )
}

fn answer(status: http::StatusCode, content_type: &'static str, body: String) -> HttpResponse {
    let mut response = HttpResponse::new(status.into(), SdkBody::from(body));
    response.headers_mut().insert("content-type", content_type);
    response
}
