//! Categories, products and lists of them.

use std::sync::Arc;

use domain::{CategoryId, ProductId, product::Product};
use store::{
    CreateProductError, PageRequest, ProductFilter,
    ProductRefusal::{CategoryMissing, SkuTaken, SlugTaken},
};

use crate::samples::Bench;

#[tokio::test]
async fn a_product_is_read_with_the_stock_of_all_its_variants() {
    let bench = Bench::open().await;
    let category = bench.category("clothes", None);
    bench.store.create_category(&category).await.unwrap();
    let shirt = bench.shirt(category.id, 3);
    bench.store.create_product(&shirt).await.unwrap();
    let found = bench
        .store
        .find_product(shirt.product.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.product, shirt.product);
    assert_eq!(found.available(), 6);
    assert_eq!(found.available_of(shirt.product.variants[1].id), 3);
    assert_eq!(
        bench
            .store
            .find_product(ProductId(bench.id()))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_product_that_is_refused_leaves_nothing_behind() {
    let bench = Bench::open().await;
    let category = bench.category("clothes", None);
    bench.store.create_category(&category).await.unwrap();
    bench
        .store
        .create_product(&bench.shirt(category.id, 3))
        .await
        .unwrap();
    let mut twin = bench.product(category.id, "shirt", 1);
    twin.product.sku = None;
    twin.product.variants[0].sku = None;
    let refused = bench.store.create_product(&twin).await;
    assert!(
        matches!(&refused, Err(CreateProductError::Refused(all)) if all == &[SlugTaken]),
        "{refused:?}"
    );
    let mut same_sku = bench.product(category.id, "other", 1);
    same_sku.product.variants[0].sku = Some("SHIRT-red".into());
    let refused = bench.store.create_product(&same_sku).await;
    assert!(
        matches!(&refused, Err(CreateProductError::Refused(all)) if all == &[SkuTaken("SHIRT-red".into())]),
        "{refused:?}"
    );
    let lost = bench.product(CategoryId(bench.id()), "lost", 1);
    let refused = bench.store.create_product(&lost).await;
    assert!(
        matches!(&refused, Err(CreateProductError::Refused(all)) if all == &[CategoryMissing]),
        "{refused:?}"
    );
    let mut worst = bench.product(CategoryId(bench.id()), "shirt", 1);
    worst.product.variants[0].sku = Some("SHIRT-red".into());
    let refused = bench.store.create_product(&worst).await;
    let skus = ["SHIRT-red", "SKU-shirt"].map(|sku| SkuTaken(sku.into()));
    let [red, shirt] = skus;
    let all = [SlugTaken, red, shirt, CategoryMissing];
    assert!(
        matches!(&refused, Err(CreateProductError::Refused(found)) if found == &all),
        "{refused:?}"
    );
    for refused in [twin, same_sku, lost, worst] {
        assert_eq!(
            bench.store.find_product(refused.product.id).await.unwrap(),
            None
        );
    }
    // The slug that was claimed along with a SKU in use is still free.
    bench
        .store
        .create_product(&bench.product(category.id, "other", 1))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_products_with_one_slug_one_is_made() {
    let bench = Arc::new(Bench::open().await);
    let category = bench.category("things", None);
    bench.store.create_category(&category).await.unwrap();
    let tries = (0..20).map(|_| {
        let bench = Arc::clone(&bench);
        let category = category.id;
        tokio::spawn(async move {
            let product = bench.product(category, "same", 1);
            bench.store.create_product(&product).await
        })
    });
    let made = futures::future::join_all(tries).await;
    assert_eq!(
        made.into_iter()
            .filter(|made| made.as_ref().unwrap().is_ok())
            .count(),
        1
    );
}

#[tokio::test]
async fn pages_join_without_gap_or_repetition_whatever_the_filter() {
    let bench = Bench::open().await;
    let category = bench.category("things", None);
    bench.store.create_category(&category).await.unwrap();
    let mut all = Vec::new();
    for number in 0..23 {
        let mut product = bench.product(category.id, &format!("thing-{number}"), 1);
        product.product.is_active = number % 4 != 0;
        product.product.is_featured = number % 3 == 0;
        bench.store.create_product(&product).await.unwrap();
        all.push(product.product);
    }
    all.reverse();
    let filters = [
        ProductFilter::default(),
        ProductFilter {
            with_inactive: true,
            ..ProductFilter::default()
        },
        ProductFilter {
            featured: true,
            ..ProductFilter::default()
        },
        ProductFilter {
            categories: Some(vec![category.id]),
            ..ProductFilter::default()
        },
        ProductFilter {
            search: Some("PRODUCT THING-1".into()),
            ..ProductFilter::default()
        },
        ProductFilter {
            categories: Some(vec![CategoryId(bench.id())]),
            ..ProductFilter::default()
        },
    ];
    for filter in filters {
        let expected: Vec<ProductId> = all
            .iter()
            .filter(|product| filter.with_inactive || product.is_active)
            .filter(|product| !filter.featured || product.is_featured)
            .filter(|product| {
                filter
                    .categories
                    .as_ref()
                    .is_none_or(|wanted| wanted.contains(&product.category))
            })
            .filter(|product| {
                let wanted = filter.search.as_deref().unwrap_or_default().to_lowercase();
                product.name.to_lowercase().contains(&wanted)
            })
            .map(|product| product.id)
            .collect();
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let request = PageRequest { limit: 4, after };
            let page = bench.store.list_products(&filter, request).await.unwrap();
            seen.extend(page.items.iter().map(|product| product.id));
            let available = |product: &Product| {
                let variant = product.variants[0].id;
                product.shown_stock.available_of(variant)
            };
            assert!(page.items.iter().all(|product| available(product) == 1));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "{filter:?}");
    }
}
