use actors::{Actor, Answer};
use serde_json::{Value, json};

use crate::{PASSWORD, open, register};

const LOGIN: &str = "/api/auth/login/";
const LOGOUT: &str = "/api/auth/logout/";
const USER: &str = "/api/auth/user/";

pub(crate) async fn log_in(actor: &Actor, email: &str, password: &str) -> Answer {
    actor
        .post(LOGIN, &json!({ "email": email, "password": password }))
        .await
}

fn wrong() -> Value {
    json!({ "non_field_errors": ["Invalid email or password."] })
}

#[tokio::test]
async fn a_login_gives_a_key_and_two_cookies() {
    let (stage, router) = open().await;
    let visitor = register(&stage, &router, "abebe@example.com").await;
    let answer = log_in(&visitor, "Abebe@Example.com", PASSWORD).await;
    assert_eq!(answer.status, 200, "unverified people may log in");
    let session = answer.cookie("sessionid").unwrap();
    assert_eq!(answer.json()["key"], session.value());
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .contains("resend-email"),
        "and are told what to do"
    );
    assert_eq!(
        (session.http_only(), session.path()),
        (Some(true), Some("/"))
    );
    assert_eq!(session.max_age().unwrap().whole_seconds(), 1_209_600);
    assert_eq!(session.secure(), None, "the stage's public address is http");
    let csrf = answer.cookie("csrftoken").unwrap();
    assert_eq!((csrf.value().len(), csrf.http_only()), (32, None));

    assert_eq!(visitor.get(USER).await.status, 200);
    assert_eq!(visitor.as_bearer().get(USER).await.status, 200);
    let token = session.value().to_owned();
    let spoken = stage
        .anonymous(&router)
        .saying("authorization", &format!("Token {token}"));
    assert_eq!(spoken.get(USER).await.status, 200);
}

#[tokio::test]
async fn wrong_unknown_and_inactive_are_one_answer() {
    let (stage, router) = open().await;
    register(&stage, &router, "abebe@example.com").await;
    let passwordless = stage.customer(&router).await.unwrap().user().email.clone();
    let visitor = stage.anonymous(&router);
    for (email, password) in [
        ("abebe@example.com", "wrong"),
        ("abebe@example.com", "Rome-1960-barefoot "),
        ("nobody@example.com", PASSWORD),
        (passwordless.as_str(), "!"),
    ] {
        let answer = log_in(&visitor, email, password).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, wrong()),
            "{email} {password}"
        );
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let user = stage
        .shop
        .store
        .find_user_by_email("abebe@example.com")
        .await
        .unwrap()
        .unwrap();
    let deactivated = stage
        .shop
        .store
        .edit_user(
            user.id,
            || stage.shop.entropy.version(),
            |user| {
                user.is_active = false;
                Ok::<_, std::convert::Infallible>(())
            },
        )
        .await;
    deactivated.unwrap().unwrap();
    assert_eq!(
        log_in(&visitor, "abebe@example.com", PASSWORD).await.json(),
        wrong()
    );
    let missing = visitor.post(LOGIN, &json!({ "email": "x" })).await;
    assert_eq!(
        missing.json(),
        json!({ "email": ["Enter a valid email address."], "password": ["This field is required."] })
    );
}

#[tokio::test]
async fn login_takes_forms_too() {
    let (stage, router) = open().await;
    let visitor = register(&stage, &router, "abebe@example.com").await;
    let form = format!("email=abebe%40example.com&password={PASSWORD}");
    assert_eq!(
        visitor.post_form("/api/auth/login", &form).await.status,
        200
    );
}

#[tokio::test]
async fn a_logout_ends_the_session_at_once_for_cookie_and_key() {
    let (stage, router) = open().await;
    let browser = register(&stage, &router, "abebe@example.com").await;
    log_in(&browser, "abebe@example.com", PASSWORD).await;
    let stolen = browser.at(&router);
    let bearer = browser.as_bearer();
    let elsewhere = stage.anonymous(&router);
    log_in(&elsewhere, "abebe@example.com", PASSWORD).await;

    let answer = browser.post(LOGOUT, &json!({})).await;
    let text = json!({ "detail": "Successfully logged out." });
    assert_eq!((answer.status, answer.json()), (200, text.clone()));
    let gone = answer.cookie("sessionid").unwrap();
    assert_eq!(
        (gone.value(), gone.max_age().unwrap().whole_seconds()),
        ("", 0)
    );
    assert_eq!(stolen.get(USER).await.status, 403);
    assert_eq!(bearer.get(USER).await.status, 401);
    assert_eq!(elsewhere.get(USER).await.status, 200, "other logins go on");

    let again = browser.post(LOGOUT, &json!({})).await;
    assert_eq!((again.status, again.json()), (200, text));
    let get = elsewhere.get(LOGOUT).await;
    assert_eq!((get.status, get.header("allow")), (405, "POST, OPTIONS"));
}

