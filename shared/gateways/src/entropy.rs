//! The one source of random bytes, and the ids drawn from it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{EventId, Id, OrderId, Version, event::Event, event::EventKind, payment::TxRef};

use crate::clock::Clock;

/// Draws ids, versions, references and random bytes. Ids bear the time of its clock.
#[derive(Debug, Clone)]
pub struct Entropy {
    clock: Clock,
    drawn: Arc<Mutex<Drawn>>,
}

/// How many ids bear the same millisecond.
const IDS_A_MILLISECOND: u16 = 4096;
/// By how many milliseconds ids may run ahead of the clock.
const MAX_AHEAD_MILLIS: u64 = 1_000;

/// Which ids of a millisecond this process has drawn. Of forty variants of one product, drawn at
/// once, two would otherwise be the same nearly every fifth time.
#[derive(Debug)]
struct Drawn {
    millis: u64,
    taken: HashSet<u16>,
}

impl Drawn {
    fn at(millis: u64) -> Drawn {
        Drawn {
            millis,
            taken: HashSet::new(),
        }
    }

    /// An id that was not drawn before: the first free one from a random place on. When a millisecond
    /// has none left, the next one is used, ahead of the clock.
    fn draw(&mut self, now: u64, random: u16) -> Id {
        let is_ahead = (1..=MAX_AHEAD_MILLIS).contains(&self.millis.saturating_sub(now));
        if self.millis != now && !is_ahead {
            *self = Drawn::at(now);
        } else if self.taken.len() == usize::from(IDS_A_MILLISECOND) {
            *self = Drawn::at(self.millis + 1);
        }
        let mut place = random % IDS_A_MILLISECOND;
        while !self.taken.insert(place) {
            place = (place + 1) % IDS_A_MILLISECOND;
        }
        Id::compose(self.millis, place)
    }
}

impl Entropy {
    /// Ids will bear this clock's time.
    pub fn new(clock: Clock) -> Entropy {
        let drawn = Arc::new(Mutex::new(Drawn::at(0)));
        Entropy { clock, drawn }
    }

    /// So many random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one source of entropy"
        )]
        let filled = getrandom::fill(&mut bytes);
        if let Err(error) = filled {
            // Ids and secrets without entropy would be worse than an end. Lambda starts anew.
            tracing::error!(%error, "the system has no random bytes");
            std::process::abort();
        }
        bytes
    }

    /// A new id, which this process has not drawn before. Others may have: it is to be put on
    /// condition that it is not in use.
    pub fn id(&self) -> Id {
        let random = u16::from_le_bytes(self.bytes());
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        drawn.draw(self.clock.unix_millis(), random)
    }

    /// A new version: 53 random bits. It bears no time, so that two writers in the same millisecond
    /// never draw the same one and mistake each other's write for their own.
    pub fn version(&self) -> Version {
        let random = u64::from_le_bytes(self.bytes()) & Id::MAX.value();
        Version(Id::try_from(random).unwrap_or(Id::MAX))
    }

    /// An event that happens now.
    pub fn event(&self, kind: EventKind) -> Event {
        let id = EventId::compose(self.id(), u32::from_le_bytes(self.bytes()));
        Event {
            id,
            occurred_at: self.clock.now(),
            kind,
        }
    }

    /// Events that happen now, in this order.
    pub fn events(&self, kinds: &[EventKind]) -> Vec<Event> {
        kinds.iter().map(|kind| self.event(kind.clone())).collect()
    }

    /// A new reference of an attempt to pay this order.
    pub fn tx_ref(&self, order: OrderId) -> TxRef {
        TxRef::compose(order, u32::from_le_bytes(self.bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_draws_no_id_twice() {
        let clock = Clock::system();
        clock.stop();
        let entropy = Entropy::new(clock.clone());
        let count = 3 * usize::from(IDS_A_MILLISECOND);
        let drawn: HashSet<Id> = (0..count).map(|_| entropy.clone().id()).collect();
        assert_eq!(drawn.len(), count);
        let ahead = drawn.iter().map(|id| id.unix_millis()).max();
        assert_eq!(ahead, Some(clock.unix_millis() + 2));
        clock.advance(60);
        assert_eq!(entropy.id().unix_millis(), clock.unix_millis());
    }
}
