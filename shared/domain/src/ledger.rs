//! The ledger of stock: who changed what is on hand, when, why and by how much.
//!
//! An entry is written with the change it tells of and never changed. Units that are promised to an
//! order are still on hand; what an order takes is entered when it is paid.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{
    EventId, Id, MovementId, OrderId, ProductId, Timestamp, UserId, VariantId,
    location::Locations,
    order::Order,
    product::Product,
    stock::{Location, MAX_UNITS, StockLevel},
};

/// The most characters of a reason.
pub const MAX_REASON_LENGTH: usize = 200;

/// What kind of change an entry tells of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// A delivery came.
    Received,
    /// Units broke or were lost.
    Damaged,
    /// Somebody counted.
    Counted,
    /// A customer brought units back.
    Returned,
    /// Whatever the reason says.
    #[default]
    Other,
    /// Units were brought to another place: an entry there and one here.
    Transferred,
    /// An order was paid.
    Sold,
    /// A paid order was called off before it was handed over.
    TakenBack,
}

impl MovementKind {
    /// A kind that staff may name, by its word on the wire. The others follow from what they do.
    pub fn named(word: &str) -> Option<MovementKind> {
        Some(match word {
            "received" => MovementKind::Received,
            "damaged" => MovementKind::Damaged,
            "counted" => MovementKind::Counted,
            "returned" => MovementKind::Returned,
            "other" => MovementKind::Other,
            _ => return None,
        })
    }
}

/// An entry of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Which entry.
    pub id: MovementId,
    /// When it was done.
    pub at: Timestamp,
    /// Who did it; `None` where an order did.
    pub actor: Option<UserId>,
    /// The product.
    pub product: ProductId,
    /// Its variant.
    pub variant: VariantId,
    /// The place.
    pub location: Location,
    /// What kind of change it was.
    pub kind: MovementKind,
    /// Why, in the words of whoever did it.
    pub reason: String,
    /// By how many units what is on hand at the place changed.
    pub delta: i64,
    /// What was on hand there before; `None` where nobody looked.
    pub before: Option<u32>,
    /// And after.
    pub after: Option<u32>,
    /// Of a transfer, the place at its other end.
    pub counterpart: Option<Location>,
    /// The order that did it.
    pub order: Option<OrderId>,
}

/// Who changes stock, when and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Who.
    pub actor: UserId,
    /// When.
    pub at: Timestamp,
    /// What kind of change it is.
    pub kind: MovementKind,
    /// Why, at most [`MAX_REASON_LENGTH`] characters.
    pub reason: String,
}

/// How a stock level is put right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Correction {
    /// So many units more, or less.
    By(i64),
    /// So many units are on hand, those that are promised to orders among them.
    Counted(u32),
}

/// Why stock stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StockRefused {
    /// Only units that are not promised can be taken.
    #[error("Not enough stock. Available: {available}, Requested: {requested}")]
    Short {
        /// Units that could be taken.
        available: u32,
        /// Units that were to be taken.
        requested: u64,
    },
    /// The order has a right to its units; who counts fewer has to cancel it.
    #[error("{reserved} units are promised to orders; fewer cannot be on hand.")]
    BelowReserved {
        /// Units that are promised.
        reserved: u32,
    },
    /// [`MAX_UNITS`] are the most of a variant at a place.
    #[error("A location holds at most {MAX_UNITS} units of a variant.")]
    Full,
    /// Nothing can be brought to a place that is not listed, or is about to be removed.
    #[error("No units can be brought to the location {0}.")]
    Closed(Location),
}

/// Whether fewer units of a product can be bought than staff wish, as lists show its stock.
pub fn is_low(product: &Product) -> bool {
    let available: u64 = product
        .shown_stock
        .levels
        .iter()
        .map(|level| u64::from(level.available))
        .sum();
    product
        .low_stock_threshold
        .is_some_and(|threshold| available < u64::from(threshold))
}

/// Puts a level right: the level as it shall be, and the entry that tells of it.
///
/// # Errors
/// [`StockRefused`].
pub fn adjust(
    level: &StockLevel,
    correction: Correction,
    locations: &Locations,
    id: MovementId,
    entry: &Entry,
) -> Result<(StockLevel, Movement), StockRefused> {
    let delta = match correction {
        Correction::By(delta) => delta,
        Correction::Counted(counted) if counted < level.reserved => {
            return Err(StockRefused::BelowReserved {
                reserved: level.reserved,
            });
        }
        Correction::Counted(counted) => i64::from(counted) - i64::from(on_hand(level)),
    };
    let after = changed(level, delta, locations, entry.at)?;
    let movement = movement(level, &after, id, entry);
    Ok((after, movement))
}

