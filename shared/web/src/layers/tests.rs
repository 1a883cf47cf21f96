use axum::{
    Json,
    routing::{get, post},
};
use gateways::config;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::body::Payload;

fn settings(public_url: &str, allowed_origins: &str) -> Settings {
    let config = config::read(|name| {
        let value = match name {
            "PUBLIC_URL" => public_url,
            "ALLOWED_ORIGINS" => allowed_origins,
            "SIGNING_SECRET" | "ADMIN_SETUP_TOKEN" => "0123456789abcdef0123456789abcdef",
            "PUBLIC_CATALOG" | "CHAPA_BASE_URL" | "RETURN_URL" | "RETURN_URL_HOSTS" => return None,
            _ => "x",
        };
        Some(value.to_owned())
    });
    Settings::new(&config.unwrap())
}

fn router() -> Router {
    router_of(settings("https://shop.example", "https://front.example"))
}

fn router_of(settings: Settings) -> Router {
    let routes = Router::new()
        .route(
            "/api/things",
            get(async || "things").post(async |body: Payload| Json(body.value)),
        )
        .route(
            "/api/things/{id}",
            get(async |uri: axum::http::Uri| uri.path().to_owned()),
        )
        .route(
            "/api/page",
            get(async || {
                let own = [
                    (header::CACHE_CONTROL, "max-age=60"),
                    (header::CONTENT_SECURITY_POLICY, "default-src 'self'"),
                    (header::REFERRER_POLICY, "no-referrer"),
                    (header::VARY, "Authorization"),
                ];
                (own, "")
            }),
        )
        .route("/api/fails", get(async || Error::internal("secret cause")))
        .route(
            "/api/hooks",
            post(async |body: Payload| Json(body.value)).layer(DefaultBodyLimit::max(10)),
        );
    finish(
        routes,
        Arc::new(settings),
        Arc::new(|| "fresh-id".to_owned()),
    )
}

