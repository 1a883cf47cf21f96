use actors::Actor;
use axum::{body::Body, http::Method};
use domain::{CategoryId, Id, ProductId, product::Product};
use futures::future::join_all;
use serde_json::{Value, json};
use store::StockedProduct;

use crate::{CATEGORIES, PRODUCTS, at, category, made, open, product, slugs};

async fn below(staff: &Actor, parent: &Value, slug: &str) -> Value {
    let body = json!({ "name": slug, "slug": slug, "parent_category": parent["id"] });
    made(staff, CATEGORIES, &body).await
}

/// A request of this method with an `If-Match`.
async fn based_on(
    staff: &Actor,
    tag: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> actors::Answer {
    let staff = staff.as_bearer().saying("if-match", tag);
    let body = Body::from(body.to_string());
    staff
        .send(method, path, Some("application/json"), body)
        .await
}

#[tokio::test]
async fn a_slug_left_out_is_made_from_the_name() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    for (name, slug) in [
        ("Men's Shoes", "mens-shoes"),
        ("Men's Shoes", "mens-shoes-2"),
        ("MEN'S SHOES!", "mens-shoes-3"),
        ("ሞባይል ስልኮች", "mobaayele-selekoce"),
        ("ሞባይል ስልኮች", "mobaayele-selekoce-2"),
    ] {
        let made = made(&staff, CATEGORIES, &json!({ "name": name })).await;
        assert_eq!(made["slug"], slug);
        assert_eq!(made["name"], name);
        let found = staff.get(&format!("{PRODUCTS}?category={slug}")).await;
        assert_eq!(found.status, 200);
    }
    let mute = made(&staff, CATEGORIES, &json!({ "name": "!?" })).await;
    let slug = mute["slug"].as_str().unwrap();
    assert!(
        slug.starts_with("category-") && slug.len() == 20,
        "a name without letters: {slug}"
    );
    let form = staff
        .post_form(CATEGORIES, "name=Caf%C3%A9&slug=&is_active=true")
        .await;
    assert_eq!(
        (form.status, &form.json()["slug"]),
        (201, &json!("cafe")),
        "a blank field of a form was not filled in"
    );
}

#[tokio::test]
async fn of_twenty_parallel_creations_with_one_slug_one_succeeds() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let body = json!({ "name": "Phones", "slug": "phones" });
    let answers = join_all((0..20).map(|_| staff.post(CATEGORIES, &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 19));
    for answer in lost {
        let taken = json!({ "slug": ["category with this slug already exists."] });
        assert_eq!((answer.status, answer.json()), (400, taken));
    }
    let unnamed = json!({ "name": "Phones" });
    let answers = join_all((0..20).map(|_| staff.post(CATEGORIES, &unnamed))).await;
    let mut found: Vec<String> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 201, "{}", answer.text());
            answer.json()["slug"].as_str().unwrap().to_owned()
        })
        .collect();
    found.sort_by_key(|slug| (slug.len(), slug.clone()));
    let expected: Vec<_> = (2..=21).map(|number| format!("phones-{number}")).collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn what_is_sent_changes_and_the_rest_stays() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let electronics = category(&staff, "electronics").await;
    let body = json!({
        "name": "Phones", "slug": "phones", "description": "All of them", "is_active": false,
        "parent_category": electronics["id"],
    });
    let phones = made(&staff, CATEGORIES, &body).await;
    let android = below(&staff, &phones, "android").await;
    let path = at(CATEGORIES, &phones);

    let answer = staff
        .patch(&path, &json!({ "name": "Mobiles", "id": 1, "depth": 7 }))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut expected = phones.clone();
    expected["name"] = json!("Mobiles");
    expected["subcategories"] = json!([android]);
    expected["subcategories"][0]["depth"] = json!(1);
    assert_eq!(answer.json(), expected);
    let shown = staff.get(&path).await;
    assert_eq!(shown.json(), expected);
    let version = answer.header("etag").trim_end_matches('"');
    assert!(shown.header("etag").starts_with(version));

    // What a PUT leaves out stays as well; only the name has to be there.
    let answer = staff.put(&path, &json!({ "name": "Handys" })).await;
    expected["name"] = json!("Handys");
    assert_eq!((answer.status, answer.json()), (200, expected.clone()));
    let answer = staff.put(&path, &json!({ "is_active": true })).await;
    let required = json!({ "name": ["This field is required."] });
    assert_eq!((answer.status, answer.json()), (400, required));
    let answer = staff.patch(&path, &json!({})).await;
    assert_eq!((answer.status, answer.json()), (200, expected));

    let all = json!({
        "name": "Phones", "slug": "telephones", "description": "", "is_active": true,
        "parent_category": null,
    });
    let answer = staff.put(&path, &all).await;
    let mut replaced = answer.json();
    assert_eq!(replaced["parent_category"], Value::Null);
    replaced
        .as_object_mut()
        .unwrap()
        .retain(|name, _| all.get(name).is_some());
    assert_eq!((answer.status, &replaced), (200, &all));
    let list = staff.get(CATEGORIES).await.json();
    assert_eq!(slugs(&list), ["telephones", "electronics"], "by name");
    category(&staff, "phones").await;
}

