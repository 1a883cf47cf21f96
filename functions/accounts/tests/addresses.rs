mod default;
mod races;

use actors::Actor;
use serde_json::{Value, json};

use crate::open;

const PATH: &str = "/api/accounts/addresses/";

fn bole() -> Value {
    json!({ "address_line_1": "Bole Rd 1", "city": "Addis Ababa", "region": "AA", "country": "ET" })
}

async fn add(actor: &Actor, body: &Value) -> Value {
    let answer = actor.post(PATH, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn at(address: &Value) -> String {
    format!("{PATH}{}/", address["id"])
}

/// The ids of all addresses, and of those that are the default.
async fn listed(actor: &Actor) -> (Vec<u64>, Vec<u64>) {
    let list = actor.get(PATH).await.json();
    let ids = |filter: &dyn Fn(&Value) -> bool| {
        let found = list
            .as_array()
            .unwrap()
            .iter()
            .filter(|address| filter(address));
        found
            .map(|address| address["id"].as_u64().unwrap())
            .collect()
    };
    (
        ids(&|_| true),
        ids(&|address| address["is_default"] == true),
    )
}

#[tokio::test]
async fn an_address_is_shown_as_the_original_shows_it() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let answer = customer.post(PATH, &bole()).await;
    let made = answer.json();
    let id = made["id"].as_u64().unwrap();
    assert_eq!(
        answer.text(),
        format!(
            concat!(
                r#"{{"id":{},"address_line_1":"Bole Rd 1","address_line_2":null,"city":"Addis Ababa","#,
                r#""region":"AA","postal_code":null,"country":"ET","location_pin":null,"is_default":true}}"#
            ),
            id
        )
    );
    let shown = customer.get(&at(&made)).await;
    assert_eq!((shown.status, shown.json()), (200, made.clone()));
    assert_eq!(shown.header("etag"), answer.header("etag"));
    assert_eq!(customer.get(PATH).await.json(), json!([made]));
    assert_eq!(
        customer.get(PATH.trim_end_matches('/')).await.json(),
        json!([made])
    );
}

#[tokio::test]
async fn all_bad_fields_are_told_together() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let required = "This field is required.";
    assert_eq!(
        customer.post(PATH, &json!({})).await.json(),
        json!({ "address_line_1": [required], "city": [required], "region": [required], "country": [required] })
    );
    let bad = json!({
        "address_line_1": "", "city": "x".repeat(101), "region": ["AA"], "country": null,
        "postal_code": "1".repeat(21), "is_default": null, "location_pin": { "a\u{0}": 1 }, "id": 7
    });
    assert_eq!(
        customer.post(PATH, &bad).await.json(),
        json!({
            "address_line_1": ["This field may not be blank."],
            "city": ["Ensure this field has no more than 100 characters."],
            "region": ["Not a valid string."],
            "country": ["This field may not be null."],
            "postal_code": ["Ensure this field has no more than 20 characters."],
            "is_default": ["This field may not be null."],
            "location_pin": ["Null characters are not allowed."]
        })
    );
    let list = customer.post(PATH, &json!([bole()])).await;
    let text = "Invalid data. Expected a dictionary, but got list.";
    assert_eq!(
        (list.status, list.json()),
        (400, json!({ "non_field_errors": [text] }))
    );
    let big = json!({ "location_pin": "x".repeat(3000) });
    assert!(customer.post(PATH, &big).await.json()["location_pin"].is_array());
}

#[tokio::test]
async fn any_json_is_a_pin_and_numbers_are_texts() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    for pin in [
        json!({ "lat": 9.012_345_678_901_234, "lng": [38.7] }),
        json!("9,38"),
        json!(null),
    ] {
        let mut body = bole();
        body["location_pin"] = pin.clone();
        body["city"] = json!(5);
        let made = add(&customer, &body).await;
        assert_eq!(customer.get(&at(&made)).await.json()["location_pin"], pin);
        assert_eq!(made["city"], "5");
    }
}

