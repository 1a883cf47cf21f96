//! Changes and deletions of products: what goes with them, what is in their way, and who else.

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
};

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{
    CategoryId, ProductId, VariantId,
    product::{Product, Variant},
    stock::{Location, StockLevel},
};
use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use store::{
    EditProductError,
    ProductRefusal::{CategoryMissing, Ordered, SkuTaken, SlugTaken, TooLarge},
    StockedProduct,
};

use crate::{
    samples::{Bench, NOW},
    stored::everything,
};

/// A key, and the product that the item says it belongs to.
type Owned = (String, Option<ProductId>);

/// Changes a product by a rule that refuses nothing.
pub async fn edited(
    bench: &Bench,
    id: ProductId,
    mut change: impl FnMut(&mut StockedProduct),
) -> Result<StockedProduct, EditProductError<Infallible>> {
    let change = |stocked: &mut StockedProduct| {
        change(stocked);
        Ok(())
    };
    let edit = bench
        .store
        .edit_product(id, || bench.version(), change)
        .await;
    edit.map(|(stocked, ())| stocked)
}

/// Adds a variant of a colour, with stock of its own.
pub fn add_variant(bench: &Bench, stocked: &mut StockedProduct, colour: &str, units: u32) {
    let (product, id) = (stocked.product.id, VariantId(bench.id()));
    stocked.product.variants.push(Variant {
        id,
        sku: Some(format!("SHIRT-{colour}")),
        options: BTreeMap::from([("colour".to_owned(), colour.to_owned())]),
        price: None,
        is_active: true,
    });
    let level = StockLevel::new(product, id, Location::main(), units, NOW);
    stocked.stock.push(level);
}

/// That claims, places in categories and stock levels are those of the products, no more, no less.
pub async fn assert_in_step(bench: &Bench) {
    let (found, expected) = found_and_expected(bench).await;
    assert_eq!(found, expected);
}

/// The items that go with products, each with whose it says it is: those there are, and those there
/// ought to be.
async fn found_and_expected(bench: &Bench) -> (Vec<Owned>, Vec<Owned>) {
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for (key, item) in everything(bench).await {
        let (pk, sk) = key.split_once(" / ").unwrap();
        if sk == "PRODUCT" {
            let product: Product = serde_json::from_value(item).unwrap();
            let owner = product.id;
            let claim = format!("SLUG#PRODUCT#{} / CLAIM", product.slug);
            expected.push((claim, Some(owner)));
            for sku in product.skus() {
                expected.push((format!("SKU#{sku} / CLAIM"), Some(owner)));
            }
            if domain::ledger::is_low(&product) {
                let id = product.id.padded();
                expected.push((format!("LOW_STOCK / PRODUCT#{id}"), Some(owner)));
            }
            let shelf = format!("SHELF#{} / {pk}", product.category.padded());
            expected.push((shelf, Some(owner)));
            for variant in &product.variants {
                let level = format!("{pk} / STOCK#{}#main", variant.id.padded());
                expected.push((level, Some(owner)));
            }
        } else if ["SLUG#PRODUCT#", "SKU#", "SHELF#", "LOW_STOCK"]
            .iter()
            .any(|kind| pk.starts_with(kind))
            || sk.starts_with("STOCK#")
        {
            let owner = serde_json::from_value(item["product"].clone()).ok();
            found.push((key, owner));
        }
    }
    expected.sort();
    found.sort();
    (found, expected)
}

#[tokio::test]
async fn whatever_is_out_of_step_is_seen() {
    let bench = Bench::open().await;
    let (_, shirt) = shop_with_shirt(&bench).await;
    let (pk, other) = (
        format!("PRODUCT#{}", shirt.product.id.padded()),
        bench.id().to_string(),
    );
    let stock = format!("STOCK#{}#main", shirt.product.variants[0].id.padded());
    let stray = format!("STOCK#{}#main", bench.id().padded());
    let shelf = format!("SHELF#{}", shirt.product.category.padded());
    for (pk, sk, owner) in [
        ("SLUG#PRODUCT#shirt", "CLAIM", None),
        ("SLUG#PRODUCT#shirt", "CLAIM", Some(&other)),
        ("SLUG#PRODUCT#stray", "CLAIM", Some(&other)),
        ("SKU#SHIRT-red", "CLAIM", None),
        ("SKU#stray", "CLAIM", Some(&other)),
        (&shelf, &pk, None),
        ("SHELF#stray", &pk, Some(&other)),
        (&pk, &stock, None),
        (&pk, &stray, Some(&other)),
        ("LOW_STOCK", &pk, Some(&other)),
    ] {
        assert_in_step(&bench).await;
        let (client, table) = (bench.table.client(), bench.table.name());
        let key = HashMap::from([
            ("pk".to_owned(), AttributeValue::S(pk.to_owned())),
            ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
        ]);
        let delete = client.delete_item().table_name(table);
        let delete = delete
            .set_key(Some(key.clone()))
            .return_values(ReturnValue::AllOld);
        let before = delete.send().await.unwrap().attributes;
        if let Some(owner) = owner {
            let mut item = key.clone();
            item.insert("product".to_owned(), AttributeValue::N(owner.clone()));
            let put = client.put_item().table_name(table);
            put.set_item(Some(item)).send().await.unwrap();
        }
        let (found, expected) = found_and_expected(&bench).await;
        assert_ne!(found, expected, "{pk} {sk}");
        // As it was.
        let delete = client.delete_item().table_name(table);
        delete.set_key(Some(key)).send().await.unwrap();
        if let Some(before) = before {
            let put = client.put_item().table_name(table);
            put.set_item(Some(before)).send().await.unwrap();
        }
    }
}

