//! A page of products costs the same in a small shop and in a large one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use domain::{CategoryId, Id, ProductId};
use futures::{StreamExt, stream};
use store::{PageRequest, ProductFilter};

use crate::samples::Bench;

/// How many categories the products are spread over.
const SHELVES: u64 = 2;
/// When the first product was made, in milliseconds; each is a millisecond younger than the last.
const BEGINNING: u64 = 1_750_000_000_000;

/// Products `from` to `to`, spread over the categories; every third is hidden. Put as items, because
/// ten thousand transactions take their time.
async fn fill(bench: &Bench, shelves: &[CategoryId], from: u64, to: u64) {
    let pattern = bench.product(shelves[0], "pattern", 5);
    bench.store.create_product(&pattern).await.unwrap();
    let pattern = pattern.product.id.padded();
    let client = bench.table.client();
    let text = |value: String| AttributeValue::S(value);
    let found = client
        .get_item()
        .table_name(bench.table.name())
        .key("pk", text(format!("PRODUCT#{pattern}")))
        .key("sk", text("PRODUCT".into()));
    let item = found.send().await.unwrap().item.unwrap();
    let products = (from..to).map(|number| {
        let id = ProductId(Id::compose(BEGINNING + number, 0));
        let place = format!("PRODUCT#{}", id.padded());
        let shelf = shelves[usize::try_from(number % SHELVES).unwrap()];
        let hidden = if number % 3 == 0 { "#HIDDEN" } else { "" };
        let number = |value: u64| AttributeValue::N(value.to_string());
        let mut item = item.clone();
        item.extend(HashMap::from([
            ("pk".to_owned(), text(place.clone())),
            ("id".to_owned(), number(id.value())),
            ("category".to_owned(), number(shelf.value())),
            (
                "is_active".to_owned(),
                AttributeValue::Bool(hidden.is_empty()),
            ),
            ("gsi1pk".to_owned(), text(format!("CATALOG{hidden}"))),
            ("gsi1sk".to_owned(), text(place.clone())),
            (
                "gsi2pk".to_owned(),
                text(format!("CATEGORY#{}{hidden}", shelf.padded())),
            ),
            ("gsi2sk".to_owned(), text(place)),
        ]));
        let put = PutRequest::builder().set_item(Some(item)).build().unwrap();
        WriteRequest::builder().put_request(put).build()
    });
    let requests: Vec<WriteRequest> = products.collect();
    stream::iter(requests.chunks(25))
        .for_each_concurrent(4, |batch| async {
            let written = client
                .batch_write_item()
                .request_items(bench.table.name(), batch.to_vec());
            let answer = written.send().await.unwrap();
            assert_eq!(answer.unprocessed_items().map(HashMap::len), Some(0));
        })
        .await;
    // The pattern itself is not to be counted.
    let admit = |_: &_| Ok::<_, std::convert::Infallible>(());
    let id = Id::try_from(pattern.parse::<u64>().unwrap()).unwrap();
    bench
        .store
        .delete_product(ProductId(id), admit)
        .await
        .unwrap();
}

/// Read units and round trips of a page of 24 at the beginning and of one in the midst of each list.
async fn measured(bench: &Bench, shelves: &[CategoryId], midst: u64) -> Vec<(f64, u64)> {
    let filters = [
        ProductFilter::default(),
        ProductFilter {
            with_inactive: true,
            ..ProductFilter::default()
        },
        ProductFilter {
            categories: Some(vec![shelves[1]]),
            ..ProductFilter::default()
        },
        ProductFilter {
            categories: Some(shelves.to_vec()),
            ..ProductFilter::default()
        },
    ];
    let mut costs = Vec::new();
    for filter in filters {
        for after in [None, Some(Id::compose(BEGINNING + midst, 0))] {
            let page = PageRequest { limit: 24, after };
            let listing = bench.store.list_products(&filter, page);
            let (listed, cost) = bench.wire.measured(listing).await;
            assert_eq!(listed.unwrap().items.len(), 24, "{filter:?}");
            costs.push((cost.read_units, cost.round_trips));
        }
    }
    costs
}

#[tokio::test]
async fn a_page_costs_the_same_at_100_products_and_at_10_000() {
    let bench = Bench::open().await;
    let mut shelves = Vec::new();
    for number in 0..SHELVES {
        let category = bench.category(&format!("shelf-{number}"), None);
        bench.store.create_category(&category).await.unwrap();
        shelves.push(category.id);
    }
    fill(&bench, &shelves, 0, 100).await;
    let small = measured(&bench, &shelves, 90).await;
    fill(&bench, &shelves, 100, 10_000).await;
    let large = measured(&bench, &shelves, 5_000).await;
    // Two partitions are read for staff and for two categories, so twice of what is shown.
    let expected = [2.0, 2.0, 4.0, 4.0, 2.0, 2.0, 4.0, 4.0].map(|read_units| (read_units, 1));
    assert_eq!(small, expected);
    assert_eq!(large, expected);
}
