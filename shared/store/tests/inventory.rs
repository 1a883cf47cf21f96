//! Stock as staff change and see it: levels, the ledger, places, and what runs low.

use std::convert::Infallible;

use domain::{
    MovementId, ProductId, UserId,
    event::EventKind,
    ledger::{self, Correction, Entry, MovementKind, StockRefused},
    stock::{Location, StockLevel},
};
use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use store::{MoveStockError, PageRequest, StockChange, StockedProduct};

use crate::{
    samples::{Bench, NOW},
    stored::keys,
};

pub const PAGE: PageRequest = PageRequest {
    limit: 100,
    after: None,
};

pub fn place(code: &str) -> Location {
    Location::parse(code).unwrap()
}

pub fn entry(bench: &Bench) -> Entry {
    Entry {
        actor: UserId(bench.id()),
        at: NOW,
        kind: MovementKind::Received,
        reason: "a delivery".into(),
    }
}

/// The level of the first variant at a place, or an empty one.
pub fn level_at(stocked: &StockedProduct, place: &Location) -> StockLevel {
    let variant = stocked.product.variants[0].id;
    let mut levels = stocked.stock.iter();
    let found = levels.find(|level| level.variant == variant && level.location == *place);
    let empty = || StockLevel::new(stocked.product.id, variant, place.clone(), 0, NOW);
    found.cloned().unwrap_or_else(empty)
}

/// Corrects the stock of a product's first variant at a place.
pub async fn adjust(
    bench: &Bench,
    product: ProductId,
    code: &str,
    correction: Correction,
) -> Result<StockChange, MoveStockError<StockRefused>> {
    let (entry, place) = (entry(bench), place(code));
    let event = bench.event(EventKind::StockAdjusted { product });
    let decide = |stocked: &StockedProduct, locations: &domain::location::Locations| {
        let level = level_at(stocked, &place);
        let id = MovementId(bench.id());
        let (after, movement) = ledger::adjust(&level, correction, locations, id, &entry)?;
        Ok(StockChange {
            levels: vec![after],
            movements: vec![movement],
            event: event.clone(),
        })
    };
    let moved = bench.store.move_stock(product, || bench.version(), decide);
    moved.await
}

/// Adds a place to the list.
pub async fn open_place(bench: &Bench, code: &str) {
    let (code, name) = (place(code), code.to_owned());
    let edited = bench.store.edit_locations(
        || bench.version(),
        |locations| locations.add(code.clone(), name.clone()),
    );
    edited.await.unwrap();
}

/// The units of a product at each place.
async fn units(bench: &Bench, product: ProductId) -> Vec<(String, u32, u32)> {
    let found = bench.store.find_fresh_product(product).await.unwrap();
    let levels = found.unwrap().stock.into_iter();
    levels
        .map(|level| (level.location.to_string(), level.available, level.reserved))
        .collect()
}

#[tokio::test]
async fn adjustments_at_once_all_count_and_each_is_in_the_ledger() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let id = things[0].product.id;
    let one_more = || adjust(&bench, id, "main", Correction::By(1));
    for moved in join_all((0..20).map(|_| one_more())).await {
        moved.unwrap();
    }
    assert_eq!(units(&bench, id).await, [("main".into(), 30, 0)]);
    let ledger = bench.store.list_movements_of(id, PAGE).await.unwrap().items;
    let mut after: Vec<_> = ledger.iter().filter_map(|entry| entry.after).collect();
    after.sort_unstable();
    assert_eq!(
        after,
        (11..=30).collect::<Vec<_>>(),
        "each saw the one before"
    );
    let all = bench.store.list_movements(PAGE, NOW).await.unwrap();
    assert_eq!(all.items.len(), 20);
}

#[tokio::test]
async fn an_adjustment_whose_answer_is_lost_counts_once() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let id = things[0].product.id;
    for kind in [
        FaultKind::LostAnswer,
        FaultKind::Throttled,
        FaultKind::Conflict,
    ] {
        // After the two reads that it begins with.
        let fault = Fault {
            service: Service::Dynamodb,
            nth: 3,
            kind,
            times: 1,
        };
        bench.wire.inject(fault).unwrap();
        adjust(&bench, id, "main", Correction::By(1)).await.unwrap();
    }
    assert_eq!(units(&bench, id).await, [("main".into(), 13, 0)]);
    let ledger = bench.store.list_movements_of(id, PAGE).await.unwrap();
    assert_eq!(ledger.items.len(), 3);
}

