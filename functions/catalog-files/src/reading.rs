//! From a file to products: rows that follow each other with one handle are one product.
//!
//! What is wrong with a product is told line by line, all of it at once, and costs that product only.

mod row;

use std::collections::HashSet;

use domain::{
    Money, choices,
    image::{MAX_ALT_TEXT, MAX_URL},
    product::{
        MAX_DESCRIPTION_BYTES, MAX_IMAGES, MAX_SPECIFICATIONS_BYTES, MAX_VARIANTS, Price,
        ProductOption,
    },
    slug,
};
use serde_json::{Map, Value};
use web::pictures::may_be_shown;

use crate::{
    columns::{
        BODY, CATEGORY, COMPARE_AT, CURRENCY, Column, FEATURED, GRAMS, HANDLE, IMAGE, IMAGE_ALT,
        IMAGE_MAIN, IMAGE_POSITION, LOW_STOCK, OPTIONS, PRICE, PRODUCT_CATEGORY,
        PRODUCT_COMPARE_AT, PRODUCT_PRICE, PRODUCT_SKU, PUBLISHED, SKU, SOLE_OPTION, SOLE_VALUE,
        SPECIFICATIONS, STATUS, TAGS, TITLE, TYPE, UNITS, VARIANT_ACTIVE, VENDOR,
    },
    goods::{Goods, GoodsImage, GoodsVariant, Problem, Shelf, Specifications, price_of},
};
use row::Row;
pub(crate) use row::{Rows, Unreadable};

/// The products of a file in its order, those that cannot be taken as the reasons why not.
pub(crate) fn read(file: &[u8]) -> Result<Vec<Result<Goods, Vec<Problem>>>, Unreadable> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for group in Rows::of(file)?.by_handle() {
        let goods = group.and_then(|rows| read_product(&rows));
        let goods = goods.and_then(|goods| {
            if seen.insert(goods.slug.clone()) {
                return Ok(goods);
            }
            let message =
                "This handle stands further up already: rows of a product follow each other.";
            Err(vec![Problem {
                line: goods.line,
                handle: Some(goods.slug),
                column: HANDLE.0,
                message: message.to_owned(),
            }])
        });
        found.push(goods);
    }
    Ok(found)
}

/// Collects what is wrong with one product.
struct Reader<'a> {
    handle: &'a str,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn refuse(&mut self, row: &Row, column: Column, message: impl Into<String>) {
        self.problems.push(Problem {
            line: row.line,
            handle: Some(self.handle.to_owned()),
            column: column.0,
            message: message.into(),
        });
    }

    fn text(&mut self, row: &Row, column: Column, max: usize) -> Option<String> {
        let text = row.text(column)?;
        if text.contains('\0') {
            self.refuse(row, column, "Null characters are not allowed.");
            return None;
        }
        if text.chars().count() > max {
            let message = format!("Ensure this field has no more than {max} characters.");
            self.refuse(row, column, message);
            return None;
        }
        Some(text.to_owned())
    }

    fn parsed<T, E: std::fmt::Display>(
        &mut self,
        row: &Row,
        column: Column,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(row.text(column)?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(row, column, error.to_string());
                None
            }
        }
    }
}

fn read_product(rows: &[Row]) -> Result<Goods, Vec<Problem>> {
    let Some(first) = rows.first() else {
        return Err(Vec::new());
    };
    let handle = first.text(HANDLE).unwrap_or_default();
    let mut reader = Reader {
        handle,
        problems: Vec::new(),
    };
    let name = reader.text(first, TITLE, 255);
    if name.is_none() && first.text(TITLE).is_none() {
        reader.refuse(first, TITLE, "This field is required.");
    }
    let mut options = option_names(&mut reader, first);
    let variants = variants(&mut reader, rows, &options);
    for (place, option) in options.iter_mut().enumerate() {
        for variant in &variants {
            if let Some(value) = variant.values.get(place)
                && !option.values.contains(value)
            {
                option.values.push(value.clone());
            }
        }
    }
    let price = price(&mut reader, first, PRODUCT_PRICE, PRODUCT_COMPARE_AT)
        .or_else(|| variants.first().map(|variant| variant.price));
    let Some(price) = price else {
        // There is no variant to take it from, which has been told.
        return Err(reader.problems);
    };
    let description = first.raw(BODY).unwrap_or_default();
    if description.len() > MAX_DESCRIPTION_BYTES {
        let message = format!("Ensure this field has no more than {MAX_DESCRIPTION_BYTES} bytes.");
        reader.refuse(first, BODY, message);
    }
    let goods = Goods {
        line: first.line,
        slug: slug_of(handle),
        name: name.unwrap_or_default(),
        description: description.to_owned(),
        shelf: shelf(&mut reader, first),
        specifications: specifications(&mut reader, first),
        is_active: is_active(&mut reader, first),
        is_featured: reader.parsed(first, FEATURED, row::boolean),
        currency: reader.text(first, CURRENCY, 3),
        low_stock_threshold: reader.parsed(first, LOW_STOCK, row::units),
        sku: reader.text(first, PRODUCT_SKU, 50),
        price,
        images: images(&mut reader, rows),
        options,
        variants,
    };
    if reader.problems.is_empty() {
        Ok(goods)
    } else {
        Err(reader.problems)
    }
}