#[tokio::test]
async fn everything_wrong_with_an_edit_is_told_at_once() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let audio = category(&staff, "audio").await;
    let inner = below(&staff, &phones, "inner").await;
    let path = at(CATEGORIES, &phones);
    let bad = json!({ "name": "", "slug": "a b", "parent_category": [], "is_active": null });
    let refused = staff.patch(&path, &bad).await;
    assert_eq!(
        (refused.status, refused.json()),
        (
            400,
            json!({
                "parent_category": ["Incorrect type. Expected pk value, received list."],
                "name": ["This field may not be blank."],
                "slug": ["Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens."],
                "is_active": ["This field may not be null."],
            })
        )
    );
    for parent in [&phones, &inner] {
        let both = json!({ "slug": "audio", "parent_category": parent["id"] });
        let refused = staff.patch(&path, &both).await;
        assert_eq!(
            (refused.status, refused.json()),
            (
                400,
                json!({
                    "slug": ["category with this slug already exists."],
                    "parent_category": ["A category cannot stand under itself."],
                })
            )
        );
    }
    let unknown = json!({ "parent_category": 99999 });
    let refused = staff.patch(&path, &unknown).await;
    let message = json!({ "parent_category": ["Invalid pk \"99999\" - object does not exist."] });
    assert_eq!((refused.status, refused.json()), (400, message));
    let moved = json!({ "parent_category": audio["id"] });
    let moved = staff.patch(&path, &moved).await;
    assert_eq!(
        (moved.status, &moved.json()["parent_category"]),
        (200, &audio["id"])
    );

    // Whether it is there, and who asks, come first.
    for (id, detail) in [
        ("1", "No Category matches the given query."),
        ("x", "Not found."),
    ] {
        let missing = format!("{CATEGORIES}{id}/");
        for answer in [
            staff.patch(&missing, &bad).await,
            staff.put(&missing, &json!({})).await,
            staff.delete(&missing).await,
            staff.delete(&format!("{missing}?reassign_to=x")).await,
        ] {
            assert_eq!(
                (answer.status, answer.json()),
                (404, json!({ "detail": detail }))
            );
        }
    }
    let customer = stage.customer(&router).await.unwrap();
    for answer in [
        customer.patch(&path, &bad).await,
        customer.put(&path, &bad).await,
        customer.delete(&path).await,
    ] {
        assert_eq!(answer.status, 403);
    }
}

#[tokio::test]
async fn an_edit_of_a_stale_version_is_refused() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let path = at(CATEGORIES, &phones);
    let first = staff.get(&path).await.header("etag").to_owned();
    let name = json!({ "name": "Mobiles" });
    let changed = based_on(&staff, &first, Method::PATCH, &path, &name).await;
    assert_eq!(changed.status, 200);
    let second = changed.header("etag").to_owned();
    assert_ne!(first, second);
    for method in [Method::PATCH, Method::PUT, Method::DELETE] {
        let refused = based_on(&staff, &first, method, &path, &name).await;
        let stale = json!({ "detail": "The object has changed since it was read." });
        assert_eq!((refused.status, refused.json()), (412, stale));
    }
    let audio = category(&staff, "audio").await;
    let reassigning = format!("{path}?reassign_to={}", audio["id"]);
    let refused = based_on(&staff, &first, Method::DELETE, &reassigning, &name).await;
    assert_eq!(refused.status, 412);
    let deleted = based_on(&staff, &second, Method::DELETE, &path, &name).await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn subcategories_of_a_deleted_category_become_roots() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let electronics = category(&staff, "electronics").await;
    let phones = below(&staff, &electronics, "phones").await;
    let android = below(&staff, &phones, "android").await;
    below(&staff, &electronics, "audio").await;
    let deleted = staff.delete(&at(CATEGORIES, &electronics)).await;
    assert_eq!((deleted.status, deleted.text()), (204, String::new()));
    let list = stage.anonymous(&router).get(CATEGORIES).await.json();
    assert_eq!(slugs(&list), ["audio", "phones"]);
    assert_eq!(list[1]["parent_category"], Value::Null);
    assert_eq!(list[1]["subcategories"][0]["id"], android["id"]);
    assert_eq!(staff.get(&at(CATEGORIES, &electronics)).await.status, 404);
    assert_eq!(
        staff.delete(&at(CATEGORIES, &electronics)).await.status,
        404
    );
    category(&staff, "electronics").await;
}

