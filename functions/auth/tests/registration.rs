use domain::event::EventKind;
use futures::future::join_all;
use serde_json::json;

use crate::{PASSWORD, form, mailed_key, open, register};

const REGISTER: &str = "/api/auth/registration/";
const VERIFY: &str = "/api/auth/registration/verify-email/";
const RESEND: &str = "/api/auth/registration/resend-email/";

#[tokio::test]
async fn registering_makes_an_account_and_an_event_and_logs_nobody_in() {
    let (stage, router) = open().await;
    let visitor = stage.anonymous(&router);
    let mut body = form("  Abebe@Example.COM ");
    body["first_name"] = json!("Abebe");
    body["is_staff"] = json!(true);
    let answer = visitor.post(REGISTER, &body).await;
    let text = json!({ "detail": "Verification e-mail sent." });
    assert_eq!((answer.status, answer.json()), (201, text));
    assert!(answer.headers.get("set-cookie").is_none());

    let user = stage
        .shop
        .store
        .find_user_by_email("abebe@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (user.first_name.as_str(), user.is_staff, user.is_verified()),
        ("Abebe", false, false)
    );
    assert!(
        user.password_hash
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{}",
        user.password_hash
    );
    let event = EventKind::UserRegistered { user: user.id };
    assert_eq!(stage.queue.sent()[0].kind, event);
    assert_eq!(
        stage.outbox().await.unwrap()[0].kind,
        event,
        "the consumer takes it out"
    );
}

#[tokio::test]
async fn a_queue_that_is_down_costs_no_registration() {
    let (stage, router) = open().await;
    stage.queue.set_down(true);
    register(&stage, &router, "abebe@example.com").await;
    assert!(stage.queue.sent().is_empty());
    assert_eq!(stage.outbox().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_told_field_by_field() {
    let (stage, router) = open().await;
    let visitor = stage.anonymous(&router);
    let post = async |body| {
        let answer = visitor.post(REGISTER, &body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        answer.json()
    };
    let required = "This field is required.";
    assert_eq!(
        post(json!({})).await,
        json!({ "email": [required], "password1": [required], "password2": [required] })
    );
    assert_eq!(
        post(json!({
            "email": "nope", "password1": "1234", "password2": "", "first_name": "", "last_name": null
        }))
        .await,
        json!({
            "email": ["Enter a valid email address."],
            "password1": [
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric."
            ],
            "password2": ["This field may not be blank."],
            "first_name": ["This field may not be blank."],
            "last_name": ["This field may not be null."]
        })
    );
    let mut long = form("abebe@example.com");
    long["first_name"] = json!("x".repeat(151));
    long["email"] = json!(format!("{}@example.com", "a".repeat(250)));
    assert_eq!(
        post(long).await,
        json!({
            "email": ["Ensure this field has no more than 254 characters."],
            "first_name": ["Ensure this field has no more than 150 characters."]
        })
    );
    let mut other = form("abebe@example.com");
    other["password2"] = json!("Rome-1960-barefoot ");
    assert_eq!(
        post(other).await,
        json!({ "non_field_errors": ["The two password fields didn't match."] })
    );
    let alike = json!({
        "email": "marathon.man@example.com", "password1": "marathon.man", "password2": "marathon.man"
    });
    assert_eq!(
        post(alike).await,
        json!({ "non_field_errors": ["The password is too similar to the email."] })
    );
    let mut too_long = form("abebe@example.com");
    too_long["password1"] = json!("x1".repeat(65));
    assert_eq!(
        post(too_long).await,
        json!({ "password1": ["Ensure this field has no more than 128 characters."] })
    );
    let answer = visitor.get(REGISTER).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "POST, OPTIONS")
    );
    assert!(stage.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn passwords_are_not_trimmed() {
    let (stage, router) = open().await;
    let visitor = stage.anonymous(&router);
    let password = format!(" {PASSWORD} ");
    let body = json!({ "email": "a@example.com", "password1": password, "password2": password });
    assert_eq!(visitor.post(REGISTER, &body).await.status, 201);
    let login = async |password: &str| {
        let body = json!({ "email": "a@example.com", "password": password });
        stage
            .anonymous(&router)
            .post("/api/auth/login/", &body)
            .await
            .status
    };
    assert_eq!(login(&password).await, 200);
    assert_eq!(login(PASSWORD).await, 400);
}

#[tokio::test]
async fn a_known_address_is_answered_like_a_new_one_and_its_owner_told() {
    let (stage, router) = open().await;
    register(&stage, &router, "abebe@example.com").await;
    let owner = stage
        .shop
        .store
        .find_user_by_email("abebe@example.com")
        .await
        .unwrap()
        .unwrap();
    let again = stage.anonymous(&router);
    let body = json!({
        "email": "ABEBE@example.com", "password1": "another-Secret-9", "password2": "another-Secret-9"
    });
    let answer = again.post(REGISTER, &body).await;
    assert_eq!(
        (answer.status, answer.text()),
        (201, r#"{"detail":"Verification e-mail sent."}"#.into())
    );
    let after = stage
        .shop
        .store
        .find_user_by_email("abebe@example.com")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(after, owner, "nothing about the account changes");
    let told = stage.queue.sent().pop().unwrap();
    assert_eq!(
        told.kind,
        EventKind::RegistrationRepeated { user: owner.id }
    );
}

#[tokio::test]
async fn parallel_registrations_of_one_address_make_one_account() {
    let (stage, router) = open().await;
    join_all((0..6).map(|_| register(&stage, &router, "abebe@example.com"))).await;
    let events = stage.queue.sent();
    let made = events
        .iter()
        .filter(|event| matches!(event.kind, EventKind::UserRegistered { .. }));
    assert_eq!((made.count(), events.len()), (1, 6));
}

#[tokio::test]
async fn a_key_proves_the_address_once() {
    let (stage, router) = open().await;
    let visitor = register(&stage, &router, "abebe@example.com").await;
    let key = mailed_key(&stage).await;
    let answer = visitor.post(VERIFY, &json!({ "key": key })).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "detail": "ok" }))
    );
    let user = stage
        .shop
        .store
        .find_user_by_email("abebe@example.com")
        .await
        .unwrap()
        .unwrap();
    assert!(user.is_verified());
    let again = visitor.post(VERIFY, &json!({ "key": key })).await;
    assert_eq!(
        (again.status, again.json()),
        (404, json!({ "detail": "Not found." }))
    );
}

