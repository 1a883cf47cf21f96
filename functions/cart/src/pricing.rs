//! What the lines of a cart cost and how many of each there are, as their products say now.

use std::collections::{BTreeMap, HashMap};

use domain::{
    Money, ProductId, UserId, VariantId,
    cart::{Cart, CartLine},
    product::{Price, Product},
};
use serde::Serialize;
use store::{StockedProduct, Store, StoreError};

/// Products and stock of the lines that are to be shown.
pub(crate) struct Pricing {
    products: HashMap<ProductId, Product>,
    in_stock: HashMap<(ProductId, VariantId), u32>,
}

/// A line of a cart as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct LineWire {
    /// The variant's, so it stays as long as the line.
    id: VariantId,
    /// The owner's: everybody has one cart.
    cart: UserId,
    product: ProductId,
    product_name: String,
    /// What one is sold for.
    unit_price: f64,
    quantity: u32,
    total_price: f64,
    /// What one costs without discount.
    list_price: f64,
    /// How many could be bought now; 0 as well when the product is no longer sold.
    available: u32,
    variant: VariantId,
    /// What tells it from its siblings, for people; empty where the product comes one way.
    variant_title: String,
    variant_options: BTreeMap<String, String>,
}

impl Pricing {
    /// Reads the products of these lines, each with its stock at all places, side by side.
    pub(crate) async fn read(store: &Store, lines: &[CartLine]) -> Result<Pricing, StoreError> {
        let ids: Vec<_> = lines.iter().map(|line| line.product).collect();
        let found = store.find_fresh_products(&ids).await?;
        Ok(Pricing::of(found))
    }

    /// What these products say: one, if it is still there, or all of a cart.
    pub(crate) fn of(found: impl IntoIterator<Item = StockedProduct>) -> Pricing {
        let mut pricing = Pricing {
            products: HashMap::new(),
            in_stock: HashMap::new(),
        };
        for stocked in found {
            let product = stocked.product.id;
            for variant in &stocked.product.variants {
                let available = stocked.available_of(variant.id);
                pricing.in_stock.insert((product, variant.id), available);
            }
            pricing.products.insert(product, stocked.product);
        }
        pricing
    }

    /// How many of a line's variant can be bought now.
    pub(crate) fn available(&self, line: &CartLine) -> u32 {
        let is_sold = self.products.get(&line.product).is_some_and(|product| {
            let variant = product.variant(line.variant);
            variant.is_some_and(|variant| product.sells(variant))
        });
        let in_stock = self.in_stock.get(&(line.product, line.variant));
        in_stock.copied().filter(|_| is_sold).unwrap_or_default()
    }

    /// What a line comes to.
    pub(crate) fn total(&self, line: &CartLine) -> Money {
        let unit = self.price(line).map_or(Money::ZERO, Price::final_price);
        // At most 999 times the largest price, which is far from the bounds of an i64. It may be
        // more than an order can come to; a cart only shows it.
        Money::from_santim(unit.santim().saturating_mul(i64::from(line.quantity)))
    }

    /// A line as clients see it. Of a product that is gone only the line itself is left, to be
    /// removed.
    pub(crate) fn wire(&self, cart: &Cart, line: &CartLine) -> LineWire {
        let product = self.products.get(&line.product);
        let variant = product.and_then(|product| product.variant(line.variant));
        let price = self.price(line);
        LineWire {
            id: line.variant,
            cart: cart.owner(),
            product: line.product,
            product_name: product
                .map(|product| product.name.clone())
                .unwrap_or_default(),
            unit_price: number(price.map_or(Money::ZERO, Price::final_price)),
            quantity: line.quantity,
            total_price: number(self.total(line)),
            list_price: number(price.map_or(Money::ZERO, Price::list)),
            available: self.available(line),
            variant: line.variant,
            variant_title: product
                .zip(variant)
                .map(|(product, variant)| product.title_of(variant))
                .unwrap_or_default(),
            variant_options: variant.map(|it| it.options.clone()).unwrap_or_default(),
        }
    }

    fn price(&self, line: &CartLine) -> Option<Price> {
        let product = self.products.get(&line.product)?;
        let variant = product.variant(line.variant)?;
        Some(product.price_of(variant))
    }
}

/// An amount as the JSON number that carts have for it. Its decimal text is read and nothing is
/// calculated, so that what is written is the amount again.
pub(crate) fn number(amount: Money) -> f64 {
    amount.to_string().parse().unwrap_or_default()
}
