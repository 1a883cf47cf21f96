//! Slowing down whoever tries too often: some attempts are free, later ones wait longer and longer.
//!
//! Nobody is ever shut out: a wait has a longest length, and attempts are forgotten as time passes.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, Version};

/// How much somebody may try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// How many attempts in a row cost no wait.
    pub free: u32,
    /// After how many seconds one attempt is forgotten.
    pub recovery_secs: i64,
    /// The wait after the first attempt beyond the free ones, in seconds; it doubles with each.
    pub first_wait_secs: i64,
    /// The longest wait, in seconds.
    pub longest_wait_secs: i64,
}

/// Passwords tried on one account.
pub const PASSWORDS: Limit = Limit {
    free: 5,
    recovery_secs: 10 * 60,
    first_wait_secs: 1,
    longest_wait_secs: 15 * 60,
};

/// Logins that failed from one network address. Whole towns share one behind their provider, so
/// there is room.
pub const LOGINS_FROM_ADDRESS: Limit = Limit {
    free: 50,
    recovery_secs: 10,
    first_wait_secs: 1,
    longest_wait_secs: 5 * 60,
};

/// Registrations of one e-mail address, each of which sends it a mail. A form that is sent again and
/// again for want of an answer is not turned away.
pub const REGISTRATIONS: Limit = Limit { free: 10, ..MAILS };

/// Mails asked for to one e-mail address.
pub const MAILS: Limit = Limit {
    free: 5,
    recovery_secs: 20 * 60,
    first_wait_secs: 60,
    longest_wait_secs: 60 * 60,
};

/// Mails asked for from one network address.
pub const MAILS_FROM_ADDRESS: Limit = Limit {
    free: 100,
    recovery_secs: 10,
    first_wait_secs: 1,
    longest_wait_secs: 5 * 60,
};

/// Registrations from one network address: on the first day of a sale, a whole town's.
pub const REGISTRATIONS_FROM_ADDRESS: Limit = Limit {
    free: 300,
    recovery_secs: 10,
    first_wait_secs: 1,
    longest_wait_secs: 5 * 60,
};

/// Setup tokens tried from one network address.
pub const SETUPS_FROM_ADDRESS: Limit = Limit {
    free: 10,
    recovery_secs: 60,
    first_wait_secs: 1,
    longest_wait_secs: 15 * 60,
};

/// What is remembered of somebody's attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Throttle {
    /// How many are not forgotten.
    attempts: u32,
    /// Since when the oldest of them has been on its way to being forgotten.
    counted_from: Timestamp,
    /// When the next one may be made.
    open_at: Timestamp,
    /// When nothing of this matters any more.
    ttl: Timestamp,
    /// Drawn anew at every write.
    pub version: Version,
}

/// An attempt came too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the next attempt may be made in {0} s")]
pub struct TooEarly(pub i64);

impl Throttle {
    /// Somebody who has not tried anything lately.
    pub fn fresh(now: Timestamp, version: Version) -> Throttle {
        Throttle {
            attempts: 0,
            counted_from: now,
            open_at: now,
            ttl: now,
            version,
        }
    }

    /// Counts an attempt, which is counted before it is known how it ends: many at once must not
    /// all pass because none has ended.
    ///
    /// # Errors
    /// [`TooEarly`]; it does not count then, or whoever keeps trying would wait for ever.
    pub fn attempt(&mut self, limit: Limit, now: Timestamp) -> Result<(), TooEarly> {
        let wait = self.open_at.unix_secs() - now.unix_secs();
        // Only an attempt beyond the free ones made anybody wait. Otherwise the time noted is merely
        // later than ours: that of somebody who looked at the clock a second after us.
        if wait > 0 && self.attempts > limit.free {
            return Err(TooEarly(wait.min(limit.longest_wait_secs)));
        }
        self.forget(limit, now);
        self.attempts = self.attempts.saturating_add(1);
        let beyond = self.attempts.saturating_sub(limit.free);
        let wait = match beyond.checked_sub(1) {
            None => 0,
            Some(doublings) => limit
                .first_wait_secs
                .saturating_mul(1 << doublings.min(30))
                .min(limit.longest_wait_secs),
        };
        self.open_at = now.plus_secs(wait);
        let memory = limit.recovery_secs.saturating_mul(self.attempts.into());
        self.ttl = self.open_at.plus_secs(memory);
        Ok(())
    }

