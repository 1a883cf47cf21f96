use actors::{Actor, Stage};
use axum::Router;
use domain::event::EventKind;
use domain::user::User;
use serde_json::{Value, json};
use web::tokens::uid;

use crate::{PASSWORD, mailed_key, open, register, session::log_in};

const CHANGE: &str = "/api/auth/password/change/";
const RESET: &str = "/api/auth/password/reset/";
const CONFIRM: &str = "/api/auth/password/reset/confirm/";
const USER: &str = "/api/auth/user/";
const NEW: &str = "Tokyo-1964-in-shoes";
const EMAIL: &str = "abebe@example.com";

fn change(old: &str, new: &str) -> Value {
    json!({ "old_password": old, "new_password1": new, "new_password2": new })
}

async fn user(stage: &Stage) -> User {
    let found = stage.shop.store.find_user_by_email(EMAIL).await.unwrap();
    found.unwrap()
}

/// Somebody who registered, proved the address and logged in.
async fn abebe(stage: &Stage, router: &Router) -> Actor {
    let actor = register(stage, router, EMAIL).await;
    let key = json!({ "key": mailed_key(stage).await });
    let proved = actor
        .post("/api/auth/registration/verify-email/", &key)
        .await;
    assert_eq!(proved.status, 200);
    assert_eq!(log_in(&actor, EMAIL, PASSWORD).await.status, 200);
    actor
}

/// What the mailed link would say.
async fn link(stage: &Stage, actor: &Actor) -> (String, String) {
    let asked = actor.post(RESET, &json!({ "email": EMAIL })).await;
    assert_eq!(
        (asked.status, asked.json()),
        (
            200,
            json!({ "detail": "Password reset e-mail has been sent." })
        )
    );
    let event = stage.queue.sent().pop().unwrap();
    let user = user(stage).await;
    assert_eq!(
        event.kind,
        EventKind::PasswordResetRequested { user: user.id }
    );
    let token = stage.shop.tokens.reset_token(&user, event.occurred_at);
    (uid(user.id), token)
}

fn confirmation((uid, token): &(String, String), password: &str) -> Value {
    json!({ "uid": uid, "token": token, "new_password1": password, "new_password2": password })
}

#[tokio::test]
async fn a_changed_password_ends_all_other_sessions_and_tells_the_owner() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let here = abebe(&stage, &router).await;
    let elsewhere = stage.anonymous(&router);
    log_in(&elsewhere, EMAIL, PASSWORD).await;
    let bearer = elsewhere.as_bearer();
    let answer = here.post(CHANGE, &change(PASSWORD, NEW)).await;
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "detail": "New password has been saved." }))
    );
    assert_eq!(here.get(USER).await.status, 200);
    assert_eq!(elsewhere.get(USER).await.status, 403);
    assert_eq!(bearer.get(USER).await.status, 401);
    let told = stage.queue.sent().pop().unwrap().kind;
    assert_eq!(told.name(), "PasswordChanged");
    assert_eq!(log_in(&elsewhere, EMAIL, PASSWORD).await.status, 400);
    assert_eq!(log_in(&elsewhere, EMAIL, NEW).await.status, 200);
}

