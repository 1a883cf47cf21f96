//! A product as a file describes it: several rows that share a handle.

use domain::{
    Money,
    product::{Price, ProductOption},
};
use serde_json::{Map, Value};

/// A product of the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Goods {
    /// The line of the file on which it begins.
    pub(crate) line: u64,
    /// The unique name in URLs.
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) shelf: Shelf,
    pub(crate) specifications: Specifications,
    pub(crate) is_active: bool,
    /// `None` where the file has no such column.
    pub(crate) is_featured: Option<bool>,
    pub(crate) currency: Option<String>,
    pub(crate) low_stock_threshold: Option<u32>,
    /// The SKU of the product as a whole, where the file says.
    pub(crate) sku: Option<String>,
    /// What the product costs where a variant says nothing else.
    pub(crate) price: Price,
    pub(crate) options: Vec<ProductOption>,
    /// At least one.
    pub(crate) variants: Vec<GoodsVariant>,
    pub(crate) images: Vec<GoodsImage>,
}

/// What the file says of a product's specifications.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Specifications {
    /// All of them.
    Whole(Value),
    /// Some, which go beside those that are there.
    Parts(Map<String, Value>),
}

/// The category that the file names. One that is missing is made, if it has a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shelf {
    /// Its slug, in files of ours.
    pub(crate) slug: Option<String>,
    pub(crate) name: Option<String>,
}

/// One way in which it is sold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GoodsVariant {
    /// Its line.
    pub(crate) line: u64,
    /// A value for each of the options, in their order.
    pub(crate) values: Vec<String>,
    pub(crate) sku: Option<String>,
    pub(crate) weight_grams: Option<u32>,
    /// How many there are, where the file says.
    pub(crate) units: Option<u32>,
    pub(crate) price: Price,
    pub(crate) is_active: bool,
}

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GoodsImage {
    pub(crate) url: String,
    pub(crate) alt_text: String,
    pub(crate) is_main: bool,
}

/// Something in the file that cannot be taken.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub(crate) struct Problem {
    /// The line, the header being 1.
    pub(crate) line: u64,
    /// The handle of the product, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) handle: Option<String>,
    /// The column.
    pub(crate) column: &'static str,
    /// What is wrong.
    pub(crate) message: String,
}

/// Shopify's two prices as ours: a price to compare with that is higher is what it costs without
/// discount.
///
/// # Errors
/// The API's message, when the amounts make no price.
pub(crate) fn price_of(price: Money, compare_at: Option<Money>) -> Result<Price, String> {
    let made = match compare_at {
        Some(before) if before > price => Price::new(before, Some(price)),
        _ => Price::new(price, None),
    };
    made.map_err(|error| error.to_string())
}

/// The inverse of [`price_of`]: what it costs now, and what to compare that with.
pub(crate) fn amounts_of(price: Price) -> (Money, Option<Money>) {
    let now = price.final_price();
    (now, (price.list() > now).then_some(price.list()))
}
