use actors::Actor;
use serde_json::{Value, json};

use crate::{PRODUCTS, category, open, product, slugs};

/// What a list shows, page after page.
async fn walked(actor: &Actor, first: String) -> Vec<String> {
    let mut seen = Vec::new();
    let mut next = Some(first);
    while let Some(page) = next {
        let answer = actor.get(&page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        seen.extend(slugs(&answer.json()).into_iter().map(str::to_owned));
        next = answer.next_page();
    }
    seen
}

/// Products `p0`, `p1`…: every third hidden, every second featured, every fifth elsewhere.
async fn assortment(staff: &Actor, count: usize) -> Vec<(String, Value)> {
    let (phones, audio) = (
        category(staff, "phones").await,
        category(staff, "audio").await,
    );
    let mut made = Vec::new();
    for number in 0..count {
        let category = if number % 5 == 0 { &audio } else { &phones };
        let slug = format!("p{number}");
        let more = json!({
            "name": format!("Product {number} 100%"),
            "is_active": number % 3 != 0,
            "is_featured": number % 2 == 0,
        });
        made.push((slug.clone(), product(staff, category, &slug, more).await));
    }
    made.reverse();
    made
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    let (stage, router) = open().await;
    let (staff, anonymous) = (
        stage.staff(&router).await.unwrap(),
        stage.anonymous(&router),
    );
    let made = assortment(&staff, 13).await;
    let all: Vec<_> = made.iter().map(|(slug, _)| slug.clone()).collect();
    let with = |keep: &dyn Fn(&Value) -> bool| -> Vec<String> {
        made.iter()
            .filter(|(_, product)| keep(product))
            .map(|(slug, _)| slug.clone())
            .collect()
    };
    let is_active = |product: &Value| product["is_active"] == true;
    let in_phones = |product: &Value| product["category"]["slug"] == "phones";
    for limit in [1, 2, 5, 12, 13, 100] {
        let page = |query: &str| format!("{PRODUCTS}?limit={limit}{query}");
        assert_eq!(walked(&staff, page("")).await, all, "{limit}");
        assert_eq!(
            walked(&anonymous, page("")).await,
            with(&is_active),
            "{limit}"
        );
        assert_eq!(
            walked(&anonymous, page("&category=phones")).await,
            with(&|product| is_active(product) && in_phones(product))
        );
        assert_eq!(
            walked(&staff, page("&category=phones")).await,
            with(&in_phones)
        );
        assert_eq!(
            walked(&anonymous, page("&featured=1&category=phones")).await,
            with(&|product| is_active(product)
                && in_phones(product)
                && product["is_featured"] == true)
        );
    }
}

#[tokio::test]
async fn filters_are_combined_and_blank_ones_filter_nothing() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let (phones, audio) = (
        category(&staff, "phones").await,
        category(&staff, "audio").await,
    );
    product(
        &staff,
        &phones,
        "pixel",
        json!({ "name": "Pixel 9 100%", "is_featured": true }),
    )
    .await;
    product(
        &staff,
        &phones,
        "nokia",
        json!({ "name": "NOKIA ክፍል", "description": "Pixel" }),
    )
    .await;
    product(
        &staff,
        &audio,
        "speaker",
        json!({ "name": "Speaker_1", "is_featured": true }),
    )
    .await;
    let anonymous = stage.anonymous(&router);
    for (query, found) in [
        ("", vec!["speaker", "nokia", "pixel"]),
        (
            "?search=&category=&featured=",
            vec!["speaker", "nokia", "pixel"],
        ),
        ("?page=2&ordering=name", vec!["speaker", "nokia", "pixel"]),
        ("?category=phones", vec!["nokia", "pixel"]),
        ("?category=none", vec![]),
        ("?category=PHONES", vec![]),
        ("?featured=true", vec!["speaker", "pixel"]),
        ("?featured=false", vec!["speaker", "nokia", "pixel"]),
        ("?featured=0", vec!["speaker", "nokia", "pixel"]),
        ("?search=nokia", vec!["nokia"]),
        ("?search=pixel", vec!["pixel"]),
        ("?search=9+PIX", vec!["pixel"]),
        ("?search=%25", vec!["pixel"]),
        ("?search=_", vec!["speaker"]),
        ("?search=%E1%8A%AD%E1%8D%8D", vec!["nokia"]),
        ("?search=%00", vec![]),
        ("?search=e&featured=yes&category=phones", vec!["pixel"]),
        ("?search=e&featured=yes&category=audio", vec!["speaker"]),
    ] {
        let answer = anonymous.get(&format!("{PRODUCTS}{query}")).await;
        assert_eq!(
            (answer.status, slugs(&answer.json())),
            (200, found),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_cursor_opens_its_own_list_only() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    assortment(&staff, 5).await;
    let answer = staff.get(&format!("{PRODUCTS}?limit=2&featured=1")).await;
    let next = answer.next_page().unwrap();
    assert!(
        next.starts_with("http://shop.test/api/products/?"),
        "{next}"
    );
    assert!(answer.header("link").contains("rel=\"first\""));
    let cursor = next.split_once("cursor=").unwrap().1;
    assert_eq!(staff.get(&next).await.status, 200);
    for bad in [
        format!("{PRODUCTS}?cursor={cursor}"),
        format!("{PRODUCTS}?featured=1&category=phones&cursor={cursor}"),
        format!("/api/categories/?featured=1&cursor={cursor}"),
        format!("{PRODUCTS}?featured=1&cursor={cursor}A"),
        format!("{PRODUCTS}?featured=1&cursor=7"),
    ] {
        let refused = staff.get(&bad).await;
        assert_eq!(
            (refused.status, refused.json()),
            (400, json!({ "cursor": ["Invalid cursor."] })),
            "{bad}"
        );
    }
    for limit in ["0", "101", "x", "-1"] {
        let refused = staff.get(&format!("{PRODUCTS}?limit={limit}")).await;
        assert_eq!(refused.status, 400, "{limit}");
        assert!(refused.json()["limit"].is_array(), "{limit}");
    }
}

#[tokio::test]
async fn products_larger_than_one_answer_of_the_table_leave_no_gap() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let phones = category(&staff, "phones").await;
    // Seven large ones that are shown, and small hidden ones between them: staff see both merged.
    let long = "x".repeat(200_000);
    let mut all = Vec::new();
    for number in 0..7 {
        let large = json!({ "description": long });
        product(&staff, &phones, &format!("large-{number}"), large).await;
        let small = json!({ "is_active": false });
        product(&staff, &phones, &format!("small-{number}"), small).await;
        all.extend([format!("large-{number}"), format!("small-{number}")]);
    }
    all.reverse();
    for limit in [3, 100] {
        let walk = walked(&staff, format!("{PRODUCTS}?limit={limit}"));
        let (seen, cost) = stage.wire.measured(walk).await;
        assert_eq!(seen, all);
        // One for the categories and two stretches would be all, were there no second megabyte.
        assert!(cost.calls_of("dynamodb.Query") > 3, "{cost:?}");
    }
}
