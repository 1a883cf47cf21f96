//! What is told of the shop's figures: each event once, and nobody's name.

use std::{
    io,
    sync::{Arc, Mutex},
};

use domain::{
    Money, OrderId, UserId,
    event::EventKind,
    order::CancelReason,
    payment::{RefundReason, TxRef},
};
use gateways::metrics::Metrics;
use serde_json::{Value, json};

use crate::consuming::{Scene, text};

/// What was written; a clone is the same page.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Page {
    fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }
}

/// A scene whose consumer tells its figures on this page.
async fn open() -> anyhow::Result<(Scene, Page)> {
    let mut scene = Scene::open().await?;
    let page = Page::default();
    let metrics = Metrics::written_to(page.clone(), "Merkato/test");
    scene.consumer = scene.consumer.clone().with_metrics(metrics);
    Ok((scene, page))
}

#[tokio::test]
async fn each_kind_of_event_adds_to_its_figures() -> anyhow::Result<()> {
    let (scene, page) = open().await?;
    let (order, user) = (
        OrderId(scene.stage.shop.entropy.id()),
        UserId(scene.stage.shop.entropy.id()),
    );
    let tx_ref: TxRef = scene.stage.shop.entropy.tx_ref(order);
    let amount = Money::from_santim(19_990);
    let placed = EventKind::OrderPlaced { order, user };
    let paid = EventKind::OrderPaid {
        order,
        user,
        tx_ref: tx_ref.clone(),
        amount,
    };
    let cancelled = EventKind::OrderCancelled {
        order,
        user,
        reason: CancelReason::Unpaid,
    };
    let refund = EventKind::RefundDue {
        order,
        user,
        tx_ref,
        amount,
        reason: RefundReason::PaidTwice,
    };
    let count = |name: &str| json!({ "Name": name, "Unit": "Count" });
    let cases = [
        (
            placed,
            json!({ "OrdersPlaced": 1 }),
            vec![count("OrdersPlaced")],
        ),
        (
            paid,
            json!({ "OrdersPaid": 1, "RevenueSantim": 19_990 }),
            vec![
                count("OrdersPaid"),
                json!({ "Name": "RevenueSantim", "Unit": "None" }),
            ],
        ),
        (
            cancelled,
            json!({ "OrdersCancelled": 1 }),
            vec![count("OrdersCancelled")],
        ),
        (
            refund,
            json!({ "RefundsDue": 1 }),
            vec![count("RefundsDue")],
        ),
    ];
    for (number, (kind, values, metrics)) in cases.into_iter().enumerate() {
        let event = scene.event(kind);
        let begun = scene.stage.shop.clock.now().unix_secs() * 1000;
        assert!(scene.deliver(&[text(&event)]).await.is_empty());
        let lines = page.lines();
        assert_eq!(lines.len(), number + 1);
        let told_at = &lines[number]["_aws"]["Timestamp"];
        let ended = scene.stage.shop.clock.now().unix_secs() * 1000;
        assert!(
            (begun..=ended).contains(&told_at.as_i64().unwrap()),
            "{told_at}"
        );
        let mut expected = values;
        expected["event"] = serde_json::to_value(&event)?;
        expected["_aws"] = json!({
            "Timestamp": told_at,
            "CloudWatchMetrics": [{
                "Namespace": "Merkato/test",
                "Dimensions": [[]],
                "Metrics": metrics,
            }],
        });
        assert_eq!(lines[number], expected);
    }
    Ok(())
}

#[tokio::test]
async fn what_adds_to_no_figure_is_not_told() -> anyhow::Result<()> {
    let (scene, page) = open().await?;
    let (order, user) = (
        OrderId(scene.stage.shop.entropy.id()),
        UserId(scene.stage.shop.entropy.id()),
    );
    for kind in [
        EventKind::UserRegistered { user },
        EventKind::RegistrationRepeated { user },
        EventKind::OrderCompleted { order, user },
    ] {
        assert!(scene.deliver(&[text(&scene.event(kind))]).await.is_empty());
    }
    assert!(page.lines().is_empty());
    Ok(())
}

#[tokio::test]
async fn an_event_counts_once_however_often_it_is_delivered() -> anyhow::Result<()> {
    let (scene, page) = open().await?;
    let message = scene.tea_is_ordered().await?;
    // What fails is not counted yet; what is repeated is not counted again.
    scene.post.set_closed(true);
    assert_eq!(scene.deliver(std::slice::from_ref(&message)).await.len(), 1);
    assert!(page.lines().is_empty());
    scene.post.set_closed(false);
    for _ in 0..3 {
        scene.deliver(&[message.clone(), message.clone()]).await;
    }
    assert_eq!(page.lines().len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_event_whose_note_fails_is_counted_when_it_is_noted() -> anyhow::Result<()> {
    let (scene, page) = open().await?;
    let message = scene.tea_is_ordered().await?;
    let fault = emulator::Fault {
        service: emulator::Service::Dynamodb,
        // After the outbox is emptied, the event claimed and the order read: the note.
        nth: 4,
        kind: emulator::FaultKind::Refused,
        times: 9,
    };
    scene.stage.wire.inject(fault)?;
    assert_eq!(scene.deliver(std::slice::from_ref(&message)).await.len(), 1);
    assert!(page.lines().is_empty());
    scene.stage.wire.clear_faults();
    scene.stage.shop.clock.advance(61);
    assert!(scene.deliver(&[message]).await.is_empty());
    assert_eq!(page.lines().len(), 1);
    Ok(())
}