#[tokio::test]
async fn products_keep_their_category_unless_they_are_reassigned() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let audio = category(&staff, "audio").await;
    let mut made = Vec::new();
    for number in 0..12 {
        let hidden = json!({ "is_active": number % 2 == 0 });
        made.push(product(&staff, &phones, &format!("p{number}"), hidden).await);
    }
    let path = at(CATEGORIES, &phones);
    let refused = staff.delete(&path).await;
    assert_eq!(refused.status, 409);
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.starts_with("Products stand in this category."),
        "{detail}"
    );
    for (heir, message) in [
        (
            json!("x"),
            "Incorrect type. Expected pk value, received str.".to_owned(),
        ),
        (
            json!(99999),
            "Invalid pk \"99999\" - object does not exist.".to_owned(),
        ),
        (
            phones["id"].clone(),
            "Products cannot be moved to the category that is deleted.".to_owned(),
        ),
    ] {
        let heir = heir.to_string().replace('"', "");
        let refused = staff.delete(&format!("{path}?reassign_to={heir}")).await;
        let expected = json!({ "reassign_to": [message] });
        assert_eq!((refused.status, refused.json()), (400, expected), "{heir}");
    }
    assert_eq!(staff.get(&at(PRODUCTS, &made[0])).await.json(), made[0]);
    let deleted = staff
        .delete(&format!("{path}?reassign_to={}", audio["id"]))
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    for product in &made {
        let shown = staff.get(&at(PRODUCTS, product)).await.json();
        assert_eq!(shown["category"]["id"], audio["id"]);
        assert_eq!(shown["slug"], product["slug"]);
    }
    let list = staff.get(&format!("{PRODUCTS}?category=audio")).await;
    assert_eq!(list.json().as_array().unwrap().len(), 12);
    let list = stage.anonymous(&router);
    let list = list.get(&format!("{PRODUCTS}?category=audio")).await.json();
    assert_eq!(slugs(&list), ["p10", "p8", "p6", "p4", "p2", "p0"]);
    let list = staff.get(&format!("{PRODUCTS}?category=phones")).await;
    assert_eq!(list.json(), json!([]));
    // A category without products needs no heir, and takes one all the same.
    let empty = category(&staff, "empty").await;
    let path = at(CATEGORIES, &empty);
    let deleted = staff
        .delete(&format!("{path}?reassign_to={}", audio["id"]))
        .await;
    assert_eq!(deleted.status, 204);
}

#[tokio::test]
async fn very_many_products_move_over_several_requests() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let audio = category(&staff, "audio").await;
    let first = product(&staff, &phones, "first", json!({})).await;
    let store = &stage.shop.store;
    let first = Id::try_from(first["id"].as_u64().unwrap()).unwrap();
    let pattern = store.find_fresh_product(ProductId(first)).await.unwrap();
    let pattern = pattern.unwrap().product;
    for batch in 0..20 {
        let making = (0..25_u64).map(|number| {
            // Not drawn: so many in one millisecond may clash.
            let id = Id::try_from(first.value() + 1 + batch * 25 + number).unwrap();
            let product = Product {
                id: ProductId(id),
                slug: format!("p-{batch}-{number}"),
                variants: vec![Product::default_variant(ProductId(id), None)],
                ..pattern.clone()
            };
            async move {
                let stocked = StockedProduct::new(product, Vec::new());
                store.create_product(&stocked).await.unwrap();
            }
        });
        join_all(making).await;
    }
    let path = format!("{}?reassign_to={}", at(CATEGORIES, &phones), audio["id"]);
    let refused = staff.delete(&path).await;
    let detail = json!({ "detail": "500 products were moved, and there are more: ask again." });
    assert_eq!((refused.status, refused.json()), (409, detail));
    assert_eq!(staff.get(&at(CATEGORIES, &phones)).await.status, 200);
    assert_eq!(staff.delete(&path).await.status, 204);
    let left = store.shelved_products(id_of(&phones), 10).await.unwrap();
    assert_eq!(left, []);
    let moved = store.shelved_products(id_of(&audio), 1_000).await.unwrap();
    assert_eq!(moved.len(), 501);
}

fn id_of(category: &Value) -> CategoryId {
    let id = category["id"].as_u64().unwrap();
    CategoryId(Id::try_from(id).unwrap())
}
