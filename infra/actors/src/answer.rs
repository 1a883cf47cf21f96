//! What came back.

use anyhow::{Context, Result};
use axum::{Router, body::Body, http::HeaderMap, response::Response};
use bytes::Bytes;
use cookie::Cookie;
use http_body_util::BodyExt;
use lambda_http::Body as EventBody;
use serde_json::Value;
use tower::ServiceExt;

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

/// What a function answers to an event of API Gateway, such as the samples in `events/`: the event
/// becomes a request as it does on Lambda.
///
/// # Errors
/// When the text is no event.
pub async fn replay(router: &Router, event: &str) -> Result<Answer> {
    let request = lambda_http::request::from_str(event).context("an event of API Gateway")?;
    let request = request.map(|body| match body {
        EventBody::Text(text) => Body::from(text),
        EventBody::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    });
    match router.clone().oneshot(request).await {
        Ok(response) => Ok(Answer::read(response).await),
        Err(never) => match never {},
    }
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .map(|whole| whole.to_bytes())
            .unwrap_or_default();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value; empty if there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// A cookie that the answer sets.
    pub fn cookie(&self, name: &str) -> Option<Cookie<'static>> {
        self.headers
            .get_all("set-cookie")
            .iter()
            .filter_map(|value| Cookie::parse(value.to_str().ok()?.to_owned()).ok())
            .find(|cookie| cookie.name() == name)
    }

    /// The URL of the next page in the `Link` header.
    pub fn next_page(&self) -> Option<String> {
        self.header("link").split(", ").find_map(|link| {
            let url = link.strip_suffix("; rel=\"next\"")?;
            Some(url.trim_start_matches('<').trim_end_matches('>').to_owned())
        })
    }
}