#[tokio::test]
async fn a_change_wants_the_old_password_and_a_good_new_one() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = abebe(&stage, &router).await;
    for (body, expected) in [
        (
            change("wrong", NEW),
            json!({ "old_password": ["Your old password was entered incorrectly. Please enter it again."] }),
        ),
        (
            json!({ "new_password1": NEW, "new_password2": NEW }),
            json!({ "old_password": ["This field is required."] }),
        ),
        (
            json!({ "old_password": PASSWORD, "new_password1": NEW, "new_password2": "other" }),
            json!({ "new_password2": ["The two password fields didn\u{2019}t match."] }),
        ),
        (
            change(PASSWORD, "1234"),
            json!({ "new_password2": [
                "This password is too short. It must contain at least 8 characters.",
                "This password is too common.",
                "This password is entirely numeric.",
            ] }),
        ),
        (
            change(PASSWORD, "abebe@example"),
            json!({ "new_password2": ["The password is too similar to the email."] }),
        ),
        (
            change(PASSWORD, &"é".repeat(129)),
            json!({
                "new_password1": ["Ensure this field has no more than 128 characters."],
                "new_password2": ["Ensure this field has no more than 128 characters."],
            }),
        ),
    ] {
        let answer = actor.post(CHANGE, &body).await;
        assert_eq!((answer.status, answer.json()), (400, expected), "{body}");
    }
    assert_eq!(log_in(&actor, EMAIL, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_stolen_session_cannot_guess_the_password() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = abebe(&stage, &router).await;
    for _ in 0..6 {
        assert_eq!(actor.post(CHANGE, &change("wrong", NEW)).await.status, 400);
    }
    let answer = actor.post(CHANGE, &change(PASSWORD, NEW)).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "1"));
    assert_eq!(
        answer.json(),
        json!({ "detail": "Request was throttled. Expected available in 1 second." })
    );
    stage.shop.clock.advance(1);
    assert_eq!(actor.post(CHANGE, &change(PASSWORD, NEW)).await.status, 200);
}

#[tokio::test]
async fn a_link_works_once_and_for_an_hour() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = abebe(&stage, &router).await;
    let link = link(&stage, &actor).await;
    let visitor = stage.anonymous(&router);
    stage.shop.clock.advance(3599);
    let answer = visitor.post(CONFIRM, &confirmation(&link, NEW)).await;
    let saved = json!({ "detail": "Password has been reset with the new password." });
    assert_eq!((answer.status, answer.json()), (200, saved));
    assert_eq!(actor.get(USER).await.status, 403, "all sessions have ended");
    assert_eq!(log_in(&visitor, EMAIL, NEW).await.status, 200);

    let invalid = json!({ "token": ["Invalid value"] });
    let replayed = visitor.post(CONFIRM, &confirmation(&link, NEW)).await;
    assert_eq!((replayed.status, replayed.json()), (400, invalid.clone()));
    let late = self::link(&stage, &visitor).await;
    stage.shop.clock.advance(3600);
    let answer = visitor.post(CONFIRM, &confirmation(&late, NEW)).await;
    assert_eq!((answer.status, answer.json()), (400, invalid));
}

#[tokio::test]
async fn a_link_is_void_once_password_or_address_have_changed() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = abebe(&stage, &router).await;
    let before = link(&stage, &actor).await;
    assert_eq!(actor.post(CHANGE, &change(PASSWORD, NEW)).await.status, 200);
    let answer = actor.post(CONFIRM, &confirmation(&before, PASSWORD)).await;
    assert_eq!(answer.json(), json!({ "token": ["Invalid value"] }));

    let before = link(&stage, &actor).await;
    let edited = stage.shop.store.edit_user(
        user(&stage).await.id,
        || stage.shop.entropy.version(),
        |user| {
            user.email = "derartu@example.com".into();
            Ok::<_, std::convert::Infallible>(())
        },
    );
    edited.await.unwrap().unwrap();
    let answer = actor.post(CONFIRM, &confirmation(&before, PASSWORD)).await;
    assert_eq!(answer.json(), json!({ "token": ["Invalid value"] }));
}

#[tokio::test]
async fn no_link_with_a_flipped_bit_works() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = abebe(&stage, &router).await;
    let (uid, token) = link(&stage, &actor).await;
    let mut tried = 0;
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut bytes = token.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let flipped = String::from_utf8_lossy(&bytes).into_owned();
            let body = confirmation(&(uid.clone(), flipped), NEW);
            let answer = actor.post(CONFIRM, &body).await;
            assert_eq!(answer.status, 400, "{body}");
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
    let other = stage.verified(&router).await.unwrap();
    let foreign = (web::tokens::uid(other.user().id), token.clone());
    let answer = actor.post(CONFIRM, &confirmation(&foreign, NEW)).await;
    assert_eq!(answer.json(), json!({ "token": ["Invalid value"] }));
    for uid in ["", "zzzzzzzzzzzzz", "-1", "ABC"] {
        let body = confirmation(&(uid.to_owned(), token.clone()), NEW);
        assert!(actor.post(CONFIRM, &body).await.json()["uid"].is_array());
    }
}