async fn shop_with_shirt(bench: &Bench) -> (CategoryId, StockedProduct) {
    let category = bench.category("clothes", None);
    bench.store.create_category(&category).await.unwrap();
    let shirt = bench.shirt(category.id, 3);
    bench.store.create_product(&shirt).await.unwrap();
    (category.id, shirt)
}

#[tokio::test]
async fn claims_place_and_stock_go_with_the_product() {
    let bench = Bench::open().await;
    let (_, shirt) = shop_with_shirt(&bench).await;
    let id = shirt.product.id;
    let summer = bench.category("summer", None);
    bench.store.create_category(&summer).await.unwrap();
    let after = edited(&bench, id, |stocked| {
        stocked.product.slug = "t-shirt".into();
        stocked.product.category = summer.id;
        stocked.product.variants[0].sku = Some("SHIRT-crimson".into());
        stocked.product.variants.remove(1);
        add_variant(&bench, stocked, "green", 7);
    })
    .await
    .unwrap();
    assert_in_step(&bench).await;
    let found = bench.store.find_fresh_product(id).await.unwrap().unwrap();
    assert_eq!(found.product, after.product);
    assert_eq!(found.available(), 10);
    let shown = &found.product.shown_stock;
    assert_eq!(shown.available_of(found.product.variants[1].id), 7);
    // What was given up is free for others.
    let mut other = bench.product(summer.id, "shirt", 1);
    other.product.sku = Some("SHIRT-blue".into());
    other.product.variants[0].sku = Some("SHIRT-red".into());
    bench.store.create_product(&other).await.unwrap();
    assert_in_step(&bench).await;
}

#[tokio::test]
async fn what_is_taken_or_missing_changes_nothing() {
    let bench = Bench::open().await;
    let (category, shirt) = shop_with_shirt(&bench).await;
    let other = bench.product(category, "other", 1);
    bench.store.create_product(&other).await.unwrap();
    let before = everything(&bench).await;
    let refused = edited(&bench, other.product.id, |stocked| {
        stocked.product.slug = "shirt".into();
        stocked.product.sku = Some("SHIRT-red".into());
        stocked.product.category = CategoryId(bench.id());
    })
    .await;
    let all = [SlugTaken, SkuTaken("SHIRT-red".into()), CategoryMissing];
    assert!(
        matches!(&refused, Err(EditProductError::Rejected(found)) if found == &all),
        "{refused:?}"
    );
    let rule = |_: &mut StockedProduct| Err::<(), &str>("no");
    let refused = bench
        .store
        .edit_product(shirt.product.id, || bench.version(), rule)
        .await;
    assert!(
        matches!(refused, Err(EditProductError::Refused("no"))),
        "{refused:?}"
    );
    let missing = edited(&bench, ProductId(bench.id()), |_| {}).await;
    assert!(matches!(missing, Err(EditProductError::Missing)));
    assert_eq!(everything(&bench).await, before);
}

#[tokio::test]
async fn what_was_ordered_stays() {
    let bench = Bench::open().await;
    let (_, shirt) = shop_with_shirt(&bench).await;
    let id = shirt.product.id;
    bench
        .placed("abebe@example.com", std::slice::from_ref(&shirt), 1)
        .await;
    let refused = edited(&bench, id, |stocked| {
        stocked.product.variants.remove(0);
    })
    .await;
    assert!(
        matches!(&refused, Err(EditProductError::Rejected(all)) if all == &[Ordered]),
        "{refused:?}"
    );
    let admit = |_: &StockedProduct| Ok::<(), Infallible>(());
    let refused = bench.store.delete_product(id, admit).await;
    assert!(
        matches!(&refused, Err(EditProductError::Rejected(all)) if all == &[Ordered]),
        "{refused:?}"
    );
    // The other colour was never ordered.
    edited(&bench, id, |stocked| {
        stocked.product.variants.remove(1);
    })
    .await
    .unwrap();
    assert_in_step(&bench).await;
}

