//! The gateway before a function of its own: what a function is told, and what of its answer arrives.

use std::{collections::HashMap, sync::Arc};

use axum::{Router, body::Body, extract::Request, response::Response, routing::any};
use emulator::Wire;
use gateways::clock::Clock;
use http::{HeaderMap, StatusCode, Uri};
use lambda_http::RequestExt as _;
use local::gateway::{Gateway, Origin, Route};
use serde_json::{Value, json};
use tokio::sync::Notify;

fn gateway(function: Router) -> (Gateway, Wire) {
    let routes = [
        Route::new("ANY", "/api/echo", "echo"),
        Route::new("ANY", "/api/echo/{proxy+}", "echo"),
    ];
    let wire = Wire::new();
    let gateway = Gateway::new(
        routes.into_iter().collect(),
        HashMap::from([("echo".to_owned(), function)]),
        wire.clone(),
        Clock::system(),
        Origin {
            host: "127.0.0.1".to_owned(),
            port: 3000,
        },
    );
    (gateway, wire)
}

/// A function that tells what it was told.
fn echo() -> Router {
    Router::new().fallback(any(
        async |uri: Uri, headers: HeaderMap, request: Request| {
            let request_id = match request.request_context_ref() {
                Some(lambda_http::request::RequestContext::ApiGatewayV2(context)) => {
                    context.request_id.clone()
                }
                _ => None,
            };
            let method = request.method().to_string();
            let body = axum::body::to_bytes(request.into_body(), 100_000)
                .await
                .unwrap();
            axum::Json(json!({
                "method": method,
                "path": uri.path(),
                "query": uri.query(),
                "cookie": headers.get("cookie").map(|value| value.to_str().unwrap()),
                "request_id": request_id,
                "body": body.to_vec(),
            }))
        },
    ))
}

async fn told(response: Response) -> Value {
    let body = axum::body::to_bytes(response.into_body(), 1_000_000)
        .await
        .unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn a_function_is_told_what_was_sent() {
    let (gateway, wire) = gateway(echo());
    let request = Request::put("/api/echo/a%20b/42/?q=%C3%A9&q=2")
        .header("cookie", "sessionid=a.b")
        .header("cookie", "csrftoken=c")
        .header("content-type", "application/octet-stream")
        .body(Body::from(&[0_u8, 255, 7][..]))
        .unwrap();
    let told = told(gateway.answer(request).await).await;
    assert_eq!(told["method"], "PUT");
    assert_eq!(told["path"], "/api/echo/a%20b/42/");
    assert_eq!(told["query"], "q=%C3%A9&q=2");
    assert_eq!(told["cookie"], "sessionid=a.b; csrftoken=c");
    assert_eq!(told["body"], json!([0, 255, 7]));
    assert!(told["request_id"].is_string());
    let labels: Vec<_> = wire.ledger().into_iter().map(|entry| entry.label).collect();
    assert_eq!(labels, ["PUT /api/echo/{key}/{id}"]);
}

#[tokio::test]
async fn cookies_and_bytes_of_an_answer_arrive() {
    let (gateway, _) = gateway(Router::new().fallback(any(async || {
        Response::builder()
            .status(StatusCode::CREATED)
            .header("set-cookie", "sessionid=a; Path=/; HttpOnly")
            .header("set-cookie", "csrftoken=b; Path=/")
            .header("content-type", "image/png")
            .body(Body::from(&[137_u8, 80, 255][..]))
            .unwrap()
    })));
    let response = gateway
        .answer(Request::get("/api/echo").body(Body::empty()).unwrap())
        .await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.headers()["content-type"], "image/png");
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(
        cookies,
        ["sessionid=a; Path=/; HttpOnly", "csrftoken=b; Path=/"]
    );
    let body = axum::body::to_bytes(response.into_body(), 100)
        .await
        .unwrap();
    assert_eq!(&body[..], [137, 80, 255]);
}

#[tokio::test]
async fn the_gateway_has_words_of_its_own() {
    let (gateway, _) =
        gateway(Router::new().fallback(any(async || -> StatusCode { panic!("a bug") })));
    for (request, status, message) in [
        (
            Request::get("/api/unknown").body(Body::empty()),
            StatusCode::NOT_FOUND,
            "Not Found",
        ),
        (
            Request::get("/api/echo").body(Body::empty()),
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
        ),
        (
            Request::post("/api/echo").body(Body::from(vec![0; 10 * 1024 * 1024 + 1])),
            StatusCode::PAYLOAD_TOO_LARGE,
            "Request Entity Too Large",
        ),
    ] {
        let response = gateway.answer(request.unwrap()).await;
        assert_eq!(response.status(), status);
        assert_eq!(told(response).await, json!({ "message": message }));
    }
}

#[tokio::test]
async fn a_function_runs_to_its_end_when_the_customer_hangs_up() {
    let (begun, go_on, ended) = (
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
        Arc::new(Notify::new()),
    );
    let (begin, wait, end) = (begun.clone(), go_on.clone(), ended.clone());
    let (gateway, _) = gateway(Router::new().fallback(any(move || {
        let (begin, wait, end) = (begin.clone(), wait.clone(), end.clone());
        async move {
            begin.notify_one();
            wait.notified().await;
            end.notify_one();
        }
    })));
    let call = tokio::spawn(async move {
        gateway
            .answer(Request::get("/api/echo").body(Body::empty()).unwrap())
            .await
    });
    begun.notified().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    go_on.notify_one();
    ended.notified().await;
}
