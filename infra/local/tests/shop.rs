//! The whole shop in one process: API, queue, mail and schedules together.

use http::StatusCode;
use local::flags::Flags;
use serde_json::{Value, json};

use crate::bench::{Bench, flags};

async fn register(bench: &Bench, email: &str) {
    let body =
        json!({ "email": email, "password1": "barefoot-1960", "password2": "barefoot-1960" });
    let (status, body) = bench.post("/api/auth/registration/", &body).await;
    assert_eq!(status, StatusCode::CREATED, "{body}");
}

async fn mails(bench: &Bench, email: &str) -> Vec<Value> {
    let (_, mails) = bench.get(&format!("/_local/mail?to={email}")).await;
    mails.as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_catalogue_is_for_sale() {
    let bench = Bench::with(&Flags {
        demo: true,
        ..flags()
    })
    .await;
    for path in ["/api/products/?limit=100", "/api/products?limit=100"] {
        let (status, products) = bench.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(products.as_array().unwrap().len() >= 30, "{path}");
    }
    let (_, figures) = bench.get("/_local/capacity").await;
    let route = figures
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["label"] == "GET /api/products")
        .unwrap();
    assert_eq!(route["requests"], 2);
    assert!(
        route["read_units"].as_f64().unwrap() > 0.0 && route["round_trips"].as_u64().unwrap() > 0
    );
    bench.delete("/_local/capacity").await;
    assert_eq!(bench.get("/_local/capacity").await.1, json!([]));
    assert!(
        bench
            .page("/")
            .await
            .1
            .contains("The demonstration catalogue is loaded.")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_exist_is_said_in_json() {
    let bench = Bench::with(&flags()).await;
    for path in ["/api/unheard-of/", "/favicon.ico"] {
        assert_eq!(
            bench.get(path).await,
            (StatusCode::NOT_FOUND, json!({ "detail": "Not found." })),
            "{path}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settling_waits_for_the_mail() {
    let bench = Bench::with(&flags()).await;
    register(&bench, "abebe@example.com").await;
    assert_eq!(
        bench.post("/_local/settle", &Value::Null).await.1,
        json!({ "settled": true })
    );
    let caught = mails(&bench, "abebe@example.com").await;
    assert_eq!(caught.len(), 1);
    for field in ["id", "from", "to", "subject", "text", "html", "sent_at"] {
        assert!(!caught[0][field].is_null(), "{field}");
    }
    assert!(mails(&bench, "somebody.else@example.com").await.is_empty());
    let id = caught[0]["id"].as_i64().unwrap();
    let (status, page) = bench.page(&format!("/_local/mail/{id}")).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("srcdoc=\"&#60;") && page.contains("sandbox=\"allow-popups"),
        "{page}"
    );
    assert_eq!(bench.delete("/_local/mail").await, StatusCode::NO_CONTENT);
    assert!(mails(&bench, "abebe@example.com").await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settling_tries_again_what_failed_and_sends_what_was_left_behind() {
    let bench = Bench::with(&flags()).await;
    // The queue does not take the event: it stays in the outbox. Then mail fails as well.
    for fault in [
        json!({ "service": "sqs", "kind": "refused", "times": 3 }),
        json!({ "service": "ses", "kind": "throttled", "times": 4 }),
    ] {
        assert_eq!(
            bench.post("/_local/faults", &fault).await.0,
            StatusCode::CREATED
        );
    }
    register(&bench, "abebe@example.com").await;
    assert_eq!(
        bench.post("/_local/settle", &Value::Null).await,
        (StatusCode::OK, json!({ "settled": true }))
    );
    assert_eq!(mails(&bench, "abebe@example.com").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scheduled_functions_run_when_told_to() {
    let bench = Bench::with(&flags()).await;
    let (_, schedules) = bench.get("/_local/schedules").await;
    for schedule in schedules.as_array().unwrap() {
        let function = schedule["function"].as_str().unwrap();
        let (status, summary) = bench
            .post(&format!("/_local/schedules/{function}"), &Value::Null)
            .await;
        assert_eq!(status, StatusCode::OK, "{function}");
        assert!(summary.is_object(), "{function}: {summary}");
    }
    let fault = json!({ "service": "dynamodb", "kind": "refused", "times": 100 });
    bench.post("/_local/faults", &fault).await;
    let (status, body) = bench
        .post("/_local/schedules/expire-reservations", &Value::Null)
        .await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(
        body["detail"]
            .as_str()
            .unwrap()
            .starts_with("expire-reservations failed"),
        "{body}"
    );
    bench.delete("/_local/faults").await;
    let (status, _) = bench
        .post("/_local/schedules/expire-reservations", &Value::Null)
        .await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_survive_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let flags = Flags {
        memory: false,
        data: place.path().to_owned(),
        ..flags()
    };
    let first = Bench::with(&flags).await;
    register(&first, "abebe@example.com").await;
    let credentials = json!({ "email": "abebe@example.com", "password": "barefoot-1960" });
    let (_, body) = first.post("/api/auth/login/", &credentials).await;
    let key = body["key"].as_str().unwrap().to_owned();
    first.shop.close().await;

    let second = Bench::with(&flags).await;
    let request = second
        .client
        .get(second.url("/api/auth/user/"))
        .header("authorization", format!("Bearer {key}"));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    second.post("/_local/settle", &Value::Null).await;
    assert_eq!(
        mails(&second, "abebe@example.com").await.len(),
        1,
        "the mail was not lost either"
    );
    second.shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frontend_under_development_may_call_from_any_port_of_this_machine() {
    let bench = Bench::with(&flags()).await;
    for (origin, may_call) in [
        ("http://localhost:5173", true),
        ("http://127.0.0.1:3000", true),
        ("http://localhost.evil.example:5173", false),
        ("https://front.example", false),
    ] {
        let request = bench.client.get(bench.url("/api/products/"));
        let response = request.header("origin", origin).send().await.unwrap();
        let headers = response.headers();
        let allowed = headers.get("access-control-allow-origin");
        assert_eq!(allowed.is_some_and(|value| value == origin), may_call);
        assert_eq!(allowed.is_some(), may_call, "{origin}");
        assert!(!headers.contains_key("strict-transport-security"));
    }
}
