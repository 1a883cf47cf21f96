//! HTML for people: how a template becomes an answer, and how an error does.

use askama::Template;
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

use crate::input::prefers_html;

const STYLE: &str = include_str!("../static/style.css");
const ICON: &str = include_str!("../static/icon.svg");

/// A page that says what went wrong.
#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    status: u16,
    reason: &'a str,
    lines: Vec<String>,
}

/// Renders a page.
pub fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The one style sheet.
pub async fn style() -> Response {
    (
        [
            (header::CONTENT_TYPE, "text/css; charset=utf-8"),
            (header::CACHE_CONTROL, "max-age=300"),
        ],
        STYLE,
    )
        .into_response()
}

/// The shop's sign.
pub async fn icon() -> Response {
    (
        [
            (header::CONTENT_TYPE, "image/svg+xml"),
            (header::CACHE_CONTROL, "max-age=300"),
        ],
        ICON,
    )
        .into_response()
}

/// Turns the JSON of a refusal into a page for whoever prefers one, and keeps pages fresh.
pub async fn for_people(request: Request, next: Next) -> Response {
    let is_person = prefers_html(request.headers());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    // One address is a page to some and JSON to others.
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    let status = response.status();
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_person || !(status.is_client_error() || status.is_server_error()) || !is_json {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 64 * 1024)
        .await
        .unwrap_or_default();
    let page = ErrorPage {
        status: status.as_u16(),
        reason: status.canonical_reason().unwrap_or("Error"),
        lines: sentences(&serde_json::from_slice(&body).unwrap_or_default()),
    };
    let (_, html) = show(&page).into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    Response::from_parts(parts, Body::new(html))
}

/// What an error body says, sentence by sentence.
fn sentences(body: &Value) -> Vec<String> {
    let Some(fields) = body.as_object() else {
        return Vec::new();
    };
    fields
        .iter()
        .flat_map(|(name, value)| {
            let texts = match value {
                Value::String(text) => vec![text.clone()],
                Value::Array(texts) => texts
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                other => vec![other.to_string()],
            };
            let is_field = name != "detail" && name != "non_field_errors";
            texts.into_iter().map(move |text| {
                if is_field {
                    format!("{name}: {text}")
                } else {
                    text
                }
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_read_as_sentences() {
        let body = json!({ "detail": "Not found.", "nth": ["This field is required."] });
        assert_eq!(
            sentences(&body),
            ["Not found.", "nth: This field is required."]
        );
    }
}
