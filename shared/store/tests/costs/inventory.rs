//! What the patterns of the inventory cost.

use domain::{
    ProductId, Timestamp,
    event::EventKind,
    ledger::{self, Correction, MovementKind},
};
use store::PageRequest;

use super::Meter;
use crate::{
    inventory::{adjust, open_place, place},
    samples::NOW,
};

/// Measures them on a product that has stock at the main place and was never elsewhere.
pub async fn measure(meter: &mut Meter<'_>, id: ProductId) {
    let (bench, store) = (meter.bench, &meter.bench.store);
    let page = PageRequest {
        limit: 24,
        after: None,
    };
    let moved = adjust(bench, id, "main", Correction::By(1));
    meter.measure("move_stock", moved).await.unwrap();
    meter
        .measure("list_stock", store.list_stock(page))
        .await
        .unwrap();
    let edited = store.edit_product(
        id,
        || bench.version(),
        |stocked| {
            stocked.product.low_stock_threshold = Some(1_000);
            Ok::<_, std::convert::Infallible>(())
        },
    );
    edited.await.unwrap();
    let low = meter.measure("list_low_stock", store.list_low_stock(page));
    assert_eq!(low.await.unwrap().items.len(), 1);
    let found = store.find_product(id).await.unwrap();
    let stocked: Vec<_> = found.into_iter().collect();
    let order = bench.placed("sold@example.com", &stocked, 1).await;
    let event = bench.event(EventKind::Decoy).id;
    let sold = ledger::of_order(&order, MovementKind::Sold, &event, NOW);
    let entered = meter.measure("enter_movement", store.enter_movement(&sold[0]));
    assert!(entered.await.unwrap());
    let one = PageRequest { limit: 1, ..page };
    meter
        .measure("list_movements", store.list_movements(one, NOW))
        .await
        .unwrap();
    meter
        .measure("list_movements_of", store.list_movements_of(id, page))
        .await
        .unwrap();
    meter
        .measure("list_holds", store.list_holds(Timestamp(0), 24))
        .await
        .unwrap();
    open_place(bench, "bole").await;
    adjust(bench, id, "bole", Correction::By(1)).await.unwrap();
    let bole = place("bole");
    meter
        .measure("place_holds_units", store.place_holds_units(&bole))
        .await
        .unwrap();
    let variants = [(id, None)];
    meter
        .measure("find_stock_of", store.find_stock_of(&variants))
        .await
        .unwrap();
}
