//! Changing an aggregate that is one item: read it, change it, put it back if nobody else has.

use domain::Version;

use crate::{
    Store, StoreError,
    item::{self, Item},
    keys::Key,
    transaction::pause,
};

/// How often an edit that met another one starts again. Of writers that meet, one always wins, so
/// this bounds how many may meet.
pub(crate) const MAX_TRIES: u32 = 24;

/// Why an edit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum EditError<E> {
    /// The rules refused it.
    #[error("refused")]
    Refused(E),
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a conditional put.
pub(crate) enum PutOutcome {
    Written,
    Stale,
}

impl Store {
    /// Puts an item that must bear the version `from` (`None`: that must not be there) and bears
    /// `to` afterwards. Versions never repeat, so if the item is found to bear `to` already, it was
    /// this very write, whose answer got lost.
    pub(crate) async fn put_version(
        &self,
        item: Item,
        from: Option<Version>,
        to: Version,
    ) -> Result<PutOutcome, StoreError> {
        use aws_sdk_dynamodb::{
            operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure,
        };
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match from {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(from) => put
                .condition_expression("#version = :version")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", item::version_value(from)),
        };
        match put.send().await {
            Ok(_) => Ok(PutOutcome::Written),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    let ours = failed.item().and_then(item::version) == Some(to);
                    Ok(if ours {
                        PutOutcome::Written
                    } else {
                        PutOutcome::Stale
                    })
                }
                _ => Err(StoreError::from_sdk(&error)),
            },
        }
    }

    /// Reads an aggregate, changes it and puts it back, again from the start when somebody else was
    /// faster. `change` may run several times; what it returns the last time is the result.
    pub(crate) async fn edit<T, R, E>(
        &self,
        key: &Key,
        mut fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(Option<T>, Version) -> Result<(T, R), E>,
        version_of: impl Fn(&T) -> Option<Version>,
    ) -> Result<R, EditError<E>>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let before: Option<T> = self.get(key).await?;
            let from = before.as_ref().and_then(&version_of);
            let to = fresh_version();
            let (after, result) = change(before, to).map_err(EditError::Refused)?;
            let item = item::compose(key, [], &after)?;
            match self.put_version(item, from, to).await? {
                PutOutcome::Written => return Ok(result),
                PutOutcome::Stale => {}
            }
        }
        Err(StoreError::Contention(key.sk.clone()).into())
    }
}
