//! The one source of random bytes, and the ids drawn from it.

use domain::{EventId, Id, OrderId, Version, event::Event, event::EventKind, payment::TxRef};

use crate::clock::Clock;

/// Draws ids, versions, references and random bytes. Ids bear the time of its clock.
#[derive(Debug, Clone)]
pub struct Entropy {
    clock: Clock,
}

impl Entropy {
    /// Ids will bear this clock's time.
    pub fn new(clock: Clock) -> Entropy {
        Entropy { clock }
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

    /// A new id, to be put on condition that it is not in use.
    pub fn id(&self) -> Id {
        Id::compose(self.clock.unix_millis(), u16::from_le_bytes(self.bytes()))
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
