//! Orders, their stock and payments, alone and in crowds.

use std::sync::Arc;

use domain::{
    OrderId,
    order::{Actor, Due, HOLD_SECS, HoldState, Order, OrderStatus, Settlement, UNPAID_SECS},
    payment::{PaymentStatus, TxRef},
};
use emulator::{Fault, FaultKind, Service};
use store::{AdvanceError, PageRequest, PaymentWrite, PlaceOrderError, Store, StoreError};

use crate::samples::{Bench, NOW};

#[tokio::test]
async fn an_order_moves_units_from_available_to_reserved_to_sold() {
    let bench = Bench::open().await;
    let things = bench.stocked(2, 10).await;
    let order = bench.placed("abebe@example.com", &things, 3).await;
    assert_eq!(
        bench.store.find_order(order.id).await.unwrap(),
        Some(order.clone())
    );
    assert_eq!(bench.units(&things[0]).await, (7, 3));
    let cart = bench.store.find_cart(order.owner).await.unwrap().unwrap();
    assert!(cart.lines().is_empty());
    let tx_ref = TxRef::compose(order.id, 1);
    let Settlement::Pays(change) = order.settle(&tx_ref, NOW, bench.version()) else {
        panic!("an unpaid order is paid")
    };
    bench.store.advance_order(&change, &[], &[]).await.unwrap();
    assert_eq!(bench.units(&things[1]).await, (7, 0));
    let paid = bench.store.find_order(order.id).await.unwrap().unwrap();
    assert_eq!(paid.status, OrderStatus::Processing);
}