#[tokio::test]
async fn a_variant_is_brought_to_a_place_where_it_never_was() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let id = things[0].product.id;
    let refused = adjust(&bench, id, "bole", Correction::By(5)).await;
    assert!(matches!(
        refused,
        Err(MoveStockError::Refused(StockRefused::Closed(_)))
    ));
    open_place(&bench, "bole").await;
    adjust(&bench, id, "bole", Correction::By(5)).await.unwrap();
    let expected = [("bole".to_owned(), 5, 0), ("main".to_owned(), 10, 0)];
    assert_eq!(units(&bench, id).await, expected);
    bench.store.refresh_shown_stock(id).await.unwrap();
    let listed = bench.store.list_stock(PAGE).await.unwrap().items;
    assert_eq!(listed[0].available(), 15);
    assert_eq!(listed[0].product.shown_stock.levels.len(), 2);
}

#[tokio::test]
async fn a_place_is_emptied_before_it_goes_and_nothing_comes_to_it_meanwhile() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let (id, bole) = (things[0].product.id, place("bole"));
    open_place(&bench, "bole").await;
    let holds = || bench.store.place_holds_units(&bole);
    assert_eq!(holds().await.unwrap(), Some(false), "never used");
    adjust(&bench, id, "bole", Correction::By(5)).await.unwrap();
    assert_eq!(holds().await.unwrap(), Some(true));
    adjust(&bench, id, "bole", Correction::By(-5))
        .await
        .unwrap();
    assert_eq!(holds().await.unwrap(), Some(false));
    let close = bench.store.edit_locations(
        || bench.version(),
        |locations| locations.set_closing(&bole, true),
    );
    close.await.unwrap();
    let refused = adjust(&bench, id, "bole", Correction::By(5)).await;
    assert!(matches!(refused, Err(MoveStockError::Refused(_))));
}

#[tokio::test]
async fn whoever_read_the_places_before_one_was_closed_brings_nothing_there() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let (id, bole) = (things[0].product.id, place("bole"));
    open_place(&bench, "bole").await;
    adjust(&bench, id, "bole", Correction::By(5)).await.unwrap();
    adjust(&bench, id, "bole", Correction::By(-5))
        .await
        .unwrap();
    let moved = adjust(&bench, id, "bole", Correction::By(7));
    let closing = async {
        let edited = bench.store.edit_locations(
            || bench.version(),
            |locations| locations.set_closing(&bole, true),
        );
        edited.await.unwrap();
        bench.store.place_holds_units(&bole).await.unwrap()
    };
    let (moved, holds_units) = futures::join!(moved, closing);
    // Whichever came first: units are there only if whoever closes the place sees them.
    assert_eq!(moved.is_ok(), holds_units == Some(true));
}

#[tokio::test]
async fn what_runs_low_is_listed_and_follows_stock_and_threshold() {
    let bench = Bench::open().await;
    let things = bench.stocked(3, 10).await;
    let id = things[1].product.id;
    let threshold = async |units: Option<u32>| {
        let edited = bench.store.edit_product(
            id,
            || bench.version(),
            |stocked| {
                stocked.product.low_stock_threshold = units;
                Ok::<_, Infallible>(())
            },
        );
        edited.await.unwrap();
    };
    let low = async || -> Vec<ProductId> {
        bench.store.refresh_shown_stock(id).await.unwrap();
        let listed = bench.store.list_low_stock(PAGE).await.unwrap().items;
        let entries = keys(&bench).await;
        let entered = entries.iter().filter(|(pk, _)| pk == "LOW_STOCK").count();
        assert_eq!(entered, listed.len());
        listed.iter().map(|stocked| stocked.product.id).collect()
    };
    assert_eq!(low().await, []);
    threshold(Some(10)).await;
    assert_eq!(low().await, [], "ten are not fewer than ten");
    adjust(&bench, id, "main", Correction::By(-1))
        .await
        .unwrap();
    assert_eq!(low().await, [id]);
    threshold(Some(9)).await;
    assert_eq!(low().await, []);
    threshold(Some(11)).await;
    assert_eq!(low().await, [id]);
    adjust(&bench, id, "main", Correction::Counted(11))
        .await
        .unwrap();
    assert_eq!(low().await, []);
    adjust(&bench, id, "main", Correction::Counted(0))
        .await
        .unwrap();
    assert_eq!(low().await, [id]);
    let gone = bench.store.delete_product(id, |_| Ok::<_, Infallible>(()));
    gone.await.unwrap();
    assert_eq!(low().await, []);
}

