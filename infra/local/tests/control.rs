//! The control surface and the flags, as people and black-box suites use them.

use http::StatusCode;
use local::{flags::Flags, shop::Shop};
use serde_json::{Value, json};

use crate::bench::{Bench, flags};

#[tokio::test]
async fn every_page_is_html_for_people_and_json_for_tests() {
    let bench = Bench::backends().await;
    for (path, heading) in [
        ("/", "Mailbox"),
        ("/_local/", "What is where"),
        ("/_local/mail", "No mail yet"),
        ("/_local/clock/", "Scheduled functions"),
        ("/_local/queues", "Dead letters"),
        ("/_local/capacity", "Nothing has been counted"),
        ("/_local/faults", "Let it fail"),
        ("/_local/chapa", "No payment has been started"),
    ] {
        let (status, html) = bench.page(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(html.contains("<!doctype html>"), "{path}");
        assert!(path == "/" || html.contains(heading), "{path}: {html}");
        let (status, body) = bench.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(body.is_object() || body.is_array(), "{path}");
    }
}

#[tokio::test]
async fn the_clock_goes_forward_only() {
    let bench = Bench::backends().await;
    let (_, before) = bench.get("/_local/clock").await;
    let (status, after) = bench
        .post("/_local/clock", &json!({ "advance_secs": 86_400 }))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        after["now"].as_str() > before["now"].as_str(),
        "{before} {after}"
    );
    assert!(after["now"].as_str().unwrap().ends_with('Z'));
    for (body, message) in [
        (json!({}), "This field is required."),
        (
            json!({ "advance_secs": -1 }),
            "Ensure this value is greater than or equal to 0.",
        ),
        (
            json!({ "advance_secs": "soon" }),
            "A valid integer is required.",
        ),
    ] {
        let (status, errors) = bench.post("/_local/clock", &body).await;
        assert_eq!(
            (status, &errors["advance_secs"]),
            (StatusCode::BAD_REQUEST, &json!([message]))
        );
    }
}

#[tokio::test]
async fn errors_are_json_for_tests_and_pages_for_people() {
    let bench = Bench::backends().await;
    let (status, body) = bench
        .post("/_local/schedules/unheard-of", &Value::Null)
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        body["detail"].as_str().unwrap().contains("unheard-of"),
        "{body}"
    );
    let (status, body) = bench.get("/_local/nowhere").await;
    assert_eq!(
        (status, body),
        (StatusCode::NOT_FOUND, json!({ "detail": "Not found." }))
    );
    let (status, html) = bench.page("/_local/nowhere").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(html.contains("<!doctype html>") && html.contains("Not found."));
    let (status, body) = bench
        .post("/_local/faults", &json!({ "service": "lambda", "nth": 0 }))
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["kind", "nth", "service"]
    );
    let (status, _) = bench
        .post(
            "/_local/faults",
            &json!({ "service": "ses", "kind": "conflict" }),
        )
        .await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "mail knows no conflicts");
}

#[tokio::test]
async fn an_idle_shop_is_settled() {
    let bench = Bench::backends().await;
    assert_eq!(
        bench.post("/_local/settle", &Value::Null).await,
        (StatusCode::OK, json!({ "settled": true }))
    );
    let (_, queues) = bench.get("/_local/queues").await;
    assert!(
        queues
            .as_array()
            .unwrap()
            .iter()
            .all(|queue| queue["visible"] == 0),
        "{queues}"
    );
    assert_eq!(
        bench.delete("/_local/capacity").await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(bench.delete("/_local/mail").await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn clock_and_payments_survive_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let flags = Flags {
        memory: false,
        backends_only: true,
        data: place.path().join("data"),
        ..flags()
    };
    let first = Bench::with(&flags).await;
    let (_, moved) = first
        .post("/_local/clock", &json!({ "advance_secs": 1_000_000 }))
        .await;
    first.begin_payment("TX-1", None).await;
    first.shop.close().await;

    let second = Bench::with(&flags).await;
    let (_, now) = second.get("/_local/clock").await;
    assert!(
        now["now"].as_str() >= moved["now"].as_str(),
        "{moved} {now}"
    );
    assert_eq!(second.get("/_local/chapa").await.1[0]["tx_ref"], "TX-1");
    second.shop.close().await;

    let emptied = Bench::with(&Flags {
        fresh: true,
        ..flags
    })
    .await;
    assert_eq!(emptied.get("/_local/chapa").await.1, json!([]));
    emptied.shop.close().await;
}

/// Only Linux has all of 127.0.0.0/8 to itself.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn containers_come_in_by_an_address_of_their_own() {
    use std::net::Ipv4Addr;

    let open = Flags {
        backends_only: true,
        also_on: Some(Ipv4Addr::new(127, 0, 0, 2)),
        ..flags()
    };
    let bench = Bench::with(&open).await;
    let there = bench.url("/_local/clock").replace("127.0.0.1", "127.0.0.2");
    let answer = bench.client.get(there).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    bench.shop.close().await;

    let refused = refusal(&Flags {
        also_on: Some(Ipv4Addr::UNSPECIFIED),
        ..open
    })
    .await;
    assert!(refused.contains("no private address"), "{refused}");
}

async fn refusal(flags: &Flags) -> String {
    match Shop::open(flags).await {
        Ok(shop) => panic!("it opened at {}", shop.url),
        Err(error) => format!("{error:#}"),
    }
}

#[tokio::test]
async fn what_keeps_the_shop_closed_is_one_sentence() {
    let place = tempfile::tempdir().unwrap();
    let open = Flags {
        memory: false,
        backends_only: true,
        data: place.path().to_owned(),
        ..flags()
    };
    let bench = Bench::with(&open).await;
    let port = bench.shop.url.rsplit(':').next().unwrap().parse().unwrap();
    let refused = refusal(&Flags { port, ..flags() }).await;
    assert!(
        refused.starts_with(&format!("port {port} is taken")),
        "{refused}"
    );
    let refused = refusal(&open).await;
    assert!(refused.starts_with("another shop is open"), "{refused}");
    bench.shop.close().await;

    std::fs::write(
        place.path().join("journal.sqlite"),
        "this is no database, and it is long enough to be one",
    )
    .unwrap();
    let refused = refusal(&open).await;
    assert!(
        refused.contains("journal.sqlite is not a journal"),
        "{refused}"
    );
}
