use actors::{Actor, Stage};
use domain::user::User;
use serde_json::json;

use crate::{PASSWORD, mailed_key, open, register, session::log_in};

const EMAIL: &str = "abebe@example.com";

async fn try_passwords(actor: &Actor, email: &str, times: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..times {
        statuses.push(log_in(actor, email, "wrong").await.status);
    }
    statuses
}

async fn user(stage: &Stage) -> User {
    let found = stage.shop.store.find_user_by_email(EMAIL).await.unwrap();
    found.unwrap()
}

#[tokio::test]
async fn waits_grow_and_are_the_same_for_addresses_that_nobody_has() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    register(&stage, &router, EMAIL).await;
    let stranger = stage.anonymous(&router).saying("user-agent", "Stranger");
    for email in [EMAIL, "nobody@example.com"] {
        let statuses = try_passwords(&stranger, email, 8).await;
        assert_eq!(
            statuses,
            [400, 400, 400, 400, 400, 400, 429, 429],
            "{email}"
        );
        let mut waits = Vec::new();
        for _ in 0..5 {
            let refused = log_in(&stranger, email, PASSWORD).await;
            assert_eq!(refused.status, 429);
            let wait: i64 = refused.header("retry-after").parse().unwrap();
            waits.push(wait);
            stage.shop.clock.advance(wait);
            assert_eq!(log_in(&stranger, email, "wrong").await.status, 400);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16], "{email}");
    }
}

#[tokio::test]
async fn the_right_password_after_the_wait_begins_anew() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    register(&stage, &router, EMAIL).await;
    let stranger = stage.anonymous(&router).saying("user-agent", "Stranger");
    try_passwords(&stranger, EMAIL, 7).await;
    assert_eq!(log_in(&stranger, EMAIL, PASSWORD).await.status, 429);
    stage.shop.clock.advance(1);
    assert_eq!(log_in(&stranger, EMAIL, PASSWORD).await.status, 200);
    assert_eq!(try_passwords(&stranger, EMAIL, 6).await, [400; 6]);
}

#[tokio::test]
async fn a_stranger_cannot_lock_the_owner_out() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let owner = register(&stage, &router, EMAIL).await;
    let stranger = stage.anonymous(&router).saying("user-agent", "Stranger");
    assert_eq!(try_passwords(&stranger, EMAIL, 20).await[19], 429);
    assert_eq!(
        log_in(&owner, EMAIL, PASSWORD).await.status,
        200,
        "at home the owner has counters of their own"
    );
    // Away from home the mailbox helps, since a new password makes its device known.
    let away = stage.anonymous(&router).saying("user-agent", "Borrowed");
    assert_eq!(log_in(&away, EMAIL, PASSWORD).await.status, 429);
    let user = user(&stage).await;
    let token = stage.shop.tokens.reset_token(&user, stage.shop.clock.now());
    let body = json!({
        "uid": web::tokens::uid(user.id), "token": token,
        "new_password1": "Tokyo-1964-in-shoes", "new_password2": "Tokyo-1964-in-shoes",
    });
    let saved = away.post("/api/auth/password/reset/confirm/", &body).await;
    assert_eq!(saved.status, 200);
    assert_eq!(try_passwords(&stranger, EMAIL, 20).await[19], 429);
    let entered = log_in(&away, EMAIL, "Tokyo-1964-in-shoes").await;
    assert_eq!(entered.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_the_wait_of_whoever_forgot_the_old_one() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let owner = register(&stage, &router, EMAIL).await;
    assert_eq!(log_in(&owner, EMAIL, PASSWORD).await.status, 200);
    assert_eq!(try_passwords(&owner, EMAIL, 20).await[19], 429);
    let user = user(&stage).await;
    let token = stage.shop.tokens.reset_token(&user, stage.shop.clock.now());
    let body = json!({
        "uid": web::tokens::uid(user.id), "token": token,
        "new_password1": "Tokyo-1964-in-shoes", "new_password2": "Tokyo-1964-in-shoes",
    });
    let saved = owner.post("/api/auth/password/reset/confirm/", &body).await;
    assert_eq!(saved.status, 200);
    let entered = log_in(&owner, EMAIL, "Tokyo-1964-in-shoes").await;
    assert_eq!(entered.status, 200);
}

