use actors::Stage;
use axum::{body::Body, http::Method};
use serde_json::json;

use crate::{CATEGORIES, PRODUCTS, at, category, open, product};

#[tokio::test]
async fn everybody_reads_and_staff_write() {
    let (stage, router) = open().await;
    let (staff, customer) = (
        stage.staff(&router).await.unwrap(),
        stage.verified(&router).await.unwrap(),
    );
    let anonymous = stage.anonymous(&router);
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({})).await;
    for path in [
        CATEGORIES.to_owned(),
        at(CATEGORIES, &phones),
        PRODUCTS.to_owned(),
        at(PRODUCTS, &pixel),
    ] {
        for actor in [&anonymous, &customer, &staff] {
            assert_eq!(actor.get(&path).await.status, 200, "{path}");
            assert_eq!(
                actor.get(path.trim_end_matches('/')).await.status,
                200,
                "{path}"
            );
        }
        assert_eq!(
            anonymous
                .send(Method::HEAD, &path, None, Body::empty())
                .await
                .status,
            200
        );
    }
    for path in [CATEGORIES, PRODUCTS] {
        let refused = anonymous.post(path, &json!({})).await;
        assert_eq!(refused.status, 403);
        assert_eq!(
            refused.json()["detail"],
            "Authentication credentials were not provided."
        );
        let refused = customer.post(path, &json!({})).await;
        assert_eq!(refused.status, 403);
        assert_eq!(
            refused.json()["detail"],
            "You do not have permission to perform this action."
        );
        assert_eq!(staff.post(path, &json!({})).await.status, 400);
        assert_eq!(staff.as_bearer().post(path, &json!({})).await.status, 400);
    }
    let forged = stage
        .anonymous(&router)
        .bearing("forged")
        .get(PRODUCTS)
        .await;
    assert_eq!(
        (forged.status, forged.header("www-authenticate")),
        (401, "Bearer")
    );
    let stale = stage.anonymous(&router);
    stale.keep("sessionid", "gone");
    assert_eq!(
        stale.get(PRODUCTS).await.status,
        200,
        "a dead cookie is no cookie"
    );
}

#[tokio::test]
async fn writing_by_cookie_needs_the_csrf_token() {
    let (stage, router) = open().await;
    let staff = stage
        .staff(&router)
        .await
        .unwrap()
        .saying("x-csrftoken", "");
    let body = json!({ "name": "Phones", "slug": "phones" });
    let refused = staff.post(CATEGORIES, &body).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["detail"], "CSRF Failed: CSRF token missing.");
    assert_eq!(staff.get(CATEGORIES).await.json(), json!([]));
}

#[tokio::test]
async fn what_a_path_does_not_do_is_not_allowed() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({})).await;
    for path in [at(CATEGORIES, &phones), at(PRODUCTS, &pixel)] {
        let refused = staff.post(&path, &json!({ "name": "x" })).await;
        assert_eq!(refused.status, 405);
        assert_eq!(refused.json()["detail"], "Method \"POST\" not allowed.");
        let allowed = "GET, PUT, PATCH, DELETE, HEAD, OPTIONS";
        assert_eq!(refused.header("allow"), allowed);
        let anonymous = stage.anonymous(&router);
        assert_eq!(anonymous.post(&path, &json!({})).await.status, 403);
    }
    assert_eq!(
        staff.put(PRODUCTS, &json!({})).await.header("allow"),
        "GET, POST, HEAD, OPTIONS"
    );
}

#[tokio::test]
async fn ids_that_name_nothing_are_told_apart() {
    let (stage, router) = open().await;
    let anonymous = stage.anonymous(&router);
    for (path, what) in [(CATEGORIES, "Category"), (PRODUCTS, "Product")] {
        let none = format!("No {what} matches the given query.");
        for (id, detail) in [
            ("abc", "Not found."),
            ("phones", "Not found."),
            ("1.5", "Not found."),
            ("1", &none),
            ("-1", &none),
            ("99999999999999999999999", &none),
        ] {
            let answer = anonymous.get(&format!("{path}{id}/")).await;
            assert_eq!(answer.status, 404, "{id}");
            assert_eq!(answer.json(), json!({ "detail": detail }), "{id}");
        }
    }
}

#[tokio::test]
async fn a_closed_catalogue_asks_for_a_login() {
    let closed = |name: &str| (name == "PUBLIC_CATALOG").then_some("false");
    let stage = Stage::open_with(closed).await.unwrap();
    let router = catalog::router(crate::state(&stage));
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    let pixel = product(&staff, &phones, "pixel", json!({})).await;
    let (anonymous, customer) = (
        stage.anonymous(&router),
        stage.customer(&router).await.unwrap(),
    );
    for path in [
        CATEGORIES.to_owned(),
        at(CATEGORIES, &phones),
        PRODUCTS.to_owned(),
        at(PRODUCTS, &pixel),
    ] {
        let refused = anonymous.get(&path).await;
        assert_eq!(refused.status, 403, "{path}");
        assert_eq!(
            refused.json()["detail"],
            "Authentication credentials were not provided."
        );
        assert_eq!(customer.get(&path).await.status, 200, "{path}");
    }
}