async fn send(
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (Response<()>, Vec<u8>) {
    send_to(router(), request, body).await
}

async fn send_to(
    router: Router,
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (Response<()>, Vec<u8>) {
    let response = router
        .oneshot(request.body(body.into()).unwrap())
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    (Response::from_parts(parts, ()), bytes)
}

fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path)
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[tokio::test]
async fn paths_work_with_and_without_a_slash_at_their_end() {
    for path in [
        "/api/things",
        "/api/things/",
        "/api/things//",
        "/api/things/?a=b",
    ] {
        let (response, body) = send(request(Method::GET, path), "").await;
        assert_eq!(
            (response.status().as_u16(), body.as_slice()),
            (200, b"things".as_slice()),
            "{path}"
        );
    }
    let (_, body) = send(request(Method::GET, "/api/things/7/"), "").await;
    assert_eq!(body, b"/api/things/7");
    let (response, body) = send(request(Method::POST, "/api/things/"), "").await;
    assert_eq!(
        (response.status().as_u16(), parsed(&body)),
        (200, json!({})),
        "POST is not redirected"
    );
}

#[tokio::test]
async fn unknown_paths_and_methods_answer_json() {
    let (response, body) = send(request(Method::GET, "/nothing/here/"), "").await;
    assert_eq!(
        (response.status().as_u16(), parsed(&body)),
        (404, json!({ "detail": "Not found." }))
    );
    let (response, body) = send(request(Method::DELETE, "/api/things/"), "").await;
    let text = json!({ "detail": "Method \"DELETE\" not allowed." });
    assert_eq!((response.status().as_u16(), parsed(&body)), (405, text));
    assert_eq!(
        response.headers()[header::ALLOW],
        "GET, POST, HEAD, OPTIONS"
    );
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let (response, body) = send(request(Method::OPTIONS, "/api/things/"), "").await;
    assert_eq!((response.status().as_u16(), body.len()), (204, 0));
    assert_eq!(
        response.headers()[header::ALLOW],
        "GET, POST, HEAD, OPTIONS"
    );
    let (response, body) = send(request(Method::HEAD, "/api/things/"), "").await;
    assert_eq!((response.status().as_u16(), body.len()), (200, 0));
}

#[tokio::test]
async fn every_answer_has_an_id_and_guards_the_browser() {
    let preflight = request(Method::OPTIONS, "/api/things/")
        .header("origin", "https://front.example")
        .header("access-control-request-method", "POST");
    let unreadable = request(Method::GET, "/api/things/").header("accept", "image/png");
    for (request, status) in [
        (request(Method::GET, "/api/things/"), 200),
        (preflight, 204),
        (request(Method::GET, "/nothing"), 404),
        (request(Method::DELETE, "/api/things/"), 405),
        (unreadable, 406),
        (request(Method::GET, "/api/fails"), 500),
    ] {
        let (response, _) = send(request, "").await;
        assert_eq!(response.status().as_u16(), status);
        for (name, value) in [
            ("x-request-id", "fresh-id"),
            ("strict-transport-security", "max-age=31536000"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-store"),
            ("vary", "Accept, Cookie, Origin"),
        ] {
            let values: Vec<_> = response.headers().get_all(name).iter().collect();
            assert_eq!(values, [value], "{name} of a {status}");
        }
    }
}

#[tokio::test]
async fn a_page_may_say_itself_what_it_needs() {
    let (response, _) = send(request(Method::GET, "/api/page"), "").await;
    for (name, value) in [
        ("cache-control", "max-age=60"),
        ("content-security-policy", "default-src 'self'"),
        ("referrer-policy", "no-referrer"),
        ("vary", "Authorization, Accept, Cookie, Origin"),
        ("x-frame-options", "DENY"),
    ] {
        let values: Vec<_> = response.headers().get_all(name).iter().collect();
        assert_eq!(values, [value], "{name}");
    }
}

#[tokio::test]
async fn browsers_are_held_to_https_only_by_a_shop_that_is_on_it() {
    let router = router_of(settings("http://localhost:8080", ""));
    let (response, _) = send_to(router, request(Method::GET, "/api/things"), "").await;
    let held = response.headers().get(header::STRICT_TRANSPORT_SECURITY);
    assert_eq!(held, None);
}

#[tokio::test]
async fn faults_of_ours_say_nothing_of_their_cause() {
    let ours = json!({ "detail": "A server error occurred." });
    let (response, body) = send(request(Method::GET, "/api/fails/"), "").await;
    assert_eq!((response.status().as_u16(), parsed(&body)), (500, ours));
    assert_eq!(response.headers()["x-request-id"], "fresh-id");
}

#[tokio::test]
async fn origins_on_the_list_may_read_answers_and_others_may_not() {
    let from = |origin: &'static str| request(Method::GET, "/api/things/").header("origin", origin);
    for origin in ["https://front.example", "https://shop.example"] {
        let (response, _) = send(from(origin), "").await;
        assert_eq!(response.headers()["access-control-allow-origin"], origin);
        assert_eq!(
            response.headers()["access-control-allow-credentials"],
            "true"
        );
        let exposed = response.headers()["access-control-expose-headers"]
            .to_str()
            .unwrap();
        assert!(
            exposed.contains("Link") && exposed.contains("ETag"),
            "{exposed}"
        );
    }
    for origin in [
        "https://evil.example",
        "null",
        "http://shop.example",
        "https://front.example.evil",
    ] {
        let (response, _) = send(from(origin), "").await;
        assert!(!allows_reading(&response), "{origin}");
        assert_eq!(response.status(), 200);
    }
    for (origin, is_trusted) in [
        ("https://api.example:8443", true),
        ("http://api.example:8443", false),
        ("https://other.example:8443", false),
    ] {
        let request = from(origin).header("host", "api.example:8443");
        let (response, _) = send(request, "").await;
        let allowed = response
            .headers()
            .contains_key("access-control-allow-origin");
        assert_eq!(
            allowed, is_trusted,
            "{origin} where the request went to its host"
        );
    }
}

#[tokio::test]
async fn without_a_list_only_the_own_origin_may_read_answers() {
    for (origin, is_trusted) in [
        ("https://shop.example", true),
        ("https://front.example", false),
        ("http://localhost:5173", false),
        ("http://127.0.0.1:5173", false),
        ("null", false),
        ("", false),
    ] {
        let router = router_of(settings("https://shop.example", ""));
        let plain = request(Method::GET, "/api/things/").header("origin", origin);
        let (response, _) = send_to(router.clone(), plain, "").await;
        assert_eq!(allows_reading(&response), is_trusted, "{origin:?}");
        let preflight = request(Method::OPTIONS, "/api/things/")
            .header("origin", origin)
            .header("access-control-request-method", "POST");
        let (response, _) = send_to(router, preflight, "").await;
        assert_eq!(allows_reading(&response), is_trusted, "{origin:?} asks");
    }
}

/// Whether any header of the answer lets a page of another origin do anything.
fn allows_reading(response: &Response<()>) -> bool {
    let mut names = response.headers().keys();
    names.any(|name| name.as_str().starts_with("access-control-"))
}

#[tokio::test]
async fn preflights_are_answered_for_any_path() {
    let ask = |origin: &'static str| {
        request(Method::OPTIONS, "/api/things/7/")
            .header("origin", origin)
            .header("access-control-request-method", "PATCH")
            .header("access-control-request-headers", "x-csrftoken")
    };
    let (response, _) = send(ask("https://front.example"), "").await;
    assert_eq!(response.status(), 204);
    let methods = response.headers()["access-control-allow-methods"]
        .to_str()
        .unwrap();
    assert!(methods.contains("PATCH"));
    let headers = response.headers()["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(headers.contains("X-CSRFToken") && headers.contains("Authorization"));
    let (response, _) = send(ask("https://evil.example"), "").await;
    assert!(!allows_reading(&response));
}

#[tokio::test]
async fn bodies_are_bounded_and_a_route_may_bound_them_more() {
    let json = "application/json";
    let big = format!("\"{}\"", "x".repeat(MAX_BODY_BYTES));
    let post = |path: &str| request(Method::POST, path).header("content-type", json);
    let (response, body) = send(post("/api/things/"), big).await;
    assert_eq!(response.status(), 413);
    assert!(parsed(&body)["detail"].is_string());
    let (response, _) = send(post("/api/hooks/"), "\"0123456789\"").await;
    assert_eq!(response.status(), 413);
    let (response, _) = send(post("/api/hooks/"), "\"01234567\"").await;
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn who_can_read_no_answer_is_told_so() {
    for (accept, status) in [
        ("application/json", 200),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", 200),
        ("application/*", 200),
        ("application/xml", 406),
        ("image/png, audio/*", 406),
    ] {
        let (response, _) = send(
            request(Method::GET, "/api/things/").header("accept", accept),
            "",
        )
        .await;
        assert_eq!(response.status().as_u16(), status, "{accept}");
    }
}
