//! Faults of the gateway. The wire under the SDK never sees its calls, so it counts its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use emulator::FaultKind;

/// The faults that are still to come. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Pending>>>);

#[derive(Debug)]
struct Pending {
    kind: FaultKind,
    /// How many calls from now the first one is; 1 is the next call.
    nth: u32,
    /// How many calls in a row.
    times: u32,
}

impl Faults {
    /// Lets calls fail: the `nth` from now, which counts from 1, and as many as make `times` in a
    /// row.
    pub fn inject(&self, kind: FaultKind, nth: u32, times: u32) {
        self.pending().push(Pending { kind, nth, times });
    }

    /// Forgets all that have not struck.
    pub fn clear(&self) {
        self.pending().clear();
    }

    /// Counts one call and tells how it fails. Of two faults due at once the older one strikes and
    /// the younger one waits for the next call.
    pub(super) fn next(&self) -> Option<FaultKind> {
        let mut pending = self.pending();
        let mut struck = None;
        for fault in pending.iter_mut() {
            if fault.nth > 1 {
                fault.nth -= 1;
            } else if struck.is_none() {
                fault.times -= 1;
                struck = Some(fault.kind);
            }
        }
        pending.retain(|fault| fault.times > 0);
        struck
    }

    fn pending(&self) -> MutexGuard<'_, Vec<Pending>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kth_call_fails_m_times() {
        let faults = Faults::default();
        faults.inject(FaultKind::Refused, 2, 2);
        let calls: Vec<_> = (0..4).map(|_| faults.next()).collect();
        assert_eq!(
            calls,
            [
                None,
                Some(FaultKind::Refused),
                Some(FaultKind::Refused),
                None
            ]
        );
    }

    #[test]
    fn of_two_at_once_the_older_strikes_first_and_cleared_ones_never() {
        let faults = Faults::default();
        faults.inject(FaultKind::Conflict, 1, 1);
        faults.inject(FaultKind::Slow, 1, 5);
        assert_eq!(faults.next(), Some(FaultKind::Conflict));
        assert_eq!(faults.next(), Some(FaultKind::Slow));
        faults.clear();
        assert_eq!(faults.next(), None);
    }
}
