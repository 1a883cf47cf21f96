//! Faults on demand: the next calls to a service fail as asked.

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use emulator::{Fault, FaultKind, Service};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::Control;
use crate::{
    input::{Input, Refusal, prefers_html},
    pages,
};

const SERVICES: [(&str, Service); 6] = [
    ("dynamodb", Service::Dynamodb),
    ("sqs", Service::Sqs),
    ("ses", Service::Ses),
    ("eventbridge", Service::Eventbridge),
    ("s3", Service::S3),
    ("chapa", Service::Chapa),
];
const KINDS: [(&str, FaultKind); 5] = [
    ("refused", FaultKind::Refused),
    ("lost_answer", FaultKind::LostAnswer),
    ("throttled", FaultKind::Throttled),
    ("conflict", FaultKind::Conflict),
    ("slow", FaultKind::Slow),
];
/// More calls than any test makes.
const MANY: i64 = 1_000_000;

/// A form.
#[derive(askama::Template)]
#[template(path = "faults.html")]
struct FaultsPage {
    services: Vec<&'static str>,
}

pub async fn show(headers: HeaderMap) -> Response {
    let services: Vec<_> = SERVICES.iter().map(|(name, _)| *name).collect();
    if prefers_html(&headers) {
        return pages::show(&FaultsPage { services });
    }
    let kinds: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
    axum::Json(json!({ "services": services, "kinds": kinds })).into_response()
}

pub async fn inject(
    State(control): State<Control>,
    headers: HeaderMap,
    mut input: Input,
) -> Result<Response, Refusal> {
    let service = input.choice("service", &SERVICES, None);
    let kind = input.choice("kind", &KINDS, None);
    let nth = input.integer("nth", 1..=MANY, Some(1));
    let times = input.integer("times", 1..=MANY, Some(1));
    input.finish()?;
    let fault = Fault {
        service,
        kind,
        nth: u32::try_from(nth).unwrap_or(u32::MAX),
        times: u32::try_from(times).unwrap_or(u32::MAX),
    };
    if service == Service::Chapa {
        control
            .0
            .sandbox
            .faults()
            .inject(kind, fault.nth, fault.times);
    } else {
        // What could never happen, such as a conflict in a mail service, is refused there.
        control
            .0
            .wire
            .inject(fault)
            .map_err(|error| Refusal::detail(StatusCode::BAD_REQUEST, error.to_string()))?;
    }
    if prefers_html(&headers) {
        return Ok(Redirect::to("/_local/faults").into_response());
    }
    Ok((StatusCode::CREATED, axum::Json(fault)).into_response())
}

pub async fn clear(State(control): State<Control>) -> StatusCode {
    control.0.wire.clear_faults();
    control.0.sandbox.faults().clear();
    StatusCode::NO_CONTENT
}
