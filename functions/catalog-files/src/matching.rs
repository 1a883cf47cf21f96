//! What a file says of a product, applied to the product as it is.
//!
//! Variants are known by their options' values and images by their addresses, so that a second
//! import of the same file changes nothing. Units are taken for new variants only: between export
//! and import the shop has sold some.

use std::collections::BTreeMap;

use domain::{
    CategoryId, Id, ImageId, ProductId, Timestamp, VariantId, Version,
    choices::MAX_VALUES,
    json::Json,
    product::{Image, Product, ProductOption, Variant},
    stock::{Location, ShownStock, StockLevel},
};
use serde_json::Value;
use store::StockedProduct;

use crate::goods::{Goods, GoodsVariant, Specifications};

/// The currency of products that name none.
const DEFAULT_CURRENCY: &str = "ETB";

/// What a product is made with besides what the file says.
pub(crate) struct Making<'a> {
    pub(crate) category: CategoryId,
    pub(crate) now: Timestamp,
    pub(crate) draw: &'a (dyn Fn() -> Id + Sync),
}

/// The product that a file describes, as a new one.
pub(crate) fn create(goods: &Goods, version: Version, making: &Making<'_>) -> StockedProduct {
    let product = Product {
        id: ProductId((making.draw)()),
        category: making.category,
        name: String::new(),
        slug: goods.slug.clone(),
        description: String::new(),
        sku: None,
        price: goods.price,
        currency: DEFAULT_CURRENCY.to_owned(),
        specifications: Json(Value::Object(serde_json::Map::new())),
        weight_grams: None,
        low_stock_threshold: None,
        is_featured: false,
        is_active: goods.is_active,
        options: Vec::new(),
        variants: Vec::new(),
        images: Vec::new(),
        shown_stock: ShownStock::default(),
        created_at: making.now,
        updated_at: making.now,
        version,
    };
    let mut stocked = StockedProduct::new(product, Vec::new());
    change(goods, &mut stocked, making);
    StockedProduct::new(stocked.product, stocked.stock)
}

/// Changes a product to what a file says of it, and tells whether that is anything new.
pub(crate) fn change(goods: &Goods, stocked: &mut StockedProduct, making: &Making<'_>) -> bool {
    let before = stocked.product.clone();
    let product = &mut stocked.product;
    product.category = making.category;
    product.name.clone_from(&goods.name);
    product.description.clone_from(&goods.description);
    product.price = goods.price;
    product.is_active = goods.is_active;
    product.is_featured = goods.is_featured.unwrap_or(product.is_featured);
    if let Some(currency) = &goods.currency {
        product.currency.clone_from(currency);
    }
    product.low_stock_threshold = goods.low_stock_threshold.or(product.low_stock_threshold);
    let weight = goods
        .variants
        .iter()
        .find_map(|variant| variant.weight_grams);
    product.weight_grams = weight.or(product.weight_grams);
    specify(&goods.specifications, &mut product.specifications.0);
    product.options = options(&product.options, &goods.options);
    let units = arrange_variants(goods, product, making);
    product.sku = if goods.options.is_empty() {
        product
            .variants
            .first()
            .and_then(|variant| variant.sku.clone())
    } else {
        goods.sku.clone().or_else(|| product.sku.take())
    };
    arrange_images(goods, product, making);
    let is_new = *product != before;
    if is_new {
        product.updated_at = making.now;
    }
    let (id, now) = (product.id, making.now);
    let levels = units
        .into_iter()
        .map(|(variant, units)| StockLevel::new(id, variant, Location::main(), units, now));
    stocked.stock.extend(levels);
    is_new
}

fn specify(wanted: &Specifications, present: &mut Value) {
    match (wanted, present) {
        (Specifications::Whole(whole), present) => present.clone_from(whole),
        (Specifications::Parts(parts), Value::Object(present)) => {
            present.extend(parts.clone());
        }
        // Staff have made something else of it; a vendor and tags do not fit in.
        (Specifications::Parts(_), _) => {}
    }
}

/// The options of the file. Those that the product has keep values that no variant uses now.
fn options(present: &[ProductOption], wanted: &[ProductOption]) -> Vec<ProductOption> {
    let merged = wanted.iter().map(|option| {
        let known = present.iter().find(|known| known.name == option.name);
        let mut values = known.map(|known| known.values.clone()).unwrap_or_default();
        for value in &option.values {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        if values.len() > MAX_VALUES {
            values.clone_from(&option.values);
        }
        ProductOption {
            name: option.name.clone(),
            values,
        }
    });
    merged.collect()
}

/// Puts the file's variants in place of the product's, and gives the new ones with their units.
fn arrange_variants(
    goods: &Goods,
    product: &mut Product,
    making: &Making<'_>,
) -> Vec<(VariantId, u32)> {
    let mut present = std::mem::take(&mut product.variants);
    let mut units = Vec::new();
    for wanted in &goods.variants {
        let options = choice(goods, wanted);
        let known = present
            .iter()
            .position(|variant| variant.options == options);
        let mut variant = match known {
            Some(place) => present.remove(place),
            None => {
                let id = if options.is_empty() {
                    product.id.into()
                } else {
                    VariantId((making.draw)())
                };
                units.push((id, wanted.units.unwrap_or_default()));
                Variant {
                    id,
                    sku: None,
                    options,
                    price: None,
                    is_active: true,
                }
            }
        };
        variant.sku.clone_from(&wanted.sku);
        variant.is_active = wanted.is_active;
        // A price of its own that says what the product's does is left as it is.
        if variant.price.unwrap_or(product.price) != wanted.price {
            variant.price = (wanted.price != product.price).then_some(wanted.price);
        }
        product.variants.push(variant);
    }
    units
}

fn choice(goods: &Goods, variant: &GoodsVariant) -> BTreeMap<String, String> {
    let names = goods.options.iter().map(|option| option.name.clone());
    names.zip(variant.values.iter().cloned()).collect()
}

fn arrange_images(goods: &Goods, product: &mut Product, making: &Making<'_>) {
    // A file without images, or without a column for them, takes none away.
    if goods.images.is_empty() {
        return;
    }
    let mut present = std::mem::take(&mut product.images);
    for wanted in &goods.images {
        let known = present.iter().position(|image| image.url == wanted.url);
        let mut image = match known {
            Some(place) => present.remove(place),
            None => Image {
                id: ImageId((making.draw)()),
                url: wanted.url.clone(),
                object: None,
                alt_text: String::new(),
                is_main: false,
                created_at: making.now,
            },
        };
        image.alt_text.clone_from(&wanted.alt_text);
        image.is_main = wanted.is_main;
        product.images.push(image);
    }
}
