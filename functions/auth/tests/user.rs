use domain::{AddressId, address::Address};
use serde_json::json;

use crate::open;

const USER: &str = "/api/auth/user/";

#[tokio::test]
async fn the_account_is_shown_in_two_parallel_reads() {
    let (stage, router) = open().await;
    let customer = stage.customer(&router).await.unwrap();
    let (id, email) = (customer.user().id, customer.user().email.clone());
    let address = AddressId(stage.shop.entropy.id());
    let added = stage
        .shop
        .store
        .edit_addresses(
            id,
            || stage.shop.entropy.version(),
            |book| {
                let bole = Address {
                    id: address,
                    address_line_1: "Bole Rd 1".into(),
                    address_line_2: None,
                    city: "Addis Ababa".into(),
                    region: "AA".into(),
                    postal_code: None,
                    country: "ET".into(),
                    location_pin: None,
                };
                book.add(bole, false)
            },
        )
        .await;
    added.unwrap();
    let (answer, cost) = stage.wire.measured(customer.get(USER)).await;
    assert_eq!(
        answer.text(),
        format!(
            concat!(
                r#"{{"id":{},"email":"{}","first_name":"Abebe","last_name":"Bikila","#,
                r#""profile":{{"birth_date":null,"profile_picture":"","preferences":null}},"#,
                r#""addresses":[{{"id":{},"address_line_1":"Bole Rd 1","address_line_2":null,"#,
                r#""city":"Addis Ababa","region":"AA","postal_code":null,"country":"ET","#,
                r#""location_pin":null,"is_default":true}}]}}"#
            ),
            id, email, address
        )
    );
    assert_eq!((cost.total_calls(), cost.round_trips), (2, 1));
}

#[tokio::test]
async fn put_and_patch_change_what_is_sent_and_nothing_else() {
    let (stage, router) = open().await;
    let customer = stage.customer(&router).await.unwrap();
    let before = customer.get(USER).await.json();
    let untouched = json!({ "id": 1, "email": "x@example.com", "is_staff": true, "is_superuser": true, "addresses": [] });
    for body in [json!({}), untouched, json!({ "profile": {} })] {
        let put = customer.put(USER, &body).await;
        assert_eq!((put.status, put.json()), (200, before.clone()));
    }
    let preferences = json!({ "theme": ["dark", 1.5, null] });
    let patch = customer
        .patch(USER, &json!({ "first_name": "", "profile": { "birth_date": "1932-8-7", "preferences": preferences } }))
        .await;
    let mut expected = before.clone();
    expected["first_name"] = json!("");
    expected["profile"]["birth_date"] = json!("1932-08-07");
    expected["profile"]["preferences"] = preferences;
    assert_eq!((patch.status, patch.json()), (200, expected.clone()));
    let put = customer
        .put(
            USER,
            &json!({ "profile": { "birth_date": null, "profile_picture": "a.png" } }),
        )
        .await;
    expected["profile"]["birth_date"] = json!(null);
    expected["profile"]["profile_picture"] = json!("a.png");
    assert_eq!(put.json(), expected);
    assert_eq!(customer.get(USER).await.json(), expected);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_changes_nothing() {
    let (stage, router) = open().await;
    let customer = stage.customer(&router).await.unwrap();
    let before = customer.get(USER).await.json();
    let text = "This field may not be null.";
    for (body, errors) in [
        (json!({ "profile": null }), json!({ "profile": [text] })),
        (
            json!({ "first_name": null }),
            json!({ "first_name": [text] }),
        ),
        (
            json!({ "first_name": "New", "last_name": "x".repeat(151) }),
            json!({ "last_name": ["Ensure this field has no more than 150 characters."] }),
        ),
        (
            json!({ "profile": 5 }),
            json!({ "profile": { "non_field_errors": ["Invalid data. Expected a dictionary, but got int."] } }),
        ),
        (
            json!({ "profile": { "birth_date": "soon", "profile_picture": "x".repeat(256) } }),
            json!({ "profile": {
                "birth_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."],
                "profile_picture": ["Ensure this field has no more than 255 characters."]
            } }),
        ),
    ] {
        let answer = customer.patch(USER, &body).await;
        assert_eq!((answer.status, answer.json()), (400, errors));
    }
    assert_eq!(customer.get(USER).await.json(), before);
}

#[tokio::test]
async fn only_who_is_logged_in_has_an_account() {
    let (stage, router) = open().await;
    let nobody = json!({ "detail": "Authentication credentials were not provided." });
    let stale = stage.anonymous(&router);
    stale.keep("sessionid", "eyJhbGciOiJIUzI1NiJ9.e30.forged");
    for actor in [stage.anonymous(&router), stale] {
        for answer in [
            actor.get(USER).await,
            actor.patch(USER, &json!({})).await,
            actor.delete(USER).await,
        ] {
            assert_eq!((answer.status, answer.json()), (403, nobody.clone()));
        }
    }
    let customer = stage.customer(&router).await.unwrap();
    let answer = customer.post(USER, &json!({})).await;
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "GET, PUT, PATCH, DELETE, HEAD, OPTIONS")
    );
    let both = customer.at(&router).bearing("forged");
    assert_eq!(
        both.get(USER).await.status,
        401,
        "beside a bearer token, cookies are not read"
    );
}

#[tokio::test]
async fn a_forged_token_dies_before_the_table_is_read() {
    let (stage, router) = open().await;
    let forged = stage
        .anonymous(&router)
        .bearing("eyJhbGciOiJIUzI1NiJ9.e30.forged");
    let (answer, cost) = stage.wire.measured(forged.get(USER)).await;
    assert_eq!((answer.status, cost.total_calls()), (401, 0));
    assert_eq!(answer.header("www-authenticate"), "Bearer");
}
