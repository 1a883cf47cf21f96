//! Products, their variants and what they cost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CategoryId, ImageId, Money, ProductId, Timestamp, VariantId, Version, json::Json,
    stock::ShownStock,
};

/// How many variants a product may have: they are written in one transaction with their stock.
pub const MAX_VARIANTS: usize = 40;
/// How many images a product may have: they are part of its item, which every list reads.
pub const MAX_IMAGES: usize = 20;
/// How many bytes a description may take. Item, variants and images together stay below the 400 KB
/// that DynamoDB takes.
pub const MAX_DESCRIPTION_BYTES: usize = 200_000;
/// How many bytes the specifications may take, written as JSON: every list reads them.
pub const MAX_SPECIFICATIONS_BYTES: usize = 16 * 1024;

/// Something the shop sells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// Which product.
    pub id: ProductId,
    /// The category it stands in.
    pub category: CategoryId,
    /// Its name.
    pub name: String,
    /// Its unique name in URLs.
    pub slug: String,
    /// What it is.
    pub description: String,
    /// The stock keeping unit; unique in the shop.
    pub sku: Option<String>,
    /// What it costs; a variant may say otherwise for itself.
    pub price: Price,
    /// ISO 4217, `ETB`.
    pub currency: String,
    /// Any JSON.
    pub specifications: Json,
    /// What one unit weighs, in grams.
    #[serde(default)]
    pub weight_grams: Option<u32>,
    /// Staff are to be told when fewer units than this can be bought, of all variants together.
    #[serde(default)]
    pub low_stock_threshold: Option<u32>,
    /// Whether the shop shows it off.
    pub is_featured: bool,
    /// Whether customers see it.
    pub is_active: bool,
    /// The choices a customer makes, in order; empty for a product that comes one way only.
    pub options: Vec<ProductOption>,
    /// What is really sold, at least one.
    pub variants: Vec<Variant>,
    /// What it looks like, in the order in which it is shown.
    #[serde(default)]
    pub images: Vec<Image>,
    /// What lists say about its stock.
    #[serde(default)]
    pub shown_stock: ShownStock,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Drawn anew at every write.
    pub version: Version,
}

/// A choice a customer makes: colour, size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductOption {
    /// `colour`
    pub name: String,
    /// `red`, `blue`
    pub values: Vec<String>,
}

/// One way in which a product is sold, with stock of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    /// Which variant; the product's own id where it comes one way only.
    pub id: VariantId,
    /// The stock keeping unit; unique in the shop.
    pub sku: Option<String>,
    /// The value of each of the product's options.
    pub options: BTreeMap<String, String>,
    /// What it costs, where that is not the price of the product.
    #[serde(default)]
    pub price: Option<Price>,
    /// Whether it can be bought.
    pub is_active: bool,
}

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Which image.
    pub id: ImageId,
    /// Where it is: `https://…`.
    pub url: String,
    /// What it is called in the shop's own bucket, if it was uploaded.
    #[serde(default)]
    pub object: Option<String>,
    /// What it shows, for those who do not see it.
    pub alt_text: String,
    /// Whether it stands for the product; of a product's images at most one.
    pub is_main: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A list price and, perhaps, a discounted one. Invariant: 0 ≤ discounted ≤ list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    list: Money,
    discounted: Option<Money>,
}

/// Why two amounts are no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The list price is below zero.
    #[error("Price cannot be negative.")]
    NegativeList,
    /// The discounted price is below zero.
    #[error("Discount cannot be negative.")]
    NegativeDiscount,
    /// The discounted price is above the list price.
    #[error("Discount price cannot be higher than the original price.")]
    DiscountAboveList,
}

impl Price {
    /// Nothing to pay.
    pub const FREE: Price = Price {
        list: Money::ZERO,
        discounted: None,
    };

    /// A price, if the amounts make one.
    ///
    /// # Errors
    /// Says which bound is broken; the messages are the API's.
    pub fn new(list: Money, discounted: Option<Money>) -> Result<Price, PriceError> {
        if list.is_negative() {
            return Err(PriceError::NegativeList);
        }
        match discounted {
            Some(amount) if amount.is_negative() => Err(PriceError::NegativeDiscount),
            Some(amount) if amount > list => Err(PriceError::DiscountAboveList),
            _ => Ok(Price { list, discounted }),
        }
    }

    /// The price before any discount.
    pub fn list(self) -> Money {
        self.list
    }

    /// The discounted price, if there is one.
    pub fn discounted(self) -> Option<Money> {
        self.discounted
    }

    /// What a customer pays.
    pub fn final_price(self) -> Money {
        self.discounted.unwrap_or(self.list)
    }
}

impl Product {
    /// One of its variants.
    pub fn variant(&self, id: VariantId) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.id == id)
    }

    /// The variant to sell when a client names none: the only one there is.
    pub fn sole_variant(&self) -> Option<&Variant> {
        match self.variants.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// What one of its variants costs.
    pub fn price_of(&self, variant: &Variant) -> Price {
        variant.price.unwrap_or(self.price)
    }

    /// What tells one of its variants from the others, for people, in the order of the options:
    /// `red / XL`; empty without options.
    pub fn title_of(&self, variant: &Variant) -> String {
        let names = self.options.iter().map(|option| &option.name);
        let values = names.filter_map(|name| variant.options.get(name));
        let values: Vec<&str> = values.map(String::as_str).collect();
        values.join(" / ")
    }

    /// Whether customers may buy this variant of it.
    pub fn sells(&self, variant: &Variant) -> bool {
        self.is_active && variant.is_active
    }

    /// Its SKU and those of its variants, each once.
    pub fn skus(&self) -> Vec<&str> {
        let mut skus: Vec<&str> = self
            .variants
            .iter()
            .filter_map(|variant| variant.sku.as_deref())
            .chain(self.sku.as_deref())
            .collect();
        skus.sort_unstable();
        skus.dedup();
        skus
    }

    /// The variant of a product that comes one way only: it shares id, SKU and price with it.
    pub fn default_variant(id: ProductId, sku: Option<String>) -> Variant {
        Variant {
            id: id.into(),
            sku,
            options: BTreeMap::new(),
            price: None,
            is_active: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn birr(amount: i64) -> Money {
        Money::from_santim(amount * 100)
    }

    #[test]
    fn the_discount_counts_when_there_is_one() {
        assert_eq!(
            Price::new(birr(10), Some(birr(8))).unwrap().final_price(),
            birr(8)
        );
        assert_eq!(Price::new(birr(10), None).unwrap().final_price(), birr(10));
    }

    #[test]
    fn a_price_keeps_its_bounds() {
        assert_eq!(Price::new(birr(-1), None), Err(PriceError::NegativeList));
        assert_eq!(
            Price::new(birr(1), Some(birr(-1))),
            Err(PriceError::NegativeDiscount)
        );
        assert_eq!(
            Price::new(birr(1), Some(birr(2))),
            Err(PriceError::DiscountAboveList)
        );
        assert!(Price::new(birr(1), Some(birr(1))).is_ok());
    }
}
