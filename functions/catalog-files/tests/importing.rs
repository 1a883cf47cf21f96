//! Files go in, come out again, and say what is wrong with them.

use actors::{Actor, Answer, Stage};
use axum::{Router, body::Body, http::Method};
use emulator::{Fault, FaultKind, Service};
use serde_json::{Value, json};
use store::{PageRequest, ProductFilter};

const FILE: &str = include_str!("shopify.csv");
const IMPORT: &str = "/api/products/import/";
const EXPORT: &str = "/api/products/export/";

async fn open() -> (Stage, Router) {
    let stage = Stage::open().await.unwrap();
    let router = catalog_files::router(stage.shop.clone());
    (stage, router)
}

async fn send(actor: &Actor, path: &str, file: impl Into<Body>) -> Answer {
    actor
        .send(
            Method::POST,
            path,
            Some("text/csv; charset=utf-8"),
            file.into(),
        )
        .await
}

async fn products(stage: &Stage) -> Vec<domain::product::Product> {
    let everything = ProductFilter {
        with_inactive: true,
        ..ProductFilter::default()
    };
    let page = PageRequest {
        limit: 100,
        after: None,
    };
    let mut found = stage
        .shop
        .store
        .list_products(&everything, page)
        .await
        .unwrap()
        .items;
    found.sort_by(|one, other| one.slug.cmp(&other.slug));
    found
}

fn counts(report: &Value) -> [u64; 4] {
    ["created", "updated", "unchanged", "refused"].map(|name| report[name].as_u64().unwrap())
}

#[tokio::test]
async fn a_file_of_shopify_becomes_a_shop() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let dry = send(&staff, &format!("{IMPORT}?dry_run=true"), FILE).await;
    assert_eq!(
        (dry.status, counts(&dry.json())),
        (200, [5, 0, 0, 0]),
        "{}",
        dry.text()
    );
    assert!(products(&stage).await.is_empty(), "a dry run makes nothing");

    let report = send(&staff, IMPORT, FILE).await.json();
    assert_eq!(counts(&report), [5, 0, 0, 0], "{report}");
    assert_eq!(report["problems"], json!([]));
    assert_eq!(
        report["categories_created"],
        json!(["Scarves", "Coffee", "የቤት ዕቃ", "Uncategorized"])
    );
    let found = products(&stage).await;
    for product in &found {
        assert_eq!(product.choice_faults(), [], "{}", product.slug);
    }
    let scarf = found
        .iter()
        .find(|product| product.slug == "netela-scarf")
        .unwrap();
    assert_eq!(scarf.name, "Netela Scarf – ነጠላ");
    assert!(
        scarf.description.contains("\n<ul>"),
        "{}",
        scarf.description
    );
    assert_eq!(scarf.variants.len(), 3);
    assert_eq!(scarf.title_of(&scarf.variants[0]), "White/Gold / 180 cm");
    let prices: Vec<_> = scarf
        .variants
        .iter()
        .map(|variant| scarf.price_of(variant))
        .map(|price| (price.list().to_string(), price.final_price().to_string()))
        .collect();
    assert_eq!(prices[0], ("1600.00".to_owned(), "1450.00".to_owned()));
    assert_eq!(prices[1], ("1650.00".to_owned(), "1650.00".to_owned()));
    let units = scarf
        .variants
        .iter()
        .map(|variant| scarf.shown_stock.available_of(variant.id));
    assert_eq!(units.collect::<Vec<_>>(), [12, 7, 0]);
    assert_eq!(scarf.images.len(), 4);
    assert_eq!(scarf.images[2].alt_text, "Rückseite – ጀርባ");
    assert_eq!(
        scarf.specifications.0["tags"],
        json!(["handmade", "cotton", "ነጠላ"])
    );
    let card = found
        .iter()
        .find(|product| product.slug == "gift-card")
        .unwrap();
    assert!(!card.is_active && card.variants.len() == 2);
    let formula = found
        .iter()
        .find(|product| product.slug == "formula")
        .unwrap();
    assert_eq!(
        formula.name,
        "=HYPERLINK(\"http://evil.example\",\"Click\")"
    );
    assert_eq!(formula.sku.as_deref(), Some("-SKU"));
}

#[tokio::test]
async fn what_is_exported_and_imported_again_changes_nothing() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    send(&staff, IMPORT, FILE).await;
    let before = products(&stage).await;
    let file = staff.get(EXPORT).await;
    assert_eq!(file.status, 200);
    let text = file.text();
    for line in text.lines() {
        assert!(
            !line.starts_with(['=', '+', '-', '@']) && !line.contains(",="),
            "{line}"
        );
    }
    stage.shop.clock.advance(3600);
    for file in [text.as_str(), FILE] {
        let report = send(&staff, IMPORT, file.to_owned()).await.json();
        assert_eq!(counts(&report), [0, 0, 5, 0], "{report}");
    }
    assert_eq!(
        products(&stage).await,
        before,
        "versions and times included"
    );
    // Into an empty shop the file brings the same, under ids of its own.
    let (other, router) = open().await;
    let staff = other.staff(&router).await.unwrap();
    let report = send(&staff, IMPORT, text.clone()).await.json();
    assert_eq!(counts(&report), [5, 0, 0, 0], "{report}");
    let again = send(&staff, IMPORT, text).await.json();
    assert_eq!(counts(&again), [0, 0, 5, 0], "{again}");
}

