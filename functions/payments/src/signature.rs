//! Whether a webhook is Chapa's: an HMAC over the bytes as received.
//!
//! Chapa sends two headers. `x-chapa-signature` is over the body. `chapa-signature` is usually over
//! the secret itself, a constant that proves nothing about the body, and only custom webhooks put
//! the body's there: so a body HMAC is accepted under either name, the constant under neither.

use axum::http::HeaderMap;
use gateways::config::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const HEADERS: [&str; 2] = ["x-chapa-signature", "chapa-signature"];

/// Whether one of the signatures is that of the body under one of the secrets. Compared in constant
/// time.
pub(crate) fn is_authentic(headers: &HeaderMap, body: &[u8], secrets: &[Secret]) -> bool {
    let signatures = HEADERS
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .filter_map(|value| from_hex(value.as_bytes()));
    let mut authentic = false;
    for signature in signatures {
        for secret in secrets {
            let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else {
                continue;
            };
            authentic |= mac.chain_update(body).verify_slice(&signature).is_ok();
        }
    }
    authentic
}

/// 64 hex digits as 32 bytes.
fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let text = text.trim_ascii();
    if text.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const BODY: &[u8] = include_bytes!("../tests/chapa-webhook-vector.json");
    const SECRET: &str = "whsec_test_0123456789";
    const OF_BODY: &str = "b25bcb721dec3def0d99a7c0ffe0034224e54926e18493b0e201c8752a761970";
    const OF_SECRET: &str = "ccffd07681491542b29e80e0fa77b67afe9c0c7276f1e429b6d15ebef5eb66dc";

    fn accepted(name: &'static str, signature: &[u8], body: &[u8], secrets: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_bytes(signature).unwrap());
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(*secret)).collect();
        is_authentic(&headers, body, &secrets)
    }

    #[test]
    fn the_bodys_signature_is_accepted_under_either_name() {
        assert!(accepted(
            "x-chapa-signature",
            OF_BODY.as_bytes(),
            BODY,
            &[SECRET]
        ));
        assert!(accepted(
            "chapa-signature",
            OF_BODY.as_bytes(),
            BODY,
            &[SECRET]
        ));
        let upper = OF_BODY.to_uppercase();
        assert!(accepted(
            "x-chapa-signature",
            upper.as_bytes(),
            BODY,
            &[SECRET]
        ));
    }

    #[test]
    fn the_secrets_own_signature_proves_nothing() {
        assert!(!accepted(
            "chapa-signature",
            OF_SECRET.as_bytes(),
            BODY,
            &[SECRET]
        ));
        assert!(!accepted(
            "x-chapa-signature",
            OF_SECRET.as_bytes(),
            BODY,
            &[SECRET]
        ));
    }

    #[test]
    fn two_secrets_are_good_while_one_replaces_the_other() {
        assert!(accepted(
            "x-chapa-signature",
            OF_BODY.as_bytes(),
            BODY,
            &["new", SECRET]
        ));
        assert!(!accepted(
            "x-chapa-signature",
            OF_BODY.as_bytes(),
            BODY,
            &["new"]
        ));
    }

    #[test]
    fn whatever_is_bent_is_refused() {
        let mut body = BODY.to_vec();
        body[10] ^= 1;
        assert!(!accepted(
            "x-chapa-signature",
            OF_BODY.as_bytes(),
            &body,
            &[SECRET]
        ));
        for signature in ["", "00", "zz", &OF_BODY[1..], "+1".repeat(32).as_str()] {
            assert!(!accepted(
                "x-chapa-signature",
                signature.as_bytes(),
                BODY,
                &[SECRET]
            ));
        }
        assert!(!accepted("x-chapa-signature", &[0xe9; 64], BODY, &[SECRET]));
        assert!(!is_authentic(
            &HeaderMap::new(),
            BODY,
            &[Secret::new(SECRET)]
        ));
    }
}
