//! Products: the catalogue newest first, one product's page, and a new product.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use domain::{
    Id, ProductId, VariantId,
    product::{Product, ProductOption, Variant},
    stock::{ShownStock, level_id},
};
use serde::Serialize;
use serde_json::Value;
use store::{CreateProductError, Page, ProductFilter, ProductRefusal};
use web::{
    body::Payload,
    error::{Error, FieldErrors, NON_FIELD_ERRORS, Result},
    fields::unknown_key,
    identity::{Reader, Staff},
    paging::Paging,
    request::{PathId, etag},
    shop::Shop,
};

use crate::{
    MAX_DRAWS,
    images::ImageWire,
    new_product::NewProduct,
    shelves::{CategoryWire, Shelves},
};

/// `GET /api/products/`: newest first. Filters: `category` (a slug), `featured`, `search` (part of
/// the name).
pub(crate) async fn list(
    State(shop): State<Shop>,
    reader: Reader,
    paging: Paging,
) -> Result<Response> {
    let mut filter = ProductFilter {
        category: None,
        featured: paging.filter("featured").is_some_and(means_yes),
        search: wanted(&paging, "search").map(str::to_owned),
        with_inactive: reader.is_staff(),
    };
    let (shelves, page) = match wanted(&paging, "category") {
        None => {
            let (tree, page) = tokio::try_join!(
                Box::pin(shop.store.category_tree()),
                Box::pin(shop.store.list_products(&filter, paging.request())),
            )?;
            (Shelves::seen_by(&reader, tree), page)
        }
        Some(slug) => {
            let shelves = Shelves::seen_by(&reader, shop.store.category_tree().await?);
            filter.category = shelves.shown().find_by_slug(slug).map(|found| found.id);
            let page = match filter.category {
                Some(_) => shop.store.list_products(&filter, paging.request()).await?,
                None => Page {
                    items: Vec::new(),
                    next: None,
                },
            };
            (shelves, page)
        }
    };
    let products = page.items.iter();
    let wires = products
        .map(|product| ProductWire::of(product, &product.shown_stock, &shelves, reader.is_staff()));
    Ok(paging.answer(Page {
        items: wires.collect(),
        next: page.next,
    }))
}

/// `GET /api/products/{id}/`. The product with its stock and the categories are read side by side.
pub(crate) async fn detail(
    State(shop): State<Shop>,
    reader: Reader,
    id: PathId,
) -> Result<Response> {
    let id = id.of("Product", ProductId)?;
    let (found, tree) = tokio::try_join!(
        Box::pin(shop.store.find_product(id)),
        Box::pin(shop.store.category_tree()),
    )?;
    let stocked = found
        .filter(|stocked| stocked.product.is_active || reader.is_staff())
        .ok_or_else(|| Error::not_found("Product"))?;
    let shelves = Shelves::seen_by(&reader, tree);
    let tag = [(ETAG, etag(stocked.product.version))];
    // The copy lags behind: who looks at one product sees what its levels say.
    let shown = ShownStock::of(&stocked.stock, 0);
    let wire = ProductWire::of(&stocked.product, &shown, &shelves, reader.is_staff());
    Ok((tag, Json(wire)).into_response())
}

/// `POST /api/products/`: product, claims of slug and SKU, and stock are written together or not at
/// all.
pub(crate) async fn create(
    State(shop): State<Shop>,
    _: Staff,
    payload: Payload,
) -> Result<Response> {
    let wanted = NewProduct::read(payload)?;
    for _ in 0..MAX_DRAWS {
        let stocked = wanted.stocked(&shop);
        match shop.store.create_product(&stocked).await {
            Ok(()) => {
                // Fresh, because the category may be as new as the product.
                let tree = shop.store.fresh_category_tree().await?;
                let shelves = Shelves::seen_by_staff(tree);
                let tag = [(ETAG, etag(stocked.product.version))];
                let product = &stocked.product;
                let wire = ProductWire::of(product, &product.shown_stock, &shelves, true);
                return Ok((StatusCode::CREATED, tag, Json(wire)).into_response());
            }
            Err(CreateProductError::IdTaken) => {}
            Err(CreateProductError::Refused(reasons)) => return Err(refusal(&reasons, &wanted)),
            Err(CreateProductError::Store(fault)) => return Err(fault.into()),
        }
    }
    Err(Error::unavailable(
        "every id drawn for a product was in use",
    ))
}

fn refusal(reasons: &[ProductRefusal], wanted: &NewProduct) -> Error {
    let mut errors = FieldErrors::default();
    for reason in reasons {
        match reason {
            ProductRefusal::SlugTaken => errors.add("slug", reason.to_string()),
            ProductRefusal::SkuTaken(_) => errors.add("sku", reason.to_string()),
            ProductRefusal::CategoryMissing => {
                errors.add("category_id", unknown_key(wanted.category));
            }
            ProductRefusal::Ordered | ProductRefusal::TooLarge => {
                errors.add(NON_FIELD_ERRORS, reason.to_string());
            }
        }
    }
    Error::fields(&errors)
}

/// A filter that was sent and says something: in the original a blank one filters nothing.
fn wanted<'a>(paging: &'a Paging, name: &str) -> Option<&'a str> {
    paging.filter(name).filter(|value| !value.is_empty())
}

/// Whether a switch in a query is on. The original took `featured=false` for a yes.
fn means_yes(value: &str) -> bool {
    let no = ["", "0", "f", "false", "n", "no", "off"];
    !no.contains(&value.trim().to_ascii_lowercase().as_str())
}

/// A product as clients see it.
#[derive(Debug, Serialize)]
struct ProductWire<'a> {
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
struct VariantWire<'a> {
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
    fn of(
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
            options: &product.options,
            variants: variants()
                .map(|variant| VariantWire::of(product, shown, variant))
                .collect(),
        }
    }
}

impl<'a> VariantWire<'a> {
    fn of(product: &Product, shown: &ShownStock, variant: &'a Variant) -> VariantWire<'a> {
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
    levels.map(|level| InventoryWire {
        id: level_id(variant, &level.location),
        product: product.id,
        product_name: &product.name,
        quantity: level.available,
        location: (!level.location.is_main()).then(|| level.location.name()),
        last_updated: level.updated_at.to_string(),
    })
}
