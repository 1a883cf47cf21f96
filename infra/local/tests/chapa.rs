//! The sandbox, called as the shop calls Chapa and as a customer uses its checkout page.

use http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, Merchant, answer};

async fn verify(bench: &Bench, tx_ref: &str) -> (StatusCode, Value) {
    let request = bench.chapa(Method::GET, &format!("transaction/verify/{tx_ref}"));
    answer(request.send().await.unwrap()).await
}

async fn initialize(bench: &Bench, body: &Value) -> (StatusCode, Value) {
    answer(
        bench
            .chapa(Method::POST, "transaction/initialize")
            .json(body)
            .send()
            .await
            .unwrap(),
    )
    .await
}

#[tokio::test]
async fn a_test_key_is_asked_for() {
    let bench = Bench::backends().await;
    for key in [None, Some("Bearer CHASECK-live"), Some("CHASECK_TEST-x")] {
        let mut request = bench
            .client
            .get(bench.url("/_local/chapa/v1/transaction/verify/TX-1"));
        if let Some(key) = key {
            request = request.header("authorization", key);
        }
        let (status, body) = answer(request.send().await.unwrap()).await;
        assert_eq!(
            (status, &body["status"]),
            (StatusCode::UNAUTHORIZED, &json!("failed")),
            "{key:?}"
        );
    }
}