/// A handle as a slug, the same each time. Shopify's may be longer, and in any script; what would
/// lose a part by being cut, or its whole sound, gets a checksum of the whole.
fn slug_of(handle: &str) -> String {
    if handle.len() <= slug::MAX_LENGTH && slug::is_slug(handle) {
        return handle.to_owned();
    }
    let made = slug::make(handle);
    if !made.is_empty() && handle.chars().count() < made.len().min(slug::MAX_LENGTH) {
        return made;
    }
    let kept = made.len().min(slug::MAX_LENGTH - 9);
    let sound = made.get(..kept).unwrap_or_default().trim_end_matches('-');
    let checksum = format!("{:08x}", fnv1a(handle));
    [sound, &checksum]
        .join("-")
        .trim_start_matches('-')
        .to_owned()
}

/// FNV-1a of 32 bits: short, and the same in every release, unlike the standard library's hash.
fn fnv1a(text: &str) -> u32 {
    let step = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(0x811c_9dc5, step)
}

/// The options that the product's first row names. A product that comes one way only has one in
/// Shopify too, which stands for none.
fn option_names(reader: &mut Reader<'_>, first: &Row) -> Vec<ProductOption> {
    let mut options: Vec<ProductOption> = Vec::new();
    for (name_column, value_column) in OPTIONS {
        let Some(name) = reader.text(first, name_column, choices::MAX_CHARS) else {
            continue;
        };
        if name == SOLE_OPTION && first.text(value_column) == Some(SOLE_VALUE) {
            continue;
        }
        if options.iter().any(|option| option.name == name) {
            reader.refuse(first, name_column, "Another option has this name.");
        }
        options.push(ProductOption {
            name,
            values: Vec::new(),
        });
    }
    options
}

fn variants(reader: &mut Reader<'_>, rows: &[Row], options: &[ProductOption]) -> Vec<GoodsVariant> {
    let mut variants: Vec<GoodsVariant> = Vec::new();
    for row in rows {
        let says_something = [PRICE, SKU, OPTIONS[0].1]
            .iter()
            .any(|column| row.text(*column).is_some());
        // A row may bring nothing but one more image.
        if !says_something {
            continue;
        }
        let values: Vec<String> = options
            .iter()
            .zip(OPTIONS)
            .filter_map(|(option, (_, column))| {
                let value = reader.text(row, column, choices::MAX_CHARS);
                if value.is_none() {
                    let message = format!("The variant has no value for {}.", option.name);
                    reader.refuse(row, column, message);
                }
                value
            })
            .collect();
        if variants.iter().any(|variant| variant.values == values) {
            let message = "The product has this variant already.";
            reader.refuse(row, OPTIONS[0].1, message);
            continue;
        }
        let variant = variant(reader, row, values);
        let sku = variant.as_ref().and_then(|variant| variant.sku.as_ref());
        if sku.is_some() && variants.iter().any(|other| other.sku.as_ref() == sku) {
            reader.refuse(row, SKU, "Another variant of the product has this SKU.");
        }
        variants.extend(variant);
    }
    let is_refused = reader
        .problems
        .iter()
        .any(|problem| problem.column == PRICE.0);
    if let Some(first) = rows.first() {
        if variants.is_empty() && !is_refused {
            reader.refuse(first, PRICE, "This field is required.");
        }
        if variants.len() > MAX_VARIANTS {
            let message = format!("A product has at most {MAX_VARIANTS} variants.");
            reader.refuse(first, HANDLE, message);
        }
    }
    variants
}

