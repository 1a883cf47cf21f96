//! Signatures of version 4, checked with no code in common with what makes them.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::StatusCode;
use sha2::{Digest as _, Sha256};

use domain::Timestamp;

use super::{Call, Refusal};

/// The one key whose secret is known here. `sam local` brings credentials of its own, of which it is
/// not: what is signed with those is taken unchecked.
const KNOWN_KEY: (&str, &str) = ("local", "local");

/// By how many seconds a request's time may differ from S3's.
const MAX_SKEW_SECS: i64 = 15 * 60;

/// What a signature is good for: `key/20261123/local/s3/aws4_request`.
struct Scope<'a> {
    key: &'a str,
    day: &'a str,
    rest: &'a str,
}

impl<'a> Scope<'a> {
    fn read(credential: &'a str) -> Option<Scope<'a>> {
        let (key, scope) = credential.split_once('/')?;
        let (day, rest) = scope.split_once('/')?;
        rest.ends_with("/s3/aws4_request")
            .then_some(Scope { key, day, rest })
    }

    /// The signature of a text, in hexadecimal.
    fn sign(&self, secret: &str, text: &[u8]) -> String {
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in std::iter::once(self.day).chain(self.rest.split('/')) {
            key = mac(&key, part.as_bytes());
        }
        hex(&mac(&key, text))
    }
}

/// Checks the signature under a text, in a credential's scope.
pub(super) fn check_text(credential: &str, text: &[u8], signature: &str) -> Result<(), Refusal> {
    let scope = Scope::read(credential);
    let scope = scope.ok_or_else(|| Refusal::bad("InvalidArgument", "Malformed credential"))?;
    if scope.key != KNOWN_KEY.0 || scope.sign(KNOWN_KEY.1, text) == signature {
        return Ok(());
    }
    let message = "The request signature we calculated does not match the signature you provided.";
    Err(Refusal(
        StatusCode::FORBIDDEN,
        "SignatureDoesNotMatch",
        message.to_owned(),
    ))
}

/// Checks that a request is signed, now, as it is.
pub(super) fn check(call: &Call, now: i64) -> Result<(), Refusal> {
    let header = |name: &str| {
        let value = call.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let authorization = header("authorization").strip_prefix("AWS4-HMAC-SHA256 ");
    let authorization = authorization.ok_or_else(|| Refusal::denied("Access Denied"))?;
    let field = |name: &str| {
        let mut fields = authorization.split(", ");
        fields
            .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default()
    };
    let (credential, signed) = (field("Credential"), field("SignedHeaders"));
    let (date, hash) = (header("x-amz-date"), header("x-amz-content-sha256"));
    if hash != hex(&Sha256::digest(&call.body)) {
        let message =
            "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return Err(Refusal::bad("XAmzContentSHA256Mismatch", message));
    }
    if !is_now(date, now) {
        let message =
            "The difference between the request time and the current time is too large.".to_owned();
        let status = StatusCode::FORBIDDEN;
        return Err(Refusal(status, "RequestTimeTooSkewed", message));
    }
    // What S3 acts upon has to be signed.
    let names: Vec<&str> = signed.split(';').collect();
    let acted_upon = call.headers.keys().map(http::HeaderName::as_str);
    let mut acted_upon = acted_upon.filter(|name| name.starts_with("x-amz-") || *name == "host");
    if let Some(name) = acted_upon.find(|name| !names.contains(name)) {
        let message = format!("There were headers present which were not signed: {name}");
        return Err(Refusal::denied(message));
    }
    let headers: String = names
        .iter()
        .map(|name| format!("{name}:{}\n", header(name).trim()))
        .collect();
    let (method, uri) = (&call.method, &call.uri);
    let (path, query) = (uri.path(), uri.query().unwrap_or_default());
    let canonical = format!("{method}\n{path}\n{query}\n{headers}\n{signed}\n{hash}");
    let scope = credential.split_once('/').map_or("", |(_, scope)| scope);
    let digest = hex(&Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}");
    check_text(credential, text.as_bytes(), field("Signature"))
}

/// Whether a time is about now. It is written so that texts sort as times do.
fn is_now(date: &str, now: i64) -> bool {
    let written = |secs: i64| Timestamp(secs).to_string().replace(['-', ':'], "");
    let earliest = written(now.saturating_sub(MAX_SKEW_SECS));
    let latest = written(now.saturating_add(MAX_SKEW_SECS));
    (earliest.as_str()..=latest.as_str()).contains(&date)
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length is taken, so there is always one.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
