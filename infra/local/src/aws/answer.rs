//! Answers in the JSON protocols of AWS.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

/// A good answer of a service that speaks `application/x-amz-json-{version}`.
pub(super) fn json(version: &'static str, body: &Value) -> Response {
    with_type(version, StatusCode::OK, body)
}

/// An error as the SDKs read it: its name is the last part of `__type`.
pub(super) fn error(
    version: &'static str,
    status: StatusCode,
    kind: &str,
    message: &str,
) -> Response {
    with_type(
        version,
        status,
        &json!({ "__type": kind, "message": message }),
    )
}

/// What AWS says to an operation that it does not have.
pub(super) fn unknown_operation(operation: &str) -> Response {
    error(
        "1.0",
        StatusCode::BAD_REQUEST,
        "com.amazon.coral.service#UnknownOperationException",
        &format!("the local stand-ins do not know {operation}"),
    )
}

fn with_type(version: &'static str, status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let content_type = match version {
        "1.1" => "application/x-amz-json-1.1",
        _ => "application/x-amz-json-1.0",
    };
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