/// Brings units from one place to another: both levels as they shall be, and an entry for each. The
/// first id is that of the entry where they come from.
///
/// # Errors
/// [`StockRefused`].
pub fn transfer(
    from: &StockLevel,
    to: &StockLevel,
    quantity: u32,
    locations: &Locations,
    ids: [MovementId; 2],
    entry: &Entry,
) -> Result<([StockLevel; 2], [Movement; 2]), StockRefused> {
    let quantity = i64::from(quantity);
    let taken = changed(from, -quantity, locations, entry.at)?;
    let brought = changed(to, quantity, locations, entry.at)?;
    let mut movements = [
        movement(from, &taken, ids[0], entry),
        movement(to, &brought, ids[1], entry),
    ];
    movements[0].counterpart = Some(to.location.clone());
    movements[1].counterpart = Some(from.location.clone());
    Ok(([taken, brought], movements))
}

/// What an order that was paid took, or, called off after that, gave back: an entry for each line and
/// place. The event that tells of it and `at`, when it was decided, give each entry the same id
/// however often it is asked for.
pub fn of_order(
    order: &Order,
    kind: MovementKind,
    event: &EventId,
    at: Timestamp,
) -> Vec<Movement> {
    let takes = kind == MovementKind::Sold;
    let lines = order.lines.iter();
    let taken = lines.flat_map(|line| line.allocations.iter().map(move |taken| (line, taken)));
    taken
        .map(|(line, taken)| {
            let units = i64::from(taken.quantity);
            Movement {
                id: derived_id(event, line.variant, &taken.location, at),
                at,
                actor: None,
                product: line.product,
                variant: line.variant,
                location: taken.location.clone(),
                kind,
                reason: String::new(),
                delta: if takes { -units } else { units },
                before: None,
                after: None,
                counterpart: None,
                order: Some(order.id),
            }
        })
        .collect()
}

/// An id within the second of `at`: 22 bits of the FNV-1a hash of what the entry is about, of which
/// some stand for the milliseconds. Two entries may meet there; see [`Movement::moved_on`].
fn derived_id(
    event: &EventId,
    variant: VariantId,
    location: &Location,
    at: Timestamp,
) -> MovementId {
    let about = format!("{event}#{}#{location}", variant.padded());
    let hash = about.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let second = u64::try_from(at.unix_secs()).unwrap_or_default();
    let millis = second * 1000 + (hash >> 12) % 1000;
    MovementId(Id::compose(
        millis,
        u16::try_from(hash & 0xfff).unwrap_or_default(),
    ))
}

impl Movement {
    /// The same entry under the next id: for one that found its own in use by another.
    #[must_use]
    pub fn moved_on(&self) -> Movement {
        let next = Id::try_from(self.id.value() + 1).unwrap_or(Id::MAX);
        Movement {
            id: MovementId(next),
            ..self.clone()
        }
    }
}

/// The units of a variant at a place, promised or not.
pub fn on_hand(level: &StockLevel) -> u32 {
    level.available.saturating_add(level.reserved)
}

fn changed(
    level: &StockLevel,
    delta: i64,
    locations: &Locations,
    now: Timestamp,
) -> Result<StockLevel, StockRefused> {
    if delta > 0 && !locations.takes_in(&level.location) {
        return Err(StockRefused::Closed(level.location.clone()));
    }
    let short = || StockRefused::Short {
        available: level.available,
        requested: delta.unsigned_abs(),
    };
    // Widened, because a client may send any 64-bit number.
    let available = i128::from(level.available) + i128::from(delta);
    if available < 0 {
        return Err(short());
    }
    if available + i128::from(level.reserved) > i128::from(MAX_UNITS) {
        return Err(StockRefused::Full);
    }
    Ok(StockLevel {
        available: u32::try_from(available).map_err(|_| StockRefused::Full)?,
        updated_at: now,
        revision: level.revision + 1,
        ..level.clone()
    })
}

fn movement(before: &StockLevel, after: &StockLevel, id: MovementId, entry: &Entry) -> Movement {
    Movement {
        id,
        at: entry.at,
        actor: Some(entry.actor),
        product: after.product,
        variant: after.variant,
        location: after.location.clone(),
        kind: entry.kind,
        reason: entry.reason.clone(),
        delta: i64::from(on_hand(after)) - i64::from(on_hand(before)),
        before: Some(on_hand(before)),
        after: Some(on_hand(after)),
        counterpart: None,
        order: None,
    }
}
