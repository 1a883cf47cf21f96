//! What stands in a category: moved on before the category goes, and never left behind.

use std::{collections::BTreeSet, sync::Arc};

use domain::{CategoryId, ProductId};
use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use store::{
    CreateProductError, DeleteCategoryError, MoveProductsError, ProductRefusal::CategoryMissing,
};

use crate::{
    categories::{assert_whole, changed, deleted, made},
    product_edits::assert_in_step,
    samples::{Bench, NOW},
    stored::everything,
};

#[tokio::test]
async fn a_category_with_products_stays_as_it_was() {
    let bench = Bench::open().await;
    let category = made(&bench, "things", None).await;
    let below = made(&bench, "below", Some(category.id)).await;
    let thing = bench.product(category.id, "thing", 1);
    bench.store.create_product(&thing).await.unwrap();
    let before = everything(&bench).await;
    let refused = deleted(&bench, category.id).await;
    assert!(matches!(refused, Err(DeleteCategoryError::InUse)));
    assert_eq!(everything(&bench).await, before);
    let ids = [thing.product.id];
    let version = || bench.version();
    let moved = bench
        .store
        .move_products(&ids, category.id, below.id, NOW, version)
        .await;
    assert_eq!(moved.unwrap(), 1);
    assert_in_step(&bench).await;
    deleted(&bench, category.id).await.unwrap();
    assert_eq!(assert_whole(&bench).await.len(), 1);
}

#[tokio::test]
async fn products_move_unless_they_are_elsewhere_or_have_nowhere_to_go() {
    let bench = Bench::open().await;
    let (from, to) = (
        made(&bench, "from", None).await.id,
        made(&bench, "to", None).await.id,
    );
    let mut ids: Vec<ProductId> = Vec::new();
    for number in 0..20 {
        let category = if number == 7 { to } else { from };
        let product = bench.product(category, &format!("p{number}"), 1);
        bench.store.create_product(&product).await.unwrap();
        ids.push(product.product.id);
    }
    let lost = CategoryId(bench.id());
    let version = || bench.version();
    let moved = bench
        .store
        .move_products(&ids, from, lost, NOW, version)
        .await;
    assert!(matches!(moved, Err(MoveProductsError::CategoryMissing)));
    assert_eq!(
        bench.store.shelved_products(from, 100).await.unwrap().len(),
        19
    );
    let moved = bench.store.move_products(&ids, from, to, NOW, version);
    assert_eq!(moved.await.unwrap(), 19);
    let shelf = bench.store.shelved_products(to, 100).await.unwrap();
    assert_eq!(
        BTreeSet::from_iter(shelf),
        BTreeSet::from_iter(ids.iter().copied())
    );
    assert_in_step(&bench).await;
    let products = bench.store.find_products(&ids).await.unwrap();
    assert!(products.iter().all(|product| product.category == to));
    let versions: BTreeSet<_> = products.iter().map(|product| product.version).collect();
    assert_eq!(versions.len(), 20, "an edit under way notices");
}

#[tokio::test]
async fn a_mark_that_a_crash_left_behind_keeps_products_out_until_an_edit() {
    let bench = Bench::open().await;
    let category = made(&bench, "things", None).await;
    // Two reads, the mark, and then nothing works any more: the SDK gives up after some tries.
    crash_after_the_mark(&bench, category.id).await;
    let refused = bench.product(category.id, "thing", 1);
    let refused = bench.store.create_product(&refused).await;
    assert!(
        matches!(&refused, Err(CreateProductError::Refused(all)) if all == &[CategoryMissing]),
        "{refused:?}"
    );
    changed(&bench, category.id, |after| after.name = "Things".into())
        .await
        .unwrap();
    let thing = bench.product(category.id, "thing", 1);
    bench.store.create_product(&thing).await.unwrap();

    let other = made(&bench, "others", None).await;
    crash_after_the_mark(&bench, other.id).await;
    deleted(&bench, other.id).await.unwrap();
    assert_eq!(assert_whole(&bench).await.len(), 1);
}

async fn crash_after_the_mark(bench: &Bench, id: CategoryId) {
    let fault = Fault {
        service: Service::Dynamodb,
        nth: 4,
        kind: FaultKind::Refused,
        times: 99,
    };
    bench.wire.inject(fault).unwrap();
    let failed = deleted(bench, id).await;
    assert!(
        matches!(failed, Err(DeleteCategoryError::Store(_))),
        "{failed:?}"
    );
    bench.wire.clear_faults();
    let tree = bench.store.fresh_category_tree().await.unwrap();
    assert!(tree.find(id).is_some());
}

/// Passes the time of so many calls, so that others come at another moment in each round.
async fn dawdle(bench: &Bench, calls: usize) {
    for _ in 0..calls {
        bench.store.find_locations().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_product_is_left_in_a_category_that_is_deleted_meanwhile() {
    let bench = Arc::new(Bench::open().await);
    let (mut kept, mut gone) = (0, 0);
    for round in 0..33 {
        let category = made(&bench, &format!("things-{round}"), None).await.id;
        let heir = made(&bench, &format!("heir-{round}"), None).await.id;
        let guest = bench.product(heir, &format!("guest-{round}"), 1);
        bench.store.create_product(&guest).await.unwrap();
        let creations = (0..3).map(|number| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move {
                dawdle(&bench, (round * 3 + number * 2) % 11).await;
                let product = bench.product(category, &format!("p-{round}-{number}"), 1);
                bench.store.create_product(&product).await.is_ok()
            })
        });
        let moving = {
            let (bench, ids) = (Arc::clone(&bench), [guest.product.id]);
            tokio::spawn(async move {
                dawdle(&bench, round * 5 % 11).await;
                let version = || bench.version();
                let moved = bench
                    .store
                    .move_products(&ids, heir, category, NOW, version);
                moved.await.is_ok()
            })
        };
        let deletion = {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move {
                dawdle(&bench, 2).await;
                deleted(&bench, category).await
            })
        };
        let writes: Vec<_> = creations.chain([moving]).collect();
        let entered = join_all(writes).await;
        let entered = entered
            .into_iter()
            .filter(|entered| *entered.as_ref().unwrap());
        match (entered.count(), deletion.await.unwrap()) {
            (0, Ok(())) => gone += 1,
            (_, Err(DeleteCategoryError::InUse)) => kept += 1,
            other => panic!("{other:?}"),
        }
        assert_in_step(&bench).await;
        assert_whole(&bench).await;
    }
    assert_eq!(kept + gone, 33);
}
