//! How a product looks on the wire, with its variants and what there is of them.

use std::collections::BTreeMap;

use domain::{
    Id, ProductId, VariantId,
    product::{Product, ProductOption, Variant},
    stock::{ShownStock, level_id},
};
use serde::Serialize;
use serde_json::Value;

use crate::{
    images::ImageWire,
    shelves::{CategoryWire, Shelves},
};

/// A product as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct ProductWire<'a> {
    id: ProductId,
    category: Option<CategoryWire<'a>>,
    name: &'a str,
    slug: &'a str,
    description: &'a str,
    sku: Option<&'a str>,
    price: String,
    discount_price: Option<String>,
    currency: &'a str,
    specifications: &'a Value,
    is_featured: bool,
    inventory_items: Vec<InventoryWire<'a>>,
    is_active: bool,
    created_at: String,
    updated_at: String,
    /// What can be bought now of all variants that are shown.
    total_stock: u64,
    final_price: String,
    images: Vec<ImageWire<'a>>,
    weight_grams: Option<u32>,
    low_stock_threshold: Option<u32>,
    options: &'a [ProductOption],
    variants: Vec<VariantWire<'a>>,
}

/// What one place holds of one variant.
#[derive(Debug, Serialize)]
struct InventoryWire<'a> {
    id: Id,
    product: ProductId,
    product_name: &'a str,
    quantity: u32,
    /// Nothing for the place that every shop has: the original had no other.
    location: Option<&'a str>,
    last_updated: String,
}

/// One way in which the product is sold.
#[derive(Debug, Serialize)]
pub(crate) struct VariantWire<'a> {
    id: VariantId,
    sku: Option<&'a str>,
    options: &'a BTreeMap<String, String>,
    price: String,
    discount_price: Option<String>,
    final_price: String,
    available: u32,
    is_active: bool,
}

impl<'a> ProductWire<'a> {
    /// A product with what can be bought of it. Variants that are not for sale are shown to staff
    /// only, and so is their stock.
    pub(crate) fn of(
        product: &'a Product,
        shown: &'a ShownStock,
        shelves: &'a Shelves,
        is_staff: bool,
    ) -> ProductWire<'a> {
        let variants = || product.variants.iter().filter(|v| is_staff || v.is_active);
        let inventory_items: Vec<_> = variants()
            .flat_map(|variant| inventory(product, shown, variant.id))
            .collect();
        ProductWire {
            id: product.id,
            category: shelves.category_of_product(product.category),
            name: &product.name,
            slug: &product.slug,
            description: &product.description,
            sku: product.sku.as_deref(),
            price: product.price.list().to_string(),
            discount_price: product.price.discounted().map(|price| price.to_string()),
            currency: &product.currency,
            specifications: &product.specifications.0,
            is_featured: product.is_featured,
            total_stock: inventory_items.iter().map(|i| u64::from(i.quantity)).sum(),
            inventory_items,
            is_active: product.is_active,
            created_at: product.created_at.to_string(),
            updated_at: product.updated_at.to_string(),
            final_price: product.price.final_price().to_string(),
            images: ImageWire::all(product),
            weight_grams: product.weight_grams,
            low_stock_threshold: product.low_stock_threshold,
            options: &product.options,
            variants: variants()
                .map(|variant| VariantWire::of(product, shown, variant))
                .collect(),
        }
    }
}

impl<'a> VariantWire<'a> {
    pub(crate) fn of(
        product: &Product,
        shown: &ShownStock,
        variant: &'a Variant,
    ) -> VariantWire<'a> {
        let price = product.price_of(variant);
        VariantWire {
            id: variant.id,
            sku: variant.sku.as_deref(),
            options: &variant.options,
            price: price.list().to_string(),
            discount_price: price.discounted().map(|price| price.to_string()),
            final_price: price.final_price().to_string(),
            available: shown.available_of(variant.id),
            is_active: variant.is_active,
        }
    }
}

fn inventory<'a>(
    product: &'a Product,
    shown: &'a ShownStock,
    variant: VariantId,
) -> impl Iterator<Item = InventoryWire<'a>> {
    let levels = shown.levels.iter();
    let levels = levels.filter(move |level| level.variant == variant);
    levels.map(move |level| InventoryWire {
        id: level_id(variant, &level.location),
        product: product.id,
        product_name: &product.name,
        quantity: level.available,
        location: (!level.location.is_main()).then(|| level.location.name()),
        last_updated: level.updated_at.to_string(),
    })
}