#[tokio::test]
async fn no_other_key_proves_an_address() {
    let (stage, router) = open().await;
    let visitor = register(&stage, &router, "abebe@example.com").await;
    let key = mailed_key(&stage).await;
    let login = json!({ "email": "abebe@example.com", "password": PASSWORD });
    let session = visitor.post("/api/auth/login/", &login).await.json()["key"].clone();
    let user = stage
        .shop
        .store
        .find_user_by_email("abebe@example.com")
        .await
        .unwrap()
        .unwrap();
    let now = stage.shop.clock.now();
    let other_address = stage
        .shop
        .tokens
        .email_key(user.id, "other@example.com", now)
        .unwrap();
    let nobody = domain::UserId(stage.shop.entropy.id());
    let nobodys = stage
        .shop
        .tokens
        .email_key(nobody, "abebe@example.com", now)
        .unwrap();
    let bad = [
        json!(session),
        json!(other_address),
        json!(nobodys),
        json!(format!("{key}x")),
        json!("Mg:1:x"),
    ];
    for key in bad {
        let answer = visitor.post(VERIFY, &json!({ "key": key })).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({ "detail": "Not found." }))
        );
    }
    for (body, text) in [
        (json!({}), "This field is required."),
        (json!({ "key": "" }), "This field may not be blank."),
    ] {
        let answer = visitor.post(VERIFY, &body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({ "key": [text] }))
        );
    }
    let answer = visitor.get(VERIFY).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "POST, OPTIONS")
    );

    let bearer = stage
        .anonymous(&router)
        .bearing(&key)
        .get("/api/auth/user/")
        .await;
    assert_eq!(bearer.status, 401, "a mail key opens no session");
    stage.shop.clock.advance(web::tokens::EMAIL_KEY_SECS);
    assert_eq!(
        visitor.post(VERIFY, &json!({ "key": key })).await.status,
        404,
        "expired"
    );
}

#[tokio::test]
async fn a_mail_is_sent_again_to_the_unverified_and_nobody_learns_who_that_is() {
    let (stage, router) = open().await;
    register(&stage, &router, "abebe@example.com").await;
    stage.verified(&router).await.unwrap();
    let visitor = stage.anonymous(&router);
    let resend = async |email: &str| {
        let answer = visitor.post(RESEND, &json!({ "email": email })).await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({ "detail": "ok" }))
        );
        stage.queue.sent().pop().unwrap().kind.name()
    };
    assert_eq!(resend("ABEBE@example.com").await, "UserRegistered");
    let key = mailed_key(&stage).await;
    assert_eq!(resend("nobody@example.com").await, "Decoy");
    visitor.post(VERIFY, &json!({ "key": key })).await;
    assert_eq!(resend("abebe@example.com").await, "Decoy");
    assert_eq!(visitor.post(RESEND, &json!({})).await.status, 400);
}
