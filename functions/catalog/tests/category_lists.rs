use actors::Actor;
use serde_json::{Value, json};

use crate::{CATEGORIES, PRODUCTS, category, made, open, product, slugs};

/// What a list shows, page after page.
async fn walked(actor: &Actor, first: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(page) = next {
        let answer = actor.get(&page).await;
        assert_eq!(answer.status, 200, "{page}: {}", answer.text());
        seen.extend(slugs(&answer.json()).into_iter().map(str::to_owned));
        next = answer.next_page();
    }
    seen
}

async fn below(staff: &Actor, parent: &Value, slug: &str, is_active: bool) -> Value {
    let body = json!({
        "name": slug, "slug": slug, "parent_category": parent["id"], "is_active": is_active,
    });
    made(staff, CATEGORIES, &body).await
}

#[tokio::test]
async fn a_category_lists_what_stands_under_it_as_well() {
    let (stage, router) = open().await;
    let (staff, anonymous) = (
        stage.staff(&router).await.unwrap(),
        stage.anonymous(&router),
    );
    let electronics = category(&staff, "electronics").await;
    let phones = below(&staff, &electronics, "phones", true).await;
    let android = below(&staff, &phones, "android", true).await;
    let secret = below(&staff, &electronics, "secret", false).await;
    let books = category(&staff, "books").await;
    let shelves = [&electronics, &phones, &android, &secret, &books];
    let mut all = Vec::new();
    for number in 0..25 {
        let (shelf, is_active) = (shelves[number * 7 % 5], number % 4 != 1);
        let slug = format!("p{number}");
        let more = json!({ "is_active": is_active, "is_featured": number % 2 == 0 });
        product(&staff, shelf, &slug, more).await;
        all.push((slug, shelf["slug"].clone(), is_active, number % 2 == 0));
    }
    all.reverse();
    let of = |shelves: &[&str], sees_all: bool, featured: bool| -> Vec<String> {
        all.iter()
            .filter(|(_, shelf, ..)| shelves.iter().any(|wanted| shelf == wanted))
            .filter(|(_, _, is_active, is_featured)| {
                (*is_active || sees_all) && (*is_featured || !featured)
            })
            .map(|(slug, ..)| slug.clone())
            .collect()
    };
    for limit in [1, 2, 3, 7, 100] {
        let page = |query: &str| format!("{PRODUCTS}?limit={limit}&{query}");
        for (query, shown, to_staff) in [
            (
                "category=electronics",
                vec!["electronics", "phones", "android"],
                vec!["electronics", "phones", "android", "secret"],
            ),
            (
                "category=electronics&category_exact=true",
                vec!["electronics"],
                vec!["electronics"],
            ),
            (
                "category=phones&category_exact=false",
                vec!["phones", "android"],
                vec!["phones", "android"],
            ),
            ("category=android", vec!["android"], vec!["android"]),
            ("category=secret", vec![], vec!["secret"]),
            ("category=unknown", vec![], vec![]),
        ] {
            let seen = walked(&anonymous, &page(query)).await;
            assert_eq!(seen, of(&shown, false, false), "{limit} {query}");
            let seen = walked(&staff, &page(query)).await;
            assert_eq!(seen, of(&to_staff, true, false), "{limit} {query}");
            let featured = page(&format!("{query}&featured=1"));
            let seen = walked(&anonymous, &featured).await;
            assert_eq!(seen, of(&shown, false, true), "{limit} {query} featured");
        }
    }
}

#[tokio::test]
async fn a_category_with_very_many_under_it_is_read_from_the_whole_catalogue() {
    let (stage, router) = open().await;
    let (staff, anonymous) = (
        stage.staff(&router).await.unwrap(),
        stage.anonymous(&router),
    );
    let root = category(&staff, "root").await;
    let other = category(&staff, "other").await;
    let mut all = Vec::new();
    for number in 0..30 {
        let shelf = below(&staff, &root, &format!("shelf-{number}"), true).await;
        product(&staff, &shelf, &format!("in-{number}"), json!({})).await;
        product(&staff, &other, &format!("out-{number}"), json!({})).await;
        all.push(format!("in-{number}"));
    }
    all.reverse();
    for limit in [4, 100] {
        let page = format!("{PRODUCTS}?category=root&limit={limit}");
        assert_eq!(walked(&anonymous, &page).await, all, "{limit}");
        let (answer, cost) = stage.wire.measured(anonymous.get(&page)).await;
        assert_eq!(answer.status, 200);
        assert_eq!((cost.round_trips, cost.total_calls()), (2, 2), "{cost:?}");
    }
}

#[tokio::test]
async fn categories_are_read_side_by_side() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let root = category(&staff, "root").await;
    let mut shelves = vec![root.clone()];
    for number in 0..5 {
        shelves.push(below(&staff, &root, &format!("shelf-{number}"), true).await);
    }
    for number in 0..30 {
        // Hidden ones stand apart, so that a page needs no second look for them.
        let hidden = json!({ "is_active": number % 3 > 0 });
        let shelf = &shelves[number % shelves.len()];
        product(&staff, shelf, &format!("p{number}"), hidden).await;
    }
    let anonymous = stage.anonymous(&router);
    for (query, calls) in [("category=root", 7), ("category=root&category_exact=1", 2)] {
        let page = format!("{PRODUCTS}?limit=4&{query}");
        let (answer, cost) = stage.wire.measured(anonymous.get(&page)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            (cost.round_trips, cost.total_calls()),
            (2, calls),
            "{cost:?}"
        );
    }
}

#[tokio::test]
async fn what_is_sold_out_can_be_left_out() {
    let (stage, router) = open().await;
    let (staff, anonymous) = (
        stage.staff(&router).await.unwrap(),
        stage.anonymous(&router),
    );
    let phones = category(&staff, "phones").await;
    for number in 0..6 {
        let stock = json!({ "initial_stock": number % 2 });
        product(&staff, &phones, &format!("p{number}"), stock).await;
    }
    for (query, found) in [
        ("in_stock=true", vec!["p5", "p3", "p1"]),
        ("in_stock=1&category=phones", vec!["p5", "p3", "p1"]),
        ("in_stock=false", vec!["p5", "p4", "p3", "p2", "p1", "p0"]),
    ] {
        let seen = walked(&anonymous, &format!("{PRODUCTS}?limit=2&{query}")).await;
        assert_eq!(seen, found, "{query}");
    }
}
