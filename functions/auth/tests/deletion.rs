use actors::{Actor, Answer};
use axum::{body::Body, http::Method};
use serde_json::{Value, json};

use crate::{PASSWORD, open, register, session::log_in};

const USER: &str = "/api/auth/user/";
const EMAIL: &str = "abebe@example.com";

async fn delete(actor: &Actor, body: &Value) -> Answer {
    let body = Body::from(body.to_string());
    actor
        .send(Method::DELETE, USER, Some("application/json"), body)
        .await
}

#[tokio::test]
async fn an_account_goes_with_its_password_only() {
    let (stage, router) = open().await;
    let actor = register(&stage, &router, EMAIL).await;
    log_in(&actor, EMAIL, PASSWORD).await;
    let bearer = actor.as_bearer();
    for (body, expected) in [
        (json!({}), "This field is required."),
        (
            json!({ "password": "wrong" }),
            "Your password was entered incorrectly. Please enter it again.",
        ),
    ] {
        let answer = delete(&actor, &body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({ "password": [expected] }))
        );
    }
    let gone = delete(&actor, &json!({ "password": PASSWORD })).await;
    assert_eq!(gone.status, 204);
    assert_eq!(gone.cookie("sessionid").unwrap().value(), "");
    assert_eq!(bearer.get(USER).await.status, 401);
    let told = stage.queue.sent().pop().unwrap().kind;
    assert_eq!(told.name(), "AccountDeleted");
    let unknown = log_in(&actor, EMAIL, PASSWORD).await;
    assert_eq!(
        unknown.json(),
        json!({ "non_field_errors": ["Invalid email or password."] })
    );
    let find = || stage.shop.store.find_user_by_email(EMAIL);
    assert_eq!(find().await.unwrap(), None);
    register(&stage, &router, EMAIL).await;
    assert!(find().await.unwrap().is_some(), "the address is free again");
}

#[tokio::test]
async fn the_last_superuser_stays() {
    let (stage, router) = open().await;
    let admin = stage.anonymous(&router);
    let setup = json!({
        "setup_token": "admin-setup-token-for-tests", "email": EMAIL,
        "password": PASSWORD, "password_confirm": PASSWORD,
    });
    let made = admin.post("/api/auth/init-admin/", &setup).await;
    assert_eq!(made.status, 201, "{}", made.text());
    log_in(&admin, EMAIL, PASSWORD).await;
    let refused = delete(&admin, &json!({ "password": PASSWORD })).await;
    assert_eq!(
        (refused.status, refused.json()),
        (
            409,
            json!({ "detail": "The last superuser must stay one." })
        )
    );
    assert_eq!(admin.get(USER).await.status, 200);
}

#[tokio::test]
async fn pressing_the_button_twice_deletes_once() {
    let (stage, router) = open().await;
    let actor = register(&stage, &router, EMAIL).await;
    log_in(&actor, EMAIL, PASSWORD).await;
    let bearer = actor.as_bearer();
    let body = json!({ "password": PASSWORD });
    let presses = (0..4).map(|_| delete(&bearer, &body));
    let answers = futures::future::join_all(presses).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert!(statuses.contains(&204), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| matches!(status, 204 | 401)),
        "{statuses:?}"
    );
    let sent = stage.queue.sent();
    let told = sent
        .iter()
        .filter(|event| event.kind.name() == "AccountDeleted");
    assert_eq!(told.count(), 1);
}
