//! Hands out the CSRF token, which a frontend fetches before its first unsafe request.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use serde::Serialize;
use web::{Shop, cookies, csrf, identity::Visitor};

#[derive(Serialize)]
pub(crate) struct CsrfWire {
    #[serde(rename = "csrfToken")]
    csrf_token: String,
}

pub(crate) async fn hand_out(
    State(shop): State<Shop>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
) -> impl IntoResponse {
    let token = match visitor {
        Some(customer) => csrf::token(&shop.tokens, customer.session),
        // Nothing is checked against a token that no session stands behind; it only has to look
        // like one, and to stay the same while the browser keeps it.
        None => cookies::find(&headers, cookies::CSRF)
            .and_then(|cookie| csrf::plain(cookie.value()).ok())
            .unwrap_or_else(|| csrf::write(shop.entropy.bytes())),
    };
    let cookie = cookies::csrf(&token, shop.settings.has_secure_cookies());
    let wire = CsrfWire {
        csrf_token: csrf::mask(&token, shop.entropy.bytes()),
    };
    (
        AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie))),
        Json(wire),
    )
}
