//! The page where the link of a verification mail leads: /auth/confirm-email/{key}/.
//!
//! Opening it confirms nothing, since mail scanners open links; its button does.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use web::{Result, Shop};

use crate::{pages, registration::prove_address};

#[derive(Template)]
#[template(path = "confirmation.html")]
struct Page<'a> {
    shop: &'a str,
    phase: Phase,
}

enum Phase {
    Asking,
    Confirmed,
    Dead,
}

pub(crate) async fn ask(State(shop): State<Shop>, Path(key): Path<String>) -> Result<Response> {
    // Whether the key was used already only the button finds out: a page view reads no table.
    match shop.tokens.read_email_key(&key, shop.clock.now()) {
        Some(_) => page(&shop, Phase::Asking),
        None => page(&shop, Phase::Dead),
    }
}

pub(crate) async fn confirm(State(shop): State<Shop>, Path(key): Path<String>) -> Result<Response> {
    match prove_address(&shop, &key).await {
        Ok(()) => page(&shop, Phase::Confirmed),
        Err(error) if error.status() == StatusCode::NOT_FOUND => page(&shop, Phase::Dead),
        Err(error) => Err(error),
    }
}

fn page(shop: &Shop, phase: Phase) -> Result<Response> {
    let status = match phase {
        Phase::Asking | Phase::Confirmed => StatusCode::OK,
        Phase::Dead => StatusCode::NOT_FOUND,
    };
    let shop = &shop.settings.shop_name;
    pages::answer(status, &Page { shop, phase })
}
