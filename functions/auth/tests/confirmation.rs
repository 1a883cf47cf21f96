use serde_json::json;

use crate::{mailed_key, open, register};

#[tokio::test]
async fn opening_the_link_confirms_nothing_and_its_button_does() {
    let (stage, router) = open().await;
    let visitor = register(&stage, &router, "abebe@example.com").await;
    let page = format!("/auth/confirm-email/{}/", mailed_key(&stage).await);
    let is_verified = async || {
        let user = stage
            .shop
            .store
            .find_user_by_email("abebe@example.com")
            .await
            .unwrap();
        user.unwrap().is_verified()
    };
    let opened = visitor.get(&page).await;
    assert_eq!(opened.status, 200);
    assert!(opened.text().contains("<button"), "{}", opened.text());
    assert!(opened.header("content-type").starts_with("text/html"));
    assert_eq!(opened.header("referrer-policy"), "no-referrer");
    assert!(!is_verified().await);

    let pressed = visitor.post_form(&page, "").await;
    assert_eq!(pressed.status, 200);
    assert!(pressed.text().contains("is confirmed"));
    assert!(is_verified().await);

    let again = visitor.post_form(&page, "").await;
    assert_eq!(again.status, 404);
    assert!(again.text().contains("does not work any more"));
}

#[tokio::test]
async fn a_link_that_is_not_ours_says_so_and_echoes_nothing() {
    let (stage, router) = open().await;
    let visitor = stage.anonymous(&router);
    let script = "/auth/confirm-email/%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for answer in [
        visitor.get(script).await,
        visitor.post(script, &json!({})).await,
    ] {
        assert_eq!(answer.status, 404);
        assert!(!answer.text().contains("<script"), "{}", answer.text());
        assert!(
            answer
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
    }
}

#[tokio::test]
async fn the_shops_name_is_escaped() {
    let stage = actors::Stage::open_with(|name| (name == "SHOP_NAME").then_some("<b>Shop</b>"))
        .await
        .unwrap();
    let router = crate::routes(&stage);
    let page = stage
        .anonymous(&router)
        .get("/auth/confirm-email/x/")
        .await
        .text();
    assert!(
        page.contains("&#60;b&#62;Shop") && !page.contains("<b>"),
        "{page}"
    );
}
