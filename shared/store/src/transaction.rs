//! Writes of several items, all or none, each operation bearing what its failed condition means.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
        TransactWriteItem, Update,
    },
};
use domain::Version;

use crate::{
    Store, StoreError,
    item::{self, Item, version_value},
    keys::Key,
};

/// DynamoDB's bound on operations in a transaction.
pub(crate) const MAX_OPERATIONS: usize = 100;
/// How often a transaction that met another one is tried.
const MAX_TRIES: u32 = 8;

/// Operations to be committed together. `M` is what a failed condition means to the caller.
#[derive(Debug)]
pub(crate) struct Transaction<M> {
    operations: Vec<TransactWriteItem>,
    meanings: Vec<Option<M>>,
}

/// Why nothing was written.
#[derive(Debug)]
pub(crate) enum CommitError<M> {
    /// Conditions failed: all of them, each with its meaning.
    Refused(Vec<Refusal<M>>),
    /// A fault of the table.
    Store(StoreError),
}

/// A condition that failed.
#[derive(Debug)]
pub(crate) struct Refusal<M> {
    pub meaning: M,
}

/// What an item must be like for an operation on it to happen.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    text: String,
    has_version: bool,
    values: HashMap<String, AttributeValue>,
}

impl Condition {
    /// An expression with the values it names.
    pub(crate) fn new(
        text: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Condition {
        Condition {
            text: text.into(),
            has_version: false,
            values: values
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        }
    }

    /// The item is there.
    pub(crate) fn present() -> Condition {
        Condition::new("attribute_exists(pk)", [])
    }

    /// The item is not there.
    pub(crate) fn absent() -> Condition {
        Condition::new("attribute_not_exists(pk)", [])
    }

    /// The item bears this version.
    pub(crate) fn version(version: Version) -> Condition {
        Condition {
            text: "#version = :version".to_owned(),
            has_version: true,
            values: HashMap::from([(":version".to_owned(), version_value(version))]),
        }
    }

    /// The same, and the item must bear this version.
    pub(crate) fn at_version(mut self, version: Version) -> Condition {
        let at_version = Condition::version(version);
        self.text = format!("{} AND {}", at_version.text, self.text);
        self.has_version = true;
        self.values.extend(at_version.values);
        self
    }

    /// The word itself is reserved.
    fn names(&self) -> Option<HashMap<String, String>> {
        let version = ("#version".to_owned(), "version".to_owned());
        self.has_version.then(|| HashMap::from([version]))
    }

    /// DynamoDB takes no empty set of values.
    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

impl<M> From<StoreError> for CommitError<M> {
    fn from(error: StoreError) -> Self {
        CommitError::Store(error)
    }
}

impl<M: Clone> Transaction<M> {
    pub(crate) fn new() -> Transaction<M> {
        Transaction {
            operations: Vec::new(),
            meanings: Vec::new(),
        }
    }

    /// Puts an item whatever was there.
    pub(crate) fn put(&mut self, table: &str, item: Item) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .build();
        self.push(TransactWriteItem::builder().put(built(put)?).build(), None);
        Ok(())
    }

    /// Puts an item that must not be there yet.
    pub(crate) fn put_new(&mut self, table: &str, item: Item, taken: M) -> Result<(), StoreError> {
        self.put_if(table, item, &Condition::absent(), taken)
    }

    /// Replaces an item that must bear this version; `None`: that must not be there yet.
    pub(crate) fn replace(
        &mut self,
        table: &str,
        item: Item,
        from: Option<Version>,
        changed: M,
    ) -> Result<(), StoreError> {
        let condition = from.map_or_else(Condition::absent, Condition::version);
        self.put_if(table, item, &condition, changed)
    }

    /// Changes an item under a condition; the item as found comes back when the condition fails. That
    /// its layout is known is part of every such condition.
    pub(crate) fn update(
        &mut self,
        table: &str,
        key: &Key,
        expression: &str,
        condition: &str,
        mut values: HashMap<String, AttributeValue>,
        refused: M,
    ) -> Result<(), StoreError> {
        values.extend([item::schema_value()]);
        let update = Update::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .condition_expression(format!("{condition} AND {}", item::IS_KNOWN))
            .set_expression_attribute_names(Some(HashMap::from([item::schema_name()])))
            .set_expression_attribute_values(Some(values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        self.push(
            TransactWriteItem::builder().update(built(update)?).build(),
            Some(refused),
        );
        Ok(())
    }

    /// Deletes an item that must bear this version.
    pub(crate) fn delete(
        &mut self,
        table: &str,
        key: &Key,
        from: Version,
        changed: M,
    ) -> Result<(), StoreError> {
        self.delete_if(table, key, &Condition::version(from), changed)
    }

    /// Puts an item under a condition of the caller's.
    pub(crate) fn put_if(
        &mut self,
        table: &str,
        item: Item,
        condition: &Condition,
        refused: M,
    ) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(table)
            .set_item(Some(item))
            .condition_expression(&condition.text)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .build();
        self.push(
            TransactWriteItem::builder().put(built(put)?).build(),
            Some(refused),
        );
        Ok(())
    }

    /// Deletes an item under a condition of the caller's.
    pub(crate) fn delete_if(
        &mut self,
        table: &str,
        key: &Key,
        condition: &Condition,
        refused: M,
    ) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .condition_expression(&condition.text)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .build();
        self.push(
            TransactWriteItem::builder().delete(built(delete)?).build(),
            Some(refused),
        );
        Ok(())
    }

    /// Deletes an item, if it is there.
    pub(crate) fn delete_whatever(&mut self, table: &str, key: &Key) -> Result<(), StoreError> {
        let delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .build();
        self.push(
            TransactWriteItem::builder().delete(built(delete)?).build(),
            None,
        );
        Ok(())
    }

    /// Requires that an item is there.
    pub(crate) fn require(&mut self, table: &str, key: &Key, missing: M) -> Result<(), StoreError> {
        self.require_if(table, key, &Condition::present(), missing)
    }

    /// Requires that an item meets a condition of the caller's.
    pub(crate) fn require_if(
        &mut self,
        table: &str,
        key: &Key,
        condition: &Condition,
        refused: M,
    ) -> Result<(), StoreError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .condition_expression(&condition.text)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .build();
        self.push(
            TransactWriteItem::builder()
                .condition_check(built(check)?)
                .build(),
            Some(refused),
        );
        Ok(())
    }