#[tokio::test]
async fn however_edits_and_movements_meet_what_runs_low_is_listed() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let id = things[0].product.id;
    let move_units = |number: u32| {
        let bench = &bench;
        async move {
            let correction = Correction::Counted(number * 7 % 13);
            adjust(bench, id, "main", correction).await.unwrap();
            bench.store.refresh_shown_stock(id).await.unwrap();
        }
    };
    let change_threshold = |number: u32| {
        let bench = &bench;
        async move {
            let edited = bench.store.edit_product(
                id,
                || bench.version(),
                |stocked| {
                    stocked.product.low_stock_threshold = Some(number * 5 % 11);
                    Ok::<_, Infallible>(())
                },
            );
            edited.await.unwrap();
        }
    };
    for round in 0..5 {
        let numbers = round * 6..round * 6 + 6;
        futures::join!(
            join_all(numbers.clone().map(move_units)),
            join_all(numbers.map(change_threshold)),
        );
        let stocked = bench.store.find_fresh_product(id).await.unwrap().unwrap();
        let threshold = stocked.product.low_stock_threshold.unwrap();
        let is_low = stocked.available() < u64::from(threshold);
        let listed = bench.store.list_low_stock(PAGE).await.unwrap().items.len();
        assert_eq!(listed, usize::from(is_low), "round {round}");
    }
}

#[tokio::test]
async fn promised_units_are_listed_by_when_they_are_free_again() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 100).await;
    let mut placed = Vec::new();
    for number in 0..7 {
        let email = format!("person-{number}@example.com");
        placed.push(bench.placed(&email, &things, 1).await.id);
    }
    placed.sort_unstable();
    let (all, next) = bench
        .store
        .list_holds(domain::Timestamp(0), 100)
        .await
        .unwrap();
    let found: Vec<_> = all.iter().map(|order| order.id).collect();
    assert_eq!((found, next), (placed.clone(), None));
    // All end in one second: a page does not stop half way through it.
    let (first, next) = bench
        .store
        .list_holds(domain::Timestamp(0), 3)
        .await
        .unwrap();
    assert!(first.len() >= 3 && next.is_some());
    let (rest, next) = bench.store.list_holds(next.unwrap(), 3).await.unwrap();
    assert_eq!((rest.len(), next), (0, None));
}

#[tokio::test]
async fn what_an_order_took_is_entered_once_however_often_it_is_told() {
    let bench = Bench::open().await;
    let things = bench.stocked(2, 10).await;
    let order = bench.placed("abebe@example.com", &things, 3).await;
    let event = bench.event(EventKind::Decoy).id;
    let entries = ledger::of_order(&order, MovementKind::Sold, &event, NOW);
    assert_eq!(entries.len(), 2);
    for entry in entries.iter().chain(&entries) {
        assert!(bench.store.enter_movement(entry).await.unwrap());
    }
    let of_one = bench.store.list_movements_of(things[0].product.id, PAGE);
    let of_one = of_one.await.unwrap().items;
    assert_eq!(of_one.len(), 1);
    assert_eq!((of_one[0].delta, of_one[0].order), (-3, Some(order.id)));
    let mut other = entries[0].clone();
    other.delta = -1;
    let entered = bench.store.enter_movement(&other).await.unwrap();
    assert!(!entered, "another entry has the id");
    let entered = bench.store.enter_movement(&other.moved_on()).await;
    assert!(entered.unwrap());
}
