//! Ids that sort by creation and fit a JavaScript number, and the order number made from them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// 2025-01-01T00:00:00Z in milliseconds since the Unix epoch: where our ids begin to count.
const BEGINNING_MILLIS: u64 = 1_735_689_600_000;
const RANDOM_BITS: u32 = 12;
const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A 53-bit id: 41 bits of milliseconds since 2025-01-01 and 12 random bits.
///
/// It is drawn without coordination, so a put with a new id is always conditional and a clash draws
/// again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Id(u64);

/// The number is larger than an id can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id has at most 53 bits")]
pub struct IdTooLarge;

impl Id {
    /// The largest id: the largest integer that a JavaScript number holds exactly.
    pub const MAX: Id = Id((1 << 53) - 1);

    /// Composes an id from a time in milliseconds since the Unix epoch and random bits, of which
    /// the low 12 are used.
    pub fn compose(unix_millis: u64, random: u16) -> Id {
        let millis = unix_millis.saturating_sub(BEGINNING_MILLIS) & ((1 << 41) - 1);
        Id((millis << RANDOM_BITS) | u64::from(random) & ((1 << RANDOM_BITS) - 1))
    }

    /// The id as a number.
    pub fn value(self) -> u64 {
        self.0
    }

    /// When the id was drawn, in milliseconds since the Unix epoch.
    pub fn unix_millis(self) -> u64 {
        (self.0 >> RANDOM_BITS) + BEGINNING_MILLIS
    }

    /// The id as it stands in keys: 16 digits, so that text sorts as numbers do.
    pub fn padded(self) -> String {
        format!("{:016}", self.0)
    }

    /// The id in Crockford's base 32, 11 characters.
    pub fn crockford(self) -> String {
        (0..11)
            .rev()
            .map(|place| char::from(CROCKFORD[(self.0 >> (place * 5)) as usize & 31]))
            .collect()
    }

    /// Reads what [`Id::crockford`] wrote; `None` for anything else.
    pub fn from_crockford(text: &str) -> Option<Id> {
        if text.len() != 11 {
            return None;
        }
        let mut value: u64 = 0;
        for byte in text.bytes() {
            let digit = CROCKFORD.iter().position(|known| *known == byte)?;
            value = (value << 5) | digit as u64;
        }
        Id::try_from(value).ok()
    }
}

impl TryFrom<u64> for Id {
    type Error = IdTooLarge;

    fn try_from(value: u64) -> Result<Self, IdTooLarge> {
        if value > Self::MAX.0 {
            Err(IdTooLarge)
        } else {
            Ok(Id(value))
        }
    }
}

impl From<Id> for u64 {
    fn from(id: Id) -> u64 {
        id.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Id);

        impl $name {
            /// The id as a number.
            pub fn value(self) -> u64 {
                self.0.value()
            }

            /// The id as it stands in keys.
            pub fn padded(self) -> String {
                self.0.padded()
            }
        }

        impl TryFrom<u64> for $name {
            type Error = IdTooLarge;

            fn try_from(value: u64) -> Result<Self, IdTooLarge> {
                Id::try_from(value).map($name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

typed_ids! {
    /// A person with an account.
    UserId,
    /// One login of a user, on one device.
    SessionId,
    /// An address in a user's address book.
    AddressId,
    /// A category of the catalogue.
    CategoryId,
    /// A product of the catalogue.
    ProductId,
    /// What is really sold: one choice of a product's options. A product without options has one
    /// variant, whose id is the product's.
    VariantId,
    /// A picture of a product.
    ImageId,
    /// An entry in the ledger of stock.
    MovementId,
    /// An order.
    OrderId,
    /// An entry of the audit log.
    AuditEntryId,
    /// The state of an aggregate, drawn anew at every write. Because it never repeats, a condition
    /// on it cannot be fooled by a delete and a new beginning, and a writer whose answer was lost
    /// recognises its own write by it.
    Version,
}

/// An event, unique without coordination: an id, so that events sort by when they were decided, and
/// 32 more random bits, because nothing refuses an event whose id is in use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(String);

impl EventId {
    /// Composes an event's id from a new id and random bits.
    pub fn compose(id: Id, random: u32) -> EventId {
        EventId(format!("{}-{random:08x}", id.padded()))
    }

    /// The id of the event that carries on where this one ends. It is the same each time it is asked
    /// for, so that a repeated delivery of this event does not begin the rest twice.
    #[must_use]
    pub fn next(&self) -> EventId {
        let (id, random) = self.0.rsplit_once('-').unwrap_or((&self.0, ""));
        let random = u32::from_str_radix(random, 16).unwrap_or_default();
        EventId(format!("{id}-{:08x}", random.wrapping_add(1)))
    }

    /// The id as text, as it stands in keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One of `shards` partitions, by the id's last random bits.
    pub fn shard(&self, shards: u64) -> u64 {
        u64::from(self.0.bytes().last().unwrap_or_default()) % shards
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ProductId> for VariantId {
    fn from(product: ProductId) -> Self {
        VariantId(product.0)
    }
}

impl OrderId {
    /// The number that customers see: `ORD-` and the id in Crockford's base 32, 15 characters.
    pub fn number(self) -> String {
        format!("ORD-{}", self.0.crockford())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_fit_a_javascript_number() {
        let early = Id::compose(1_800_000_000_000, 0xffff);
        let late = Id::compose(1_800_000_000_001, 0);
        assert!(early < late);
        assert!(early.padded() < late.padded());
        assert!(Id::compose(u64::MAX, u16::MAX) <= Id::MAX);
        assert_eq!(early.unix_millis(), 1_800_000_000_000);
    }

    #[test]
    fn crockford_goes_there_and_back() {
        for value in [0, 1, 31, 32, Id::MAX.0] {
            let id = Id(value);
            assert_eq!(Id::from_crockford(&id.crockford()), Some(id));
        }
        assert_eq!(Id::from_crockford("ZZZZZZZZZZZ"), None, "more than 53 bits");
        assert_eq!(Id::from_crockford("short"), None);
        assert_eq!(OrderId(Id(32)).number(), "ORD-00000000010");
    }

    #[test]
    fn an_event_that_carries_on_has_an_id_of_its_own_and_the_same_time() {
        let first = EventId::compose(Id(7), u32::MAX - 1);
        let second = first.next();
        assert_eq!(second.as_str(), "0000000000000007-ffffffff");
        assert_eq!(second, first.next());
        assert_eq!(second.next().as_str(), "0000000000000007-00000000");
        let foreign = EventId("no hyphen".into());
        assert_eq!(foreign.next().as_str(), "no hyphen-00000001");
    }

    #[test]
    fn numbers_beyond_53_bits_are_no_ids() {
        assert!(serde_json::from_str::<Id>("9007199254740992").is_err());
        assert!(serde_json::from_str::<Id>("9007199254740991").is_ok());
    }
}
