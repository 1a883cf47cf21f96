//! The one clock: the system's, moved by an offset where somebody may set the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use domain::Timestamp;

/// Tells the time. All that is asked of one clock and its clones is one time.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    offset_secs: Arc<AtomicI64>,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// The time moved by so many seconds, for development and tests: see [`Clock::advance`].
    pub fn shifted(offset_secs: i64) -> Clock {
        Clock {
            offset_secs: Arc::new(AtomicI64::new(offset_secs)),
        }
    }

    /// The time in whole seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.unix_millis() / 1000).unwrap_or(i64::MAX))
    }

    /// The time in milliseconds since the Unix epoch.
    pub fn unix_millis(&self) -> u64 {
        #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let offset_millis = self
            .offset_secs
            .load(Ordering::Relaxed)
            .saturating_mul(1000);
        u64::try_from(now.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_add_signed(offset_millis)
    }

    /// Moves this clock and its clones by so many seconds, and gives the new offset.
    pub fn advance(&self, secs: i64) -> i64 {
        self.offset_secs
            .fetch_add(secs, Ordering::Relaxed)
            .saturating_add(secs)
    }
}