#[tokio::test]
async fn used_by_many_at_once_a_link_works_once() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = abebe(&stage, &router).await;
    let link = link(&stage, &actor).await;
    let tries = (0..6).map(|number| {
        let visitor = stage.anonymous(&router);
        let body = confirmation(&link, &format!("{NEW}-{number}"));
        async move { visitor.post(CONFIRM, &body).await.status }
    });
    let statuses = futures::future::join_all(tries).await;
    let worked = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(worked, 1, "{statuses:?}");
}

#[tokio::test]
async fn a_reset_proves_the_address_and_shuts_out_whoever_took_it() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let squatter = register(&stage, &router, EMAIL).await;
    assert_eq!(log_in(&squatter, EMAIL, PASSWORD).await.status, 200);
    let owner = stage.anonymous(&router).saying("user-agent", "Firefox");
    let link = link(&stage, &owner).await;
    let saved = owner.post(CONFIRM, &confirmation(&link, NEW)).await;
    assert_eq!(saved.status, 200);
    assert!(user(&stage).await.is_verified());
    assert_eq!(squatter.get(USER).await.status, 403);
    assert_eq!(log_in(&owner, EMAIL, NEW).await.status, 200);
}

#[tokio::test]
async fn asking_for_a_link_tells_nobody_who_has_an_account() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let visitor = stage.anonymous(&router);
    let answer = visitor
        .post(RESET, &json!({ "email": "nobody@example.com" }))
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            200,
            json!({ "detail": "Password reset e-mail has been sent." })
        )
    );
    assert_eq!(stage.queue.sent().pop().unwrap().kind, EventKind::Decoy);
    // Both are throttled alike.
    for email in ["nobody@example.com", EMAIL] {
        register(&stage, &router, EMAIL).await;
        let mut statuses = Vec::new();
        for _ in 0..7 {
            let body = json!({ "email": email });
            statuses.push(visitor.post(RESET, &body).await.status);
        }
        assert_eq!(statuses.last(), Some(&429), "{email}: {statuses:?}");
    }
}

#[tokio::test]
async fn the_page_of_a_link_takes_a_new_password_once() {
    let (stage, router) = open().await;
    stage.shop.clock.stop();
    let actor = abebe(&stage, &router).await;
    let (uid, token) = link(&stage, &actor).await;
    let visitor = stage.anonymous(&router);
    let page = format!("/password-reset/confirm/{uid}/{token}/");
    let form = visitor.get(&page).await;
    assert_eq!(form.status, 200);
    assert!(form.header("content-type").starts_with("text/html"));
    assert!(form.text().contains("new_password1"));
    assert_eq!(form.header("referrer-policy"), "no-referrer");
    let weak = visitor
        .post_form(&page, "new_password1=1234&new_password2=1234")
        .await;
    assert_eq!(weak.status, 400);
    assert!(weak.text().contains("This password is too short"));
    let empty = visitor.post_form(&page, "new_password1=").await;
    assert_eq!(empty.status, 400);
    let body = format!("new_password1={NEW}&new_password2={NEW}");
    let saved = visitor.post_form(&page, &body).await;
    assert_eq!(saved.status, 200);
    assert!(saved.text().contains("saved"));
    for dead in [
        visitor.post_form(&page, &body).await,
        visitor.get(&page).await,
        visitor.get("/password-reset/confirm/1/x/").await,
    ] {
        assert_eq!(dead.status, 404);
        assert!(dead.text().contains("does not work any more"));
    }
    assert_eq!(log_in(&visitor, EMAIL, NEW).await.status, 200);
}