#[tokio::test]
async fn a_deleted_product_leaves_nothing() {
    let bench = Bench::open().await;
    let category = bench.category("clothes", None);
    bench.store.create_category(&category).await.unwrap();
    let before = everything(&bench).await;
    let shirt = bench.shirt(category.id, 3);
    bench.store.create_product(&shirt).await.unwrap();
    let id = shirt.product.id;
    let refused = bench.store.delete_product(id, |_| Err("no")).await;
    assert!(matches!(refused, Err(EditProductError::Refused("no"))));
    let admit = |_: &StockedProduct| Ok::<(), Infallible>(());
    let deleted = bench.store.delete_product(id, admit).await.unwrap();
    assert_eq!(deleted.product, shirt.product);
    assert_eq!(everything(&bench).await, before);
    let again = bench.store.delete_product(id, admit).await;
    assert!(matches!(again, Err(EditProductError::Missing)));
}

#[tokio::test]
async fn more_than_a_transaction_holds_is_refused() {
    let bench = Bench::open().await;
    let (_, shirt) = shop_with_shirt(&bench).await;
    let id = shirt.product.id;
    let colours = |prefix: &'static str| (0..38).map(move |number| format!("{prefix}{number}"));
    edited(&bench, id, |stocked| {
        for colour in colours("a") {
            add_variant(&bench, stocked, &colour, 1);
        }
    })
    .await
    .unwrap();
    let refused = edited(&bench, id, |stocked| {
        stocked.product.variants.clear();
        for colour in colours("b") {
            add_variant(&bench, stocked, &colour, 1);
        }
    })
    .await;
    assert!(
        matches!(&refused, Err(EditProductError::Rejected(all)) if all == &[TooLarge]),
        "{refused:?}"
    );
    assert_in_step(&bench).await;
}

#[tokio::test]
async fn an_edit_whose_answer_was_lost_is_done_once() {
    let bench = Bench::open().await;
    let (_, shirt) = shop_with_shirt(&bench).await;
    for kind in [FaultKind::LostAnswer, FaultKind::Conflict] {
        // The first call reads, the second writes; the SDK's own repetitions are lost as well.
        let fault = Fault {
            service: Service::Dynamodb,
            nth: 2,
            kind,
            times: 2,
        };
        bench.wire.inject(fault).unwrap();
        let (mut variants, mut added) = (0, 0);
        edited(&bench, shirt.product.id, |stocked| {
            added += 1;
            add_variant(&bench, stocked, &format!("{kind:?}{added}"), 1);
            variants = stocked.product.variants.len();
        })
        .await
        .unwrap();
        let found = bench.store.find_product(shirt.product.id).await.unwrap();
        assert_eq!(found.unwrap().product.variants.len(), variants, "{kind:?}");
        assert_in_step(&bench).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_and_orders_that_meet_all_count() {
    let bench = Arc::new(Bench::open().await);
    let (_, shirt) = shop_with_shirt(&bench).await;
    let id = shirt.product.id;
    let edits = (0..8).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let edit = edited(&bench, id, |stocked| {
                add_variant(&bench, stocked, &format!("c{number}"), 1);
            });
            edit.await.map(|_| ())
        })
    });
    let orders = (0..3).map(|number| {
        let (bench, shirt) = (Arc::clone(&bench), shirt.clone());
        tokio::spawn(async move {
            let email = format!("shopper-{number}@example.com");
            bench.placed(&email, &[shirt], 1).await;
            bench.store.refresh_shown_stock(id).await.unwrap();
        })
    });
    let (edits, orders) = futures::join!(join_all(edits), join_all(orders));
    for edit in edits {
        edit.unwrap().unwrap();
    }
    orders.into_iter().for_each(|order| order.unwrap());
    assert_in_step(&bench).await;
    let found = bench.store.find_fresh_product(id).await.unwrap().unwrap();
    assert_eq!(found.product.variants.len(), 10);
    let first = shirt.product.variants[0].id;
    assert_eq!(found.available_of(first), 0);
    let shown = &found.product.shown_stock;
    assert_eq!(
        shown.available_of(first),
        0,
        "the copy is of the last moment"
    );
    let levels = found.stock.iter().map(|level| level.revision).sum::<u64>();
    assert_eq!(shown.revision, levels + shown.retired);
}
