//! What lists say of the stock, after each event that changes what can be bought.

use domain::{
    Money, OrderId, UserId,
    event::{Event, EventKind},
    order::{Actor, Change, Order, Settlement},
    payment::TxRef,
    product::{Price, Product},
    stock::Location,
};
use emulator::{Fault, FaultKind, Service};
use store::{PageRequest, ProductFilter};

use crate::consuming::{Scene, text};

/// Ten pieces of tea, at two places.
pub async fn tea(scene: &Scene) -> anyhow::Result<Product> {
    let price = Price::new(Money::from_santim(5_050), None)?;
    let annex = Location::parse("annex").expect("a code");
    let units = [(Location::main(), 1), (annex, 9)];
    scene.stage.goods_at("Tea", price, &units).await
}

/// How many a list says can be bought.
async fn listed(scene: &Scene, product: &Product) -> anyhow::Result<u32> {
    let request = PageRequest {
        limit: 10,
        after: None,
    };
    let store = &scene.stage.shop.store;
    let page = store
        .list_products(&ProductFilter::default(), request)
        .await?;
    let found = page.items.iter().find(|listed| listed.id == product.id);
    let found = found.ok_or_else(|| anyhow::anyhow!("it is not listed"))?;
    Ok(found.shown_stock.available_of(product.variants[0].id))
}

/// How many can be bought.
async fn available(scene: &Scene, product: &Product) -> anyhow::Result<u32> {
    let shelves = scene.stage.shelves(product).await?;
    Ok(shelves.iter().map(|(_, available, _)| available).sum())
}

pub async fn order_of(scene: &Scene, events: &[Event]) -> anyhow::Result<Order> {
    let placed = events.iter().find_map(|event| match event.kind {
        EventKind::OrderPlaced { order, .. } => Some(order),
        _ => None,
    });
    let id = placed.ok_or_else(|| anyhow::anyhow!("nothing was ordered"))?;
    let found = scene.stage.shop.store.find_order(id).await?;
    found.ok_or_else(|| anyhow::anyhow!("the order is gone"))
}

/// Writes a step, delivers what it tells and compares.
pub async fn take(scene: &Scene, tea: &Product, change: Change) -> anyhow::Result<Order> {
    let shop = &scene.stage.shop;
    let events = shop.entropy.events(&change.events);
    shop.store.advance_order(&change, &[], &events).await?;
    let messages: Vec<String> = events.iter().map(text).collect();
    assert!(scene.deliver(&messages).await.is_empty());
    assert_eq!(listed(scene, tea).await?, available(scene, tea).await?);
    Ok(change.order)
}

