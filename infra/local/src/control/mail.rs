//! The mailbox: every mail the shop sent, caught.

use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::Control;
use crate::{
    aws::ses::Mail,
    input::{Refusal, prefers_html},
    pages,
};

/// Whose mail.
#[derive(Debug, Deserialize)]
pub struct Filter {
    to: Option<String>,
}

/// The list, and one mail beside it.
#[derive(askama::Template)]
#[template(path = "mail.html")]
struct MailPage<'a> {
    mails: &'a [Mail],
    open: Option<&'a Mail>,
    to: &'a str,
}

impl MailPage<'_> {
    fn is_open(&self, mail: &Mail) -> bool {
        self.open.is_some_and(|open| open.id == mail.id)
    }
}

pub async fn list(
    State(control): State<Control>,
    Query(filter): Query<Filter>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let to = filter.to.as_deref().filter(|to| !to.is_empty());
    let mails = control.0.mailbox.mails(to).map_err(Refusal::broken)?;
    if prefers_html(&headers) {
        let page = MailPage {
            mails: &mails,
            open: mails.first(),
            to: to.unwrap_or(""),
        };
        return Ok(pages::show(&page));
    }
    Ok(axum::Json(mails).into_response())
}

pub async fn view(
    State(control): State<Control>,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let mails = control.0.mailbox.mails(None).map_err(Refusal::broken)?;
    let open = mails
        .iter()
        .find(|mail| mail.id == id)
        .ok_or_else(Refusal::not_found)?;
    if prefers_html(&headers) {
        return Ok(pages::show(&MailPage {
            mails: &mails,
            open: Some(open),
            to: "",
        }));
    }
    Ok(axum::Json(open).into_response())
}

pub async fn empty(State(control): State<Control>) -> Result<StatusCode, Refusal> {
    control.0.mailbox.clear().map_err(Refusal::broken)?;
    Ok(StatusCode::NO_CONTENT)
}
