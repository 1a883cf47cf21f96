//! What the consumer of events has done, so that a repeated delivery does nothing.

use aws_sdk_dynamodb::{
    operation::put_item::{PutItemError, builders::PutItemFluentBuilder},
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use domain::{EventId, Timestamp};
use serde::Serialize;

use crate::{
    Store, StoreError,
    item::{self, Item},
    keys::Key,
    outbox::seconds,
};

/// How long a consumer that claimed an event may take, in seconds, before another may try.
const LEASE_SECS: i64 = 60;
/// How long it is remembered that an event was handled: as long as SQS can keep a message.
const MEMORY_SECS: i64 = 14 * 24 * 60 * 60;

/// Whether an event is ours to handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has handled it: handle it, then call [`Store::finish_event`].
    Ours,
    /// It was handled before: nothing is to be done.
    Done,
    /// Somebody is at it right now: let it be delivered again later.
    Busy,
}

#[derive(Serialize)]
struct Delivery {
    done: bool,
    claimed_until: Timestamp,
    ttl: i64,
}

impl Delivery {
    /// Of a consumer that has done its work, or has given it up.
    fn ended(done: bool, now: Timestamp) -> Delivery {
        Delivery {
            done,
            claimed_until: now,
            ttl: now.plus_secs(MEMORY_SECS).unix_secs(),
        }
    }
}

impl Store {
    /// Claims an event for a consumer. PutItem `EVENT#id / DELIVERY` on condition that nobody holds
    /// a live claim; the item as found tells whose it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_event(&self, event: &EventId, now: Timestamp) -> Result<Claim, StoreError> {
        let delivery = Delivery {
            done: false,
            claimed_until: now.plus_secs(LEASE_SECS),
            ttl: now.plus_secs(MEMORY_SECS).unix_secs(),
        };
        let put = self
            .put_delivery(event, &delivery)?
            .condition_expression(format!(
                "(attribute_not_exists(pk) OR (done = :no AND claimed_until <= :now)) AND {}",
                item::IS_KNOWN
            ))
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":now", seconds(now));
        let Some(found) = send(put).await? else {
            return Ok(Claim::Ours);
        };
        let done = found.get("done").and_then(|value| value.as_bool().ok());
        Ok(if done == Some(&true) {
            Claim::Done
        } else {
            Claim::Busy
        })
    }

    /// Notes that an event was handled. PutItem `EVENT#id / DELIVERY`; repeating it does nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_event(&self, event: &EventId, now: Timestamp) -> Result<(), StoreError> {
        let put = self
            .put_delivery(event, &Delivery::ended(true, now))?
            .condition_expression(item::IS_KNOWN);
        send(put).await.map(drop)
    }

    /// Gives a claim back after a failure, so that the next delivery need not wait for its end.
    /// PutItem `EVENT#id / DELIVERY` on condition that nobody has finished the event: whoever was
    /// slow and lost the claim to another must not undo what that one did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_event(&self, event: &EventId, now: Timestamp) -> Result<(), StoreError> {
        let put = self
            .put_delivery(event, &Delivery::ended(false, now))?
            .condition_expression(format!(
                "(attribute_not_exists(pk) OR done = :no) AND {}",
                item::IS_KNOWN
            ))
            .expression_attribute_values(":no", AttributeValue::Bool(false));
        send(put).await.map(drop)
    }

    /// A put that wants a condition with [`item::IS_KNOWN`] in it.
    fn put_delivery(
        &self,
        event: &EventId,
        delivery: &Delivery,
    ) -> Result<PutItemFluentBuilder, StoreError> {
        let (name, attribute) = item::schema_name();
        let (placeholder, schema) = item::schema_value();
        Ok(self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::compose(&Key::delivery(event), [], delivery)?))
            .expression_attribute_names(name, attribute)
            .expression_attribute_values(placeholder, schema)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld))
    }
}

/// Sends a put; gives the item as found if its condition failed.
async fn send(put: PutItemFluentBuilder) -> Result<Option<Item>, StoreError> {
    let Err(error) = put.send().await else {
        return Ok(None);
    };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            let found = failed.item().cloned().unwrap_or_default();
            item::check_layout(&found)?;
            Ok(Some(found))
        }
        _ => Err(StoreError::from_sdk(&error)),
    }
}
