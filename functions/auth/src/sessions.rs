//! Where somebody is logged in, and ending it from afar: /api/auth/sessions/.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use domain::{SessionId, user::Session};
use serde::Serialize;
use store::Page;
use web::{Error, Result, Shop, cookies, identity::Customer, paging::Paging, request::PathId};

/// A login as its owner sees it.
#[derive(Serialize)]
struct SessionWire {
    id: SessionId,
    created_at: String,
    expires_at: String,
    user_agent: String,
    ip_address: Option<String>,
    /// Whether it is the login that asks.
    is_current: bool,
}

/// The live logins, newest first.
pub(crate) async fn list(
    State(shop): State<Shop>,
    customer: Customer,
    paging: Paging,
) -> Result<Response> {
    let now = shop.clock.now();
    let live = customer.user.sessions.into_iter().rev();
    let shown = live
        .filter(|session| now < session.expires_at)
        .map(|session| SessionWire::of(session, customer.session));
    let page = Page::cut(shown.collect(), paging.request(), |wire| wire.id.0);
    Ok(paging.answer(page))
}

/// Ends a login: at its next request it is nobody's.
pub(crate) async fn end(
    State(shop): State<Shop>,
    customer: Customer,
    headers: HeaderMap,
    id: PathId,
) -> Result<impl IntoResponse> {
    let id = id.of("Session", SessionId)?;
    let not_found = || Error::not_found("Session");
    let edited = shop
        .store
        .edit_user(
            customer.user.id,
            || shop.entropy.version(),
            |user| {
                if user.close_session(id) {
                    Ok(())
                } else {
                    Err(not_found())
                }
            },
        )
        .await?;
    edited.ok_or_else(not_found)?;
    let forget = cookies::find(&headers, cookies::SESSION)
        .filter(|_| id == customer.session)
        .and_then(|_| cookies::no_session(shop.settings.has_secure_cookies()));
    let forget = forget.map(|cookie| (header::SET_COOKIE, cookie));
    Ok((StatusCode::NO_CONTENT, AppendHeaders(forget)))
}

impl SessionWire {
    fn of(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at.to_string(),
            expires_at: session.expires_at.to_string(),
            user_agent: session.origin.agent,
            ip_address: session.origin.ip.map(|ip| ip.to_string()),
            is_current: session.id == current,
        }
    }
}
