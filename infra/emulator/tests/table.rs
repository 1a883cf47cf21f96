//! The table is the template's, keeps its data in a file, and forgets what expired.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, TimeToLiveStatus};
use emulator::{Storage, Table};

#[tokio::test]
async fn the_table_has_the_templates_keys_indexes_and_ttl() {
    let table = Table::memory().await.unwrap();
    let client = table.client();

    let description = client
        .describe_table()
        .table_name(table.name())
        .send()
        .await
        .unwrap()
        .table
        .unwrap();
    let keys: Vec<_> = description
        .key_schema()
        .iter()
        .map(|key| key.attribute_name())
        .collect();
    assert_eq!(keys, ["pk", "sk"]);
    let mut indexes: Vec<_> = description
        .global_secondary_indexes()
        .iter()
        .map(|index| index.index_name().unwrap())
        .collect();
    indexes.sort_unstable();
    assert_eq!(indexes, ["gsi1", "gsi2"]);

    let ttl = client
        .describe_time_to_live()
        .table_name(table.name())
        .send()
        .await
        .unwrap();
    let ttl = ttl.time_to_live_description.unwrap();
    assert_eq!(ttl.attribute_name(), Some("ttl"));
    assert_eq!(ttl.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));
}

#[tokio::test]
async fn two_tables_know_nothing_of_each_other() {
    let one = Table::memory().await.unwrap();
    let other = Table::memory().await.unwrap();
    put(&one.client(), one.name(), "A", None).await;
    assert!(has(&one.client(), one.name(), "A").await);
    assert!(!has(&other.client(), other.name(), "A").await);
}

#[tokio::test]
async fn data_in_a_file_survives_on_a_port_of_ones_choice() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("table.db");
    let table = Table::file(&file).await.unwrap();
    put(&table.client(), table.name(), "A", None).await;
    let port = table
        .endpoint()
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    table.close().await.unwrap();

    let table = Table::serve(Storage::File(file), port).await.unwrap();
    assert!(table.endpoint().ends_with(&format!(":{port}")));
    assert!(has(&table.client(), table.name(), "A").await);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = Table::file(directory.path().join("missing/table.db"))
        .await
        .unwrap_err();
    assert!(
        format!("{error:#}").contains("missing/table.db"),
        "{error:#}"
    );
}

#[tokio::test]
async fn the_sweep_takes_what_expired_by_the_shops_clock_and_no_more() {
    let table = Table::memory().await.unwrap();
    let client = table.client();
    put(&client, table.name(), "OLD", Some(4_000_000_000)).await;
    put(&client, table.name(), "NEW", Some(4_000_000_100)).await;
    put(&client, table.name(), "FOR_EVER", None).await;

    assert_eq!(table.sweep_expired(4_000_000_000).await.unwrap(), 0);
    assert_eq!(table.sweep_expired(4_000_000_001).await.unwrap(), 1);
    assert!(!has(&client, table.name(), "OLD").await);
    assert!(has(&client, table.name(), "NEW").await);
    assert!(has(&client, table.name(), "FOR_EVER").await);
}

async fn put(client: &Client, table: &str, key: &str, ttl: Option<i64>) {
    let mut request = client
        .put_item()
        .table_name(table)
        .item("pk", AttributeValue::S(key.to_owned()))
        .item("sk", AttributeValue::S(key.to_owned()));
    if let Some(ttl) = ttl {
        request = request.item("ttl", AttributeValue::N(ttl.to_string()));
    }
    request.send().await.unwrap();
}

async fn has(client: &Client, table: &str, key: &str) -> bool {
    let key = AttributeValue::S(key.to_owned());
    let item = client
        .get_item()
        .table_name(table)
        .key("pk", key.clone())
        .key("sk", key);
    item.send().await.unwrap().item.is_some()
}