#[tokio::test]
async fn a_changed_row_changes_its_product_and_no_other() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    send(&staff, IMPORT, FILE).await;
    let before = products(&stage).await;
    let changed = FILE
        .replace("Indigo", "Black")
        .replace("1650.00", "1700.00")
        .replace("NET-WG-180", "NET-1");
    let report = send(&staff, IMPORT, changed).await.json();
    assert_eq!(counts(&report), [0, 1, 4, 0], "{report}");
    let after = products(&stage).await;
    let scarf = |found: &[domain::product::Product]| {
        found
            .iter()
            .find(|product| product.slug == "netela-scarf")
            .unwrap()
            .clone()
    };
    let (before, after) = (scarf(&before), scarf(&after));
    assert_eq!(after.variants[0].id, before.variants[0].id);
    assert_eq!(after.variants[0].sku.as_deref(), Some("NET-1"));
    assert_ne!(after.variants[2].id, before.variants[2].id);
    assert_eq!(
        after.price_of(&after.variants[1]).list().to_string(),
        "1700.00"
    );
    assert_eq!(
        after.shown_stock.available_of(after.variants[0].id),
        12,
        "units stay"
    );
    // The SKU that was given up is free for another.
    let other = "Handle,Title,Variant SKU,Variant Price\nnew,New,NET-WG-180,5\n";
    assert_eq!(
        counts(&send(&staff, IMPORT, other).await.json()),
        [1, 0, 0, 0]
    );
}

#[tokio::test]
async fn bad_rows_cost_their_own_product_only() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let file = "Handle,Title,Variant SKU,Variant Price,Category Slug\n\
                one,One,SAME,10,\n\
                two,Two,SAME,10,\n\
                three,,,x,\n\
                four,Four,,10,nowhere\n\
                five,Five,,10,\n";
    let report = send(&staff, IMPORT, file).await.json();
    assert_eq!(counts(&report), [2, 0, 0, 3], "{report}");
    let problems = report["problems"].as_array().unwrap();
    let told: Vec<_> = problems
        .iter()
        .map(|p| (p["line"].as_u64().unwrap(), p["column"].as_str().unwrap()))
        .collect();
    for expected in [(4, "Title"), (4, "Variant Price"), (5, "Category Slug")] {
        assert!(told.contains(&expected), "{told:?}");
    }
    // Which of two products gets a SKU, when both are new, is decided by the table.
    assert!(
        told.contains(&(2, "Variant SKU")) != told.contains(&(3, "Variant SKU")),
        "{told:?}"
    );
    let repeated = send(&staff, IMPORT, file).await.json();
    assert_eq!(counts(&repeated)[..3], [0, 0, 2]);
    let rest = send(&staff, &format!("{IMPORT}?from_line=6"), file)
        .await
        .json();
    assert_eq!(counts(&rest)[2], 1, "{rest}");
}

/// Wherever the table fails, and whether or not the write was done, sending the file again leads to
/// what an undisturbed import leads to.
#[tokio::test]
async fn an_import_that_broke_off_is_carried_on_by_sending_it_again() {
    let told = |found: &[domain::product::Product]| -> Vec<_> {
        let told = found.iter().map(|product| {
            let units = product
                .variants
                .iter()
                .map(|variant| product.shown_stock.available_of(variant.id));
            (
                product.slug.clone(),
                product.name.clone(),
                product.images.len(),
                units.collect::<Vec<_>>(),
            )
        });
        told.collect()
    };
    let (undisturbed, router) = open().await;
    let staff = undisturbed.staff(&router).await.unwrap();
    send(&staff, IMPORT, FILE).await;
    let expected = told(&products(&undisturbed).await);
    for kind in [FaultKind::Refused, FaultKind::LostAnswer] {
        for nth in 1..=16 {
            let (stage, router) = open().await;
            let staff = stage.staff(&router).await.unwrap();
            // More often in a row than the SDK tries.
            let fault = Fault {
                service: Service::Dynamodb,
                nth,
                kind,
                times: 12,
            };
            stage.wire.inject(fault).unwrap();
            let broken = send(&staff, IMPORT, FILE).await;
            stage.wire.clear_faults();
            assert!(matches!(broken.status, 200 | 503), "{}", broken.text());
            let again = send(&staff, IMPORT, FILE).await;
            assert_eq!(again.status, 200, "{kind:?} {nth}: {}", again.text());
            assert_eq!(counts(&again.json())[3], 0, "{}", again.text());
            assert_eq!(told(&products(&stage).await), expected, "{kind:?} {nth}");
        }
    }
}

#[tokio::test]
async fn what_is_no_file_is_refused() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    assert_eq!(
        send(&staff, IMPORT, "").await.json(),
        json!({ "file": ["The file is empty."] })
    );
    let nameless = send(&staff, IMPORT, "Handle,Title\n").await;
    assert_eq!(nameless.status, 400);
    assert_eq!(staff.post(IMPORT, &json!({})).await.status, 415);
    let bad = send(&staff, &format!("{IMPORT}?dry_run=perhaps"), FILE).await;
    assert_eq!(bad.status, 400);
    let large = send(&staff, IMPORT, vec![b'x'; 5 * 1024 * 1024 + 1]).await;
    assert_eq!(large.status, 413);
    let customer = stage.verified(&router).await.unwrap();
    assert_eq!(send(&customer, IMPORT, FILE).await.status, 403);
    assert_eq!(customer.get(EXPORT).await.status, 403);
    assert!(products(&stage).await.is_empty());
}
