//! Changes of stock that meet: with each other, and with orders.

use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::{INVENTORY, LOCATIONS, MOVEMENTS, goods, open, path, places, shown};

#[tokio::test]
async fn twenty_adjustments_of_one_add_twenty() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    let (adjust, body) = (
        path(&pixel, "adjust"),
        json!({ "delta": 1, "reason": "found" }),
    );
    let answers = join_all((0..20).map(|_| staff.post(&adjust, &body))).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(shown(&staff, "").await, [("main".into(), 25, 0)]);
    let copy = stage.shop.store.find_products(&[pixel.id]).await.unwrap();
    assert_eq!(copy[0].shown_stock.available_of(pixel.id.into()), 25);
    assert_eq!(
        staff.get(MOVEMENTS).await.json().as_array().unwrap().len(),
        20
    );
}

#[tokio::test]
async fn what_is_on_hand_is_what_the_ledger_says_whatever_meets() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 10).await;
    places(&staff, &["bole"]).await;
    let orders = orders::router(stage.shop.clone());
    let mut shoppers = Vec::new();
    for _ in 0..8 {
        shoppers.push(stage.shopper(&orders, &[&pixel], 2).await.unwrap());
    }
    let nothing = json!({});
    let ordering = shoppers
        .iter()
        .map(|shopper| shopper.post("/api/orders/", &nothing));
    let bodies: Vec<Value> = (0..6)
        .map(|number| json!({ "delta": if number % 2 == 0 { 3 } else { -4 }, "reason": "r" }))
        .collect();
    let adjust = path(&pixel, "adjust");
    let adjusting = bodies.iter().map(|body| staff.post(&adjust, body));
    let there = json!({ "from": "main", "to": "bole", "quantity": 2 });
    let back = json!({ "from": "bole", "to": "main", "quantity": 1 });
    let transfer = path(&pixel, "transfer");
    let transferring = [&there, &back, &there, &back].map(|body| staff.post(&transfer, body));
    let (ordered, adjusted, transferred) = futures::join!(
        join_all(ordering),
        join_all(adjusting),
        join_all(transferring)
    );
    let placed = ordered.iter().filter(|answer| answer.status == 201).count();
    for answer in ordered.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.status, 400, "{}", answer.text());
    }
    for answer in adjusted.iter().chain(&transferred) {
        assert!([200, 409].contains(&answer.status), "{}", answer.text());
    }
    let entries = staff.get(MOVEMENTS).await.json();
    let entries = entries.as_array().unwrap().iter();
    let entered: i64 = entries.map(|entry| entry["delta"].as_i64().unwrap()).sum();
    let levels = staff
        .get(&format!("{INVENTORY}?product={}", pixel.id))
        .await
        .json();
    let sum = |name: &str| -> i64 {
        let levels = levels.as_array().unwrap().iter();
        levels.map(|level| level[name].as_i64().unwrap()).sum()
    };
    assert_eq!(sum("on_hand"), 10 + entered);
    assert_eq!(sum("reserved"), 2 * i64::try_from(placed).unwrap());
}

#[tokio::test]
async fn a_place_that_goes_takes_no_units_along() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 5).await;
    let bole = format!("{LOCATIONS}bole/");
    let (adjust, more) = (
        path(&pixel, "adjust"),
        json!({ "delta": 1, "location": "bole", "reason": "r" }),
    );
    let (mut went, mut stayed) = (0, 0);
    for round in 0..12 {
        places(&staff, &["bole"]).await;
        // Now one is a little earlier, now the other.
        let adjusting = async {
            for _ in 0..round % 4 {
                tokio::task::yield_now().await;
            }
            staff.post(&adjust, &more).await
        };
        let (gone, adjusted) = futures::join!(staff.delete(&bole), adjusting);
        assert!([204, 409].contains(&gone.status), "{}", gone.text());
        assert!(
            [200, 400, 409].contains(&adjusted.status),
            "{}",
            adjusted.text()
        );
        assert_ne!(gone.status == 204, adjusted.status == 200, "round {round}");
        if gone.status == 204 {
            went += 1;
            continue;
        }
        stayed += 1;
        let less = json!({ "counted": 0, "location": "bole", "reason": "r" });
        assert_eq!(staff.post(&adjust, &less).await.status, 200);
        assert_eq!(staff.delete(&bole).await.status, 204);
    }
    assert_eq!(went + stayed, 12);
}

#[tokio::test]
async fn whatever_call_fails_an_adjustment_counts_once() {
    let (stage, router) = open().await;
    let staff = stage.staff(&router).await.unwrap();
    let pixel = goods(&stage, 0).await;
    let (adjust, body) = (
        path(&pixel, "adjust"),
        json!({ "delta": 1, "reason": "found" }),
    );
    let kinds = [
        FaultKind::Refused,
        FaultKind::LostAnswer,
        FaultKind::Throttled,
        FaultKind::Conflict,
    ];
    let mut units = 0;
    for kind in kinds {
        // The user, product and places, the transaction, the product again and its copy.
        for nth in 1..=6 {
            let fault = Fault {
                service: Service::Dynamodb,
                nth,
                kind,
                times: 1,
            };
            stage.wire.inject(fault).unwrap();
            let answer = staff.post(&adjust, &body).await;
            assert_eq!(
                answer.status,
                200,
                "{kind:?} of call {nth}: {}",
                answer.text()
            );
            stage.wire.clear_faults();
            units += 1;
            let found = shown(&staff, &format!("?product={}", pixel.id)).await;
            assert_eq!(found, [("main".into(), units, 0)], "{kind:?} of call {nth}");
        }
    }
    let entries = staff.get(&format!("{MOVEMENTS}?limit=100")).await.json();
    assert_eq!(entries.as_array().unwrap().len() as u64, units);
}
