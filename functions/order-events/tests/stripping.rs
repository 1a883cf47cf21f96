//! People who left: their orders are stripped, each when it is over, whatever fault is met.

use actors::Actor;
use domain::{
    Money, UserId,
    event::{Event, EventKind},
    order::{CancelReason, Change, Order, OrderStatus},
    product::Product,
};
use emulator::{Fault, FaultKind, Service};
use serde_json::json;

use crate::consuming::{Scene, text};

/// How many orders one event sees to.
const PER_EVENT: usize = 100;

impl Scene {
    async fn tea(&self) -> anyhow::Result<Product> {
        let price = Money::from_santim(5_050);
        self.stage.goods("Tea", price, None, 9_999).await
    }

    /// Somebody with so many orders, oldest first, each awaiting its payment.
    async fn regular(&self, tea: &Product, count: usize) -> anyhow::Result<(Actor, Vec<Order>)> {
        let router = orders::router(self.stage.shop.clone());
        let customer = self.stage.shopper(&router, &[tea], 1).await?;
        let mut orders = Vec::new();
        while orders.len() < count {
            let placed = customer.post("/api/orders/", &json!({})).await;
            anyhow::ensure!(placed.status == 201, "{}", placed.text());
            let events = self.stage.queue.sent();
            let Some(EventKind::OrderPlaced { order, .. }) = events.last().map(|e| &e.kind) else {
                anyhow::bail!("{events:?}")
            };
            orders.extend(self.stage.shop.store.find_order(*order).await?);
            self.stage.fill_cart(&customer, &[tea], 1).await?;
        }
        Ok((customer, orders))
    }

    /// Brings an order to where it stands in the test; how it got there does not matter.
    async fn bring(&self, order: &Order, status: OrderStatus) -> anyhow::Result<Order> {
        let shop = &self.stage.shop;
        let change = Change {
            from: order.version,
            order: Order {
                status,
                version: shop.entropy.version(),
                ..order.clone()
            },
            moves: Vec::new(),
            events: Vec::new(),
        };
        shop.store.advance_order(&change, &[], &[]).await?;
        Ok(change.order)
    }

    /// Deletes an account, and gives the event that tells of it.
    async fn delete(&self, id: UserId) -> anyhow::Result<Event> {
        let store = &self.stage.shop.store;
        let user = store.find_user(id).await?.expect("an account");
        let deleted = EventKind::AccountDeleted {
            user: id,
            before: None,
        };
        let event = self.event(deleted);
        store.delete_user(&user, None, &event).await?;
        Ok(event)
    }

    async fn fresh(&self, order: &Order) -> anyhow::Result<Order> {
        let found = self.stage.shop.store.find_order(order.id).await?;
        Ok(found.expect("an order"))
    }

    /// Whether the table has nothing about the person in this order, and all else as it was.
    async fn is_stripped_of(&self, before: &Order) -> anyhow::Result<bool> {
        let now = self.fresh(before).await?;
        Ok(before.strip_personal_data(now.version) == Some(now))
    }

    /// The deletions that wait in the outbox.
    async fn deletions(&self) -> anyhow::Result<Vec<Event>> {
        let mut waiting = self.stage.outbox().await?;
        waiting.retain(|event| matches!(event.kind, EventKind::AccountDeleted { .. }));
        Ok(waiting)
    }

    fn deletions_announced(&self) -> usize {
        let announced = self.post.announced();
        announced.iter().filter(|n| *n == "AccountDeleted").count()
    }
}