#[tokio::test]
async fn put_keeps_omitted_optional_fields_and_patch_all_of_them() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let mut body = bole();
    body["postal_code"] = json!("1000");
    let made = add(&customer, &body).await;
    let put = customer.put(&at(&made), &bole()).await;
    assert_eq!(
        (put.status, &put.json()["postal_code"]),
        (200, &json!("1000"))
    );
    let put = customer.put(&at(&made), &json!({ "city": "Adama" })).await;
    assert_eq!(
        (put.status, put.json().as_object().unwrap().len()),
        (400, 3)
    );
    let patch = customer
        .patch(&at(&made), &json!({ "city": "Adama", "postal_code": null }))
        .await;
    assert_eq!(patch.status, 200);
    let mut expected = made.clone();
    expected["city"] = json!("Adama");
    expected["postal_code"] = Value::Null;
    assert_eq!(patch.json(), expected);
}

#[tokio::test]
async fn somebody_elses_address_is_not_there_for_staff_neither() {
    let (stage, router) = open().await;
    let owner = stage.verified(&router).await.unwrap();
    let theirs = at(&add(&owner, &bole()).await);
    let gone = json!({ "detail": "No Address matches the given query." });
    for stranger in [
        stage.verified(&router).await.unwrap(),
        stage.staff(&router).await.unwrap(),
    ] {
        for answer in [
            stranger.get(&theirs).await,
            stranger.put(&theirs, &bole()).await,
            stranger.patch(&theirs, &json!({ "city": "" })).await,
            stranger.delete(&theirs).await,
            stranger.get(&format!("{PATH}99999999999999999999/")).await,
            stranger.get(&format!("{PATH}-1/")).await,
        ] {
            assert_eq!((answer.status, answer.json()), (404, gone.clone()));
        }
        let answer = stranger.get(&format!("{PATH}abc/")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({ "detail": "Not found." }))
        );
    }
    assert_eq!(owner.get(&theirs).await.status, 200);
}

#[tokio::test]
async fn only_the_verified_have_addresses() {
    let (stage, router) = open().await;
    let anonymous = stage.anonymous(&router);
    let unproved = stage.customer(&router).await.unwrap();
    let superuser = stage
        .somebody(&router, |user| user.is_superuser = true)
        .await
        .unwrap();
    let nobody = json!({ "detail": "Authentication credentials were not provided." });
    let unverified = json!({ "detail": "Email verification required." });
    for (actor, text) in [(&anonymous, &nobody), (&unproved, &unverified)] {
        for answer in [
            actor.get(PATH).await,
            actor.post(PATH, &bole()).await,
            actor.put(PATH, &bole()).await,
            actor.delete(&format!("{PATH}7/")).await,
        ] {
            assert_eq!((answer.status, &answer.json()), (403, text));
            assert_eq!(answer.header("www-authenticate"), "");
        }
    }
    assert_eq!(superuser.get(PATH).await.status, 200);
    let forged = stage.anonymous(&router).bearing("forged").get(PATH).await;
    assert_eq!(
        (forged.status, forged.header("www-authenticate")),
        (401, "Bearer")
    );
    let bearer = unproved.as_bearer().get(PATH).await;
    assert_eq!((bearer.status, bearer.json()), (403, unverified));
}

#[tokio::test]
async fn methods_a_path_lacks_are_told_with_those_it_has() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let answer = customer.put(PATH, &bole()).await;
    let text = json!({ "detail": "Method \"PUT\" not allowed." });
    assert_eq!((answer.status, answer.json()), (405, text));
    assert_eq!(answer.header("allow"), "GET, POST, HEAD, OPTIONS");
    let answer = customer.post(&format!("{PATH}7/"), &bole()).await;
    assert_eq!(
        answer.header("allow"),
        "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    );
    let answer = customer.get("/api/accounts/nothing/").await;
    assert_eq!(
        (answer.status, answer.json()),
        (404, json!({ "detail": "Not found." }))
    );
}

