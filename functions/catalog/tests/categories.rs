use actors::Actor;
use serde_json::{Value, json};

use crate::{CATEGORIES, at, category, made, open, slugs};

async fn below(staff: &Actor, parent: &Value, slug: &str) -> Value {
    let body = json!({ "name": slug, "slug": slug, "parent_category": parent["id"] });
    made(staff, CATEGORIES, &body).await
}

#[tokio::test]
async fn a_category_is_shown_as_the_original_shows_it() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let body =
        json!({ "name": " Phones ", "slug": "phones", "id": 7, "depth": 3, "subcategories": [1] });
    let answer = staff.post(CATEGORIES, &body).await;
    let phones = answer.json();
    assert_eq!(
        answer.text(),
        format!(
            concat!(
                r#"{{"id":{},"parent_category":null,"name":"Phones","slug":"phones","depth":0,"#,
                r#""description":"","is_active":true,"created_at":{},"subcategories":[]}}"#
            ),
            phones["id"], phones["created_at"]
        )
    );
    let shown = stage.anonymous(&router).get(&at(CATEGORIES, &phones)).await;
    assert_eq!((shown.status, shown.json()), (200, phones));
    assert!(!answer.header("etag").is_empty());
    // Of what can be kept the tag says more than the version.
    let version = answer.header("etag").trim_end_matches('"');
    assert!(shown.header("etag").starts_with(version));
}

#[tokio::test]
async fn the_list_is_the_roots_by_name_with_all_under_them() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let home = category(&staff, "home").await;
    let electronics = category(&staff, "electronics").await;
    let phones = below(&staff, &electronics, "phones").await;
    let android = below(&staff, &phones, "android").await;
    below(&staff, &electronics, "audio").await;
    let list = stage.anonymous(&router).get(CATEGORIES).await.json();
    assert_eq!(slugs(&list), ["electronics", "home"]);
    assert_eq!(slugs(&list[0]["subcategories"]), ["audio", "phones"]);
    let leaf = &list[0]["subcategories"][1]["subcategories"][0];
    assert_eq!((&leaf["id"], &leaf["depth"]), (&android["id"], &json!(2)));
    assert_eq!(leaf["parent_category"], phones["id"]);
    let branch = staff.get(&at(CATEGORIES, &phones)).await.json();
    assert_eq!(
        (&branch["depth"], &branch["subcategories"][0]["depth"]),
        (&json!(0), &json!(1))
    );
    assert_eq!(list[1]["id"], home["id"]);
}

#[tokio::test]
async fn everything_wrong_with_a_category_is_told_at_once() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let required = json!(["This field is required."]);
    let refused = staff.post(CATEGORIES, &json!({})).await;
    assert_eq!(
        (refused.status, refused.json()),
        (400, json!({ "name": required }))
    );
    let bad = json!({
        "name": "x".repeat(256), "slug": "two words", "parent_category": "roots",
        "description": null, "is_active": "perhaps",
    });
    assert_eq!(
        staff.post(CATEGORIES, &bad).await.json(),
        json!({
            "name": ["Ensure this field has no more than 255 characters."],
            "slug": ["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."],
            "parent_category": ["Incorrect type. Expected pk value, received str."],
            "description": ["This field may not be null."],
            "is_active": ["Must be a valid boolean."],
        })
    );
    category(&staff, "taken").await;
    let body = json!({ "name": "Taken", "slug": "taken", "parent_category": 99999 });
    assert_eq!(
        staff.post(CATEGORIES, &body).await.json(),
        json!({
            "slug": ["category with this slug already exists."],
            "parent_category": ["Invalid pk \"99999\" - object does not exist."],
        })
    );
    let list = staff.post(CATEGORIES, &json!([])).await;
    assert_eq!(
        list.json(),
        json!({ "non_field_errors": ["Invalid data. Expected a dictionary, but got list."] })
    );
}

#[tokio::test]
async fn an_inactive_category_is_hidden_from_customers_with_all_under_it() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let customer = stage.verified(&router).await.unwrap();
    let secret = made(
        &staff,
        CATEGORIES,
        &json!({ "name": "Secret", "slug": "secret", "is_active": false }),
    )
    .await;
    let inside = below(&staff, &secret, "inside").await;
    let open = category(&staff, "open").await;
    let closed =
        json!({ "name": "C", "slug": "closed", "is_active": false, "parent_category": open["id"] });
    made(&staff, CATEGORIES, &closed).await;
    for actor in [&customer, &stage.anonymous(&router)] {
        let list = actor.get(CATEGORIES).await.json();
        assert_eq!(slugs(&list), ["open"]);
        assert_eq!(list[0]["subcategories"], json!([]));
        for hidden in [&secret, &inside] {
            let answer = actor.get(&at(CATEGORIES, hidden)).await;
            assert_eq!(answer.status, 404);
            assert_eq!(
                answer.json()["detail"],
                "No Category matches the given query."
            );
        }
    }
    let list = staff.get(CATEGORIES).await.json();
    assert_eq!(list[0]["name"], "Secret");
    assert_eq!(slugs(&list), ["secret", "open"]);
    assert_eq!(slugs(&list[1]["subcategories"]), ["closed"]);
    assert_eq!(staff.get(&at(CATEGORIES, &inside)).await.json(), inside);
}

#[tokio::test]
async fn a_category_stands_at_most_ten_levels_deep() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let mut parent = category(&staff, "level-1").await;
    for level in 2..=10 {
        parent = below(&staff, &parent, &format!("level-{level}")).await;
    }
    let body = json!({ "name": "Too deep", "slug": "too-deep", "parent_category": parent["id"] });
    let refused = staff.post(CATEGORIES, &body).await;
    let message = json!({ "parent_category": ["A category stands at most 10 levels deep."] });
    assert_eq!((refused.status, refused.json()), (400, message));
}

#[tokio::test]
async fn roots_come_page_by_page() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        category(&staff, name).await;
    }
    let mut seen = Vec::new();
    let mut next = Some(format!("{CATEGORIES}?limit=2"));
    while let Some(page) = next {
        let answer = stage.anonymous(&router).get(&page).await;
        seen.extend(slugs(&answer.json()).into_iter().map(str::to_owned));
        next = answer.next_page();
    }
    assert_eq!(seen, names);
    let forged = staff
        .get(&format!("{CATEGORIES}?limit=2&cursor=AAAA"))
        .await;
    assert_eq!(
        (forged.status, forged.json()),
        (400, json!({ "cursor": ["Invalid cursor."] }))
    );
}

#[tokio::test]
async fn a_tree_larger_than_one_answer_of_the_table_is_whole() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    // DynamoDB gives a megabyte at a time.
    let long = "x".repeat(200_000);
    for name in ["a", "b", "c", "d", "e", "f", "g"] {
        let body = json!({ "name": name, "slug": name, "description": long });
        made(&staff, CATEGORIES, &body).await;
    }
    let anonymous = stage.anonymous(&router);
    let (list, cost) = stage.wire.measured(anonymous.get(CATEGORIES)).await;
    assert_eq!(cost.calls_of("dynamodb.Query"), 2, "{cost:?}");
    assert_eq!(slugs(&list.json()), ["a", "b", "c", "d", "e", "f", "g"]);
}