#[tokio::test]
async fn initialize_refuses_in_chapas_words() {
    let bench = Bench::backends().await;
    let (status, body) = initialize(&bench, &json!({ "tx_ref": "TX-1", "currency": "ETB" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body,
        json!({ "message": { "amount": ["validation.required"] }, "status": "failed", "data": null })
    );

    let untyped = bench
        .chapa(Method::POST, "transaction/initialize")
        .body("{}");
    assert_eq!(
        answer(untyped.send().await.unwrap()).await.0,
        StatusCode::BAD_REQUEST
    );

    bench.begin_payment("TX-1", None).await;
    let (status, body) = initialize(
        &bench,
        &json!({ "amount": "1", "currency": "ETB", "tx_ref": "TX-1" }),
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body["message"],
        "Transaction reference has been used before"
    );
}

#[tokio::test]
async fn verify_has_the_traps_of_the_real_one() {
    let bench = Bench::backends().await;
    let checkout = bench.begin_payment("TX-1", None).await;
    assert_eq!(verify(&bench, "TX-other").await.0, StatusCode::NOT_FOUND);

    let (status, body) = verify(&bench, "TX-1").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        body,
        json!({ "message": "Payment not paid yet", "status": "null", "data": null })
    );

    bench.post(&checkout, &json!({ "outcome": "failed" })).await;
    let (status, body) = verify(&bench, "TX-1").await;
    assert_eq!(
        (status, &body["status"], &body["data"]["status"]),
        (StatusCode::OK, &json!("success"), &json!("failed"))
    );

    let (status, body) = bench
        .post(&checkout, &json!({ "outcome": "success" }))
        .await;
    assert_eq!(status, StatusCode::OK, "a customer may try again: {body}");
    let (_, body) = verify(&bench, "TX-1").await;
    assert_eq!(body["data"]["status"], "success");
    assert_eq!(body["data"]["amount"], json!(400));
    assert_eq!(body["data"]["mode"], "test");
    assert_eq!(body["data"]["tx_ref"], "TX-1");
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_bytes_and_followed_by_the_callback() {
    let bench = Bench::backends().await;
    let merchant = Merchant::new().await;
    let checkout = bench.begin_payment("TX-1", Some(&merchant.url)).await;
    let (status, body) = bench
        .post(
            &checkout,
            &json!({ "outcome": "success", "webhook": "send" }),
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        body,
        json!({
            "status": "success", "tx_ref": "TX-1", "return_url": "http://localhost:5173/thanks",
            "webhook": { "choice": "send", "answers": [200] },
        })
    );

    let calls = merchant.calls();
    assert_eq!(calls.len(), 2, "{calls:?}");
    let webhook = &calls[0];
    let signatures = local::chapa::sign("local-webhook-secret", &webhook.body);
    assert_eq!(
        webhook.headers["x-chapa-signature"],
        signatures.of_body.as_str()
    );
    assert_eq!(
        webhook.headers["chapa-signature"],
        signatures.of_secret.as_str()
    );
    let sent: Value = serde_json::from_slice(&webhook.body).unwrap();
    assert_eq!(
        (&sent["event"], &sent["amount"]),
        (&json!("charge.success"), &json!("400.00"))
    );

    assert_eq!(calls[1].method, "GET");
    assert!(
        calls[1]
            .path_and_query
            .starts_with("/webhook/?trx_ref=TX-1&ref_id=AP"),
        "{:?}",
        calls[1]
    );
    assert!(
        calls[1].path_and_query.ends_with("&status=success"),
        "{:?}",
        calls[1]
    );
}

#[tokio::test]
async fn webhooks_come_twice_late_or_never() {
    let bench = Bench::backends().await;
    for (choice, at_once, later) in [("twice", 2, 2), ("drop", 0, 0), ("delay", 0, 1)] {
        let merchant = Merchant::new().await;
        let checkout = bench
            .begin_payment(&format!("TX-{choice}"), Some(&merchant.url))
            .await;
        bench
            .post(
                &checkout,
                &json!({ "outcome": "success", "webhook": choice }),
            )
            .await;
        assert_eq!(merchant.webhooks().len(), at_once, "{choice}");
        bench
            .post("/_local/clock", &json!({ "advance_secs": 600 }))
            .await;
        assert_eq!(
            merchant.webhooks().len(),
            later,
            "{choice}, ten minutes later"
        );
        if choice == "drop" {
            assert!(merchant.calls().is_empty(), "nor is there a callback");
        }
    }
}

#[tokio::test]
async fn a_webhook_that_nobody_acknowledges_comes_again_after_ten_minutes() {
    let bench = Bench::backends().await;
    let merchant = Merchant::answering(&[500, 503]).await;
    let checkout = bench.begin_payment("TX-1", Some(&merchant.url)).await;
    let (_, body) = bench
        .post(&checkout, &json!({ "outcome": "cancelled" }))
        .await;
    assert_eq!(body["webhook"]["answers"], json!([500]));
    for expected in [1, 2, 3, 3] {
        assert_eq!(merchant.webhooks().len(), expected);
        bench
            .post("/_local/clock", &json!({ "advance_secs": 601 }))
            .await;
    }
    let sent: Value = serde_json::from_slice(&merchant.webhooks()[2].body).unwrap();
    assert_eq!(
        (&sent["event"], &sent["status"]),
        (
            &json!("charge.failed/cancelled"),
            &json!("failed/cancelled")
        )
    );
}

#[tokio::test]
async fn success_is_final_and_a_cancelled_link_is_dead() {
    let bench = Bench::backends().await;
    let paid = bench.begin_payment("TX-paid", None).await;
    bench.post(&paid, &json!({ "outcome": "success" })).await;
    let cancelled = bench.begin_payment("TX-cancelled", None).await;
    let cancel = bench
        .chapa(Method::PUT, "transaction/cancel/TX-cancelled")
        .send()
        .await
        .unwrap();
    assert_eq!(cancel.status(), StatusCode::OK);
    for (checkout, tx_ref) in [(paid, "TX-paid"), (cancelled, "TX-cancelled")] {
        let (status, body) = bench
            .post(&checkout, &json!({ "outcome": "success" }))
            .await;
        assert_eq!(status, StatusCode::CONFLICT, "{body}");
        assert!(body["detail"].is_string());
        let again = bench
            .chapa(Method::PUT, &format!("transaction/cancel/{tx_ref}"))
            .send()
            .await
            .unwrap();
        assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    }
    let (status, _) = bench
        .post(
            "/_local/chapa/checkout/unknown",
            &json!({ "outcome": "success" }),
        )
        .await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn of_two_payments_through_one_link_at_once_one_counts() {
    let bench = Bench::backends().await;
    let merchant = Merchant::new().await;
    let checkout = bench.begin_payment("TX-1", Some(&merchant.url)).await;
    let body = json!({ "outcome": "success" });
    let outcomes = futures::future::join_all((0..6).map(|_| bench.post(&checkout, &body))).await;
    let paid = outcomes
        .iter()
        .filter(|(status, _)| *status == StatusCode::OK)
        .count();
    assert_eq!((paid, merchant.webhooks().len()), (1, 1));
}

#[tokio::test]
async fn the_page_is_for_people_and_takes_them_back_to_the_shop() {
    let bench = Bench::backends().await;
    let checkout = bench.begin_payment("TX-1", None).await;
    let (status, html) = bench.page(&checkout).await;
    assert_eq!(status, StatusCode::OK);
    for expected in [
        "400.00",
        "TX-1",
        "Abebe",
        "name=\"outcome\" value=\"success\"",
    ] {
        assert!(html.contains(expected), "{expected}");
    }
    let pay = |outcome: &'static str| {
        bench
            .client
            .post(bench.url(&checkout))
            .header("accept", "text/html")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("outcome={outcome}&webhook=send"))
            .send()
    };
    let failed = pay("failed").await.unwrap();
    assert_eq!(failed.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        failed.headers()["location"],
        bench.url(&checkout).as_str(),
        "to try again"
    );
    let paid = pay("success").await.unwrap();
    assert_eq!(paid.headers()["location"], "http://localhost:5173/thanks");
    let (_, html) = bench.page(&checkout).await;
    assert!(html.contains("has been made already"));
    assert!(bench.page("/_local/chapa/").await.1.contains("TX-1"));
}

#[tokio::test]
async fn what_a_customer_cannot_do_is_said_field_by_field() {
    let bench = Bench::backends().await;
    let checkout = bench.begin_payment("TX-1", None).await;
    let (status, body) = bench.post(&checkout, &json!({ "webhook": "maybe" })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(
        body,
        json!({ "outcome": ["This field is required."], "webhook": ["\"maybe\" is not a valid choice."] })
    );
}

#[tokio::test]
async fn money_goes_back_once_and_not_more_than_came() {
    let bench = Bench::backends().await;
    let checkout = bench.begin_payment("TX-1", None).await;
    bench
        .post(&checkout, &json!({ "outcome": "success" }))
        .await;
    let reference = verify(&bench, "TX-1").await.1["data"]["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    let refund = async |path: &str, body: Value| {
        answer(
            bench
                .chapa(Method::POST, &format!("refund/{path}"))
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    };
    assert_eq!(
        refund("TX-1", json!({})).await.0,
        StatusCode::NOT_FOUND,
        "our own reference is not known there"
    );
    let (status, body) = refund(
        &reference,
        json!({ "amount": "100.00", "reference": "R-1" }),
    )
    .await;
    assert_eq!(
        (status, &body["data"]["amount"]),
        (StatusCode::OK, &json!(100))
    );
    let ref_id = body["data"]["ref_id"].as_str().unwrap().to_owned();
    assert_eq!(
        refund(&reference, json!({ "amount": "1", "reference": "R-1" }))
            .await
            .0,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        refund(&reference, json!({ "amount": "300.01" })).await.0,
        StatusCode::BAD_REQUEST
    );
    let rest = refund(&reference, json!({ "reason": "sold out" })).await;
    assert_eq!(
        (rest.0, &rest.1["data"]["amount"]),
        (StatusCode::OK, &json!(300))
    );
    assert_eq!(verify(&bench, "TX-1").await.1["data"]["status"], "refunded");
    let known = bench
        .chapa(Method::GET, &format!("refund/{ref_id}/verify"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer(known).await.1["data"]["status"], "refunded");
}

#[tokio::test]
async fn the_gateway_fails_as_told() {
    let bench = Bench::backends().await;
    let fault = |kind: &str| json!({ "service": "chapa", "nth": 1, "kind": kind, "times": 1 });
    let call = |tx_ref: &str| {
        let body = json!({ "amount": "1", "currency": "ETB", "tx_ref": tx_ref });
        bench
            .chapa(Method::POST, "transaction/initialize")
            .json(&body)
            .send()
    };

    bench.post("/_local/faults", &fault("refused")).await;
    assert!(call("TX-refused").await.is_err());
    assert_eq!(
        verify(&bench, "TX-refused").await.1["status"],
        "failed",
        "nothing was done"
    );

    bench.post("/_local/faults", &fault("lost_answer")).await;
    assert!(call("TX-lost").await.is_err());
    assert_eq!(
        verify(&bench, "TX-lost").await.1["status"],
        "null",
        "it was done all the same"
    );

    bench.post("/_local/faults", &fault("throttled")).await;
    assert_eq!(
        call("TX-throttled").await.unwrap().status(),
        StatusCode::TOO_MANY_REQUESTS
    );

    bench.post("/_local/faults", &fault("conflict")).await;
    assert_eq!(
        call("TX-conflict").await.unwrap().status(),
        StatusCode::CONFLICT
    );

    bench.post("/_local/faults", &fault("refused")).await;
    assert_eq!(bench.delete("/_local/faults").await, StatusCode::NO_CONTENT);
    assert_eq!(call("TX-cleared").await.unwrap().status(), StatusCode::OK);
}