    /// Whether DynamoDB takes so many operations at once.
    pub(crate) fn fits(&self) -> bool {
        self.operations.len() <= MAX_OPERATIONS
    }

    fn push(&mut self, operation: TransactWriteItem, meaning: Option<M>) {
        self.operations.push(operation);
        self.meanings.push(meaning);
    }

    /// Writes all, or nothing. A transaction that met another one is tried again after a random
    /// pause; the SDK does not do that by itself. An answer lost on the way is no danger: the SDK
    /// repeats the call with the token it began with.
    ///
    /// # Errors
    /// Every failed condition by its meaning, or the table's fault.
    pub(crate) async fn commit(self, store: &Store) -> Result<(), CommitError<M>> {
        if !self.fits() {
            let text = format!("{} operations in a transaction", self.operations.len());
            return Err(StoreError::Corrupt(text).into());
        }
        for attempt in 0.. {
            let sent = store
                .client
                .transact_write_items()
                .set_transact_items(Some(self.operations.clone()))
                .send()
                .await;
            let Err(error) = sent else { return Ok(()) };
            match self.read_failure(&error) {
                CommitError::Store(StoreError::Contention(_)) if attempt + 1 < MAX_TRIES => {
                    pause(attempt).await;
                }
                failure => return Err(failure),
            }
        }
        Err(StoreError::Contention("transaction".into()).into())
    }

    fn read_failure<R>(&self, error: &SdkError<TransactWriteItemsError, R>) -> CommitError<M> {
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
            error.as_service_error()
        else {
            return StoreError::from_sdk(error).into();
        };
        let mut refusals = Vec::new();
        let mut fault = None;
        for (reason, meaning) in cancelled.cancellation_reasons().iter().zip(&self.meanings) {
            let code = reason.code().unwrap_or("None");
            match (code, meaning) {
                ("None", _) => {}
                ("ConditionalCheckFailed", Some(meaning)) => {
                    // The condition may have failed for the layout alone, and then means nothing.
                    if let Some(Err(newer)) = reason.item().map(item::check_layout) {
                        fault = Some(newer);
                    }
                    refusals.push(Refusal {
                        meaning: meaning.clone(),
                    });
                }
                ("TransactionConflict", _) => fault = Some(StoreError::Contention(code.into())),
                ("ThrottlingError" | "ProvisionedThroughputExceeded", _) => {
                    fault = Some(StoreError::Throttled(code.into()));
                }
                _ => {
                    let text = format!("{code}: {}", reason.message().unwrap_or_default());
                    fault = Some(StoreError::Corrupt(text));
                }
            }
        }
        match fault {
            // A conflict hides what the other conditions would have said, and an unknown layout what
            // its own one says.
            Some(fault) => fault.into(),
            None if refusals.is_empty() => {
                StoreError::Corrupt("a transaction was cancelled without a reason".into()).into()
            }
            None => CommitError::Refused(refusals),
        }
    }
}

/// Waits a random while that grows with the number of tries, 160 ms at most.
pub(crate) async fn pause(attempt: u32) {
    let ceiling = 5_u64 << attempt.min(5);
    tokio::time::sleep(Duration::from_millis(fastrand::u64(0..=ceiling))).await;
}

fn built<T, E: std::fmt::Display>(operation: Result<T, E>) -> Result<T, StoreError> {
    operation.map_err(|error| StoreError::Corrupt(error.to_string()))
}
