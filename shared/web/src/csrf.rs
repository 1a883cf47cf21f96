//! Cross-site request forgery: whoever acts by cookie shows that a page of ours asked for it.
//!
//! The token is an HMAC of the session's id, so it needs no place in the table, and a token planted
//! by another site fits no session. Its two written forms, plain (32 characters) and masked (64),
//! and all messages are Django's.

use axum::http::{HeaderMap, Method, header};
use domain::SessionId;

use crate::{
    cookies,
    tokens::{Tokens, same},
};

/// The header that carries the token.
pub const HEADER: &str = "x-csrftoken";
/// The form field that may carry it instead.
pub const FORM_FIELD: &str = "csrfmiddlewaretoken";

const ALPHABET: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const PLAIN_CHARS: usize = 32;

/// The token of a form's field, put beside the request by the outer layer.
#[derive(Clone, Debug)]
pub(crate) struct FormToken(pub String);

/// The plain token of a session.
pub fn token(tokens: &Tokens, session: SessionId) -> String {
    write(tokens.csrf_bytes(session))
}

/// Writes 32 bytes in the token's alphabet. 256 is no multiple of 62, so some characters come a
/// little more often; 190 bits remain.
pub fn write(bytes: [u8; PLAIN_CHARS]) -> String {
    bytes
        .iter()
        .map(|byte| letter(usize::from(*byte)))
        .collect()
}

/// The masked form of a plain token: different every time, so that compression of answers cannot be
/// used to guess it.
pub fn mask(token: &str, random: [u8; PLAIN_CHARS]) -> String {
    let mask = write(random);
    let cipher: String = places(token)
        .zip(places(&mask))
        .map(|(plain, mask)| letter(plain + mask))
        .collect();
    mask + &cipher
}

fn unmask(token: &str) -> String {
    let (mask, cipher) = token.split_at(PLAIN_CHARS);
    places(cipher)
        .zip(places(mask))
        .map(|(cipher, mask)| letter(cipher + ALPHABET.len() - mask))
        .collect()
}

fn letter(place: usize) -> char {
    char::from(ALPHABET[place % ALPHABET.len()])
}

fn places(text: &str) -> impl Iterator<Item = usize> {
    text.bytes().map(|byte| {
        ALPHABET
            .iter()
            .position(|known| *known == byte)
            .unwrap_or_default()
    })
}

/// A token as sent, brought into its plain form.
///
/// # Errors
/// What is wrong with it, in Django's words.
pub fn plain(token: &str) -> Result<String, &'static str> {
    if token.len() != PLAIN_CHARS && token.len() != 2 * PLAIN_CHARS {
        return Err("has incorrect length");
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err("has invalid characters");
    }
    Ok(if token.len() == PLAIN_CHARS {
        token.to_owned()
    } else {
        unmask(token)
    })
}

