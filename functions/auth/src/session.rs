//! Login and logout.

use axum::{
    Json,
    extract::{RawQuery, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse},
};
use domain::{
    SessionId,
    event::EventKind,
    user::{Origin, SESSION_SECS, User, normalize_email},
};
use serde::Serialize;
use web::{
    Error, Fields, Payload, Result, Shop, cookies, csrf,
    fields::{email, text},
    identity::Visitor,
    request::Sender,
    tokens::SessionClaims,
};

use crate::{attempts, hashing, registration::DetailWire};

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
    Sender(origin): Sender,
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
    let counters = attempts::at_login(&shop, &email, known.as_ref(), &origin);
    attempts::count(&shop, &counters).await?;
    let hashed = known.as_ref().map(|user| user.password_hash.clone());
    let is_right = hashing::verify(password.clone(), hashed).await?;
    let Some(user) = known.filter(|_| is_right) else {
        return Err(wrong());
    };
    let rehashed = if hashing::is_outdated(&user.password_hash) {
        Some(hashing::hash(&shop, password).await?)
    } else {
        None
    };
    let login = Login {
        session: SessionId(shop.entropy.id()),
        origin,
        rehashed,
        replaced: visitor
            .filter(|before| before.user.id == user.id)
            .map(|before| before.session),
    };
    let (claims, ()) = tokio::join!(
        open_session(&shop, &user, &login),
        attempts::forgive(&shop, &counters)
    );
    let claims = claims?;
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

/// What a login writes into the user's item.
struct Login {
    session: SessionId,
    origin: Origin,
    /// The password's hash at today's cost, if the one that is stored was made at another.
    rehashed: Option<String>,
    /// The session of the same user that the browser brought along: it ends, since it is about to
    /// lose its cookie.
    replaced: Option<SessionId>,
}

async fn open_session(shop: &Shop, user: &User, login: &Login) -> Result<SessionClaims> {
    let (now, session) = (shop.clock.now(), login.session);
    let edited = shop
        .store
        .edit_user_telling(
            user.id,
            || shop.entropy.version(),
            |current| {
                // The password was checked against the item as it was; if that has changed since, so
                // may have the password.
                if !current.is_active || current.password_hash != user.password_hash {
                    return Err(wrong());
                }
                if let Some(rehashed) = &login.rehashed {
                    current.password_hash.clone_from(rehashed);
                }
                if let Some(replaced) = login.replaced {
                    current.close_session(replaced);
                }
                let is_new = current.open_session(session, login.origin.clone(), now);
                // Nobody is written to who has not proved that the address is theirs.
                let told = (is_new && current.email_verified_at.is_some()).then(|| {
                    let user = current.id;
                    shop.entropy
                        .event(EventKind::SignedInAnew { user, session })
                });
                Ok(((), told.into_iter().collect()))
            },
        )
        .await?;
    let ((), told) = edited.ok_or_else(wrong)?;
    shop.relay.announce(&told).await;
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
