//! Who is asking, and may they: by session cookie or bearer token.
//!
//! A handler says whom it admits by the extractor it takes: [`Visitor`], [`Customer`], [`Verified`],
//! [`Staff`], [`Superuser`], [`Reader`]. A forged or expired token dies before the table is read; a session that
//! was ended, right after. [`Credentials`] is for a handler that reads the user itself, together
//! with other items.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use domain::{SessionId, Timestamp, UserId, user::User};

use crate::{
    cookies, csrf,
    error::{Error, Result},
    shop::Shop,
    tokens::SessionClaims,
};

/// A token of ours that has not expired. Whether its session is live, only the user's item tells.
#[derive(Debug)]
pub struct Credentials {
    claims: SessionClaims,
    by: By,
}

#[derive(Debug)]
enum By {
    Bearer,
    /// With why the request may be forged, if it may. It is told only to a live session, since
    /// nobody else has anything to protect.
    Cookie(std::result::Result<(), String>),
}

impl Credentials {
    /// Whose token it is.
    pub fn user(&self) -> UserId {
        self.claims.user
    }

    /// Which session it names.
    pub fn session(&self) -> SessionId {
        self.claims.session
    }

    /// Admits the user these credentials name, as the table has them.
    ///
    /// # Errors
    /// 403 for a cookie whose session has ended, 401 for such a bearer token, 403 for a request that
    /// another site may have forged.
    pub fn admit(self, user: Option<User>, now: Timestamp) -> Result<Customer> {
        let session = self.claims.session;
        let live = user.filter(|user| user.id == self.claims.user && user.admits(session, now));
        match (live, self.by) {
            (Some(user), By::Bearer | By::Cookie(Ok(()))) => Ok(Customer { user, session }),
            (Some(_), By::Cookie(Err(reason))) => Err(Error::csrf(reason)),
            (None, By::Bearer) => Err(Error::bad_bearer()),
            (None, By::Cookie(_)) => Err(Error::not_authenticated()),
        }
    }

    fn read(parts: &Parts, shop: &Shop) -> Result<Option<Self>> {
        let now = shop.clock.now();
        if let Some(token) = bearer(&parts.headers) {
            let claims = shop
                .tokens
                .read_session(token, now)
                .ok_or_else(Error::bad_bearer)?;
            return Ok(Some(Self {
                claims,
                by: By::Bearer,
            }));
        }
        let Some(claims) = cookies::find(&parts.headers, cookies::SESSION)
            .and_then(|cookie| shop.tokens.read_session(cookie.value(), now))
        else {
            return Ok(None);
        };
        let checked = csrf::check(
            &parts.method,
            &parts.headers,
            parts.extensions.get(),
            |origin| shop.settings.trusts_origin(origin, &parts.headers),
            &shop.tokens,
            claims.session,
        );
        Ok(Some(Self {
            claims,
            by: By::Cookie(checked),
        }))
    }
}

/// The token of an `Authorization: Bearer|Token …` header; other schemes are not ours to judge.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    // Bytes that are no text are no token either, but the header is there: it fails as a bad one.
    let value = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .unwrap_or("Bearer");
    let (scheme, token) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
    let is_ours = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    is_ours.then(|| token.trim())
}

/// Somebody who is logged in.
#[derive(Debug)]
pub struct Customer {
    /// Who, as the table has them now.
    pub user: User,
    /// By which login.
    pub session: SessionId,
}

/// Anybody, known or not.
#[derive(Debug)]
pub struct Visitor(pub Option<Customer>);

/// Anybody where the catalogue is public, otherwise somebody who is logged in.
#[derive(Debug)]
pub struct Reader(pub Option<Customer>);

impl Reader {
    /// Whether the reader works for the shop.
    pub fn is_staff(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|customer| customer.user.is_staff)
    }
}

/// Somebody who is logged in and has proved the address.
#[derive(Debug)]
pub struct Verified(pub Customer);

/// Somebody who works for the shop.
#[derive(Debug)]
pub struct Staff(pub Customer);

/// Somebody who decides who works for the shop.
#[derive(Debug)]
pub struct Superuser(pub Customer);

impl<S> FromRequestParts<S> for Credentials
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Self::read(parts, &Shop::from_ref(state))?.ok_or_else(Error::not_authenticated)
    }
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let shop = Shop::from_ref(state);
        let Some(credentials) = Credentials::read(parts, &shop)? else {
            return Ok(Self(None));
        };
        let is_cookie = matches!(credentials.by, By::Cookie(_));
        let user = shop.store.find_user(credentials.user()).await?;
        let is_live = user
            .as_ref()
            .is_some_and(|user| user.admits(credentials.session(), shop.clock.now()));
        // A cookie whose session has ended is no cookie; a bearer token is a claim that must hold.
        if is_cookie && !is_live {
            return Ok(Self(None));
        }
        credentials
            .admit(user, shop.clock.now())
            .map(|customer| Self(Some(customer)))
    }
}

impl<S> FromRequestParts<S> for Reader
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Visitor(visitor) = Visitor::from_request_parts(parts, state).await?;
        if visitor.is_none() && !Shop::from_ref(state).settings.is_catalog_public {
            return Err(Error::not_authenticated());
        }
        Ok(Self(visitor))
    }
}

impl<S> FromRequestParts<S> for Customer
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Visitor(visitor) = Visitor::from_request_parts(parts, state).await?;
        visitor.ok_or_else(Error::not_authenticated)
    }
}

impl<S> FromRequestParts<S> for Verified
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Customer::from_request_parts(parts, state).await?.verified()
    }
}

impl<S> FromRequestParts<S> for Staff
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Customer::from_request_parts(parts, state).await?.staff()
    }
}

impl<S> FromRequestParts<S> for Superuser
where
    S: Send + Sync,
    Shop: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        Customer::from_request_parts(parts, state)
            .await?
            .superuser()
    }
}

impl Customer {
    /// This customer, if the address is proved.
    ///
    /// # Errors
    /// 403 `Email verification required.`
    pub fn verified(self) -> Result<Verified> {
        if self.user.is_verified() {
            Ok(Verified(self))
        } else {
            Err(Error::email_not_verified())
        }
    }

    /// This customer, if they work for the shop.
    ///
    /// # Errors
    /// 403 for others.
    pub fn staff(self) -> Result<Staff> {
        if self.user.is_staff {
            Ok(Staff(self))
        } else {
            Err(Error::permission_denied())
        }
    }

    /// This customer, if they decide who works for the shop.
    ///
    /// # Errors
    /// 403 for others, staff among them.
    pub fn superuser(self) -> Result<Superuser> {
        if self.user.is_superuser && self.user.is_staff {
            Ok(Superuser(self))
        } else {
            Err(Error::permission_denied())
        }
    }
}

/// The answer to a method that a path does not have, given only to those whom the path admits at
/// all; [`Routes::path`](crate::Routes::path) puts it there. The layers write its body.
pub async fn method_not_allowed<Who>(_: Who) -> StatusCode {
    StatusCode::METHOD_NOT_ALLOWED
}