/// Checks a request that acts by the cookie session `session`.
///
/// # Errors
/// Why it is refused, in the contract's words.
pub(crate) fn check(
    method: &Method,
    headers: &HeaderMap,
    form_token: Option<&FormToken>,
    is_trusted_origin: impl Fn(&str) -> bool,
    tokens: &Tokens,
    session: SessionId,
) -> Result<(), String> {
    if method.is_safe() {
        return Ok(());
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = String::from_utf8_lossy(origin.as_bytes());
        if !is_trusted_origin(&origin) {
            return Err(format!(
                "Origin checking failed - {origin} does not match any trusted origins."
            ));
        }
    }
    let Some(cookie) = cookies::find(headers, cookies::CSRF) else {
        return Err("CSRF cookie not set.".into());
    };
    let cookie = plain(cookie.value()).map_err(|fault| format!("CSRF cookie {fault}."))?;
    let header = headers
        .get(HEADER)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let (sent, place) = match (header, form_token) {
        (Some(header), _) if !header.is_empty() => {
            (header.into_owned(), "the 'X-Csrftoken' HTTP header")
        }
        (_, Some(FormToken(field))) if !field.is_empty() => (field.clone(), "POST"),
        _ => return Err("CSRF token missing.".into()),
    };
    let sent = plain(&sent).map_err(|fault| format!("CSRF token from {place} {fault}."))?;
    let ours = token(tokens, session);
    if same(sent.as_bytes(), cookie.as_bytes()) && same(sent.as_bytes(), ours.as_bytes()) {
        Ok(())
    } else {
        Err(format!("CSRF token from {place} incorrect."))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use domain::Id;

    use super::*;

    fn tokens() -> Tokens {
        Tokens::new(b"a signing secret for tests")
    }

    fn session() -> SessionId {
        SessionId(Id::compose(0, 5))
    }

    fn outcome(headers: &[(&'static str, &str)], form: Option<&str>) -> Result<(), String> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (
                    header::HeaderName::from_static(name),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        let form = form.map(|token| FormToken(token.to_owned()));
        let trusted = |origin: &str| origin == "https://shop.example";
        check(
            &Method::POST,
            &headers,
            form.as_ref(),
            trusted,
            &tokens(),
            session(),
        )
    }

    #[test]
    fn both_forms_pass_in_header_and_form() {
        let token = token(&tokens(), session());
        let masked = mask(&token, [77; 32]);
        assert_eq!((token.len(), masked.len()), (32, 64));
        let cookie = format!("csrftoken={token}");
        for sent in [&token, &masked] {
            assert_eq!(
                outcome(&[("cookie", &cookie), (HEADER, sent)], None),
                Ok(())
            );
            assert_eq!(outcome(&[("cookie", &cookie)], Some(sent)), Ok(()));
        }
        let masked_cookie = format!("csrftoken={masked}");
        assert_eq!(
            outcome(&[("cookie", &masked_cookie), (HEADER, &token)], None),
            Ok(())
        );
        let origin = ("origin", "https://shop.example");
        assert_eq!(
            outcome(&[("cookie", &cookie), (HEADER, &token), origin], None),
            Ok(())
        );
    }

    #[test]
    fn masking_is_djangos() {
        // django.middleware.csrf._unmask_cipher_token, Django 5.2, gives the plain token back.
        let plain = "abcdefghijklmnopqrstuvwxyzABCDEF";
        let masked = mask(plain, std::array::from_fn(|at| at as u8 * 7));
        assert_eq!(unmask(&masked), plain);
        assert_ne!(masked, mask(plain, [9; 32]));
    }

    #[test]
    fn each_failure_has_the_contracts_words() {
        let token = token(&tokens(), session());
        let cookie = format!("csrftoken={token}");
        let cookie = ("cookie", cookie.as_str());
        let says = |headers: &[(&'static str, &str)]| outcome(headers, None).unwrap_err();
        assert_eq!(says(&[cookie]), "CSRF token missing.");
        assert_eq!(says(&[(HEADER, &token)]), "CSRF cookie not set.");
        let wrong = "x".repeat(64);
        assert_eq!(
            says(&[cookie, (HEADER, &wrong)]),
            "CSRF token from the 'X-Csrftoken' HTTP header incorrect."
        );
        assert_eq!(
            says(&[cookie, (HEADER, "short")]),
            "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length."
        );
        assert_eq!(
            says(&[cookie, (HEADER, &"ä".repeat(16))]),
            "CSRF token from the 'X-Csrftoken' HTTP header has invalid characters."
        );
        assert_eq!(
            says(&[cookie, (HEADER, &token), ("origin", "https://evil.example")]),
            "Origin checking failed - https://evil.example does not match any trusted origins."
        );
        assert_eq!(
            outcome(&[cookie], Some("no")),
            Err("CSRF token from POST has incorrect length.".into())
        );
    }

    #[test]
    fn a_token_of_another_session_is_refused_though_cookie_and_header_agree() {
        let planted = token(&tokens(), SessionId(Id::compose(0, 6)));
        let cookie = format!("csrftoken={planted}");
        assert_eq!(
            outcome(&[("cookie", &cookie), (HEADER, &planted)], None),
            Err("CSRF token from the 'X-Csrftoken' HTTP header incorrect.".into())
        );
    }
}
