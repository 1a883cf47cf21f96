//! The two cookies of the shop: how they are read, set and taken back.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, CookieBuilder, SameSite, time::Duration};
use domain::user::SESSION_SECS;

/// Holds the session token; scripts cannot read it.
pub const SESSION: &str = "sessionid";
/// Holds the CSRF token; scripts read it and send it back in a header.
pub const CSRF: &str = "csrftoken";

/// A year less a day, as Django has it.
const CSRF_SECS: i64 = 31_449_600;

/// The value of a cookie that was sent. Of several with one name the last counts, as in Django.
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cookie<'a>> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .filter(|cookie| cookie.name() == name)
        .last()
}

/// `Set-Cookie` that begins a session on this browser.
pub fn session(token: &str, is_secure: bool) -> Option<HeaderValue> {
    let cookie = Cookie::build((SESSION, token))
        .http_only(true)
        .max_age(Duration::seconds(SESSION_SECS));
    written(cookie, is_secure)
}

/// `Set-Cookie` that ends the session on this browser.
pub fn no_session(is_secure: bool) -> Option<HeaderValue> {
    let cookie = Cookie::build((SESSION, ""))
        .http_only(true)
        .max_age(Duration::ZERO);
    written(cookie, is_secure)
}

/// `Set-Cookie` that hands out a CSRF token.
pub fn csrf(token: &str, is_secure: bool) -> Option<HeaderValue> {
    let cookie = Cookie::build((CSRF, token)).max_age(Duration::seconds(CSRF_SECS));
    written(cookie, is_secure)
}

fn written(cookie: CookieBuilder<'_>, is_secure: bool) -> Option<HeaderValue> {
    let cookie = cookie
        .path("/")
        .same_site(SameSite::Lax)
        .secure(is_secure)
        .build();
    HeaderValue::from_str(&cookie.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_set_as_the_contract_says_and_secure_on_https() {
        assert_eq!(
            session("abc", false).unwrap(),
            "sessionid=abc; HttpOnly; SameSite=Lax; Path=/; Max-Age=1209600"
        );
        assert_eq!(
            csrf("abc", true).unwrap(),
            "csrftoken=abc; SameSite=Lax; Secure; Path=/; Max-Age=31449600"
        );
        assert_eq!(
            no_session(false).unwrap(),
            "sessionid=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn the_last_cookie_of_a_name_counts_wherever_it_stands() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; sessionid=x; b=2"),
        );
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("sessionid=y;broken"),
        );
        assert_eq!(find(&headers, SESSION).unwrap().value(), "y");
        assert!(find(&headers, CSRF).is_none());
    }
}
