//! Uploaded images, with a bucket in memory: what is shown of them and when.

use actors::{Actor, Stage};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::images::gallery;

const PNG: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
const DAY_SECS: i64 = 24 * 60 * 60;

/// An upload that has begun: where the file belongs, and the path that confirms it.
struct Begun {
    image: Value,
    object: String,
    confirm: String,
}

async fn begin(staff: &Actor, path: &str) -> Begun {
    let body = json!({ "content_type": "image/png", "size": PNG.len(), "alt_text": "Front" });
    let answer = staff.post(&format!("{path}upload/"), &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let answer = answer.json();
    Begun {
        object: answer["upload"]["fields"]["key"]
            .as_str()
            .unwrap()
            .to_owned(),
        confirm: format!("{path}{}/confirm/", answer["image"]["id"]),
        image: answer["image"].clone(),
    }
}

async fn confirm(staff: &Actor, begun: &Begun) -> (u16, Value) {
    let answer = staff.post(&begun.confirm, &json!({})).await;
    (answer.status, answer.json())
}

async fn images(staff: &Actor, path: &str) -> Value {
    staff.get(path).await.json()
}

async fn stands_alone(stage: &Stage, path: &str, image: &Value) -> String {
    let product = path.split('/').nth(3).unwrap();
    let published = format!("images/{product}/{}.png", image["id"]);
    assert_eq!(stage.objects.names(), [published.as_str()]);
    published
}

#[tokio::test]
async fn a_form_is_bound_to_place_type_and_size() {
    let (_stage, _router, staff, path) = gallery().await;
    let body = json!({ "content_type": "image/webp" });
    let answer = staff.post(&format!("{path}upload/"), &body).await.json();
    let upload = &answer["upload"];
    assert_eq!(upload["url"], "http://127.0.0.1:1/pictures/");
    let fields = &upload["fields"];
    assert_eq!(fields["Content-Type"], "image/webp");
    assert!(fields["key"].as_str().unwrap().starts_with("uploads/"));
    let names: Vec<_> = fields.as_object().unwrap().keys().collect();
    let expected = [
        "Content-Type",
        "key",
        "policy",
        "x-amz-algorithm",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-signature",
    ];
    assert_eq!(names, expected);
    let image = &answer["image"];
    assert_eq!(
        (&image["pending"], &image["image_url"]),
        (&json!(true), &json!(null))
    );
}

#[tokio::test]
async fn only_images_of_a_bearable_size_are_asked_for() {
    let (_stage, _router, staff, path) = gallery().await;
    let path = format!("{path}upload/");
    for (body, field, message) in [
        (json!({}), "content_type", "This field is required."),
        (
            json!({ "content_type": "image/svg+xml" }),
            "content_type",
            "\"image/svg+xml\" is not a valid choice.",
        ),
        (
            json!({ "content_type": "text/html" }),
            "content_type",
            "\"text/html\" is not a valid choice.",
        ),
        (
            json!({ "content_type": "image/png", "size": 5 * 1024 * 1024 + 1 }),
            "size",
            "Ensure this value is less than or equal to 5242880.",
        ),
        (
            json!({ "content_type": "image/png", "size": 0 }),
            "size",
            "Ensure this value is greater than or equal to 1.",
        ),
    ] {
        let refused = staff.post(&path, &body).await;
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(refused.json(), json!({ field: [message] }), "{body}");
    }
    let nowhere = json!({ "content_type": "image/png" });
    let nowhere = staff
        .post("/api/products/12/images/upload/", &nowhere)
        .await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test]
async fn a_file_is_an_image_of_the_product_once_it_has_come_and_been_looked_at() {
    let (stage, router, staff, path) = gallery().await;
    let begun = begin(&staff, &path).await;
    assert_eq!(images(&staff, &path).await, json!([]), "nothing has come");
    let early = confirm(&staff, &begun).await;
    assert_eq!(
        early,
        (400, json!({ "detail": "No file has been uploaded yet." }))
    );
    stage.objects.put(&begun.object, PNG);
    assert_eq!(images(&staff, &path).await, json!([]), "nobody has looked");
    let (status, image) = confirm(&staff, &begun).await;
    assert_eq!(status, 200, "{image}");
    let published = stands_alone(&stage, &path, &begun.image).await;
    assert_eq!(
        image,
        json!({
            "id": begun.image["id"], "alt_text": "Front", "is_main": true, "position": 0,
            "image_url": format!("https://images.example/{published}"),
            "created_at": begun.image["created_at"],
        })
    );
    let object = stage.objects.find(&published).unwrap();
    assert_eq!(object.content_type, "image/png");
    assert_eq!(object.cache_control, "public, max-age=31536000, immutable");
    let anonymous = stage.anonymous(&router);
    assert_eq!(images(&anonymous, &path).await, json!([image]));
    assert_eq!(confirm(&staff, &begun).await, (200, image), "twice is once");
    assert_eq!(images(&anonymous, &path).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_not_what_it_was_said_to_be_is_deleted_and_never_shown() {
    let (stage, _router, staff, path) = gallery().await;
    for bytes in [
        b"<!doctype html><script>alert(1)</script>".as_slice(),
        b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
        b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01",
        b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    ] {
        let begun = begin(&staff, &path).await;
        stage.objects.put(&begun.object, bytes);
        let refused = confirm(&staff, &begun).await;
        let detail = "The uploaded file is not of type image/png. It was deleted.";
        assert_eq!(refused, (400, json!({ "detail": detail })));
        assert!(stage.objects.names().is_empty());
        assert_eq!(confirm(&staff, &begun).await.0, 404);
    }
    assert_eq!(images(&staff, &path).await, json!([]));
}

#[tokio::test]
async fn many_confirmations_at_once_are_one() {
    let (stage, _router, staff, path) = gallery().await;
    let begun = begin(&staff, &path).await;
    stage.objects.put(&begun.object, PNG);
    let answers = join_all((0..8).map(|_| confirm(&staff, &begun))).await;
    let statuses: Vec<_> = answers.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200; 8]);
    stands_alone(&stage, &path, &begun.image).await;
    assert_eq!(images(&staff, &path).await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_upload_is_confirmed_for_its_own_product_and_on_its_own_day() {
    let (stage, _router, staff, path) = gallery().await;
    let begun = begin(&staff, &path).await;
    stage.objects.put(&begun.object, PNG);
    let other = stage
        .goods("Tea", domain::Money::from_santim(100), None, 1)
        .await;
    let foreign = format!(
        "/api/products/{}/images/{}/confirm/",
        other.unwrap().id,
        begun.image["id"]
    );
    assert_eq!(staff.post(&foreign, &json!({})).await.status, 404);
    stage.shop.clock.advance(DAY_SECS);
    assert_eq!(confirm(&staff, &begun).await.0, 404);
}

#[tokio::test]
async fn with_the_last_place_taken_a_file_is_not_left_behind() {
    let (stage, _router, staff, path) = gallery().await;
    let begun = begin(&staff, &path).await;
    stage.objects.put(&begun.object, PNG);
    for n in 0..20 {
        let body = json!({ "image_url": format!("https://images.example/{n}.png") });
        assert_eq!(staff.post(&path, &body).await.status, 201);
    }
    let refused = confirm(&staff, &begun).await;
    let message = "A product has at most 20 images.";
    assert_eq!(refused, (400, json!({ "non_field_errors": [message] })));
    assert_eq!(stage.objects.names(), [begun.object.as_str()]);
    let body = json!({ "content_type": "image/png" });
    let refused = staff.post(&format!("{path}upload/"), &body).await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn a_bucket_that_is_away_loses_nothing() {
    let (stage, _router, staff, path) = gallery().await;
    let begun = begin(&staff, &path).await;
    stage.objects.put(&begun.object, PNG);
    stage.objects.set_down(true);
    assert_eq!(confirm(&staff, &begun).await.0, 503);
    stage.objects.set_down(false);
    assert_eq!(confirm(&staff, &begun).await.0, 200);
    stage.objects.set_down(true);
    let image = format!("{path}{}/", begun.image["id"]);
    assert_eq!(staff.delete(&image).await.status, 204, "the file is left");
    assert_eq!(images(&staff, &path).await, json!([]));
}

#[tokio::test]
async fn a_deleted_image_takes_its_file_along() {
    let (stage, _router, staff, path) = gallery().await;
    let begun = begin(&staff, &path).await;
    stage.objects.put(&begun.object, PNG);
    assert_eq!(confirm(&staff, &begun).await.0, 200);
    let image = format!("{path}{}/", begun.image["id"]);
    assert_eq!(staff.delete(&image).await.status, 204);
    assert!(stage.objects.names().is_empty());
    assert_eq!(confirm(&staff, &begun).await.0, 404);
}
