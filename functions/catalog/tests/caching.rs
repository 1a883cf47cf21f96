use serde_json::json;

use crate::{CATEGORIES, PRODUCTS, at, category, open, product};

#[tokio::test]
async fn who_has_an_answer_is_not_sent_it_again() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({ "initial_stock": 2 })).await;
    let paths = [
        CATEGORIES.to_owned(),
        at(CATEGORIES, &phones),
        PRODUCTS.to_owned(),
        at(PRODUCTS, &pixel),
        format!("{}variants/", at(PRODUCTS, &pixel)),
    ];
    for path in &paths {
        let first = stage.anonymous(&router).get(path).await;
        let control = "public, max-age=15, stale-while-revalidate=60";
        assert_eq!(first.header("cache-control"), control, "{path}");
        let vary = first.headers.get_all("vary").iter();
        let vary: Vec<_> = vary.map(|value| value.to_str().unwrap()).collect();
        let vary = vary.join(", ");
        assert!(
            vary.contains("Cookie") && vary.contains("Authorization"),
            "{vary}"
        );
        let knowing = stage
            .anonymous(&router)
            .saying("if-none-match", first.header("etag"));
        let second = knowing.get(path).await;
        assert_eq!((second.status, second.body.len()), (304, 0), "{path}");
        assert_eq!(second.header("etag"), first.header("etag"));
        let own = staff.get(path).await;
        assert_eq!(own.header("cache-control"), "private, no-cache", "{path}");
    }
    // What is shown changes with what it depends on, be it another object or the stock.
    let tags = async || {
        let mut tags = Vec::new();
        for path in &paths {
            let answer = stage.anonymous(&router).get(path).await;
            tags.push(answer.header("etag").to_owned());
        }
        tags
    };
    let before = tags().await;
    staff
        .patch(&at(CATEGORIES, &phones), &json!({ "name": "Mobiles" }))
        .await;
    let after = tags().await;
    for (path, (before, after)) in paths.iter().zip(before.iter().zip(&after)).take(4) {
        assert_ne!(before, after, "{path}");
    }
}

#[tokio::test]
async fn what_staff_see_is_not_for_others() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    product(&staff, &phones, "hidden", json!({ "is_active": false })).await;
    let own = staff.as_bearer().get(PRODUCTS).await;
    assert_eq!(own.json().as_array().unwrap().len(), 1);
    assert_eq!(own.header("cache-control"), "private, no-cache");
    let other = stage
        .anonymous(&router)
        .saying("if-none-match", own.header("etag"));
    let other = other.get(PRODUCTS).await;
    assert_eq!((other.status, other.json()), (200, json!([])));
}
