//! What orders do to stock stands in its ledger.

use domain::{
    ledger::MovementKind,
    order::{Actor, Settlement},
    payment::TxRef,
    product::Product,
};
use store::PageRequest;

use crate::{
    consuming::{Scene, text},
    shown_stock::{order_of, take, tea},
};

/// Kind and change of each entry, the oldest first.
async fn ledger(scene: &Scene, product: &Product) -> anyhow::Result<Vec<(MovementKind, i64)>> {
    let page = PageRequest {
        limit: 100,
        after: None,
    };
    let store = &scene.stage.shop.store;
    let mut entries = store.list_movements_of(product.id, page).await?.items;
    entries.reverse();
    assert!(entries.iter().all(|entry| entry.order.is_some()));
    Ok(entries
        .iter()
        .map(|entry| (entry.kind, entry.delta))
        .collect())
}

#[tokio::test]
async fn what_is_paid_is_entered_as_sold_and_what_is_called_off_then_as_taken_back()
-> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let shop = &scene.stage.shop;
    let tea = tea(&scene).await?;
    let placed = scene.ordered(&[&tea]).await?;
    assert!(scene.deliver(&[text(&placed[0])]).await.is_empty());
    let order = order_of(&scene, &placed).await?;
    assert_eq!(
        ledger(&scene, &tea).await?,
        [],
        "promised units are on hand"
    );

    let tx_ref = TxRef::compose(order.id, 1);
    let paid = order.settle(&tx_ref, shop.clock.now(), shop.entropy.version());
    let Settlement::Pays(paid) = paid else {
        panic!("it is unpaid")
    };
    let order = take(&scene, &tea, *paid).await?;
    let sold = ledger(&scene, &tea).await?;
    assert!(sold.iter().all(|(kind, _)| *kind == MovementKind::Sold));
    assert_eq!(sold.iter().map(|(_, delta)| delta).sum::<i64>(), -2);

    shop.clock.advance(60);
    let cancelled = order.cancel(Actor::Staff, shop.clock.now(), shop.entropy.version())?;
    take(&scene, &tea, cancelled.expect("it was not cancelled")).await?;
    let all = ledger(&scene, &tea).await?;
    assert_eq!(all.len(), 2 * sold.len(), "one for each place");
    assert_eq!(
        all.last().map(|(kind, _)| *kind),
        Some(MovementKind::TakenBack)
    );
    assert_eq!(all.iter().map(|(_, delta)| delta).sum::<i64>(), 0);

    let messages: Vec<String> = scene.stage.queue.sent().iter().map(text).collect();
    assert!(scene.deliver(&messages).await.is_empty());
    assert_eq!(ledger(&scene, &tea).await?, all, "told again");
    Ok(())
}

#[tokio::test]
async fn an_order_that_nobody_paid_is_not_in_the_ledger() -> anyhow::Result<()> {
    let scene = Scene::open().await?;
    let shop = &scene.stage.shop;
    let tea = tea(&scene).await?;
    let placed = scene.ordered(&[&tea]).await?;
    assert!(scene.deliver(&[text(&placed[0])]).await.is_empty());
    let order = order_of(&scene, &placed).await?;
    let cancelled = order.cancel(Actor::Owner, shop.clock.now(), shop.entropy.version())?;
    take(&scene, &tea, cancelled.expect("it was not cancelled")).await?;
    assert_eq!(ledger(&scene, &tea).await?, []);
    Ok(())
}
