use serde_json::{Value, json};

use crate::open;

const CSRF: &str = "/api/accounts/csrf/";
const ADDRESSES: &str = "/api/accounts/addresses/";

fn failed(reason: &str) -> Value {
    json!({ "detail": format!("CSRF Failed: {reason}") })
}

#[tokio::test]
async fn anybody_gets_a_token_and_keeps_it() {
    let (stage, router) = open().await;
    let visitor = stage.anonymous(&router);
    let first = visitor.get(CSRF).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.json()["csrfToken"].as_str().unwrap().len(), 64);
    let cookie = first.cookie("csrftoken").unwrap();
    assert_eq!(cookie.value().len(), 32);
    assert_eq!(cookie.http_only(), None);
    let second = visitor.get(CSRF).await;
    assert_eq!(second.cookie("csrftoken").unwrap().value(), cookie.value());
    assert_ne!(first.json(), second.json(), "it is masked anew each time");
}

#[tokio::test]
async fn the_masked_token_of_a_session_opens_unsafe_methods() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let masked = customer.get(CSRF).await.json()["csrfToken"]
        .as_str()
        .unwrap()
        .to_owned();
    let customer = customer.saying("x-csrftoken", &masked);
    assert_eq!(customer.post(ADDRESSES, &json!({})).await.status, 400);
}

#[tokio::test]
async fn a_cookie_session_needs_the_token_and_each_failure_says_why() {
    let (stage, router) = open().await;
    let knock = || async { stage.verified(&router).await.unwrap() };
    let post = async |actor: actors::Actor| {
        let answer = actor.post(ADDRESSES, &json!({})).await;
        assert_eq!(answer.status, 403);
        answer.json()
    };

    let silent = knock().await.saying("x-csrftoken", "");
    assert_eq!(post(silent).await, failed("CSRF token missing."));
    let token = knock().await.cookie("csrftoken").unwrap();
    let cookieless = knock().await.saying("x-csrftoken", &token);
    cookieless.lose("csrftoken");
    assert_eq!(post(cookieless).await, failed("CSRF cookie not set."));
    let wrong = knock().await.saying("x-csrftoken", &"x".repeat(64));
    let text = "CSRF token from the 'X-Csrftoken' HTTP header incorrect.";
    assert_eq!(post(wrong).await, failed(text));
    let short = knock().await.saying("x-csrftoken", "short");
    let text = "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.";
    assert_eq!(post(short).await, failed(text));
    let foreign = knock().await.saying("origin", "https://evil.example");
    let text = "Origin checking failed - https://evil.example does not match any trusted origins.";
    assert_eq!(post(foreign).await, failed(text));

    let planted = knock().await;
    planted.keep("csrftoken", &token);
    let text = "CSRF token from the 'X-Csrftoken' HTTP header incorrect.";
    assert_eq!(
        post(planted).await,
        failed(text),
        "a token of another session"
    );
}

#[tokio::test]
async fn the_token_is_asked_of_live_cookie_sessions_only() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let trusted = customer
        .at(&router)
        .saying("origin", "https://front.example");
    assert_eq!(trusted.post(ADDRESSES, &json!({})).await.status, 400);
    let own = customer.at(&router).saying("origin", "http://shop.test");
    assert_eq!(own.post(ADDRESSES, &json!({})).await.status, 400);

    let bearer = customer
        .as_bearer()
        .saying("origin", "https://evil.example");
    assert_eq!(bearer.post(ADDRESSES, &json!({})).await.status, 400);

    let safe = customer.at(&router).saying("x-csrftoken", "");
    assert_eq!(safe.get(ADDRESSES).await.status, 200);

    stage.shop.clock.advance(domain::user::SESSION_SECS);
    let dead = customer
        .saying("x-csrftoken", "")
        .post(ADDRESSES, &json!({}))
        .await;
    let text = "Authentication credentials were not provided.";
    assert_eq!((dead.status, dead.json()), (403, json!({ "detail": text })));
}

#[tokio::test]
async fn a_form_may_carry_the_token_in_a_field() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let token = customer.cookie("csrftoken").unwrap();
    let form = customer.saying("x-csrftoken", "");
    let fields = "address_line_1=Bole&city=Addis&region=AA&country=ET";
    let with_token = format!("{fields}&csrfmiddlewaretoken={token}");
    assert_eq!(form.post_form(ADDRESSES, &with_token).await.status, 201);
    let answer = form.post_form(ADDRESSES, fields).await;
    assert_eq!(answer.json(), failed("CSRF token missing."));
    let answer = form.post_form(ADDRESSES, "csrfmiddlewaretoken=x").await;
    assert_eq!(
        answer.json(),
        failed("CSRF token from POST has incorrect length.")
    );
}
