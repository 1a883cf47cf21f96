//! Public answers that browsers and shared caches may keep for a moment, and ask for again by tag.

use axum::{
    body::Bytes,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use crate::{cookies, error::Error};

/// For how many seconds after its time an answer may still be shown while a new one is fetched.
const STALE_SECS: u32 = 60;

/// Answers a reading request so that it can be kept: with `Cache-Control`, with an `ETag`, and with
/// 304 to those who have it already.
///
/// The tag is `"digest"` or, where the handler gave one of its own, `"version-digest"`. The digest is
/// one of the body: two answers have the same tag only if they are the same to a byte, whatever they
/// depend on besides the object's version. `If-Match` looks at the version alone, so a customer who
/// buys a unit does not spoil an edit; see [`IfMatch`](crate::request::IfMatch).
///
/// Only answers to nobody in particular go into shared caches. Whoever sends a session or a token,
/// even a dead one, gets an answer that no one else is given.
pub(crate) async fn keep(max_age_secs: u32, request: Request, next: Next) -> Response {
    let inbound = request.headers();
    let is_personal = inbound.contains_key(header::AUTHORIZATION)
        || cookies::find(inbound, cookies::SESSION).is_some();
    let known = known_tags(inbound);
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(cause) => return Error::internal(cause).into_response(),
    };
    let Some(tag) = tag(&body, parts.headers.get(header::ETAG)) else {
        return (parts, body).into_response();
    };
    let is_known = known.iter().any(|known| known == "*" || tag == known);
    let control = if is_personal {
        HeaderValue::from_static("private, no-cache")
    } else {
        let control =
            format!("public, max-age={max_age_secs}, stale-while-revalidate={STALE_SECS}");
        HeaderValue::from_str(&control).unwrap_or(HeaderValue::from_static("no-cache"))
    };
    parts.headers.insert(header::ETAG, tag);
    parts.headers.insert(header::CACHE_CONTROL, control);
    parts
        .headers
        .append(header::VARY, HeaderValue::from_static("Authorization"));
    if !is_known {
        return (parts, body).into_response();
    }
    parts.status = StatusCode::NOT_MODIFIED;
    for name in [header::CONTENT_TYPE, header::CONTENT_LENGTH] {
        parts.headers.remove(name);
    }
    (parts, ()).into_response()
}

/// The tags of `If-None-Match`. Caches may have weakened them; that is all the same here.
fn known_tags(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .map(|tag| tag.strip_prefix("W/").unwrap_or(tag).to_owned())
        .collect()
}

fn tag(body: &Bytes, own: Option<&HeaderValue>) -> Option<HeaderValue> {
    let digest = Sha256::digest(body);
    let digest: String = digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let own = own.and_then(|tag| tag.to_str().ok());
    let version = own.map(|tag| tag.trim_matches('"'));
    let tag = match version {
        Some(version) => format!("\"{version}-{digest}\""),
        None => format!("\"{digest}\""),
    };
    HeaderValue::from_str(&tag).ok()
}

#[cfg(test)]
mod tests {
    use axum::{
        Router,
        body::Body,
        http::{Method, Request},
    };
    use tower::ServiceExt;

    use crate::routes::{Routes, get};

    fn router() -> Router {
        let versioned = || async { ([("etag", "\"5\"")], "body") };
        Routes::<()>::new()
            .open_path("/list", get(async || "body").kept_for(15))
            .open_path("/detail", get(versioned).kept_for(15))
            .open_path(
                "/other",
                get(async || "body").kept_for(15).post(async || "made"),
            )
            .with_state(())
    }

    async fn ask(method: Method, path: &str, headers: &[(&str, &str)]) -> (u16, [String; 4]) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        let answer = router().oneshot(request).await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let shown = [header("etag"), header("cache-control"), header("vary")];
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
        let [tag, control, vary] = shown;
        let body = String::from_utf8(body.to_vec()).unwrap();
        (status, [tag, control, vary, body])
    }

    #[tokio::test]
    async fn who_has_an_answer_is_not_sent_it_again() {
        for (path, has_version) in [("/list", false), ("/detail", true)] {
            let (status, [tag, control, vary, body]) = ask(Method::GET, path, &[]).await;
            assert_eq!((status, body.as_str()), (200, "body"));
            assert_eq!(control, "public, max-age=15, stale-while-revalidate=60");
            assert_eq!(vary, "Authorization");
            assert_eq!(tag.starts_with("\"5-"), has_version, "{tag}");
            let head = ask(Method::HEAD, path, &[]).await;
            assert_eq!((head.0, &head.1[0]), (200, &tag));
            let weak = format!("\"other\", W/{tag}");
            for known in [tag.as_str(), &weak, "*"] {
                let answer = ask(Method::GET, path, &[("if-none-match", known)]).await;
                let expected = [tag.clone(), control.clone(), vary.clone(), String::new()];
                assert_eq!(answer, (304, expected), "{known}");
            }
            let answer = ask(Method::GET, path, &[("if-none-match", "\"5\"")]).await;
            assert_eq!(answer.0, 200);
        }
    }

    #[tokio::test]
    async fn what_somebody_is_shown_is_theirs() {
        for caller in [("authorization", "Token x"), ("cookie", "sessionid=x")] {
            let (status, [tag, control, ..]) = ask(Method::GET, "/list", &[caller]).await;
            assert_eq!((status, control.as_str()), (200, "private, no-cache"));
            let asked = [caller, ("if-none-match", &tag)];
            assert_eq!(ask(Method::GET, "/list", &asked).await.0, 304);
        }
        let (_, [tag, control, ..]) = ask(Method::POST, "/other", &[]).await;
        assert_eq!((tag, control), (String::new(), String::new()));
    }
}