#[tokio::test]
async fn orders_that_are_over_are_stripped_when_their_owner_leaves() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = scene.tea().await?;
    let (customer, orders) = scene.regular(&tea, OrderStatus::ALL.len()).await?;
    let (_, others) = scene.regular(&tea, 1).await?;
    let other = scene.bring(&others[0], OrderStatus::Completed).await?;
    let mut all = Vec::new();
    for (order, status) in orders.iter().zip(OrderStatus::ALL) {
        all.push(scene.bring(order, status).await?);
    }
    let event = scene.delete(customer.user().id).await?;
    for _ in 0..2 {
        assert!(scene.deliver(&[text(&event)]).await.is_empty());
    }
    for order in &all {
        if matches!(
            order.status,
            OrderStatus::Completed | OrderStatus::Cancelled
        ) {
            assert!(scene.is_stripped_of(order).await?, "{order:?}");
        } else {
            assert_eq!(scene.fresh(order).await?, *order);
        }
    }
    assert_eq!(scene.fresh(&other).await?, other, "it is somebody else's");
    assert!(scene.deletions().await?.is_empty());
    assert_eq!(scene.post.announced(), ["AccountDeleted"]);
    assert!(scene.post.letters().is_empty());
    Ok(())
}

#[tokio::test]
async fn an_order_that_outlives_its_owner_is_stripped_when_it_is_over() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = scene.tea().await?;
    let (customer, orders) = scene.regular(&tea, 2).await?;
    let (staying, theirs) = scene.regular(&tea, 1).await?;
    let user = customer.user().id;
    let event = scene.delete(user).await?;
    assert!(scene.deliver(&[text(&event)]).await.is_empty());
    let completed = scene.bring(&orders[0], OrderStatus::Completed).await?;
    let cancelled = scene.bring(&orders[1], OrderStatus::Cancelled).await?;
    let kept = scene.bring(&theirs[0], OrderStatus::Completed).await?;
    for kind in [
        EventKind::OrderCompleted {
            order: completed.id,
            user,
        },
        EventKind::OrderCancelled {
            order: cancelled.id,
            user,
            reason: CancelReason::Unpaid,
        },
        EventKind::OrderCompleted {
            order: kept.id,
            user: staying.user().id,
        },
    ] {
        assert!(scene.deliver(&[text(&scene.event(kind))]).await.is_empty());
    }
    assert!(scene.is_stripped_of(&completed).await?);
    assert!(scene.is_stripped_of(&cancelled).await?);
    assert_eq!(scene.fresh(&kept).await?, kept);
    Ok(())
}

#[tokio::test]
async fn nobody_is_written_to_about_an_order_that_is_stripped() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = scene.tea().await?;
    let (customer, orders) = scene.regular(&tea, 1).await?;
    let order = scene.bring(&orders[0], OrderStatus::Cancelled).await?;
    let (order, user) = (order.id, customer.user().id);
    let event = scene.delete(user).await?;
    assert!(scene.deliver(&[text(&event)]).await.is_empty());
    // These come late.
    let tx_ref = scene.stage.shop.entropy.tx_ref(order);
    let amount = Money::from_santim(5_050);
    for kind in [
        EventKind::OrderPlaced { order, user },
        EventKind::OrderPaid {
            order,
            user,
            tx_ref,
            amount,
        },
    ] {
        assert!(scene.deliver(&[text(&scene.event(kind))]).await.is_empty());
    }
    assert!(scene.post.letters().is_empty());
    Ok(())
}

#[tokio::test]
async fn what_was_written_for_an_account_while_it_was_deleted_goes_too() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = scene.tea().await?;
    let (customer, _) = scene.regular(&tea, 1).await?;
    let event = scene.delete(customer.user().id).await?;
    scene.stage.add_address(&customer).await?;
    scene.stage.fill_cart(&customer, &[&tea], 1).await?;
    assert!(scene.deliver(&[text(&event)]).await.is_empty());
    let account = scene.stage.shop.store.find_account(customer.user().id);
    let account = account.await?;
    assert_eq!((account.user, account.cart), (None, None));
    assert!(account.addresses.listed().is_empty());
    Ok(())
}

