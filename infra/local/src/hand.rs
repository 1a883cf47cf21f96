//! The hand on the shop's clock: moves it forward and remembers how far, across restarts.

use std::sync::{Arc, Mutex, PoisonError};

use domain::Timestamp;
use gateways::clock::Clock;
use serde_json::json;

use crate::aws::journal::Journal;

const KIND: &str = "clock";
const KEY: &str = "offset-secs";

/// Moves the shop's clock. Clones move the same one.
#[derive(Debug, Clone)]
pub struct Hand {
    clock: Clock,
    journal: Journal,
    offset_secs: Arc<Mutex<i64>>,
}

impl Hand {
    /// The clock as far ahead as the journal says it was.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn restore(journal: Journal) -> anyhow::Result<Hand> {
        let offset = journal
            .get(KIND, KEY)?
            .and_then(|value| value.as_i64())
            .unwrap_or(0);
        Ok(Hand {
            clock: Clock::shifted(offset),
            journal,
            offset_secs: Arc::new(Mutex::new(offset)),
        })
    }

    /// The clock that it moves.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// The shop's time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How far the shop's clock is ahead of the machine's, in seconds.
    pub fn offset_secs(&self) -> i64 {
        *self
            .offset_secs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock by so many seconds. It is written down first: a clock that fell back after a
    /// crash would bring expired things to life.
    ///
    /// # Errors
    /// If the journal cannot be written; the clock has not moved then.
    pub fn advance(&self, secs: i64) -> anyhow::Result<()> {
        let mut offset = self
            .offset_secs
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let moved = offset.saturating_add(secs);
        self.journal.put(KIND, KEY, &json!(moved))?;
        *offset = self.clock.advance(secs);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_stays_moved_across_a_restart() {
        let journal = Journal::memory().unwrap();
        let before = Hand::restore(journal.clone()).unwrap();
        let start = before.now();
        before.advance(86_400).unwrap();
        before.advance(60).unwrap();
        let after = Hand::restore(journal).unwrap();
        assert_eq!(after.offset_secs(), 86_460);
        assert!(after.now() >= start.plus_secs(86_460));
    }
}
