use futures::future::join_all;
use serde_json::{Value, json};

use crate::{PASSWORD, open, register};

const INIT: &str = "/api/auth/init-admin/";
const TOKEN: &str = "admin-setup-token-for-tests";

fn setup(email: &str) -> Value {
    json!({ "setup_token": TOKEN, "email": email, "password": PASSWORD, "password_confirm": PASSWORD })
}

#[tokio::test]
async fn the_first_admin_is_made_once_and_may_work_at_once() {
    let (stage, router) = open().await;
    let visitor = stage.anonymous(&router);
    let answer = visitor.post(INIT, &setup("Admin@Example.com")).await;
    let text = json!({ "message": "Admin account created." });
    assert_eq!((answer.status, answer.json()), (201, text));
    let admin = stage
        .shop
        .store
        .find_user_by_email("admin@example.com")
        .await
        .unwrap()
        .unwrap();
    assert!(admin.is_staff && admin.is_superuser && admin.is_verified());
    let login = json!({ "email": "admin@example.com", "password": PASSWORD });
    let login = visitor.post("/api/auth/login/", &login).await;
    assert_eq!((login.status, &login.json()["detail"]), (200, &Value::Null));

    let again = stage
        .anonymous(&router)
        .post(INIT, &setup("other@example.com"))
        .await;
    let text = json!({ "error": "Admin already initialized." });
    assert_eq!((again.status, again.json()), (403, text));
}

#[tokio::test]
async fn checks_come_in_order_fields_token_existence() {
    let (stage, router) = open().await;
    let visitor = stage.anonymous(&router);
    let required = "This field is required.";
    assert_eq!(
        visitor.post(INIT, &json!({})).await.json(),
        json!({ "setup_token": [required], "email": [required], "password": [required], "password_confirm": [required] })
    );
    let mut body = setup("admin@example.com");
    body["setup_token"] = json!("wrong");
    body["password_confirm"] = json!("other");
    let answer = visitor.post(INIT, &body).await;
    let text = json!({ "password_confirm": ["Passwords do not match."] });
    assert_eq!((answer.status, answer.json()), (400, text));
    body["password_confirm"] = json!(PASSWORD);
    let answer = visitor.post(INIT, &body).await;
    assert_eq!(
        (answer.status, answer.json()),
        (401, json!({ "error": "Invalid setup token." }))
    );
    let mut weak = setup("admin@example.com");
    weak["password"] = json!("12345678");
    let text = [
        "This password is too common.",
        "This password is entirely numeric.",
    ];
    assert_eq!(
        visitor.post(INIT, &weak).await.json(),
        json!({ "password": text })
    );

    assert_eq!(
        visitor.post(INIT, &setup("admin@example.com")).await.status,
        201
    );
    let wrong = stage.anonymous(&router).post(INIT, &body).await;
    assert_eq!(
        wrong.status, 401,
        "who has no token does not learn whether there is an admin"
    );
}

#[tokio::test]
async fn of_many_at_once_one_becomes_admin() {
    let (stage, router) = open().await;
    let answers = join_all((0..6).map(async |number| {
        let email = format!("admin{number}@example.com");
        stage
            .anonymous(&router)
            .post(INIT, &setup(&email))
            .await
            .status
    }))
    .await;
    let mut statuses = answers.clone();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403, 403, 403, 403, 403]);
    let mut accounts = 0;
    for number in 0..6 {
        let email = format!("admin{number}@example.com");
        accounts += usize::from(
            stage
                .shop
                .store
                .find_user_by_email(&email)
                .await
                .unwrap()
                .is_some(),
        );
    }
    assert_eq!(accounts, 1);
}

#[tokio::test]
async fn a_taken_address_is_told_without_the_tables_words() {
    let (stage, router) = open().await;
    register(&stage, &router, "admin@example.com").await;
    let answer = stage
        .anonymous(&router)
        .post(INIT, &setup("admin@example.com"))
        .await;
    let text = json!({ "error": "A user is already registered with this e-mail address." });
    assert_eq!((answer.status, answer.json()), (400, text));
    assert_eq!(
        stage
            .anonymous(&router)
            .post(INIT, &setup("boss@example.com"))
            .await
            .status,
        201
    );
}
