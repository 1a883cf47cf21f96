//! From products to a file that [`crate::reading`] makes the same products of.

use std::borrow::Cow;

use domain::product::{Image, Product, Variant};
use serde_json::Value;

use crate::{
    columns::{
        BODY, CATEGORY, COMPARE_AT, CURRENCY, Column, EXPORTED, FEATURED, GRAMS, HANDLE, IMAGE,
        IMAGE_ALT, IMAGE_MAIN, IMAGE_POSITION, LOW_STOCK, OPTIONS, PRICE, PRODUCT_COMPARE_AT,
        PRODUCT_PRICE, PRODUCT_SKU, PUBLISHED, SKU, SOLE_OPTION, SOLE_VALUE, SPECIFICATIONS,
        STATUS, TAGS, TITLE, TYPE, UNITS, VARIANT_ACTIVE, VENDOR,
    },
    formulas::inert,
    goods::amounts_of,
};

/// A product with the name and slug of its category, where that is known.
pub(crate) struct Exported<'a> {
    pub(crate) product: &'a Product,
    pub(crate) category: Option<(&'a str, &'a str)>,
}

/// One row in the making: cells by column.
type Cells<'a> = Vec<(Column, Cow<'a, str>)>;

/// The file: its header, and the rows of these products.
///
/// # Errors
/// None that memory does not have.
pub(crate) fn write(products: &[Exported<'_>]) -> csv::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(EXPORTED.map(|column| column.0))?;
    for exported in products {
        for cells in rows(exported) {
            writer.write_record(EXPORTED.map(|column| {
                let cell = cells.iter().find(|(of, _)| *of == column);
                inert(cell.map_or("", |(_, text)| text)).into_owned()
            }))?;
        }
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

fn rows<'a>(exported: &Exported<'a>) -> Vec<Cells<'a>> {
    let product = exported.product;
    let count = product.variants.len().max(product.images.len());
    (0..count)
        .map(|place| {
            let mut cells: Cells<'a> = vec![(HANDLE, product.slug.as_str().into())];
            if place == 0 {
                cells.extend(of_product(exported));
            }
            if let Some(variant) = product.variants.get(place) {
                cells.extend(of_variant(product, variant, place == 0));
            }
            if let Some(image) = product.images.get(place) {
                cells.extend(of_image(image, place));
            }
            cells
        })
        .collect()
}

fn of_product<'a>(exported: &Exported<'a>) -> Cells<'a> {
    let product = exported.product;
    let specifications = &product.specifications.0;
    let (price, compare_at) = amounts_of(product.price);
    let mut cells: Cells<'a> = vec![
        (TITLE, product.name.as_str().into()),
        (BODY, product.description.as_str().into()),
        (PUBLISHED, truth(product.is_active)),
        (
            STATUS,
            if product.is_active { "active" } else { "draft" }.into(),
        ),
        (FEATURED, truth(product.is_featured)),
        (CURRENCY, product.currency.as_str().into()),
        (PRODUCT_PRICE, price.to_string().into()),
        (SPECIFICATIONS, specifications.to_string().into()),
    ];
    if let Some((name, slug)) = exported.category {
        cells.extend([(TYPE, name.into()), (CATEGORY, slug.into())]);
    }
    if let Some(before) = compare_at {
        cells.push((PRODUCT_COMPARE_AT, before.to_string().into()));
    }
    if let Some(threshold) = product.low_stock_threshold {
        cells.push((LOW_STOCK, threshold.to_string().into()));
    }
    // Of a product that comes one way only, the variant's SKU is the product's.
    if let (Some(sku), false) = (product.sku.as_deref(), product.options.is_empty()) {
        cells.push((PRODUCT_SKU, sku.into()));
    }
    if let Some(vendor) = specifications["vendor"].as_str() {
        cells.push((VENDOR, vendor.into()));
    }
    if let Some(tags) = specifications["tags"].as_array() {
        let tags: Vec<&str> = tags.iter().filter_map(Value::as_str).collect();
        cells.push((TAGS, tags.join(", ").into()));
    }
    cells
}

fn of_variant<'a>(product: &'a Product, variant: &'a Variant, is_first: bool) -> Cells<'a> {
    let (price, compare_at) = amounts_of(product.price_of(variant));
    let units = product.shown_stock.available_of(variant.id);
    let mut cells: Cells<'a> = vec![
        (PRICE, price.to_string().into()),
        (UNITS, units.to_string().into()),
        (VARIANT_ACTIVE, truth(variant.is_active)),
    ];
    for (option, (name_column, value_column)) in product.options.iter().zip(OPTIONS) {
        if is_first {
            cells.push((name_column, option.name.as_str().into()));
        }
        let value = variant.options.get(&option.name);
        cells.push((value_column, value.map_or("", String::as_str).into()));
    }
    if product.options.is_empty() {
        let (name_column, value_column) = OPTIONS[0];
        cells.extend([
            (name_column, SOLE_OPTION.into()),
            (value_column, SOLE_VALUE.into()),
        ]);
    }
    if let Some(sku) = variant.sku.as_deref() {
        cells.push((SKU, sku.into()));
    }
    if let Some(grams) = product.weight_grams {
        cells.push((GRAMS, grams.to_string().into()));
    }
    if let Some(before) = compare_at {
        cells.push((COMPARE_AT, before.to_string().into()));
    }
    cells
}

fn of_image(image: &Image, place: usize) -> Cells<'_> {
    vec![
        (IMAGE, image.url.as_str().into()),
        (IMAGE_POSITION, (place + 1).to_string().into()),
        (IMAGE_ALT, image.alt_text.as_str().into()),
        (IMAGE_MAIN, truth(image.is_main)),
    ]
}

fn truth(yes: bool) -> Cow<'static, str> {
    if yes { "TRUE" } else { "FALSE" }.into()
}