fn variant(reader: &mut Reader<'_>, row: &Row, values: Vec<String>) -> Option<GoodsVariant> {
    let sku = reader.text(row, SKU, 50);
    let weight_grams = reader.parsed(row, GRAMS, row::units);
    let units = reader.parsed(row, UNITS, row::stock);
    let is_active = reader.parsed(row, VARIANT_ACTIVE, row::boolean);
    if row.text(PRICE).is_none() {
        reader.refuse(row, PRICE, "This field is required.");
    }
    let price = price(reader, row, PRICE, COMPARE_AT)?;
    Some(GoodsVariant {
        line: row.line,
        values,
        sku,
        weight_grams,
        units,
        price,
        is_active: is_active.unwrap_or(true),
    })
}

/// The price in two columns; nothing where the first one is blank.
fn price(reader: &mut Reader<'_>, row: &Row, column: Column, compare_at: Column) -> Option<Price> {
    let compare_at = reader.parsed(row, compare_at, Money::parse);
    let amount = reader.parsed(row, column, Money::parse)?;
    price_of(amount, compare_at)
        .map_err(|message| reader.refuse(row, column, message))
        .ok()
}

fn images(reader: &mut Reader<'_>, rows: &[Row]) -> Vec<GoodsImage> {
    let mut images: Vec<(u32, GoodsImage)> = Vec::new();
    for row in rows {
        let Some(url) = reader.text(row, IMAGE, MAX_URL) else {
            continue;
        };
        if !may_be_shown(&url) {
            reader.refuse(row, IMAGE, "Enter a valid URL.");
        }
        let last = u32::MAX;
        let position = reader
            .parsed(row, IMAGE_POSITION, row::units)
            .unwrap_or(last);
        let image = GoodsImage {
            alt_text: reader
                .text(row, IMAGE_ALT, MAX_ALT_TEXT)
                .unwrap_or_default(),
            is_main: reader
                .parsed(row, IMAGE_MAIN, row::boolean)
                .unwrap_or_default(),
            url,
        };
        if images.iter().all(|(_, other)| other.url != image.url) {
            images.push((position, image));
        }
    }
    if let Some(first) = rows.first()
        && images.len() > MAX_IMAGES
    {
        let message = format!("A product has at most {MAX_IMAGES} images.");
        reader.refuse(first, IMAGE, message);
    }
    images.sort_by_key(|(position, _)| *position);
    let mut images: Vec<_> = images.into_iter().map(|(_, image)| image).collect();
    let main = images
        .iter()
        .position(|image| image.is_main)
        .unwrap_or_default();
    for (place, image) in images.iter_mut().enumerate() {
        image.is_main = place == main;
    }
    images
}

fn shelf(reader: &mut Reader<'_>, first: &Row) -> Shelf {
    let slug = reader.text(first, CATEGORY, 50);
    if slug.as_deref().is_some_and(|text| !slug::is_slug(text)) {
        let message =
            "Enter a valid \"slug\" consisting of letters, numbers, underscores or hyphens.";
        reader.refuse(first, CATEGORY, message);
    }
    Shelf {
        slug,
        name: reader.text(first, TYPE, 255),
    }
}

fn specifications(reader: &mut Reader<'_>, first: &Row) -> Specifications {
    let length = first.text(SPECIFICATIONS).map_or(0, str::len);
    if length > MAX_SPECIFICATIONS_BYTES {
        let message =
            format!("Ensure this field has no more than {MAX_SPECIFICATIONS_BYTES} bytes.");
        reader.refuse(first, SPECIFICATIONS, message);
    }
    if let Some(whole) = reader.parsed(first, SPECIFICATIONS, |text| serde_json::from_str(text)) {
        return Specifications::Whole(whole);
    }
    let mut parts = Map::new();
    if let Some(vendor) = first.text(VENDOR) {
        parts.insert("vendor".to_owned(), vendor.into());
    }
    if let Some(category) = first.text(PRODUCT_CATEGORY) {
        parts.insert("product_category".to_owned(), category.into());
    }
    if let Some(tags) = first.text(TAGS) {
        let tags = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
        parts.insert("tags".to_owned(), tags.map(Value::from).collect());
    }
    Specifications::Parts(parts)
}

/// A draft and an archived product are hidden, and so is one that is not published.
fn is_active(reader: &mut Reader<'_>, first: &Row) -> bool {
    let is_published = reader
        .parsed(first, PUBLISHED, row::boolean)
        .unwrap_or(true);
    let status = first.text(STATUS).unwrap_or("active").to_ascii_lowercase();
    match status.as_str() {
        "active" => is_published,
        "draft" | "archived" | "unlisted" => false,
        other => {
            reader.refuse(first, STATUS, format!("\"{other}\" is not a valid choice."));
            false
        }
    }
}

#[cfg(test)]
mod tests;
