//! A variant as staff describe it: read from a request, and made into what the table keeps.

use std::collections::BTreeMap;

use domain::{
    Money, VariantId,
    choices::MAX_CHARS,
    product::{Price, PriceError, Product, Variant},
    stock::MAX_UNITS,
};
use web::fields::{Fields, Kind, boolean, integer, key, price, text, text_map};

/// What is sent of a variant; what is absent stays as it is, or has its default.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VariantForm {
    /// Which variant is meant; without it, a new one.
    pub(crate) id: Option<VariantId>,
    sku: Option<Option<String>>,
    options: Option<BTreeMap<String, String>>,
    list_price: Option<Option<Money>>,
    discounted: Option<Option<Money>>,
    is_active: Option<bool>,
    /// Units of a new variant; of one that is there, staff count and move them elsewhere.
    pub(crate) initial_stock: u32,
}

impl VariantForm {
    pub(crate) fn read(fields: &mut Fields) -> VariantForm {
        VariantForm {
            id: fields.optional("id", key(VariantId).nullable()).flatten(),
            sku: read_sku(fields),
            options: fields.optional("options", text_map(text().max(MAX_CHARS))),
            list_price: fields.optional("price", price().nullable()),
            discounted: fields.optional("discount_price", price().nullable()),
            is_active: fields.optional("is_active", boolean()),
            initial_stock: read_units(fields),
        }
    }

    /// Whether it names a value of any option.
    pub(crate) fn is_choice(&self) -> bool {
        self.options
            .as_ref()
            .is_some_and(|choice| !choice.is_empty())
    }

    /// Whether this SKU is asked for.
    pub(crate) fn has_sku(&self, sku: &str) -> bool {
        matches!(&self.sku, Some(Some(wanted)) if wanted == sku)
    }

    /// A new variant of a product, as the product is by then.
    ///
    /// # Errors
    /// When its amounts are no price.
    pub(crate) fn variant(&self, id: VariantId, product: &Product) -> Result<Variant, PriceError> {
        let price = match self.own_list_price(product.price) {
            None => None,
            Some(list) => {
                let price = Price::new(list, self.discounted.flatten())?;
                (price != product.price).then_some(price)
            }
        };
        Ok(Variant {
            id,
            sku: self.sku.clone().flatten(),
            options: self.options.clone().unwrap_or_default(),
            price,
            is_active: self.is_active.unwrap_or(true),
        })
    }

    /// A variant that is there, with what is sent. `shown` is what it cost before the request:
    /// sending just that again leaves open whether the price is its own or the product's.
    ///
    /// # Errors
    /// When its amounts are no price.
    pub(crate) fn applied_to(
        &self,
        mut variant: Variant,
        shown: Price,
        product: &Product,
    ) -> Result<Variant, PriceError> {
        if let Some(sku) = &self.sku {
            variant.sku.clone_from(sku);
        }
        if let Some(options) = &self.options {
            variant.options.clone_from(options);
        }
        if let Some(is_active) = self.is_active {
            variant.is_active = is_active;
        }
        match self.own_list_price(shown) {
            None if self.list_price.is_some() => variant.price = None,
            None => {}
            Some(list) => {
                let discounted = self.discounted.unwrap_or(shown.discounted());
                let price = Price::new(list, discounted)?;
                if price != shown {
                    variant.price = (price != product.price).then_some(price);
                }
            }
        }
        Ok(variant)
    }

    /// The list price of its own that is asked for: the one sent, or with a discount alone the one
    /// there was. None where no price is sent, or null: then the product's counts.
    fn own_list_price(&self, known: Price) -> Option<Money> {
        let has_discount = matches!(self.discounted, Some(Some(_)));
        match self.list_price {
            Some(Some(list)) => Some(list),
            Some(None) | None if has_discount => Some(known.list()),
            // Without a discount from now on.
            None if self.discounted.is_some() => Some(known.list()),
            Some(None) | None => None,
        }
    }
}

/// A blank SKU is no SKU: it would be a unique one otherwise, and the second blank a clash.
pub(crate) fn read_sku(fields: &mut Fields) -> Option<Option<String>> {
    let sku = fields.optional("sku", text().max(50).blankable().nullable());
    sku.map(|sku| sku.filter(|sku| !sku.is_empty()))
}

/// The units that something new begins with.
pub(crate) fn read_units(fields: &mut Fields) -> u32 {
    let units = fields.optional("initial_stock", integer().min(0).max(MAX_UNITS.into()));
    u32::try_from(units.unwrap_or_default()).unwrap_or(MAX_UNITS)
}

/// Which field two amounts that are no price are told by: the one that is to be changed.
pub(crate) fn field_of(error: PriceError) -> &'static str {
    match error {
        PriceError::NegativeList => "price",
        PriceError::NegativeDiscount | PriceError::DiscountAboveList => "discount_price",
    }
}