#[tokio::test]
async fn of_many_guesses_at_once_no_more_pass_than_one_by_one() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    register(&stage, &router, EMAIL).await;
    let stranger = stage.anonymous(&router).saying("user-agent", "Stranger");
    let guesses = (0..30).map(|_| log_in(&stranger, EMAIL, "wrong"));
    let answers = futures::future::join_all(guesses).await;
    let passed = answers.iter().filter(|answer| answer.status == 400).count();
    assert_eq!(passed, 6);
    assert!(
        answers
            .iter()
            .all(|answer| matches!(answer.status, 400 | 429))
    );
}

#[tokio::test]
async fn mails_and_registrations_are_throttled_by_address() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let visitor = register(&stage, &router, EMAIL).await;
    let body = json!({ "email": EMAIL });
    for (path, body, free) in [
        ("/api/auth/registration/resend-email/", body.clone(), 6),
        ("/api/auth/registration/", crate::form(EMAIL), 10),
    ] {
        let mut passed = 0;
        let refused = loop {
            let answer = visitor.post(path, &body).await;
            if answer.status == 429 {
                break answer;
            }
            passed += 1;
        };
        assert_eq!(
            (passed, refused.header("retry-after")),
            (free, "60"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_login_from_somewhere_new_is_told_once_the_address_is_proved() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let home = register(&stage, &router, EMAIL).await;
    let away = stage.anonymous(&router).saying("user-agent", "Borrowed");
    log_in(&away, EMAIL, PASSWORD).await;
    assert_eq!(stage.queue.sent().len(), 1, "nobody has proved the address");
    let key = json!({ "key": mailed_key(&stage).await });
    home.post("/api/auth/registration/verify-email/", &key)
        .await;
    log_in(&home, EMAIL, PASSWORD).await;
    log_in(&away, EMAIL, PASSWORD).await;
    assert_eq!(stage.queue.sent().len(), 1, "both are known");
    let newest = stage.anonymous(&router).saying("user-agent", "Newest");
    log_in(&newest, EMAIL, PASSWORD).await;
    log_in(&newest, EMAIL, PASSWORD).await;
    let names: Vec<_> = stage
        .queue
        .sent()
        .iter()
        .map(|event| event.kind.name())
        .collect();
    assert_eq!(names, ["UserRegistered", "SignedInAnew"]);
}

#[tokio::test]
async fn a_hash_of_another_cost_is_made_anew_at_login() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = register(&stage, &router, EMAIL).await;
    let cheap = {
        use argon2::{Argon2, Params, PasswordHasher};
        let params = Params::new(8 * 1024, 1, 1, None).unwrap();
        Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
            .hash_password_with_salt(PASSWORD.as_bytes(), b"saltsaltsaltsalt")
            .unwrap()
            .to_string()
    };
    let edited = stage.shop.store.edit_user(
        user(&stage).await.id,
        || stage.shop.entropy.version(),
        |user| {
            user.password_hash.clone_from(&cheap);
            Ok::<_, std::convert::Infallible>(())
        },
    );
    edited.await.unwrap().unwrap();
    assert_eq!(log_in(&actor, EMAIL, "wrong").await.status, 400);
    assert_eq!(user(&stage).await.password_hash, cheap);
    assert_eq!(log_in(&actor, EMAIL, PASSWORD).await.status, 200);
    let hash = user(&stage).await.password_hash;
    assert!(hash.contains("m=19456,t=2,p=1"), "{hash}");
    assert_eq!(log_in(&actor, EMAIL, PASSWORD).await.status, 200);
}