#[tokio::test]
async fn more_orders_than_one_event_sees_to_are_handed_on_once() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = scene.tea().await?;
    let (customer, orders) = scene.regular(&tea, PER_EVENT + 3).await?;
    let mut all = Vec::new();
    for order in &orders {
        all.push(scene.bring(order, OrderStatus::Completed).await?);
    }
    let event = scene.delete(customer.user().id).await?;
    // The rest is handed on, but whoever did so never hears of it: after the outbox was emptied, the
    // event claimed, leftovers deleted, four pages read, and each order read and written.
    let lost = Fault {
        service: Service::Dynamodb,
        nth: u32::try_from(1 + 1 + 2 + 4 + 2 * PER_EVENT + 1)?,
        kind: FaultKind::LostAnswer,
        times: 9,
    };
    scene.stage.wire.inject(lost)?;
    assert_eq!(scene.deliver(&[text(&event)]).await, ["message-0"]);
    scene.stage.wire.clear_faults();
    scene.stage.shop.clock.advance(61);
    assert_eq!(scene.deletions().await?.len(), 1);
    assert!(scene.deliver(&[text(&event)]).await.is_empty());
    let waiting = scene.deletions().await?;
    let [rest] = waiting.as_slice() else {
        panic!("{waiting:?}")
    };
    let before = Some(orders[3].id);
    assert!(
        matches!(rest.kind, EventKind::AccountDeleted { before: found, .. } if found == before),
        "{rest:?}"
    );
    assert!(!scene.is_stripped_of(&all[2]).await?);
    for _ in 0..2 {
        assert!(scene.deliver(&[text(rest)]).await.is_empty());
    }
    for order in &all {
        assert!(scene.is_stripped_of(order).await?, "{order:?}");
    }
    assert!(scene.deletions().await?.is_empty());
    assert_eq!(scene.deletions_announced(), 1, "others are told once");
    Ok(())
}

#[tokio::test]
async fn whatever_call_fails_the_repetition_ends_in_the_same_table() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = scene.tea().await?;
    let statuses = [
        OrderStatus::Completed,
        OrderStatus::Processing,
        OrderStatus::Cancelled,
    ];
    let kinds = [
        FaultKind::Refused,
        FaultKind::LostAnswer,
        FaultKind::Throttled,
        FaultKind::Conflict,
    ];
    // The outbox, the claim, two leftovers, the list, three reads, two writes, the note.
    let calls = 11;
    let mut failed = 0;
    for (kind, nth) in kinds
        .iter()
        .flat_map(|kind| (1..=calls).map(move |n| (*kind, n)))
    {
        let (customer, orders) = scene.regular(&tea, statuses.len()).await?;
        let mut all = Vec::new();
        for (order, status) in orders.iter().zip(statuses) {
            all.push(scene.bring(order, status).await?);
        }
        let event = scene.delete(customer.user().id).await?;
        scene.stage.fill_cart(&customer, &[&tea], 1).await?;
        let fault = Fault {
            service: Service::Dynamodb,
            nth,
            kind,
            times: 9,
        };
        scene.stage.wire.inject(fault)?;
        failed += scene.deliver(&[text(&event)]).await.len();
        scene.stage.wire.clear_faults();
        // A claim that could not be given back runs out.
        scene.stage.shop.clock.advance(61);
        assert!(scene.deliver(&[text(&event)]).await.is_empty());
        assert!(scene.is_stripped_of(&all[0]).await?, "{kind:?} {nth}");
        assert_eq!(scene.fresh(&all[1]).await?, all[1], "{kind:?} {nth}");
        assert!(scene.is_stripped_of(&all[2]).await?, "{kind:?} {nth}");
        let store = &scene.stage.shop.store;
        let cart = store.find_cart(customer.user().id).await?;
        assert_eq!(cart, None, "{kind:?} {nth}");
        assert!(scene.deletions().await?.is_empty(), "{kind:?} {nth}");
    }
    assert!(failed > 30, "only {failed} deliveries met their fault");
    Ok(())
}
