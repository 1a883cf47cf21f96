use serde_json::{Value, json};

use super::{add, at, bole, listed};
use crate::open;

#[tokio::test]
async fn exactly_one_address_is_the_default_whatever_is_done() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let mut asked = bole();
    asked["is_default"] = json!(false);
    let first = add(&customer, &asked).await;
    assert_eq!(
        first["is_default"], true,
        "the first one is it whatever is asked"
    );
    let second = add(&customer, &bole()).await;
    asked["is_default"] = json!(true);
    let third = add(&customer, &asked).await;
    let id = |address: &Value| address["id"].as_u64().unwrap();
    assert_eq!(listed(&customer).await.1, [id(&third)]);
    assert_eq!(
        listed(&customer).await.0[0],
        id(&third),
        "the default stands first"
    );

    let answer = customer
        .patch(&at(&third), &json!({ "is_default": false }))
        .await;
    assert_eq!(
        answer.json()["is_default"],
        true,
        "it cannot be given up, only passed on"
    );
    customer
        .patch(&at(&first), &json!({ "is_default": true }))
        .await;
    assert_eq!(listed(&customer).await.1, [id(&first)]);

    assert_eq!(customer.delete(&at(&first)).await.status, 204);
    assert_eq!(
        listed(&customer).await.1,
        [id(&third)],
        "the newest takes its place"
    );
    assert_eq!(customer.delete(&at(&second)).await.status, 204);
    assert_eq!(customer.delete(&at(&third)).await.status, 204);
    assert_eq!(listed(&customer).await, (vec![], vec![]));
}

#[tokio::test]
async fn a_put_passes_the_default_on_and_never_gives_it_up() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let first = add(&customer, &bole()).await;
    let second = add(&customer, &bole()).await;
    let id = |address: &Value| address["id"].as_u64().unwrap();
    let mut body = bole();
    body["is_default"] = json!(false);
    let put = customer.put(&at(&first), &body).await;
    assert_eq!(
        (put.status, &put.json()["is_default"]),
        (200, &json!(true)),
        "one of them must be it"
    );
    // A form that leaves a box out says that it is not ticked.
    let form = "address_line_1=Bole+Rd+1&city=Addis+Ababa&region=AA&country=ET";
    let put = customer
        .send(
            axum::http::Method::PUT,
            &at(&first),
            Some("application/x-www-form-urlencoded"),
            form.into(),
        )
        .await;
    assert_eq!((put.status, put.json()), (200, first.clone()));
    body["is_default"] = json!(true);
    let put = customer.put(&at(&second), &body).await;
    assert_eq!(put.json()["is_default"], true);
    assert_eq!(listed(&customer).await.1, [id(&second)]);
    assert_eq!(customer.delete(&at(&first)).await.status, 204);
    assert_eq!(
        listed(&customer).await.1,
        [id(&second)],
        "another one's end changes nothing about it"
    );
}