#[tokio::test]
async fn a_logout_of_all_ends_every_session() {
    let (stage, router) = open().await;
    let one = register(&stage, &router, "abebe@example.com").await;
    let other = stage.anonymous(&router);
    log_in(&one, "abebe@example.com", PASSWORD).await;
    log_in(&other, "abebe@example.com", PASSWORD).await;
    let bearer = one.as_bearer();
    let answer = bearer.post("/api/auth/logout/?all=true", &json!({})).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.cookie("sessionid").is_none(),
        "a bearer has no cookie to lose"
    );
    assert_eq!(one.get(USER).await.status, 403);
    assert_eq!(other.get(USER).await.status, 403);
}

#[tokio::test]
async fn login_and_logout_of_somebody_logged_in_need_the_csrf_token() {
    let (stage, router) = open().await;
    let browser = register(&stage, &router, "abebe@example.com").await;
    log_in(&browser, "abebe@example.com", PASSWORD).await;
    let forged = browser.at(&router).saying("x-csrftoken", "");
    for answer in [
        log_in(&forged, "abebe@example.com", PASSWORD).await,
        forged.post(LOGOUT, &json!({})).await,
        forged.post("/api/auth/registration/", &json!({})).await,
        forged.get(LOGOUT).await,
    ] {
        // The method comes after the token, but GET needs none.
        let expected = if answer.status == 405 {
            "Method \"GET\" not allowed."
        } else {
            "CSRF Failed: CSRF token missing."
        };
        assert_eq!(answer.json(), json!({ "detail": expected }));
    }
    assert_eq!(browser.get(USER).await.status, 200);
}

#[tokio::test]
async fn logging_in_again_replaces_the_browsers_session() {
    let (stage, router) = open().await;
    let browser = register(&stage, &router, "abebe@example.com").await;
    log_in(&browser, "abebe@example.com", PASSWORD).await;
    let before = browser.at(&router);
    log_in(&browser, "abebe@example.com", PASSWORD).await;
    assert_ne!(before.cookie("sessionid"), browser.cookie("sessionid"));
    assert_ne!(before.cookie("csrftoken"), browser.cookie("csrftoken"));
    assert_eq!(before.get(USER).await.status, 403);
    assert_eq!(browser.get(USER).await.status, 200);
}

#[tokio::test]
async fn a_session_ends_by_itself_after_14_days() {
    let (stage, router) = open().await;
    let browser = register(&stage, &router, "abebe@example.com").await;
    log_in(&browser, "abebe@example.com", PASSWORD).await;
    let bearer = browser.as_bearer();
    stage.shop.clock.advance(14 * 24 * 3600 - 60);
    assert_eq!(bearer.get(USER).await.status, 200);
    stage.shop.clock.advance(60);
    assert_eq!(bearer.get(USER).await.status, 401);
    assert_eq!(browser.get(USER).await.status, 403);
}

#[tokio::test]
async fn a_table_that_fails_passes_by_and_loses_no_session() {
    use emulator::{Fault, FaultKind, Service};
    let (stage, router) = open().await;
    let browser = register(&stage, &router, "abebe@example.com").await;
    log_in(&browser, "abebe@example.com", PASSWORD).await;
    let kind = FaultKind::Throttled;
    stage
        .wire
        .inject(Fault {
            service: Service::Dynamodb,
            nth: 1,
            kind,
            times: 20,
        })
        .unwrap();
    let answer = browser.get(USER).await;
    let text = json!({ "detail": "Temporarily unavailable, try again." });
    assert_eq!(
        (answer.status, answer.json(), answer.header("retry-after")),
        (503, text, "1")
    );
    stage.wire.clear_faults();
    assert_eq!(browser.get(USER).await.status, 200);
}

#[tokio::test]
async fn the_sample_event_is_answered_as_on_lambda() {
    let (_stage, router) = open().await;
    let sample = include_str!("../../../events/auth.json");
    let answer = actors::replay(&router, sample).await.unwrap();
    assert_eq!((answer.status, answer.json()), (400, wrong()));
    assert_eq!(
        answer.header("x-request-id"),
        "JKJaXmPLvHcESHA=",
        "API Gateway's own"
    );
}
