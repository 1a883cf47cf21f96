//! The one clock: the system's, moved by an offset where somebody may set the time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use domain::Timestamp;

/// Tells the time. All that is asked of one clock and its clones is one time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<Hands>);

#[derive(Debug, Default)]
struct Hands {
    offset_secs: AtomicI64,
    /// The system's time at which the clock was stopped; 0 while it goes.
    stopped_millis: AtomicU64,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// The time moved by so many seconds, for development and tests: see [`Clock::advance`].
    pub fn shifted(offset_secs: i64) -> Clock {
        Clock(Arc::new(Hands {
            offset_secs: AtomicI64::new(offset_secs),
            stopped_millis: AtomicU64::new(0),
        }))
    }

    /// The time in whole seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.unix_millis() / 1000).unwrap_or(i64::MAX))
    }

    /// The time in milliseconds since the Unix epoch.
    pub fn unix_millis(&self) -> u64 {
        let now = match self.0.stopped_millis.load(Ordering::Relaxed) {
            0 => system_millis(),
            stopped => stopped,
        };
        let offset_secs = self.0.offset_secs.load(Ordering::Relaxed);
        now.saturating_add_signed(offset_secs.saturating_mul(1000))
    }

    /// Stops this clock and its clones: from now on time passes only by [`Clock::advance`]. For tests
    /// that count seconds.
    pub fn stop(&self) {
        self.0
            .stopped_millis
            .store(system_millis(), Ordering::Relaxed);
    }

    /// Moves this clock and its clones by so many seconds, and gives the new offset.
    pub fn advance(&self, secs: i64) -> i64 {
        self.0
            .offset_secs
            .fetch_add(secs, Ordering::Relaxed)
            .saturating_add(secs)
    }
}

fn system_millis() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_clock_moves_by_hand_only() {
        let clock = Clock::shifted(100);
        clock.stop();
        let stopped = clock.unix_millis();
        assert!(stopped >= system_millis() + 99_000);
        assert_eq!(clock.clone().unix_millis(), stopped);
        clock.advance(7);
        assert_eq!(clock.unix_millis(), stopped + 7_000);
    }
}
