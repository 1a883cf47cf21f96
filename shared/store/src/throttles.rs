//! Who tried what how often: small items that TTL takes away.

use domain::{
    Timestamp, Version,
    throttle::{Limit, Throttle, TooEarly},
};

use crate::{EditError, Store, StoreError, keys::Key};

/// Whose attempts at what are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts {
    /// At what: `LOGIN`.
    pub what: &'static str,
    /// Whose: a digest, so that no address stands in a key.
    pub who: String,
    /// How many are too many.
    pub limit: Limit,
}

impl Store {
    /// Counts an attempt before it is made. GetItem and a PutItem of `THROTTLE#what#who / WINDOW` on
    /// condition of its version, so that many at once are counted one by one; whoever comes too
    /// early costs the read alone.
    ///
    /// # Errors
    /// [`EditError`]: too early, or a fault of the table.
    pub async fn count_attempt(
        &self,
        attempts: &Attempts,
        now: Timestamp,
        fresh_version: impl FnMut() -> Version,
    ) -> Result<(), EditError<TooEarly>> {
        self.edit(
            &Key::throttle(attempts.what, &attempts.who),
            fresh_version,
            |known: Option<Throttle>, version| {
                let mut throttle = known.unwrap_or_else(|| Throttle::fresh(now, version));
                throttle.attempt(attempts.limit, now)?;
                throttle.version = version;
                Ok((throttle, ()))
            },
            |throttle| Some(throttle.version),
        )
        .await
    }

    /// Takes an attempt back that turned out to be a good one. GetItem and a conditional PutItem of
    /// `THROTTLE#what#who / WINDOW`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_attempt_back(
        &self,
        attempts: &Attempts,
        now: Timestamp,
        fresh_version: impl FnMut() -> Version,
    ) -> Result<(), StoreError> {
        let edited = self
            .edit(
                &Key::throttle(attempts.what, &attempts.who),
                fresh_version,
                |known: Option<Throttle>, version| {
                    let mut throttle = known.unwrap_or_else(|| Throttle::fresh(now, version));
                    throttle.take_back(now);
                    throttle.version = version;
                    Ok::<_, std::convert::Infallible>((throttle, ()))
                },
                |throttle| Some(throttle.version),
            )
            .await;
        match edited {
            Ok(()) => Ok(()),
            Err(EditError::Store(fault)) => Err(fault),
            Err(EditError::Refused(never)) => match never {},
        }
    }

    /// Forgets somebody's attempts: they turned out to be who they say. DeleteItem
    /// `THROTTLE#what#who / WINDOW`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_attempts(&self, attempts: &Attempts) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(
                Key::throttle(attempts.what, &attempts.who).attributes(),
            ))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }
}