    /// Takes an attempt back: it was a good one.
    pub fn take_back(&mut self, now: Timestamp) {
        self.attempts = self.attempts.saturating_sub(1);
        self.open_at = now;
    }

    fn forget(&mut self, limit: Limit, now: Timestamp) {
        let passed = (now.unix_secs() - self.counted_from.unix_secs()).max(0);
        let forgotten = passed / limit.recovery_secs.max(1);
        let left = i64::from(self.attempts) - forgotten;
        self.attempts = u32::try_from(left.max(0)).unwrap_or_default();
        self.counted_from = if self.attempts == 0 {
            now
        } else {
            self.counted_from
                .plus_secs(forgotten.saturating_mul(limit.recovery_secs))
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Id;

    fn fresh() -> Throttle {
        Throttle::fresh(Timestamp(1000), Version(Id::compose(0, 1)))
    }

    #[test]
    fn waits_grow_to_the_longest_and_no_further() {
        let mut throttle = fresh();
        let mut now = Timestamp(1000);
        let mut waits = Vec::new();
        for _ in 0..20 {
            if let Err(TooEarly(wait)) = throttle.attempt(PASSWORDS, now) {
                waits.push(wait);
                now = now.plus_secs(wait);
                throttle.attempt(PASSWORDS, now).unwrap();
            }
        }
        assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 64, 128]);
        assert!(waits.iter().all(|wait| *wait <= 900), "{waits:?}");
    }

    #[test]
    fn attempts_are_forgotten_one_by_one() {
        let mut throttle = fresh();
        for _ in 0..6 {
            throttle.attempt(PASSWORDS, Timestamp(1000)).unwrap();
        }
        assert_eq!(
            throttle.attempt(PASSWORDS, Timestamp(1000)),
            Err(TooEarly(1))
        );
        let later = Timestamp(1000 + 3 * 600);
        for _ in 0..3 {
            throttle.attempt(PASSWORDS, later).unwrap();
        }
        assert_eq!(throttle.attempt(PASSWORDS, later), Err(TooEarly(1)));
    }

    #[test]
    fn free_attempts_of_many_at_once_do_not_wait_for_the_second_to_pass() {
        let mut throttle = fresh();
        for now in [1002, 1001, 1002, 1001] {
            throttle.attempt(PASSWORDS, Timestamp(now)).unwrap();
        }
        throttle.take_back(Timestamp(1002));
        throttle.attempt(PASSWORDS, Timestamp(1001)).unwrap();
    }

    #[test]
    fn what_is_taken_back_never_was() {
        let mut throttle = fresh();
        for _ in 0..100 {
            throttle.attempt(PASSWORDS, Timestamp(1000)).unwrap();
            throttle.take_back(Timestamp(1000));
        }
        assert_eq!(throttle.attempts, 0);
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_than_the_longest_wait(steps in prop::collection::vec(0i64..2000, 1..200)) {
            let mut throttle = fresh();
            let mut now = Timestamp(1000);
            for step in steps {
                now = now.plus_secs(step);
                if let Err(TooEarly(wait)) = throttle.attempt(PASSWORDS, now) {
                    prop_assert!((1..=PASSWORDS.longest_wait_secs).contains(&wait));
                    prop_assert!(throttle.clone().attempt(PASSWORDS, now.plus_secs(wait)).is_ok());
                }
                prop_assert!(throttle.ttl > now || throttle.attempts == 0);
            }
        }
    }
}
