//! Units of stock and the named movements that are the only way to change them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ProductId, VariantId};

/// The most units of one variant that one place may hold: the API's 32-bit integer.
pub const MAX_UNITS: u32 = i32::MAX as u32;

/// A place that holds stock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Location(String);

impl Location {
    /// The place that every shop has.
    pub fn main() -> Location {
        Location("main".into())
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
    /// When it last moved, in seconds since the Unix epoch.
    pub updated_at: crate::Timestamp,
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
