//! Items exactly as they are stored: a change of layout must be meant, and read the old one too.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::payment::TxRef;
use serde_json::{Value, json};
use store::PaymentWrite;

use crate::samples::{Bench, NOW};

/// Everything in the table, by key. Only tests may read a table whole.
pub async fn everything(bench: &Bench) -> BTreeMap<String, Value> {
    let answer = bench
        .table
        .client()
        .scan()
        .table_name(bench.table.name())
        .send()
        .await
        .unwrap();
    let items = answer.items().iter().map(|item| {
        let text = |name: &str| item[name].as_s().unwrap().clone();
        let attributes: BTreeMap<&String, Value> = item
            .iter()
            .map(|(name, value)| (name, plain(value)))
            .collect();
        (
            format!("{} / {}", text("pk"), text("sk")),
            json!(attributes),
        )
    });
    items.collect()
}

/// The keys of everything in the table.
pub async fn keys(bench: &Bench) -> Vec<(String, String)> {
    let items = everything(bench).await;
    let key = |key: &String| {
        key.split_once(" / ")
            .map(|(pk, sk)| (pk.to_owned(), sk.to_owned()))
    };
    items.keys().filter_map(key).collect()
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!(text),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap(),
        AttributeValue::Bool(flag) => json!(flag),
        AttributeValue::Null(_) => Value::Null,
        AttributeValue::L(list) => list.iter().map(plain).collect(),
        AttributeValue::M(map) => {
            let sorted: BTreeMap<&String, Value> = map
                .iter()
                .map(|(name, value)| (name, plain(value)))
                .collect();
            json!(sorted)
        }
        other => panic!("{other:?} is not used"),
    }
}

#[tokio::test]
async fn items_are_stored_as_documented() {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let order = bench.placed("abebe@example.com", &things, 2).await;
    let tx_ref = TxRef::compose(order.id, 1);
    let payment = bench.payment(&order, tx_ref.clone());
    let change = order.begin_payment(tx_ref, NOW, bench.version()).unwrap();
    bench
        .store
        .advance_order(
            &change,
            &[PaymentWrite {
                from: None,
                payment,
            }],
            &[],
        )
        .await
        .unwrap();
    insta::assert_json_snapshot!(everything(&bench).await);
}