#[tokio::test]
async fn lists_show_what_can_be_bought_after_every_step_of_an_order() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let shop = &scene.stage.shop;
    let tea = tea(&scene).await?;
    let placed = scene.ordered(&[&tea]).await?;
    assert_eq!(listed(&scene, &tea).await?, 10, "nobody has told yet");
    assert!(scene.deliver(&[text(&placed[0])]).await.is_empty());
    assert_eq!(listed(&scene, &tea).await?, 8);

    let order = order_of(&scene, &placed).await?;
    shop.clock.advance(domain::order::HOLD_SECS + 1);
    let step = |version| (shop.clock.now(), version);
    let (now, version) = step(shop.entropy.version());
    let ended = order.release_hold(now, version).expect("it is over");
    let order = take(&scene, &tea, ended).await?;
    assert_eq!(listed(&scene, &tea).await?, 10);

    let tx_ref = TxRef::compose(order.id, 1);
    let (now, version) = step(shop.entropy.version());
    let Settlement::Pays(paid) = order.settle(&tx_ref, now, version) else {
        panic!("it is unpaid")
    };
    let order = take(&scene, &tea, *paid).await?;
    assert_eq!(listed(&scene, &tea).await?, 8, "late money took units");

    let (now, version) = step(shop.entropy.version());
    let cancelled = order.cancel(Actor::Staff, now, version)?;
    take(&scene, &tea, cancelled.expect("it was not cancelled")).await?;
    assert_eq!(listed(&scene, &tea).await?, 10);
    let mails = scene.post.letters().len();
    assert_eq!(mails, 2, "holds are nothing to write about");
    let mut announced = scene.post.announced();
    announced.sort_unstable();
    assert_eq!(
        announced,
        [
            "HoldEnded",
            "HoldRenewed",
            "OrderCancelled",
            "OrderPaid",
            "OrderPlaced",
            "RefundDue",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn paying_what_is_promised_changes_nothing_that_can_be_bought() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let shop = &scene.stage.shop;
    let tea = tea(&scene).await?;
    let placed = scene.ordered(&[&tea]).await?;
    assert!(scene.deliver(&[text(&placed[0])]).await.is_empty());
    let order = order_of(&scene, &placed).await?;
    let tx_ref = TxRef::compose(order.id, 1);
    let Settlement::Pays(paid) = order.settle(&tx_ref, shop.clock.now(), shop.entropy.version())
    else {
        panic!("it is unpaid")
    };
    assert_eq!(paid.events.len(), 1, "{:?}", paid.events);
    take(&scene, &tea, *paid).await?;
    assert_eq!(listed(&scene, &tea).await?, 8);
    Ok(())
}

#[tokio::test]
async fn events_that_come_late_twice_or_in_another_order_end_the_same() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = tea(&scene).await?;
    for _ in 0..3 {
        scene.ordered(&[&tea]).await?;
    }
    let mut messages: Vec<String> = scene.stage.queue.sent().iter().map(text).collect();
    messages.reverse();
    for message in messages.iter().chain(&messages) {
        assert!(
            scene
                .deliver(std::slice::from_ref(message))
                .await
                .is_empty()
        );
        assert_eq!(listed(&scene, &tea).await?, 4, "each tells how it is now");
    }
    assert_eq!(available(&scene, &tea).await?, 4);
    Ok(())
}

#[tokio::test]
async fn a_copy_that_could_not_be_written_is_written_with_the_next_delivery() -> anyhow::Result<()>
{
    let scene = Scene::open().await?;
    let tea = tea(&scene).await?;
    let placed = scene.ordered(&[&tea]).await?;
    let message = text(&placed[0]);
    // The outbox, the claim, the order, its product; then the copy.
    let fault = Fault {
        service: Service::Dynamodb,
        nth: 5,
        kind: FaultKind::Refused,
        times: 3,
    };
    scene.stage.wire.inject(fault)?;
    let failed = scene.deliver(std::slice::from_ref(&message)).await;
    scene.stage.wire.clear_faults();
    assert_eq!(failed, ["message-0"]);
    assert!(
        scene.post.letters().is_empty(),
        "the mail waits, so that it goes out once"
    );
    assert_eq!(listed(&scene, &tea).await?, 10);
    scene.stage.shop.clock.advance(300);
    assert!(scene.deliver(&[message]).await.is_empty());
    assert_eq!(listed(&scene, &tea).await?, 8);
    assert_eq!(scene.post.letters().len(), 1);
    Ok(())
}

#[tokio::test]
async fn staff_change_stock_and_lists_follow() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let tea = tea(&scene).await?;
    scene.ordered(&[&tea]).await?;
    let adjusted = scene.event(EventKind::StockAdjusted { product: tea.id });
    assert!(scene.deliver(&[text(&adjusted)]).await.is_empty());
    assert_eq!(listed(&scene, &tea).await?, 8);
    let gone = EventKind::HoldEnded {
        order: OrderId(scene.stage.shop.entropy.id()),
        user: UserId(scene.stage.shop.entropy.id()),
    };
    let gone = scene.event(gone);
    assert!(scene.deliver(&[text(&gone)]).await.is_empty());
    Ok(())
}
