//! What the consumer of events has done, so that a repeated delivery does nothing.

use aws_sdk_dynamodb::{
    operation::put_item::{PutItemError, builders::PutItemFluentBuilder},
    types::AttributeValue,
};
use domain::{EventId, Timestamp};
use serde::Serialize;

use crate::{Store, StoreError, item, keys::Key, outbox::seconds};

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
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::compose(&Key::delivery(event), [], &delivery)?))
            .condition_expression(
                "attribute_not_exists(pk) OR (done = :no AND claimed_until <= :now)",
            )
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":now", seconds(now))
            .return_values_on_condition_check_failure(
                aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
            )
            .send()
            .await;
        let Err(error) = sent else {
            return Ok(Claim::Ours);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let done = failed
                    .item()
                    .and_then(|found| found.get("done"))
                    .and_then(|value| value.as_bool().ok());
                Ok(if done == Some(&true) {
                    Claim::Done
                } else {
                    Claim::Busy
                })
            }
            _ => Err(StoreError::from_sdk(&error)),
        }
    }

    /// Notes that an event was handled. PutItem `EVENT#id / DELIVERY`; repeating it does nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_event(&self, event: &EventId, now: Timestamp) -> Result<(), StoreError> {
        let sent = self.put_delivery(event, true, now)?.send().await;
        sent.map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Gives a claim back after a failure, so that the next delivery need not wait for its end.
    /// PutItem `EVENT#id / DELIVERY` on condition that nobody has finished the event: whoever was
    /// slow and lost the claim to another must not undo what that one did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release_event(&self, event: &EventId, now: Timestamp) -> Result<(), StoreError> {
        let sent = self
            .put_delivery(event, false, now)?
            .condition_expression("attribute_not_exists(pk) OR done = :no")
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(StoreError::from_sdk(&error)),
            },
        }
    }

    fn put_delivery(
        &self,
        event: &EventId,
        done: bool,
        now: Timestamp,
    ) -> Result<PutItemFluentBuilder, StoreError> {
        let ttl = now.plus_secs(MEMORY_SECS).unix_secs();
        let delivery = Delivery {
            done,
            claimed_until: now,
            ttl,
        };
        let item = item::compose(&Key::delivery(event), [], &delivery)?;
        Ok(self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item)))
    }
}
