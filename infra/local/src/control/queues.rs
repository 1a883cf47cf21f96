//! Queues, dead letters and the bus; and the call that waits until all is quiet.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::Control;
use crate::{
    aws::{
        eventbridge::Event,
        queues::{DeadLetter, Depth},
    },
    input::{Refusal, prefers_html},
    pages,
};

const PATIENCE: Duration = Duration::from_secs(10);
/// How many events a person looks through.
const LATEST: usize = 20;

/// Depths, dead letters and the latest events.
#[derive(askama::Template)]
#[template(path = "queues.html")]
struct QueuesPage {
    depths: Vec<Depth>,
    letters: Vec<DeadLetter>,
    events: Vec<Event>,
}

pub async fn show(State(control): State<Control>, headers: HeaderMap) -> Result<Response, Refusal> {
    let depths = control.0.queues.depths().map_err(Refusal::broken)?;
    if !prefers_html(&headers) {
        return Ok(axum::Json(depths).into_response());
    }
    let letters = control.0.queues.dead_letters().map_err(Refusal::broken)?;
    let mut events = control.0.bus.events().map_err(Refusal::broken)?;
    events.truncate(LATEST);
    Ok(pages::show(&QueuesPage {
        depths,
        letters,
        events,
    }))
}

pub async fn dead_letters(
    State(control): State<Control>,
) -> Result<axum::Json<Vec<DeadLetter>>, Refusal> {
    control
        .0
        .queues
        .dead_letters()
        .map(axum::Json)
        .map_err(Refusal::broken)
}

pub async fn events(State(control): State<Control>) -> Result<axum::Json<Vec<Event>>, Refusal> {
    control
        .0
        .bus
        .events()
        .map(axum::Json)
        .map_err(Refusal::broken)
}

pub async fn settle(
    State(control): State<Control>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    match tokio::time::timeout(PATIENCE, control.0.backlog.settle()).await {
        Ok(Ok(())) if prefers_html(&headers) => Ok(Redirect::to("/_local/queues").into_response()),
        Ok(Ok(())) => Ok(axum::Json(json!({ "settled": true })).into_response()),
        Ok(Err(error)) => Err(Refusal::broken(error)),
        Err(_elapsed) => {
            let body = json!({
                "settled": false,
                "detail": "Not everything was dealt with within 10 seconds.",
                "left": control.0.backlog.left().map_err(Refusal::broken)?,
            });
            Ok((StatusCode::CONFLICT, axum::Json(body)).into_response())
        }
    }
}
