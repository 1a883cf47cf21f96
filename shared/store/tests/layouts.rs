//! Old code beside new: an item of a layout that this code does not know is neither read nor written.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{event::EventKind, payment::TxRef};
use store::{AdvanceError, EditError, PageRequest, PlaceOrderError, ProductFilter, StoreError};

use crate::{
    samples::{Bench, NOW},
    stored::{everything, keys},
};

/// What newer code does to an item of `sk` that it writes: another layout and another version.
async fn overtake(bench: &Bench, kind: &str) {
    let version = bench.version().value().to_string();
    for (pk, sk) in keys(bench).await {
        if !sk.starts_with(kind) {
            continue;
        }
        let update = bench
            .table
            .client()
            .update_item()
            .table_name(bench.table.name())
            .key("pk", AttributeValue::S(pk))
            .key("sk", AttributeValue::S(sk))
            .update_expression("SET #schema = :newer, #version = :version, renamed = :version")
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":newer", AttributeValue::N("2".into()))
            .expression_attribute_values(":version", AttributeValue::N(version.clone()));
        update.send().await.unwrap();
    }
}

fn is_newer(fault: &StoreError) -> bool {
    matches!(fault, StoreError::Unavailable(text) if text.contains("layout 2"))
}

#[tokio::test]
async fn newer_items_are_not_read() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let order = bench.placed("abebe@example.com", &things, 2).await;
    let product = things[0].product.id;
    for kind in ["PRODUCT", "CART", "ORDER", "CATEGORY"] {
        overtake(&bench, kind).await;
    }
    let store = &bench.store;
    assert!(is_newer(&store.find_product(product).await.unwrap_err()));
    assert!(is_newer(
        &store.find_products(&[product]).await.unwrap_err()
    ));
    let page = PageRequest {
        limit: 10,
        after: None,
    };
    let list = store.list_products(&ProductFilter::default(), page).await;
    assert!(is_newer(&list.unwrap_err()));
    assert!(is_newer(&store.category_tree().await.unwrap_err()));
    assert!(is_newer(&store.find_cart(order.owner).await.unwrap_err()));
    assert!(is_newer(
        &store.find_account(order.owner).await.unwrap_err()
    ));
    assert!(is_newer(&store.find_order(order.id).await.unwrap_err()));
    let user = store.find_user(order.owner).await.unwrap();
    assert!(user.is_some(), "the user is of the layout we know");
}

#[tokio::test]
async fn older_items_are_read() {
    let bench = Bench::open().await;
    let user = bench.registered("abebe@example.com").await;
    let update = bench
        .table
        .client()
        .update_item()
        .table_name(bench.table.name())
        .key(
            "pk",
            AttributeValue::S(format!("USER#{}", user.id.0.padded())),
        )
        .key("sk", AttributeValue::S("USER".into()))
        .update_expression("SET #schema = :older")
        .expression_attribute_names("#schema", "schema")
        .expression_attribute_values(":older", AttributeValue::N("0".into()));
    update.send().await.unwrap();
    assert_eq!(bench.store.find_user(user.id).await.unwrap(), Some(user));
}

#[tokio::test]
async fn newer_items_are_not_written_over() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let order = bench.placed("abebe@example.com", &things, 2).await;
    let shopper = bench.shopper("sara@example.com", &things, 1).await;
    let checkout = bench.checkout(&shopper, &things);
    // What this code decides rests on items as they were; then newer code comes in between.
    let begun = order.begin_payment(TxRef::compose(order.id, 1), NOW, bench.version());
    for kind in ["USER", "CART", "ORDER", "STOCK"] {
        overtake(&bench, kind).await;
    }
    let before = everything(&bench).await;

    let edited = bench
        .store
        .edit_user(order.owner, || bench.version(), |_| Ok::<_, ()>(()))
        .await;
    assert!(
        matches!(&edited, Err(EditError::Store(fault)) if is_newer(fault)),
        "{edited:?}"
    );
    let advanced = bench.store.advance_order(&begun.unwrap(), &[], &[]).await;
    assert!(
        matches!(advanced, Err(AdvanceError::Changed)),
        "{advanced:?}"
    );
    let placed = bench.place(&shopper, &checkout).await;
    assert!(
        matches!(&placed, Err(PlaceOrderError::Store(fault)) if is_newer(fault)),
        "not short of stock, though its condition failed: {placed:?}"
    );
    assert_eq!(everything(&bench).await, before);
}

#[tokio::test]
async fn a_newer_note_on_an_event_stays() {
    let bench = Bench::open().await;
    let user = bench.user("abebe@example.com");
    let id = bench.event(EventKind::UserRegistered { user: user.id }).id;
    bench.store.claim_event(&id, NOW).await.unwrap();
    overtake(&bench, "DELIVERY").await;
    let before = everything(&bench).await;

    let later = NOW.plus_secs(600);
    let claimed = bench.store.claim_event(&id, later).await;
    assert!(is_newer(&claimed.unwrap_err()), "the lease has ended");
    assert!(is_newer(
        &bench.store.finish_event(&id, later).await.unwrap_err()
    ));
    assert!(is_newer(
        &bench.store.release_event(&id, later).await.unwrap_err()
    ));
    assert_eq!(everything(&bench).await, before);
}
