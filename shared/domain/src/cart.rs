//! The cart: what a customer means to buy. It promises nothing; orders do.

use serde::{Deserialize, Serialize};

use crate::{ProductId, Timestamp, UserId, VariantId, Version};

/// How many lines a cart holds.
pub const MAX_LINES: usize = 100;
/// How many units of one variant a cart holds.
pub const MAX_QUANTITY: u32 = 999;

/// One customer's cart: one item, replaced whole under a condition on its version.
///
/// Invariants: at most [`MAX_LINES`] lines, one per variant, each of 1 to [`MAX_QUANTITY`] units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cart {
    owner: UserId,
    lines: Vec<CartLine>,
    /// When the customer first used a cart.
    pub created_at: Timestamp,
    /// When its lines last changed.
    pub updated_at: Timestamp,
    /// Drawn anew at every write; `None` while the cart was never written.
    pub version: Option<Version>,
}

/// So many of one variant. The line's id on the wire is the variant's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CartLine {
    /// The product.
    pub product: ProductId,
    /// Its variant.
    pub variant: VariantId,
    /// How many units.
    pub quantity: u32,
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is new.
    NewLine,
    /// The units were added to those that were there.
    ToExistingLine,
}

/// Why the cart refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// Fewer units can be bought now than the line would have.
    #[error("not enough stock")]
    NotEnough {
        /// How many can be bought now.
        available: u32,
        /// How many the line would have.
        requested: u32,
    },
    /// The line would have more than [`MAX_QUANTITY`] units, or none.
    #[error("Ensure this value is less than or equal to {MAX_QUANTITY}.")]
    TooMany,
    /// The cart has [`MAX_LINES`] lines already.
    #[error("A cart holds at most {MAX_LINES} lines.")]
    Full,
    /// No such line in this cart.
    #[error("no such line")]
    UnknownLine,
}

impl Cart {
    /// The cart of somebody who has not used one yet.
    pub fn empty(owner: UserId, now: Timestamp) -> Cart {
        Cart {
            owner,
            lines: Vec::new(),
            created_at: now,
            updated_at: now,
            version: None,
        }
    }

    /// Whose cart it is.
    pub fn owner(&self) -> UserId {
        self.owner
    }

    /// The lines, in the order in which they came in.
    pub fn lines(&self) -> &[CartLine] {
        &self.lines
    }

    /// The line of a variant.
    pub fn line(&self, variant: VariantId) -> Option<&CartLine> {
        self.lines.iter().find(|line| line.variant == variant)
    }

    /// Adds units, to the line that is there or as a new one. What counts against the stock is the
    /// quantity that the line would then have.
    ///
    /// # Errors
    /// [`CartError::NotEnough`], [`CartError::TooMany`], [`CartError::Full`]; the cart is as before.
    pub fn add(
        &mut self,
        product: ProductId,
        variant: VariantId,
        quantity: u32,
        available: u32,
        now: Timestamp,
    ) -> Result<Added, CartError> {
        let place = self.lines.iter().position(|line| line.variant == variant);
        let present = place.map_or(0, |place| self.lines[place].quantity);
        let requested = checked_quantity(present.saturating_add(quantity), available)?;
        let added = match place {
            // Ids of variants are drawn without coordination: should two products' ever clash, one
            // cart refuses the second rather than mix them up.
            Some(place) if self.lines[place].product != product => return Err(CartError::Full),
            Some(place) => {
                self.lines[place].quantity = requested;
                Added::ToExistingLine
            }
            None if self.lines.len() >= MAX_LINES => return Err(CartError::Full),
            None => {
                self.lines.push(CartLine {
                    product,
                    variant,
                    quantity: requested,
                });
                Added::NewLine
            }
        };
        self.updated_at = now;
        Ok(added)
    }

    /// Sets the quantity of a line; 0 removes it.
    ///
    /// # Errors
    /// [`CartError::UnknownLine`], [`CartError::NotEnough`], [`CartError::TooMany`]; the cart is as
    /// before.
    pub fn set(
        &mut self,
        variant: VariantId,
        quantity: u32,
        available: u32,
        now: Timestamp,
    ) -> Result<(), CartError> {
        let line = self
            .lines
            .iter_mut()
            .find(|line| line.variant == variant)
            .ok_or(CartError::UnknownLine)?;
        if quantity == 0 {
            self.lines.retain(|line| line.variant != variant);
        } else {
            line.quantity = checked_quantity(quantity, available)?;
        }
        self.updated_at = now;
        Ok(())
    }

    /// Takes all lines out: they have become an order.
    pub fn clear(&mut self, now: Timestamp) {
        self.lines.clear();
        self.updated_at = now;
    }
}

fn checked_quantity(requested: u32, available: u32) -> Result<u32, CartError> {
    if requested == 0 || requested > MAX_QUANTITY {
        Err(CartError::TooMany)
    } else if requested > available {
        Err(CartError::NotEnough {
            available,
            requested,
        })
    } else {
        Ok(requested)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Id;

    fn id(number: u16) -> Id {
        Id::compose(0, number)
    }

    fn empty() -> Cart {
        Cart::empty(UserId(id(0)), Timestamp(0))
    }

    fn add(
        cart: &mut Cart,
        number: u16,
        quantity: u32,
        available: u32,
    ) -> Result<Added, CartError> {
        cart.add(
            ProductId(id(number)),
            VariantId(id(number)),
            quantity,
            available,
            Timestamp(1),
        )
    }

    #[test]
    fn the_whole_line_counts_against_the_stock() {
        let mut cart = empty();
        assert_eq!(add(&mut cart, 1, 8, 10), Ok(Added::NewLine));
        assert_eq!(
            add(&mut cart, 1, 5, 10),
            Err(CartError::NotEnough {
                available: 10,
                requested: 13
            })
        );
        assert_eq!(cart.lines()[0].quantity, 8);
        assert_eq!(add(&mut cart, 1, 2, 10), Ok(Added::ToExistingLine));
    }

    #[test]
    fn a_line_without_units_is_no_line() {
        let mut cart = empty();
        assert_eq!(add(&mut cart, 1, 0, 10), Err(CartError::TooMany));
        add(&mut cart, 1, 1, 10).unwrap();
        cart.set(VariantId(id(1)), 0, 10, Timestamp(2)).unwrap();
        assert!(cart.lines().is_empty());
    }

    #[test]
    fn a_cart_takes_a_hundred_lines() {
        let mut cart = empty();
        for number in 0..100 {
            add(&mut cart, number, 1, 1).unwrap();
        }
        assert_eq!(add(&mut cart, 100, 1, 1), Err(CartError::Full));
    }

    proptest! {
        #[test]
        fn lines_stay_within_their_bounds(
            steps in prop::collection::vec((0u16..130, 0u32..1500, 0u32..1500, any::<bool>()), 0..300)
        ) {
            let mut cart = empty();
            for (number, quantity, available, adding) in steps {
                let _ = if adding {
                    add(&mut cart, number, quantity, available).map(|_| ())
                } else {
                    cart.set(VariantId(id(number)), quantity, available, Timestamp(1))
                };
                prop_assert!(cart.lines().len() <= MAX_LINES);
                prop_assert!(cart.lines().iter().all(|l| (1..=MAX_QUANTITY).contains(&l.quantity)));
                let mut variants: Vec<_> = cart.lines().iter().map(|l| l.variant).collect();
                variants.sort();
                variants.dedup();
                prop_assert_eq!(variants.len(), cart.lines().len());
            }
        }
    }
}
