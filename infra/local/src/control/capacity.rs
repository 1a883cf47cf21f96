//! What the shop's requests cost since the last reset.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use emulator::Entry;
use http::{HeaderMap, StatusCode};

use super::Control;
use crate::{input::prefers_html, pages};

/// The figures as a table.
#[derive(askama::Template)]
#[template(path = "capacity.html")]
struct CapacityPage {
    entries: Vec<Entry>,
}

pub async fn show(State(control): State<Control>, headers: HeaderMap) -> Response {
    let entries = control.0.wire.ledger();
    if prefers_html(&headers) {
        pages::show(&CapacityPage { entries })
    } else {
        axum::Json(entries).into_response()
    }
}

pub async fn reset(State(control): State<Control>) -> StatusCode {
    control.0.wire.reset();
    StatusCode::NO_CONTENT
}
