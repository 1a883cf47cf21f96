//! The shop's clock, which only goes forward, and the functions that run by it.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::Control;
use crate::{
    input::{Input, Refusal, prefers_html},
    pages,
};

/// Ten years: further ahead, ids and dates would leave what they are made for.
const FURTHEST_SECS: i64 = 315_360_000;

/// The time, and what runs by it.
#[derive(askama::Template)]
#[template(path = "clock.html")]
struct ClockPage {
    now: String,
    ahead: Option<String>,
    schedules: Vec<Line>,
    /// What a run that was just asked for said.
    ran: Option<Ran>,
}

struct Line {
    function: String,
    every: String,
}

struct Ran {
    function: String,
    summary: String,
}

pub async fn show(State(control): State<Control>, headers: HeaderMap) -> Response {
    if prefers_html(&headers) {
        page(&control, None)
    } else {
        now(&control)
    }
}

pub async fn advance(
    State(control): State<Control>,
    headers: HeaderMap,
    mut input: Input,
) -> Result<Response, Refusal> {
    let secs = input.integer("advance_secs", 0..=FURTHEST_SECS, None);
    input.finish()?;
    control.0.hand.advance(secs).map_err(Refusal::broken)?;
    control.0.queues.wake();
    // Late webhooks that are due by now have arrived when this answers.
    control
        .0
        .sandbox
        .courier()
        .deliver_due()
        .await
        .map_err(Refusal::broken)?;
    if prefers_html(&headers) {
        return Ok(Redirect::to("/_local/clock").into_response());
    }
    Ok(now(&control))
}

pub async fn schedules(State(control): State<Control>) -> Response {
    let all: Vec<Value> = control
        .0
        .schedules
        .rhythms()
        .into_iter()
        .map(|rhythm| json!({ "function": rhythm.function, "every_secs": rhythm.every.as_secs() }))
        .collect();
    axum::Json(all).into_response()
}

pub async fn run(
    State(control): State<Control>,
    Path(function): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let summary = match control.0.schedules.run(&function).await {
        None => {
            let known: Vec<String> = control
                .0
                .schedules
                .rhythms()
                .into_iter()
                .map(|rhythm| rhythm.function)
                .collect();
            let text = format!(
                "No scheduled function is called {function}. There are: {}.",
                known.join(", ")
            );
            return Err(Refusal::detail(StatusCode::NOT_FOUND, text));
        }
        // A fault that was asked for is the usual cause, so this is an answer and not an alarm.
        Some(Err(error)) => {
            tracing::warn!(
                function,
                error = format!("{error:#}"),
                "a run that was asked for failed"
            );
            return Err(Refusal::detail(
                StatusCode::BAD_GATEWAY,
                format!("{function} failed: {error:#}"),
            ));
        }
        Some(Ok(summary)) => summary,
    };
    if prefers_html(&headers) {
        return Ok(page(
            &control,
            Some(Ran {
                function,
                summary: summary.to_string(),
            }),
        ));
    }
    Ok(axum::Json(summary).into_response())
}

fn now(control: &Control) -> Response {
    axum::Json(json!({ "now": control.0.hand.now().to_string() })).into_response()
}

fn page(control: &Control, ran: Option<Ran>) -> Response {
    let offset = control.0.hand.offset_secs();
    let schedules = control
        .0
        .schedules
        .rhythms()
        .into_iter()
        .map(|rhythm| Line {
            function: rhythm.function,
            every: span(rhythm.every.as_secs()),
        })
        .collect();
    pages::show(&ClockPage {
        now: control.0.hand.now().to_string(),
        ahead: u64::try_from(offset)
            .ok()
            .filter(|offset| *offset > 0)
            .map(span),
        schedules,
        ran,
    })
}

/// A span in the two largest units that it has: `1 day 2 hours`.
fn span(secs: u64) -> String {
    let units = [
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ];
    let mut rest = secs;
    let mut words = Vec::new();
    for (name, length) in units {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            words.push(format!(
                "{count} {name}{}",
                if count == 1 { "" } else { "s" }
            ));
        }
    }
    words.truncate(2);
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_well() {
        for (secs, expected) in [
            (60, "1 minute"),
            (600, "10 minutes"),
            (90_061, "1 day 1 hour"),
            (59, "59 seconds"),
        ] {
            assert_eq!(span(secs), expected);
        }
    }
}
