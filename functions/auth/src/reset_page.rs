//! The page where the link of a mail about a forgotten password leads:
//! /password-reset/confirm/{uid}/{token}/. Its form posts to the same address.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use web::{Error, Fields, Payload, Result, Shop, request::Sender};

use crate::{
    pages,
    password::{NewPassword, reset, whose_link},
};

#[derive(Template)]
#[template(path = "password.html")]
struct Page<'a> {
    shop: &'a str,
    phase: Phase,
}

enum Phase {
    /// With what was wrong with the last choice.
    Asking(Vec<String>),
    Saved,
    Dead,
}

pub(crate) async fn ask(
    State(shop): State<Shop>,
    Path((uid, token)): Path<(String, String)>,
) -> Result<Response> {
    match whose_link(&shop, &uid, &token).await {
        Ok(_) => page(&shop, StatusCode::OK, Phase::Asking(Vec::new())),
        Err(error) => dead(&shop, error),
    }
}

pub(crate) async fn choose(
    State(shop): State<Shop>,
    Path((uid, token)): Path<(String, String)>,
    Sender(origin): Sender,
    payload: Payload,
) -> Result<Response> {
    let user = match whose_link(&shop, &uid, &token).await {
        Ok(user) => user,
        Err(error) => return dead(&shop, error),
    };
    let mut fields = Fields::of(payload)?;
    let new = NewPassword::read(&mut fields);
    let new = if fields.is_clean() {
        new.fitting(&user)
    } else {
        Err(vec!["Both fields take 8 to 128 characters.".to_owned()])
    };
    let new = match new {
        Ok(new) => new,
        Err(faults) => return page(&shop, StatusCode::BAD_REQUEST, Phase::Asking(faults)),
    };
    match reset(&shop, &user, &token, new, &origin).await {
        Ok(()) => page(&shop, StatusCode::OK, Phase::Saved),
        Err(error) => dead(&shop, error),
    }
}

/// The page of a link that was refused; other failures stay what they are.
fn dead(shop: &Shop, error: Error) -> Result<Response> {
    if error.status() == StatusCode::BAD_REQUEST {
        page(shop, StatusCode::NOT_FOUND, Phase::Dead)
    } else {
        Err(error)
    }
}

fn page(shop: &Shop, status: StatusCode, phase: Phase) -> Result<Response> {
    let shop = &shop.settings.shop_name;
    pages::answer(status, &Page { shop, phase })
}
