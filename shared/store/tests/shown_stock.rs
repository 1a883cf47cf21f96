//! The copies of stock that lists show, in crowds, and the largest steps of an order.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    event::EventKind,
    order::{CancelReason, MAX_ATTEMPTS, MAX_ORDER_LINES},
    payment::{PaymentStatus, TxRef},
    stock::ShownStock,
};
use emulator::{Fault, FaultKind, Service};
use store::{PaymentWrite, StockedProduct};

use crate::samples::{Bench, NOW};

async fn found(bench: &Bench, stocked: &StockedProduct) -> StockedProduct {
    let id = stocked.product.id;
    bench
        .store
        .find_fresh_product(id)
        .await
        .unwrap()
        .expect("it is there")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_refreshers_meet_the_copy_ends_as_the_levels_are() {
    let bench = Arc::new(Bench::open().await);
    let things = Arc::new(bench.stocked(1, 100).await);
    let mut shoppers = Vec::new();
    for number in 0..16 {
        let email = format!("c{number}@example.com");
        shoppers.push(bench.shopper(&email, &things, 1).await);
    }
    let id = things[0].product.id;
    let orders = shoppers.into_iter().map(|shopper| {
        let (bench, things) = (Arc::clone(&bench), Arc::clone(&things));
        tokio::spawn(async move {
            let change = bench.checkout(&shopper, &things);
            bench.place(&shopper, &change).await.unwrap();
            // As the consumer does it, which hears of everything twice at times.
            let (one, other) = futures::join!(
                bench.store.refresh_shown_stock(id),
                bench.store.refresh_shown_stock(id),
            );
            one.and(other).unwrap();
        })
    });
    for order in futures::future::join_all(orders).await {
        order.unwrap();
    }
    let stocked = found(&bench, &things[0]).await;
    assert_eq!(bench.units(&things[0]).await, (84, 16));
    assert_eq!(
        stocked.product.shown_stock,
        ShownStock::of(&stocked.stock, 0)
    );
    assert_eq!(stocked.product.version, things[0].product.version);
}

#[tokio::test]
async fn a_copy_whose_answer_was_lost_is_written_once_and_later_ones_over_it() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 100).await;
    let id = things[0].product.id;
    bench.placed("first@example.com", &things, 1).await;
    let fault = Fault {
        service: Service::Dynamodb,
        nth: 2,
        kind: FaultKind::LostAnswer,
        times: 1,
    };
    bench.wire.inject(fault).unwrap();
    bench.store.refresh_shown_stock(id).await.unwrap();
    bench.wire.clear_faults();
    assert_eq!(
        found(&bench, &things[0]).await.product.shown_stock.revision,
        1
    );
    bench.placed("second@example.com", &things, 1).await;
    for _ in 0..2 {
        bench.store.refresh_shown_stock(id).await.unwrap();
    }
    let stocked = found(&bench, &things[0]).await;
    let shown = &stocked.product.shown_stock;
    assert_eq!(shown.revision, 2);
    assert_eq!(shown.available_of(stocked.stock[0].variant), 98);
}

#[tokio::test]
async fn a_product_from_before_there_were_copies_gets_one() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 100).await;
    let id = things[0].product.id;
    let update = bench.table.client().update_item();
    update
        .table_name(bench.table.name())
        .key("pk", AttributeValue::S(format!("PRODUCT#{}", id.padded())))
        .key("sk", AttributeValue::S("PRODUCT".into()))
        .update_expression("REMOVE shown_stock")
        .send()
        .await
        .unwrap();
    bench.store.refresh_shown_stock(id).await.unwrap();
    let stocked = found(&bench, &things[0]).await;
    assert_eq!(
        stocked.product.shown_stock,
        ShownStock::of(&stocked.stock, 0)
    );
}

#[tokio::test]
async fn a_product_that_is_gone_needs_no_copy() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 1).await;
    let other = bench.product(things[0].product.category, "never-made", 1);
    let gone = bench.store.refresh_shown_stock(other.product.id).await;
    assert!(gone.is_ok(), "{gone:?}");
}

/// It was once 112 operations of the 100 that DynamoDB takes.
#[tokio::test]
async fn the_largest_order_is_cancelled_with_all_its_attempts() {
    let bench = Bench::open().await;
    let things = bench.stocked(MAX_ORDER_LINES, 1).await;
    let mut order = bench.placed("abebe@example.com", &things, 1).await;
    let mut writes = Vec::new();
    for number in 0..MAX_ATTEMPTS {
        let tx_ref = TxRef::compose(order.id, u32::try_from(number).unwrap());
        let begun = order
            .begin_payment(tx_ref.clone(), NOW, bench.version())
            .unwrap();
        let payment = bench.payment(&order, tx_ref);
        let write = PaymentWrite {
            from: None,
            payment: payment.clone(),
        };
        bench
            .store
            .advance_order(&begun, &[write], &[])
            .await
            .unwrap();
        order = begun.order;
        let closed = payment.concluded(PaymentStatus::Cancelled, None, None, NOW, bench.version());
        writes.push(PaymentWrite {
            from: Some(payment.version),
            payment: closed,
        });
    }
    let late = NOW.plus_secs(9_999);
    let cancelled = order.cancel_unpaid(late, bench.version()).unwrap();
    let events = bench.events(&cancelled.events);
    assert!(matches!(
        events[0].kind,
        EventKind::OrderCancelled {
            reason: CancelReason::Unpaid,
            ..
        }
    ));
    bench
        .store
        .advance_order(&cancelled, &writes, &events)
        .await
        .unwrap();
    assert_eq!(bench.units(&things[0]).await, (1, 0));
}