#[tokio::test]
async fn an_edit_of_a_stale_address_is_refused() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    let made = add(&customer, &bole()).await;
    let tag = customer.get(&at(&made)).await.header("etag").to_owned();
    let careful = customer.at(&router).saying("if-match", &tag);
    let edit = json!({ "city": "Adama" });
    add(&customer, &bole()).await;
    assert_eq!(
        careful.patch(&at(&made), &edit).await.status,
        200,
        "another address is no matter"
    );
    assert_eq!(
        careful
            .patch(&at(&made), &json!({ "city": "Harar" }))
            .await
            .status,
        412
    );
    assert_eq!(careful.delete(&at(&made)).await.status, 412);
    assert_eq!(customer.get(&at(&made)).await.json()["city"], "Adama");
}

#[tokio::test]
async fn a_book_is_paged_and_bounded() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    for _ in 0..50 {
        add(&customer, &bole()).await;
    }
    let full = customer.post(PATH, &bole()).await;
    let text = "An address book holds at most 50 addresses.";
    assert_eq!(
        (full.status, full.json()),
        (400, json!({ "non_field_errors": [text] }))
    );

    let mut seen = Vec::new();
    let mut next = Some(format!("{PATH}?limit=20"));
    while let Some(page) = next {
        let answer = customer.get(&page).await;
        seen.extend(
            answer
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|address| address["id"].as_u64().unwrap()),
        );
        next = answer.next_page();
        if let Some(url) = &next {
            assert!(
                url.starts_with("http://shop.test/api/accounts/addresses/?limit=20&cursor="),
                "{url}"
            );
            assert!(
                answer
                    .header("link")
                    .ends_with("/?limit=20>; rel=\"first\"")
            );
        }
    }
    assert_eq!(seen, listed(&customer).await.0);
    assert_eq!(seen.len(), 50);
}

#[tokio::test]
async fn cursors_and_limits_that_are_not_ours_are_refused() {
    let (stage, router) = open().await;
    let customer = stage.verified(&router).await.unwrap();
    for _ in 0..3 {
        add(&customer, &bole()).await;
    }
    let next = customer
        .get(&format!("{PATH}?limit=1&sort=x"))
        .await
        .next_page()
        .unwrap();
    let cursor = next.split("cursor=").nth(1).unwrap();
    let good = customer
        .get(&format!(
            "/api/accounts/addresses?cursor={cursor}&sort=x&limit=2"
        ))
        .await;
    assert_eq!(
        (good.status, good.json().as_array().unwrap().len()),
        (200, 2)
    );
    assert_eq!(good.header("link"), "", "there is no more");
    let invalid = json!({ "cursor": ["Invalid cursor."] });
    for query in [
        format!("sort=y&cursor={cursor}"),
        format!("cursor={cursor}"),
        format!("sort=x&cursor={cursor}x"),
        format!("sort=x&cursor={}", cursor.to_lowercase()),
        "cursor=1".to_owned(),
    ] {
        let answer = customer.get(&format!("{PATH}?{query}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, invalid.clone()),
            "{query}"
        );
    }
    for (limit, text) in [
        ("0", "Ensure this value is greater than or equal to 1."),
        ("101", "Ensure this value is less than or equal to 100."),
        ("many", "A valid integer is required."),
    ] {
        let answer = customer.get(&format!("{PATH}?limit={limit}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (400, json!({ "limit": [text] }))
        );
    }
    assert_eq!(
        customer
            .get(&format!("{PATH}?limit=&cursor=&page=2"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn the_sample_event_is_answered_as_on_lambda() {
    let (_stage, router) = open().await;
    let sample = include_str!("../../../events/accounts.json");
    let answer = actors::replay(&router, sample).await.unwrap();
    assert_eq!(answer.status, 403, "its session is nobody's");
    assert_eq!(answer.header("x-request-id"), "JKJaXmPLvHcESHA=");
}
