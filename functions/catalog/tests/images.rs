//! Images by their addresses: order, the main one, what is refused.

use actors::{Actor, Stage};
use axum::Router;
use domain::Money;
use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{category, open, product};

/// A stage with staff and the path of a product's images.
pub(crate) async fn gallery() -> (Stage, Router, Actor, String) {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({})).await;
    let path = format!("/api/products/{}/images/", pixel["id"]);
    (stage, router, staff, path)
}

async fn add(staff: &Actor, path: &str, name: &str) -> Value {
    let body = json!({ "image_url": address(name), "alt_text": name });
    let answer = staff.post(path, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn address(name: &str) -> String {
    format!("https://images.example/{name}.png")
}

/// Names in their order, the main one with an asterisk. Places are checked on the way.
async fn shown(actor: &Actor, path: &str) -> Vec<String> {
    let list = actor.get(path).await.json();
    let images = list.as_array().unwrap().iter().enumerate();
    images
        .map(|(place, image)| {
            assert_eq!(image["position"], place);
            let name = image["alt_text"].as_str().unwrap();
            let main = if image["is_main"] == true { "*" } else { "" };
            format!("{name}{main}")
        })
        .collect()
}

fn one(path: &str, image: &Value) -> String {
    format!("{path}{}/", image["id"])
}

#[tokio::test]
async fn an_image_is_shown_with_its_product_as_the_original_would_have_it() {
    let (stage, router, staff, path) = gallery().await;
    let front = add(&staff, &path, "front").await;
    add(&staff, &path, "back").await;
    let keys: Vec<_> = front.as_object().unwrap().keys().collect();
    let expected = [
        "alt_text",
        "created_at",
        "id",
        "image_url",
        "is_main",
        "position",
    ];
    assert_eq!(keys, expected);
    assert_eq!(front["image_url"], address("front"));
    let anonymous = stage.anonymous(&router);
    let list = anonymous.get(&path).await.json();
    assert_eq!(list[0], front);
    let product = path.strip_suffix("images/").unwrap();
    assert_eq!(anonymous.get(product).await.json()["images"], list);
    let products = anonymous.get("/api/products/").await.json();
    assert_eq!(products[0]["images"], list);
    assert_eq!(anonymous.get(&one(&path, &front)).await.json(), front);
    let unknown = anonymous.get(&format!("{path}12/")).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(
        unknown.json()["detail"],
        "No Image matches the given query."
    );
    assert_eq!(anonymous.get(&format!("{path}front/")).await.status, 404);
}

#[tokio::test]
async fn images_of_a_hidden_product_are_seen_by_staff_only() {
    let (stage, router, staff, path) = gallery().await;
    let tea = stage.goods("Tea", Money::from_santim(100), None, 1).await;
    let hidden = tea.unwrap();
    let path_of_tea = format!("/api/products/{}/images/", hidden.id);
    let front = add(&staff, &path_of_tea, "front").await;
    let hide = stage.shop.store.edit_product(
        hidden.id,
        || stage.shop.entropy.version(),
        |stocked| {
            stocked.product.is_active = false;
            Ok::<_, ()>(())
        },
    );
    Box::pin(hide).await.unwrap();
    let anonymous = stage.anonymous(&router);
    for path in [&path_of_tea, &one(&path_of_tea, &front)] {
        assert_eq!(anonymous.get(path).await.status, 404);
        assert_eq!(staff.get(path).await.status, 200);
    }
    assert_eq!(anonymous.get(&path).await.status, 200);
}

#[tokio::test]
async fn there_is_one_main_image_and_it_is_handed_on() {
    let (_stage, _router, staff, path) = gallery().await;
    let mut images = Vec::new();
    for name in ["a", "b", "c"] {
        images.push(add(&staff, &path, name).await);
    }
    assert_eq!(shown(&staff, &path).await, ["a*", "b", "c"]);
    let main = json!({ "is_main": true });
    let changed = staff.patch(&one(&path, &images[1]), &main).await;
    assert_eq!(
        (changed.status, &changed.json()["is_main"]),
        (200, &json!(true))
    );
    assert_eq!(shown(&staff, &path).await, ["a", "b*", "c"]);
    let deleted = staff.delete(&one(&path, &images[1])).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(shown(&staff, &path).await, ["a", "c*"]);
    assert_eq!(staff.delete(&one(&path, &images[1])).await.status, 404);
    let body =
        json!({ "image_url": address("d"), "alt_text": "d", "is_main": true, "position": 0 });
    assert_eq!(staff.post(&path, &body).await.status, 201);
    assert_eq!(shown(&staff, &path).await, ["d*", "a", "c"]);
}

#[tokio::test]
async fn images_are_put_in_order_all_at_once_or_one_by_one() {
    let (_stage, _router, staff, path) = gallery().await;
    let mut ids = Vec::new();
    for name in ["a", "b", "c"] {
        ids.push(add(&staff, &path, name).await["id"].clone());
    }
    let order = format!("{path}order/");
    let body = json!({ "images": [ids[2], ids[0], ids[1]] });
    let ordered = staff.put(&order, &body).await;
    assert_eq!(ordered.status, 200);
    assert_eq!(ordered.json(), staff.get(&path).await.json());
    assert_eq!(shown(&staff, &path).await, ["c", "a*", "b"]);
    let place = json!({ "position": 9, "alt_text": "last" });
    let moved = format!("{path}{}/", ids[2]);
    let moved = staff.patch(&moved, &place).await;
    assert_eq!(moved.json()["position"], 2);
    assert_eq!(shown(&staff, &path).await, ["a*", "b", "last"]);
    for (body, message) in [
        (
            json!({ "images": [ids[0]] }),
            "Name each image of the product once.",
        ),
        (
            json!({ "images": [ids[0], ids[0], ids[1]] }),
            "Name each image of the product once.",
        ),
        (json!({ "images": "no" }), "Expected a list of ids."),
        (json!({ "images": ["a"] }), "Expected a list of ids."),
        (json!({}), "This field is required."),
    ] {
        let refused = staff.put(&order, &body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(refused.json(), json!({ "images": [message] }), "{body}");
    }
}

#[tokio::test]
async fn what_is_no_image_of_a_shop_is_refused_in_words() {
    let (_stage, _router, staff, path) = gallery().await;
    let long = format!("https://images.example/{}", "a".repeat(500));
    for (body, field, message) in [
        (json!({}), "image_url", "This field is required."),
        (
            json!({ "image_url": "" }),
            "image_url",
            "This field may not be blank.",
        ),
        (
            json!({ "image_url": "a.png" }),
            "image_url",
            "Enter a valid URL.",
        ),
        (
            json!({ "image_url": "http://images.example/a.png" }),
            "image_url",
            "Enter a valid URL.",
        ),
        (
            json!({ "image_url": long }),
            "image_url",
            "Ensure this field has no more than 500 characters.",
        ),
        (
            json!({ "image_url": address("a"), "alt_text": "a".repeat(256) }),
            "alt_text",
            "Ensure this field has no more than 255 characters.",
        ),
        (
            json!({ "image_url": address("a"), "position": -1 }),
            "position",
            "Ensure this value is greater than or equal to 0.",
        ),
    ] {
        let refused = staff.post(&path, &body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(refused.json(), json!({ field: [message] }), "{body}");
    }
    let nowhere = staff
        .post(
            "/api/products/12/images/",
            &json!({ "image_url": address("a") }),
        )
        .await;
    assert_eq!(
        nowhere.json()["detail"],
        "No Product matches the given query."
    );
}

#[tokio::test]
async fn the_same_address_twice_is_one_image() {
    let (_stage, _router, staff, path) = gallery().await;
    let first = add(&staff, &path, "a").await;
    let again = staff
        .post(&path, &json!({ "image_url": address("a") }))
        .await;
    assert_eq!((again.status, again.json()), (200, first));
    assert_eq!(shown(&staff, &path).await, ["a*"]);
}

#[tokio::test]
async fn twenty_images_at_once_are_twenty_and_the_next_is_too_many() {
    let (_stage, _router, staff, path) = gallery().await;
    let bodies: Vec<_> = (0..20)
        .map(|n| json!({ "image_url": address(&n.to_string()) }))
        .collect();
    let answers = join_all(bodies.iter().map(|body| staff.post(&path, body))).await;
    assert!(answers.iter().all(|answer| answer.status == 201));
    let images = staff.get(&path).await.json();
    let mains = images.as_array().unwrap().iter();
    let mains = mains.filter(|image| image["is_main"] == true).count();
    assert_eq!((images.as_array().unwrap().len(), mains), (20, 1));
    let further = staff
        .post(&path, &json!({ "image_url": address("x") }))
        .await;
    assert_eq!(further.status, 400);
    let message = "A product has at most 20 images.";
    assert_eq!(further.json(), json!({ "non_field_errors": [message] }));
}

#[tokio::test]
async fn an_edit_of_what_has_changed_meanwhile_is_refused_if_it_says_so() {
    let (_stage, router, staff, path) = gallery().await;
    let image = add(&staff, &path, "a").await;
    let tag = staff.get(&path).await.header("etag").to_owned();
    let careful = staff.at(&router).saying("if-match", &tag);
    let change = json!({ "alt_text": "b" });
    let path = one(&path, &image);
    let changed = careful.patch(&path, &change).await;
    assert_eq!(changed.status, 200);
    let stale = careful.patch(&path, &change).await;
    assert_eq!(stale.status, 412);
    assert_eq!(careful.delete(&path).await.status, 412);
    assert_eq!(staff.delete(&path).await.status, 204);
}

#[tokio::test]
async fn an_answer_that_is_lost_adds_no_second_image() {
    let (stage, _router, staff, path) = gallery().await;
    for kind in [FaultKind::LostAnswer, FaultKind::Conflict] {
        stage
            .wire
            .inject(Fault {
                service: Service::Dynamodb,
                nth: 3,
                kind,
                times: 1,
            })
            .unwrap();
        add(&staff, &path, &format!("{kind:?}")).await;
        stage.wire.clear_faults();
    }
    assert_eq!(shown(&staff, &path).await, ["LostAnswer*", "Conflict"]);
}
