//! Reading items: one, many by key, and a bounded run of a partition or index.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use futures::future::try_join_all;
use serde::de::DeserializeOwned;

use crate::{
    Store, StoreError,
    item::{self, Item},
    keys::{Index, Key},
    transaction::pause,
};

/// DynamoDB's bound on keys in one BatchGetItem.
const MAX_BATCH: usize = 100;
/// How often a batch is asked for what it left out.
const MAX_TRIES: u32 = 6;

/// How fresh a read must be. Fresh reads cost twice as much, and indexes have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consistency {
    Fresh,
    Eventual,
}

/// A run of a partition, or of one in an index, in order of its sort key.
pub(crate) struct Run<'a> {
    pub index: Option<Index>,
    pub pk: String,
    pub range: Range,
    pub newest_first: bool,
    pub limit: usize,
    pub consistency: Consistency,
    pub description: &'a str,
}

/// Which sort keys are wanted.
pub(crate) enum Range {
    All,
    Below(String),
    Between(String, String),
}

impl Store {
    /// One item by its key, read freshly.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        key: &Key,
    ) -> Result<Option<T>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        answer.item.map(item::parse).transpose()
    }

    /// Items by their keys, in no order; missing ones are left out. Hundreds go side by side.
    pub(crate) async fn get_all(
        &self,
        keys: &[Key],
        consistency: Consistency,
    ) -> Result<Vec<Item>, StoreError> {
        let batches = keys
            .chunks(MAX_BATCH)
            .map(|batch| self.get_batch(batch, consistency));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    async fn get_batch(
        &self,
        keys: &[Key],
        consistency: Consistency,
    ) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(keys.len());
        let mut wanted: Vec<HashMap<String, AttributeValue>> =
            keys.iter().map(Key::attributes).collect();
        for attempt in 0..MAX_TRIES {
            if wanted.is_empty() {
                return Ok(found);
            }
            if attempt > 0 {
                pause(attempt).await;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(std::mem::take(&mut wanted)))
                .consistent_read(consistency == Consistency::Fresh)
                .build()
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await
                .map_err(|error| StoreError::from_sdk(&error))?;
            let mut tables = answer.responses.unwrap_or_default();
            found.append(&mut tables.remove(&self.table).unwrap_or_default());
            let mut left_out = answer.unprocessed_keys.unwrap_or_default();
            wanted = left_out
                .remove(&self.table)
                .map(|rest| rest.keys)
                .unwrap_or_default();
        }
        if wanted.is_empty() {
            return Ok(found);
        }
        Err(StoreError::Throttled(
            "a batch was never answered in full".into(),
        ))
    }

    /// One page of a run; also whether there is more behind it.
    pub(crate) async fn run(&self, run: Run<'_>) -> Result<(Vec<Item>, bool), StoreError> {
        let (pk_name, sk_name) = match run.index {
            None => ("pk".to_owned(), "sk".to_owned()),
            Some(index) => (format!("{}pk", index.name()), format!("{}sk", index.name())),
        };
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .set_index_name(run.index.map(|index| index.name().to_owned()))
            .expression_attribute_names("#pk", pk_name)
            .expression_attribute_values(":pk", AttributeValue::S(run.pk))
            .scan_index_forward(!run.newest_first)
            .limit(i32::try_from(run.limit).unwrap_or(i32::MAX))
            .consistent_read(run.consistency == Consistency::Fresh);
        let (condition, bounds) = match run.range {
            Range::All => ("#pk = :pk", Vec::new()),
            Range::Below(bound) => ("#pk = :pk AND #sk < :a", vec![(":a", bound)]),
            Range::Between(from, to) => (
                "#pk = :pk AND #sk BETWEEN :a AND :b",
                vec![(":a", from), (":b", to)],
            ),
        };
        if !bounds.is_empty() {
            query = query.expression_attribute_names("#sk", sk_name);
        }
        for (name, bound) in bounds {
            query = query.expression_attribute_values(name, AttributeValue::S(bound));
        }
        let answer = query
            .key_condition_expression(condition)
            .send()
            .await
            .map_err(|error| {
                tracing::debug!(run = run.description, "a query failed");
                StoreError::from_sdk(&error)
            })?;
        let more = answer.last_evaluated_key.is_some_and(|key| !key.is_empty());
        Ok((answer.items.unwrap_or_default(), more))
    }
}
