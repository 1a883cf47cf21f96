//! Small pages that links in mails lead to.

use askama::Template;
use axum::{
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use web::{Error, Result};

/// A page as an answer. Whoever holds its address holds a key, so the address goes nowhere else.
pub(crate) fn answer(status: StatusCode, page: &impl Template) -> Result<Response> {
    let html = Html(page.render().map_err(Error::internal)?);
    let policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
                  frame-ancestors 'none'; base-uri 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-robots-tag"), "noindex"),
    ];
    Ok((status, headers, html).into_response())
}
