//! What a customer asks of a line: to put something in, or to have more or less of it.

use domain::{
    ProductId, VariantId,
    cart::{CartError, CartLine, MAX_QUANTITY},
    product::{Product, Variant},
};
use store::EditError;
use web::{
    error::{Error, Result},
    fields::{Fields, Kind, integer, key, unknown_key},
};

use crate::shopper::no_such_line;

/// So many of a product, or of one variant of it.
pub(crate) struct NewLine {
    pub(crate) product: ProductId,
    variant: Option<VariantId>,
    pub(crate) quantity: u32,
}

impl NewLine {
    pub(crate) fn read(mut fields: Fields) -> Result<NewLine> {
        let product = fields.required("product", key(ProductId));
        let variant = fields.optional("variant", key(VariantId).nullable());
        let quantity = fields.optional("quantity", integer().min(1).max(MAX_QUANTITY.into()));
        fields.finish()?;
        Ok(NewLine {
            product,
            variant: variant.flatten(),
            quantity: quantity.map_or(1, units),
        })
    }

    /// The variant that is meant, if it is for sale. One has to be named where there are several.
    pub(crate) fn choose<'a>(&self, product: Option<&'a Product>) -> Result<&'a Variant> {
        let product = product
            .filter(|product| product.is_active)
            .ok_or_else(|| self.unknown_product())?;
        let for_sale = |variant: &&Variant| product.sells(variant);
        match (self.variant, product.sole_variant()) {
            (Some(id), _) => product
                .variant(id)
                .filter(for_sale)
                .ok_or_else(|| Error::field("variant", unknown_key(id))),
            (None, Some(only)) => Some(only)
                .filter(for_sale)
                .ok_or_else(|| self.unknown_product()),
            (None, None) => Err(Error::field("variant", "This field is required.")),
        }
    }

    fn unknown_product(&self) -> Error {
        Error::field("product", unknown_key(self.product))
    }
}

/// Reads the quantity that a line is to have; `None` leaves it. What the line is of cannot be
/// changed, so naming anything else is refused.
pub(crate) fn read_quantity(mut fields: Fields, line: &CartLine) -> Result<Option<u32>> {
    let product = fields.expected("product", key(ProductId));
    let variant = fields
        .optional("variant", key(VariantId).nullable())
        .flatten();
    let quantity = fields.optional("quantity", integer().min(0).max(MAX_QUANTITY.into()));
    if fields.is_clean() && product.is_some_and(|product| product != line.product) {
        fields.refuse("product", "The product of a cart line cannot be changed.");
    }
    if fields.is_clean() && variant.is_some_and(|variant| variant != line.variant) {
        fields.refuse("variant", "The variant of a cart line cannot be changed.");
    }
    fields.finish()?;
    Ok(quantity.map(units))
}

/// A quantity that is within its bounds already.
fn units(quantity: i64) -> u32 {
    u32::try_from(quantity).unwrap_or(MAX_QUANTITY)
}

/// Why the cart did not change, in the words of the original where it has any.
pub(crate) fn refusal(error: EditError<CartError>) -> Error {
    let refused = match error {
        EditError::Refused(refused) => refused,
        EditError::Store(fault) => return fault.into(),
    };
    match refused {
        CartError::NotEnough {
            available,
            requested,
        } => Error::field(
            "quantity",
            format!(
                "Only {available} items currently available (including what's in other carts). Requested: {requested}"
            ),
        ),
        CartError::TooMany => Error::field("quantity", refused.to_string()),
        CartError::Full => Error::object(refused.to_string()),
        CartError::UnknownLine => no_such_line(),
    }
}
