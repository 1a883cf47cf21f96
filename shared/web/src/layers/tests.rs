use axum::{
    Json,
    routing::{get, post},
};
use gateways::config;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::body::Payload;

fn settings() -> Settings {
    let config = config::read(|name| {
        let value = match name {
            "PUBLIC_URL" => "https://shop.example",
            "ALLOWED_ORIGINS" => "https://front.example",
            "SIGNING_SECRET" | "ADMIN_SETUP_TOKEN" => "0123456789abcdef0123456789abcdef",
            "PUBLIC_CATALOG" | "CHAPA_BASE_URL" | "RETURN_URL" | "RETURN_URL_HOSTS" => return None,
            _ => "x",
        };
        Some(value.to_owned())
    });
    Settings::new(&config.unwrap())
}

fn router() -> Router {
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
            "/api/cached",
            get(async || ([(header::CACHE_CONTROL, "max-age=60")], "")),
        )
        .route("/api/fails", get(async || Error::internal("secret cause")))
        .route(
            "/api/hooks",
            post(async |body: Payload| Json(body.value)).layer(DefaultBodyLimit::max(10)),
        );
    finish(
        routes,
        Arc::new(settings()),
        Arc::new(|| "fresh-id".to_owned()),
    )
}

async fn send(
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (Response<()>, Vec<u8>) {
    let response = router()
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
    for path in ["/api/things/", "/nothing", "/api/fails"] {
        let (response, _) = send(request(Method::GET, path), "").await;
        let headers = response.headers();
        assert_eq!(headers["x-request-id"], "fresh-id");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(headers["referrer-policy"], "same-origin");
        assert_eq!(headers["cache-control"], "no-store");
    }
    let (response, _) = send(request(Method::GET, "/api/cached"), "").await;
    assert_eq!(response.headers()["cache-control"], "max-age=60");
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
        assert!(
            !response
                .headers()
                .contains_key("access-control-allow-origin"),
            "{origin}"
        );
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
    assert!(
        !response
            .headers()
            .contains_key("access-control-allow-methods")
    );
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
