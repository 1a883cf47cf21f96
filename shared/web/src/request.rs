//! What requests carry besides a body: ids in the path, the version that an edit is based on, and
//! where they come from.

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use domain::{Id, Version, user::Origin};
use lambda_http::{RequestExt, request::RequestContext};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// The id in a path such as `/api/orders/{id}`. What is no integer names no path at all; an integer
/// that no id can be names an object that is not there.
#[derive(Clone, Copy, Debug)]
pub struct PathId(Option<Id>);

impl PathId {
    /// The id with its type: `id.of("Order", OrderId)?`.
    ///
    /// # Errors
    /// 404 `No Order matches the given query.` for an integer that no id can be.
    pub fn of<T>(self, what: &str, make: fn(Id) -> T) -> Result<T> {
        self.0.map(make).ok_or_else(|| Error::not_found(what))
    }

    fn read(text: &str) -> Result<Self> {
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::no_such_path());
        }
        let number = text.parse::<u64>().ok();
        Ok(Self(number.and_then(|number| Id::try_from(number).ok())))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::no_such_path())?;
        Self::read(&text)
    }
}

/// The two ids in a path such as `/api/products/{id}/images/{image}`, each as [`PathId`] has it.
#[derive(Clone, Copy, Debug)]
pub struct PathIds(pub PathId, pub PathId);

impl<S: Send + Sync> FromRequestParts<S> for PathIds {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path((outer, inner)) = Path::<(String, String)>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::no_such_path())?;
        Ok(Self(PathId::read(&outer)?, PathId::read(&inner)?))
    }
}

/// Where a request comes from: the program that sends it, as it calls itself, and the IP address as
/// API Gateway saw it. Headers that claim another address are not believed.
#[derive(Clone, Debug)]
pub struct Sender(pub Origin);

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        let agent = parts
            .headers
            .get(header::USER_AGENT)
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .unwrap_or_default();
        let ip = match parts.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => context
                .http
                .source_ip
                .as_deref()
                .and_then(|ip| ip.parse().ok()),
            _ => None,
        };
        Ok(Self(Origin::new(&agent, ip)))
    }
}

/// `ETag` of an object at this version.
pub fn etag(version: Version) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{}\"", version.value()))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// `ETag` of an object that has no version of its own: a digest of what is shown of it.
pub fn content_etag(shown: &impl Serialize) -> HeaderValue {
    let digest = serde_json::to_vec(shown)
        .map(Sha256::digest)
        .unwrap_or_default();
    let tag: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    HeaderValue::from_str(&format!("\"{tag}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The `If-Match` header: which version an edit is based on. Without it the last writer wins.
#[derive(Clone, Debug)]
pub struct IfMatch(Option<String>);

impl IfMatch {
    /// Whether an object may be edited that is at this version. Of a tag `"version-digest"`, which
    /// tells what was shown as well, only the version counts: what changes without an edit, such as
    /// stock, is in nobody's way.
    ///
    /// # Errors
    /// 412 when the edit is based on another one.
    pub fn admit(&self, version: Version) -> Result<()> {
        let version = version.value().to_string();
        self.admit_any(|tag| {
            let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            tag.is_some_and(|tag| tag.split('-').next() == Some(&version))
        })
    }

    /// Whether an object may be edited whose `ETag` is this.
    ///
    /// # Errors
    /// 412 when the edit is based on another one.
    pub fn admit_tag(&self, current: &HeaderValue) -> Result<()> {
        self.admit_any(|tag| tag == current)
    }

    fn admit_any(&self, is_current: impl Fn(&str) -> bool) -> Result<()> {
        let Some(wanted) = &self.0 else {
            return Ok(());
        };
        let matches = wanted.split(',').map(str::trim).any(|tag| {
            // Gateways may weaken a tag on the way; the version in it is exact all the same.
            tag == "*" || is_current(tag.strip_prefix("W/").unwrap_or(tag))
        });
        if matches { Ok(()) } else { Err(Error::stale()) }
    }

    fn of(headers: &HeaderMap) -> Self {
        let joined: Vec<_> = headers
            .get_all(header::IF_MATCH)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()))
            .collect();
        Self((!joined.is_empty()).then(|| joined.join(",")))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &S,
    ) -> std::result::Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_passes_on_its_own_version_only() {
        let version = Version(Id::compose(0, 5));
        let admits = |value: &'static str| {
            let headers =
                HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_static(value))]);
            IfMatch::of(&headers).admit(version).is_ok()
        };
        assert_eq!(etag(version), "\"5\"");
        for good in [
            "\"5\"",
            "W/\"5\"",
            "*",
            "\"4\", \"5\"",
            "\"5-a1b2\"",
            "W/\"5-\"",
        ] {
            assert!(admits(good), "{good}");
        }
        for stale in ["\"4\"", "5", "", "\"55\"", "\"4-5\"", "\"-5\"", "5-a1b2"] {
            assert!(!admits(stale), "{stale}");
        }
        assert!(IfMatch::of(&HeaderMap::new()).admit(version).is_ok());
    }
}
