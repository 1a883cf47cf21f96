//! The start page: what is where, and the next three things to try.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::HeaderMap;
use serde_json::json;

use super::{Control, Door, Fact};
use crate::{input::prefers_html, pages};

/// The start page.
#[derive(askama::Template)]
#[template(path = "start.html")]
struct StartPage<'a> {
    url: &'a str,
    facts: &'a [Fact],
    doors: &'a [Door],
    backends_only: bool,
    has_demo: bool,
}

pub async fn page(State(control): State<Control>, headers: HeaderMap) -> Response {
    let parts = &control.0;
    if prefers_html(&headers) {
        return pages::show(&StartPage {
            url: &parts.public_url,
            facts: &parts.facts,
            doors: &parts.doors,
            backends_only: parts.backends_only,
            has_demo: parts.has_demo,
        });
    }
    let at = |path: &str| format!("{}{path}", parts.public_url);
    axum::Json(json!({
        "api": at("/api/"),
        "mail": at("/_local/mail"),
        "clock": at("/_local/clock"),
        "schedules": at("/_local/schedules"),
        "queues": at("/_local/queues"),
        "events": at("/_local/events"),
        "settle": at("/_local/settle"),
        "chapa": at("/_local/chapa"),
        "capacity": at("/_local/capacity"),
        "faults": at("/_local/faults"),
    }))
    .into_response()
}
