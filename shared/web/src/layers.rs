//! The outer layers of every HTTP function: what holds for each answer whoever gives it.

use std::{sync::Arc, time::Instant};

use axum::{
    Router,
    body::Body,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use lambda_http::RequestExt;
use tower_http::normalize_path::NormalizePath;
use tracing::Instrument;

use crate::{
    body::{self, MAX_BODY_BYTES, Payload},
    cookies, csrf,
    error::{Cause, Error},
    settings::Settings,
};

/// The header that names a request in answers and logs.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives a request without an id of its gateway's one.
pub type FreshRequestId = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone)]
struct Border {
    settings: Arc<Settings>,
    fresh_request_id: FreshRequestId,
}

/// Puts the layers around a function's routes, which are given without a slash at their end.
///
/// The trailing slash has to go before routing, and a layer of a router runs after it: so the
/// finished router is the fallback of an empty one.
pub fn finish(router: Router, settings: Arc<Settings>, fresh_request_id: FreshRequestId) -> Router {
    let border = Border {
        settings,
        fresh_request_id,
    };
    let router = router
        .fallback(|| async { Error::no_such_path() })
        .layer(middleware::from_fn_with_state(border, cross))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    Router::new()
        .fallback_service(NormalizePath::trim_trailing_slash(router))
        .layer(middleware::map_response(order_allow))
}

/// One request: in over the border, through the routes, and out again.
async fn cross(State(border): State<Border>, request: Request, next: Next) -> Response {
    let request_id = gateway_request_id(&request).unwrap_or_else(|| (border.fresh_request_id)());
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!(
        "request",
        %request_id,
        method = %request.method(),
        route,
        status = tracing::field::Empty,
        duration_ms = tracing::field::Empty,
    );
    async move {
        let started = Instant::now();
        let method = request.method().clone();
        let inbound = request.headers().clone();
        let mut response = admit(request, next).await;
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response = method_not_allowed(&method);
        }
        let cause = response.extensions_mut().remove::<Cause>();
        let status = response.status();
        let duration_ms = started.elapsed().as_millis() as u64;
        let span = tracing::Span::current();
        span.record("status", status.as_u16())
            .record("duration_ms", duration_ms);
        match cause {
            Some(cause) if status.is_server_error() => tracing::error!(%cause, "failed"),
            Some(cause) => tracing::info!(%cause, "refused"),
            None if status.is_server_error() => tracing::error!("failed"),
            None => tracing::info!("answered"),
        }
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&request_id) {
            headers.insert(REQUEST_ID, value);
        }
        add_security_headers(&border.settings, headers);
        add_cors_headers(&border.settings, &inbound, headers);
        response
    }
    .instrument(span)
    .await
}

/// API Gateway's own id of a request, so that its access log and ours name one request alike.
fn gateway_request_id(request: &Request) -> Option<String> {
    match request.request_context_ref()? {
        lambda_http::request::RequestContext::ApiGatewayV2(context) => context.request_id.clone(),
        _ => None,
    }
}

async fn admit(request: Request, next: Next) -> Response {
    if is_preflight(&request) {
        return StatusCode::NO_CONTENT.into_response();
    }
    if !can_be_answered(request.headers()) {
        return Error::detail(
            StatusCode::NOT_ACCEPTABLE,
            "Could not satisfy the request Accept header.",
        )
        .into_response();
    }
    let request = match with_form_token(request).await {
        Ok(request) => request,
        Err(error) => return error.into_response(),
    };
    next.run(request).await
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request
            .headers()
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether any of the types asked for is one that some route answers with. Routes do not negotiate:
/// this only turns away who could not read any answer at all.
fn can_be_answered(headers: &HeaderMap) -> bool {
    let answered = [
        "*",
        "application/json",
        "text/html",
        "text/plain",
        "text/csv",
    ];
    let is_answered = |range: &str| {
        let range = range
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match range.split_once('/') {
            Some(("*" | "application" | "text", "*")) => true,
            _ => {
                range.is_empty()
                    || answered.contains(&range.as_str())
                    || range.starts_with("application/vnd.oai.openapi")
            }
        }
    };
    let mut wanted = headers.get_all(header::ACCEPT).iter().peekable();
    wanted.peek().is_none()
        || wanted
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(is_answered)
}

/// A form that acts by cookie may carry its CSRF token in a field. Identity is settled before the
/// body is read, so the field is looked up here, and only where it can matter.
async fn with_form_token(request: Request) -> Result<Request, Error> {
    let headers = request.headers();
    let matters = !request.method().is_safe()
        && body::is_form(headers)
        && !headers.contains_key(csrf::HEADER)
        && cookies::find(headers, cookies::SESSION).is_some();
    if !matters {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let bytes = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => return Err(body::too_large()),
    };
    // A body that cannot be read has no token; what is wrong with it the handler says.
    if let Ok(payload) = Payload::read(&parts.headers, bytes.clone()).await
        && let Some(token) = payload
            .value
            .get(csrf::FORM_FIELD)
            .and_then(|value| value.as_str())
    {
        parts.extensions.insert(csrf::FormToken(token.to_owned()));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

/// The answer to a method that a path does not have. To OPTIONS, `Allow` is the whole answer.
fn method_not_allowed(method: &Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    Error::detail(
        StatusCode::METHOD_NOT_ALLOWED,
        format_args!("Method \"{method}\" not allowed."),
    )
    .into_response()
}

/// Writes `Allow`, which the router adds outside of the layers around its routes, in the original's
/// order and with the method that every path has.
async fn order_allow(mut response: Response) -> Response {
    let Some(allowed) = response.headers().get(header::ALLOW) else {
        return response;
    };
    let allowed = allowed.to_str().unwrap_or_default();
    let order = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
    let ordered: Vec<&str> = order
        .into_iter()
        .filter(|name| allowed.split(',').any(|known| known.trim() == *name))
        .chain(["OPTIONS"])
        .collect();
    if let Ok(ordered) = HeaderValue::from_str(&ordered.join(", ")) {
        response.headers_mut().insert(header::ALLOW, ordered);
    }
    response
}

/// What a browser is told not to do with an answer. A page that needs more of it says so itself.
fn add_security_headers(settings: &Settings, headers: &mut HeaderMap) {
    if settings.has_secure_cookies() {
        // For this host alone: what runs on hosts below it is not ours to decide.
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    for (name, value) in [
        // Nothing that is answered here is a document with parts, unless a page says otherwise.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    // One header: of several with one name, API Gateway hands on only one.
    let all = "Accept, Cookie, Origin";
    let own = headers.get(header::VARY).map(HeaderValue::as_bytes);
    let vary = match own {
        Some(own) => HeaderValue::from_bytes(&[own, b", ", all.as_bytes()].concat()).ok(),
        None => None,
    };
    headers.insert(header::VARY, vary.unwrap_or(HeaderValue::from_static(all)));
}

fn add_cors_headers(settings: &Settings, inbound: &HeaderMap, headers: &mut HeaderMap) {
    let Some(origin) = inbound.get(header::ORIGIN) else {
        return;
    };
    let is_trusted = origin
        .to_str()
        .is_ok_and(|text| settings.trusts_origin(text, inbound));
    if !is_trusted {
        return;
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "Link, ETag, X-Request-Id, Retry-After",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if inbound.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        for (name, value) in [
            (
                header::ACCESS_CONTROL_ALLOW_METHODS,
                "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
            ),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-CSRFToken, X-Requested-With",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

#[cfg(test)]
mod tests;
