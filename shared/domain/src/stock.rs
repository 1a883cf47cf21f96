//! Units of stock and the named movements that are the only way to change them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Id, ProductId, Timestamp, VariantId};

/// The most units of one variant that one place may hold: the API's 32-bit integer.
pub const MAX_UNITS: u32 = i32::MAX as u32;

/// The code of the place that every shop has.
const MAIN: &str = "main";

/// The most characters of a location's code.
pub const MAX_LOCATION_LENGTH: usize = 30;

/// A place that holds stock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Location(String);

impl Location {
    /// The place that every shop has.
    pub fn main() -> Location {
        Location(MAIN.into())
    }

    /// Whether it is the one that every shop has.
    pub fn is_main(&self) -> bool {
        self.0 == MAIN
    }

    /// The place with this code: 1 to [`MAX_LOCATION_LENGTH`] small letters, digits and hyphens.
    pub fn parse(code: &str) -> Option<Location> {
        let is_known =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_code = (1..=MAX_LOCATION_LENGTH).contains(&code.len()) && code.bytes().all(is_known);
        is_code.then(|| Location(code.to_owned()))
    }

    /// Its name, as in keys.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number under which clients know a variant's stock at a place: the variant's own at the place
/// that every shop has, elsewhere 53 bits of the FNV-1a hash of variant and place. Nothing is looked
/// up by it.
pub fn level_id(variant: VariantId, location: &Location) -> Id {
    if location.is_main() {
        return variant.0;
    }
    let start: u64 = 0xcbf2_9ce4_8422_2325;
    let bytes = variant.padded().into_bytes().into_iter();
    let hash = bytes.chain(location.0.bytes()).fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Id::try_from(hash >> 11).unwrap_or(Id::MAX)
}

/// How much of a variant one place holds. On hand is the sum of both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockLevel {
    /// The product.
    pub product: ProductId,
    /// Its variant.
    pub variant: VariantId,
    /// The place.
    pub location: Location,
    /// Units that can be bought now.
    pub available: u32,
    /// Units promised to orders that are not paid yet.
    pub reserved: u32,
    /// When it last moved.
    pub updated_at: Timestamp,
    /// How often it has moved: tells of two readings which is the later one.
    #[serde(default)]
    pub revision: u64,
    /// Whether an order ever took units of it. Then product, variant and level stay: the order may
    /// give them back.
    #[serde(default)]
    pub was_ordered: bool,
}

impl StockLevel {
    /// A level that has not moved yet.
    pub fn new(
        product: ProductId,
        variant: VariantId,
        location: Location,
        available: u32,
        now: Timestamp,
    ) -> StockLevel {
        StockLevel {
            product,
            variant,
            location,
            available,
            reserved: 0,
            updated_at: now,
            revision: 0,
            was_ordered: false,
        }
    }
}

/// What lists say about the stock of a product: a copy of its levels that is part of the product, so
/// that a page of products is one read. It is brought up to date after each movement and may lag
/// behind by moments. Nothing is decided by it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ShownStock {
    /// The sum of the levels' revisions and of `retired`. It only grows: of two copies the one with
    /// more is the later.
    pub revision: u64,
    /// The revisions of levels that are gone.
    pub retired: u64,
    /// What can be bought of each variant at each place.
    pub levels: Vec<ShownLevel>,
}

/// What can be bought of a variant at one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShownLevel {
    /// The variant.
    pub variant: VariantId,
    /// The place.
    pub location: Location,
    /// Units that could be bought when the copy was made.
    pub available: u32,
    /// When the level last moved.
    pub updated_at: Timestamp,
}

impl ShownStock {
    /// A copy of these levels, which are all that a product has. `retired` is that of the copy
    /// before, and the revisions of what was deleted since.
    pub fn of(levels: &[StockLevel], retired: u64) -> ShownStock {
        let mut shown: Vec<ShownLevel> = levels
            .iter()
            .map(|level| ShownLevel {
                variant: level.variant,
                location: level.location.clone(),
                available: level.available,
                updated_at: level.updated_at,
            })
            .collect();
        // Always in the same order, and the place that every shop has before the others: a client
        // that knows of one place looks at the first.
        shown.sort_by(|one, other| {
            let rank = |level: &ShownLevel| (level.variant, !level.location.is_main());
            let by_rank = rank(one).cmp(&rank(other));
            by_rank.then_with(|| one.location.cmp(&other.location))
        });
        ShownStock {
            revision: levels.iter().map(|level| level.revision).sum::<u64>() + retired,
            retired,
            levels: shown,
        }
    }

    /// How many units of one variant can be bought, at all places together.
    pub fn available_of(&self, variant: VariantId) -> u32 {
        self.levels
            .iter()
            .filter(|level| level.variant == variant)
            .fold(0, |sum, level| sum.saturating_add(level.available))
    }
}

/// One change of one stock level. It happens in the same transaction as the order's change, or not
/// at all.
#[derive(Debug, Clone, PartialEq)]
pub struct StockMove {
    /// The product.
    pub product: ProductId,
    /// Its variant.
    pub variant: VariantId,
    /// The place.
    pub location: Location,
    /// How many units, more than zero.
    pub quantity: u32,
    /// Which way they go.
    pub kind: MoveKind,
}

/// Which way units go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveKind {
    /// available → reserved: promised to an order. Needs enough available.
    Reserve,
    /// reserved → available: the promise ended.
    Release,
    /// reserved → gone: the promised units are sold.
    Commit,
    /// available → gone: sold without a promise, after it had ended. Needs enough available.
    Sell,
    /// gone → available: a sale was undone.
    Restock,
}

/// A line that could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The product.
    pub product: ProductId,
    /// Its variant.
    pub variant: VariantId,
    /// How many could be had now.
    pub available: u32,
    /// How many were asked for.
    pub requested: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_known_by_a_number_of_its_own() {
        let variant = |number| VariantId(Id::try_from(number).unwrap());
        let annex = Location("annex".into());
        let shown = |number, place: &Location| level_id(variant(number), place).value();
        assert_eq!(shown(7, &Location::main()), 7);
        assert_eq!(shown(7, &annex), shown(7, &annex));
        let places = [annex, Location("bole-2".into())];
        let mut ids: Vec<u64> = (0..1000)
            .flat_map(|number| places.iter().map(move |place| shown(number, place)))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 2000);
    }
}
