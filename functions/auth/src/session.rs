//! Login and logout.

use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use domain::{
    SessionId,
    user::{Origin, SESSION_SECS, User, normalize_email},
};
use serde::Serialize;
use web::{
    Error, Fields, Payload, Result, Shop, cookies, csrf,
    fields::{email, text},
    identity::{Customer, Visitor},
    tokens::SessionClaims,
};

use crate::{hashing, registration::DetailWire};

/// What somebody is told who logs in before proving the address.
const PROVE_ADDRESS: &str = "Verify your e-mail address with the key that was mailed to you; \
                             POST /api/auth/registration/resend-email/ sends another one.";

#[derive(Serialize)]
pub(crate) struct LoginWire {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'static str>,
}

pub(crate) async fn log_in(
    State(shop): State<Shop>,
    Visitor(visitor): Visitor,
    payload: Payload,
) -> Result<impl IntoResponse> {
    let mut fields = Fields::of(payload)?;
    let email = normalize_email(&fields.required("email", email()));
    let password = fields.required("password", text().untrimmed());
    fields.finish()?;
    let known = shop
        .store
        .find_user_by_email(&email)
        .await?
        .filter(|user| user.is_active);
    let hashed = known.as_ref().map(|user| user.password_hash.clone());
    let is_right = hashing::verify(password, hashed).await?;
    let Some(user) = known.filter(|_| is_right) else {
        return Err(wrong());
    };
    let claims = open_session(&shop, &user, visitor).await?;
    let key = shop.tokens.session(claims).map_err(Error::internal)?;
    let is_secure = shop.settings.has_secure_cookies();
    let set_cookies = [
        cookies::session(&key, is_secure),
        cookies::csrf(&csrf::token(&shop.tokens, claims.session), is_secure),
    ];
    let set_cookies = set_cookies
        .into_iter()
        .flatten()
        .map(|cookie| (header::SET_COOKIE, cookie));
    let detail = (!user.is_verified()).then_some(PROVE_ADDRESS);
    Ok((
        AppendHeaders(set_cookies.collect::<Vec<_>>()),
        Json(LoginWire { key, detail }),
    ))
}

fn wrong() -> Error {
    Error::object("Invalid email or password.")
}

/// Writes a new session into the user's item. A session of the same user that the browser brought
/// along ends: it is about to lose its cookie.
async fn open_session(shop: &Shop, user: &User, before: Option<Customer>) -> Result<SessionClaims> {
    let (now, session) = (shop.clock.now(), SessionId(shop.entropy.id()));
    let replaced = before
        .filter(|before| before.user.id == user.id)
        .map(|before| before.session);
    let edited = shop
        .store
        .edit_user(
            user.id,
            || shop.entropy.version(),
            |current| {
                // The password was checked against the item as it was; if that has changed since, so
                // may have the password.
                if !current.is_active || current.password_hash != user.password_hash {
                    return Err(wrong());
                }
                if let Some(replaced) = replaced {
                    current.close_session(replaced);
                }
                current.open_session(session, Origin::default(), now);
                Ok(())
            },
        )
        .await?;
    edited.ok_or_else(wrong)?;
    Ok(SessionClaims {
        user: user.id,
        session,
        issued_at: now,
        expires_at: now.plus_secs(SESSION_SECS),
    })
}

/// Ends this session, or with `?all=true` all of the user's. Somebody without one is answered the
/// same.
pub(crate) async fn log_out(
    State(shop): State<Shop>,
    Visitor(visitor): Visitor,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse> {
    let query = query.unwrap_or_default();
    let all = query
        .split('&')
        .any(|pair| matches!(pair, "all=true" | "all=1"));
    if let Some(customer) = visitor {
        let ended = shop
            .store
            .edit_user(
                customer.user.id,
                || shop.entropy.version(),
                |user| {
                    if all {
                        user.sessions.clear();
                    } else {
                        user.close_session(customer.session);
                    }
                    Ok::<_, Error>(())
                },
            )
            .await?;
        ended.ok_or_else(|| Error::internal("a session's user is gone"))?;
    }
    let forget = cookies::find(&headers, cookies::SESSION)
        .and_then(|_| cookies::no_session(shop.settings.has_secure_cookies()));
    let detail = "Successfully logged out.";
    Ok((
        AppendHeaders(forget.map(|cookie| (header::SET_COOKIE, cookie))),
        Json(DetailWire { detail }),
    ))
}