#[tokio::test]
async fn every_short_line_is_told_and_nothing_is_written() {
    let bench = Bench::open().await;
    let things = bench.stocked(3, 2).await;
    bench.placed("first@example.com", &things[..2], 2).await;
    let shopper = bench.shopper("second@example.com", &things, 1).await;
    let change = bench.checkout(&shopper, &things);
    let Err(PlaceOrderError::Short(short)) = bench.place(&shopper, &change).await else {
        panic!("two lines are short")
    };
    assert_eq!(short, [things[0].product.id, things[1].product.id]);
    assert_eq!(bench.store.find_order(change.order.id).await.unwrap(), None);
    assert_eq!(bench.units(&things[2]).await, (2, 0));
    assert_eq!(
        bench.store.find_cart(shopper.user.id).await.unwrap(),
        Some(shopper.cart)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_customers_one_gets_the_last_unit() {
    let bench = Arc::new(Bench::open().await);
    let things = Arc::new(bench.stocked(1, 1).await);
    let mut shoppers = Vec::new();
    for number in 0..20 {
        shoppers.push(
            bench
                .shopper(&format!("c{number}@example.com"), &things, 1)
                .await,
        );
    }
    let tries = shoppers.into_iter().map(|shopper| {
        let (bench, things) = (Arc::clone(&bench), Arc::clone(&things));
        tokio::spawn(async move {
            let change = bench.checkout(&shopper, &things);
            bench.place(&shopper, &change).await
        })
    });
    let mut sold = 0;
    for outcome in futures::future::join_all(tries).await {
        match outcome.unwrap() {
            Ok(()) => sold += 1,
            Err(error) => assert!(matches!(error, PlaceOrderError::Short(_)), "{error:?}"),
        }
    }
    assert_eq!(sold, 1);
    assert_eq!(bench.units(&things[0]).await, (0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_cart_becomes_one_order() {
    let bench = Arc::new(Bench::open().await);
    let things = Arc::new(bench.stocked(1, 100).await);
    let shopper = Arc::new(bench.shopper("abebe@example.com", &things, 5).await);
    let tries = (0..6).map(|_| {
        let (bench, things, shopper) = (
            Arc::clone(&bench),
            Arc::clone(&things),
            Arc::clone(&shopper),
        );
        tokio::spawn(async move {
            let change = bench.checkout(&shopper, &things);
            bench.place(&shopper, &change).await
        })
    });
    let mut placed = 0;
    for outcome in futures::future::join_all(tries).await {
        match outcome.unwrap() {
            Ok(()) => placed += 1,
            Err(error) => assert!(matches!(error, PlaceOrderError::CartChanged), "{error:?}"),
        }
    }
    assert_eq!(placed, 1);
    assert_eq!(bench.units(&things[0]).await, (95, 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_takes_one_of_many_steps_at_once() {
    let bench = Arc::new(Bench::open().await);
    let things = Arc::new(bench.stocked(1, 10).await);
    let order = Arc::new(bench.placed("abebe@example.com", &things, 4).await);
    let late = NOW.plus_secs(UNPAID_SECS);
    let tries = (0..9).map(|number| {
        let (bench, order) = (Arc::clone(&bench), Arc::clone(&order));
        tokio::spawn(async move {
            let change = match number % 3 {
                0 => order.release_hold(late, bench.version()).unwrap(),
                1 => order.cancel_unpaid(late, bench.version()).unwrap(),
                _ => match order.settle(&TxRef::compose(order.id, 1), late, bench.version()) {
                    Settlement::Pays(change) => *change,
                    other => panic!("{other:?}"),
                },
            };
            bench.store.advance_order(&change, &[], &[]).await
        })
    });
    let outcomes = futures::future::join_all(tries).await;
    let taken = outcomes
        .iter()
        .filter(|outcome| outcome.as_ref().unwrap().is_ok())
        .count();
    assert_eq!(taken, 1);
    let after = bench.store.find_order(order.id).await.unwrap().unwrap();
    let units = if after.status == OrderStatus::Processing {
        (6, 0)
    } else {
        (10, 0)
    };
    assert_eq!(bench.units(&things[0]).await, units);
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_happens_once() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let shopper = bench.shopper("abebe@example.com", &things, 3).await;
    let change = bench.checkout(&shopper, &things);
    let lost = Fault {
        service: Service::Dynamodb,
        nth: 1,
        kind: FaultKind::LostAnswer,
        times: 1,
    };
    bench.wire.inject(lost).unwrap();
    bench.place(&shopper, &change).await.unwrap();
    assert_eq!(bench.units(&things[0]).await, (7, 3));
}

#[tokio::test]
async fn conflicts_are_tried_again_and_told_when_they_do_not_end() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let shopper = bench.shopper("abebe@example.com", &things, 3).await;
    let change = bench.checkout(&shopper, &things);
    let conflict = |times| Fault {
        service: Service::Dynamodb,
        nth: 1,
        kind: FaultKind::Conflict,
        times,
    };
    bench.wire.inject(conflict(50)).unwrap();
    let refused = bench.place(&shopper, &change).await;
    let contended = matches!(
        refused,
        Err(PlaceOrderError::Store(StoreError::Contention(_)))
    );
    assert!(contended, "{refused:?}");
    assert_eq!(bench.units(&things[0]).await, (10, 0));
    bench.wire.clear_faults();
    bench.wire.inject(conflict(3)).unwrap();
    bench.place(&shopper, &change).await.unwrap();
    assert_eq!(bench.units(&things[0]).await, (7, 3));
}

#[tokio::test]
async fn orders_are_listed_newest_first_to_their_owner_and_to_staff() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 100).await;
    let mut placed = Vec::new();
    for number in 0..5 {
        placed.push(
            bench
                .placed(&format!("c{number}@example.com"), &things, 1)
                .await,
        );
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = bench
            .store
            .list_orders(PageRequest { limit: 2, after }, NOW)
            .await
            .unwrap();
        seen.extend(page.items.into_iter().map(|order| order.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let newest_first: Vec<_> = placed.iter().rev().map(|order| order.id).collect();
    assert_eq!(seen, newest_first);
    let request = PageRequest {
        limit: 10,
        after: None,
    };
    let own = bench
        .store
        .list_orders_of(placed[3].owner, request)
        .await
        .unwrap();
    assert_eq!(own.items, [placed[3].clone()]);
}

async fn due(bench: &Bench, due: Due, now: domain::Timestamp) -> Vec<Order> {
    let mut found = Vec::new();
    for shard in Store::due_shards() {
        let mut last: Option<Order> = None;
        loop {
            let batch = bench
                .store
                .due_orders(due, shard, last.as_ref(), now, 2)
                .await
                .unwrap();
            let Some(end) = batch.last() else { break };
            last = Some(end.clone());
            found.extend(batch);
        }
    }
    found
}

#[tokio::test]
async fn an_order_is_due_for_its_hold_then_for_cancellation_then_no_more() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 100).await;
    for number in 0..7 {
        bench
            .placed(&format!("c{number}@example.com"), &things, 1)
            .await;
    }
    let hold_ends = NOW.plus_secs(HOLD_SECS);
    assert!(
        due(&bench, Due::HoldEnds, hold_ends.plus_secs(-1))
            .await
            .is_empty()
    );
    let orders = due(&bench, Due::HoldEnds, hold_ends).await;
    assert_eq!(orders.len(), 7);
    for order in &orders {
        let change = order.release_hold(hold_ends, bench.version()).unwrap();
        bench.store.advance_order(&change, &[], &[]).await.unwrap();
        let again = bench.store.advance_order(&change, &[], &[]).await;
        assert!(matches!(again, Err(AdvanceError::Changed)), "{again:?}");
    }
    assert_eq!(bench.units(&things[0]).await, (100, 0));
    assert!(due(&bench, Due::HoldEnds, hold_ends).await.is_empty());
    let end = NOW.plus_secs(UNPAID_SECS);
    assert!(
        due(&bench, Due::Cancellation, end.plus_secs(-1))
            .await
            .is_empty()
    );
    for order in due(&bench, Due::Cancellation, end).await {
        assert_eq!(order.hold.state, HoldState::Released);
        let change = order.cancel_unpaid(end, bench.version()).unwrap();
        bench.store.advance_order(&change, &[], &[]).await.unwrap();
    }
    assert!(
        due(&bench, Due::Cancellation, end.plus_secs(9_999_999))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn a_payment_is_written_with_its_order_and_only_over_what_was_read() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let order = bench.placed("abebe@example.com", &things, 1).await;
    let tx_ref = TxRef::compose(order.id, 1);
    let payment = bench.payment(&order, tx_ref.clone());
    let change = order
        .begin_payment(tx_ref.clone(), NOW, bench.version())
        .unwrap();
    let write = PaymentWrite {
        from: None,
        payment: payment.clone(),
    };
    bench
        .store
        .advance_order(&change, std::slice::from_ref(&write), &[])
        .await
        .unwrap();
    assert_eq!(
        bench.store.find_payment(&tx_ref).await.unwrap(),
        Some(payment.clone())
    );
    assert_eq!(
        bench.store.payments_of(order.id).await.unwrap(),
        std::slice::from_ref(&payment)
    );
    let failed = payment.concluded(PaymentStatus::Failed, None, None, NOW, bench.version());
    let write = PaymentWrite {
        from: Some(payment.version),
        payment: failed,
    };
    bench.store.save_payment(&write, &[]).await.unwrap();
    // Once more is the repetition of a lost answer; from the old version by another is stale.
    bench.store.save_payment(&write, &[]).await.unwrap();
    let other = payment.concluded(PaymentStatus::Cancelled, None, None, NOW, bench.version());
    let stale = PaymentWrite {
        from: Some(payment.version),
        payment: other,
    };
    let refused = bench.store.save_payment(&stale, &[]).await;
    assert!(matches!(refused, Err(AdvanceError::Changed)), "{refused:?}");
}

/// An order that was called off.
async fn cancelled(bench: &Bench, email: &str) -> Order {
    let things = bench.stocked(1, 10).await;
    let order = bench.placed(email, &things, 1).await;
    let change = order.cancel(Actor::Owner, NOW, bench.version());
    let change = change.unwrap().unwrap();
    bench.store.advance_order(&change, &[], &[]).await.unwrap();
    change.order
}

#[tokio::test]
async fn an_order_that_is_over_is_stripped_once_and_stays_in_its_lists() {
    let bench = Bench::open().await;
    let order = cancelled(&bench, "abebe@example.com").await;
    let strip = || bench.store.strip_order(order.id, || bench.version());
    assert!(strip().await.unwrap());
    let stripped = bench.store.find_order(order.id).await.unwrap().unwrap();
    assert!(stripped.is_stripped());
    assert_ne!(stripped.version, order.version);
    let request = PageRequest {
        limit: 10,
        after: None,
    };
    let own = bench.store.list_orders_of(order.owner, request).await;
    assert_eq!(own.unwrap().items, std::slice::from_ref(&stripped));
    let all = bench.store.list_orders(request, NOW).await;
    assert_eq!(all.unwrap().items, std::slice::from_ref(&stripped));
    // Nothing is left to take, and nothing is written.
    assert!(!strip().await.unwrap());
    let again = bench.store.find_order(order.id).await.unwrap();
    assert_eq!(again, Some(stripped));
}

#[tokio::test]
async fn an_order_that_is_awaited_or_missing_is_not_stripped() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let order = bench.placed("abebe@example.com", &things, 1).await;
    for id in [order.id, OrderId(bench.id())] {
        let stripped = bench.store.strip_order(id, || bench.version()).await;
        assert!(!stripped.unwrap());
    }
    let after = bench.store.find_order(order.id).await.unwrap();
    assert_eq!(after, Some(order));
}

#[tokio::test]
async fn a_stripping_that_met_a_fault_and_was_repeated_ends_as_if_there_was_none() {
    let faults = [
        // The read, and the write.
        (FaultKind::Refused, 1),
        (FaultKind::Refused, 2),
        (FaultKind::Throttled, 1),
        (FaultKind::Throttled, 2),
        (FaultKind::LostAnswer, 1),
        (FaultKind::LostAnswer, 2),
        // Reads meet nobody, so this is the write.
        (FaultKind::Conflict, 1),
    ];
    for (number, (kind, nth)) in faults.into_iter().enumerate() {
        let bench = Bench::open().await;
        let version = || bench.version();
        let order = cancelled(&bench, &format!("c{number}@example.com")).await;
        let fault = Fault {
            service: Service::Dynamodb,
            nth,
            kind,
            times: 9,
        };
        bench.wire.inject(fault).unwrap();
        let failed = bench.store.strip_order(order.id, version).await;
        assert!(failed.is_err(), "{kind:?} {nth}: {failed:?}");
        bench.wire.clear_faults();
        bench.store.strip_order(order.id, version).await.unwrap();
        let after = bench.store.find_order(order.id).await.unwrap().unwrap();
        let expected = order.strip_personal_data(after.version);
        assert_eq!(Some(after), expected, "{kind:?} {nth}");
    }
}

#[tokio::test]
async fn a_stripping_whose_answer_was_lost_happened_once() {
    let bench = Bench::open().await;
    let order = cancelled(&bench, "abebe@example.com").await;
    // The first call reads the order, the second writes it; the SDK then repeats the write.
    let lost = Fault {
        service: Service::Dynamodb,
        nth: 2,
        kind: FaultKind::LostAnswer,
        times: 1,
    };
    bench.wire.inject(lost).unwrap();
    let mut drawn = 0;
    let version = || {
        drawn += 1;
        bench.version()
    };
    assert!(bench.store.strip_order(order.id, version).await.unwrap());
    assert_eq!(drawn, 1, "it recognised its own write");
}
