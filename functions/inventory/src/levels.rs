//! What there is of each variant at each place: /api/inventory/.

use axum::{extract::State, response::Response};
use domain::{
    Id, ProductId, VariantId,
    ledger::on_hand,
    stock::{Location, StockLevel},
};
use serde::Serialize;
use store::{Page, StockedProduct};
use web::{Error, Result, Shop, identity::Staff, paging::Paging};

/// What one place holds of one variant.
#[derive(Serialize)]
pub(crate) struct LevelWire {
    product: ProductId,
    product_name: String,
    variant: VariantId,
    variant_title: String,
    sku: Option<String>,
    location: Location,
    /// Units that can be bought now.
    available: u32,
    /// Units promised to orders that are not paid yet.
    reserved: u32,
    /// Both.
    on_hand: u32,
    /// Of the product, all variants and places together.
    low_stock_threshold: Option<u32>,
    /// Whether fewer units of the product can be bought than that.
    is_low: bool,
    updated_at: String,
}

/// `GET /api/inventory/`: of one `product`, of those that run low (`low_stock=true`), or of all,
/// newest first; at one `location`, or at all. `limit` counts products: a page holds all levels of
/// each.
pub(crate) async fn list(State(shop): State<Shop>, _: Staff, paging: Paging) -> Result<Response> {
    let product = product_of(&paging)?;
    let only_low = asks_for_low(&paging)?;
    let request = paging.request();
    let page = match product {
        Some(id) => {
            let found = match id {
                Some(id) => shop.store.find_product(id).await?,
                None => None,
            };
            let wanted = found.filter(|stocked| !only_low || is_low(stocked));
            let all: Vec<_> = wanted.into_iter().collect();
            Page::cut(all, request, |stocked| stocked.product.id.0)
        }
        None if only_low => shop.store.list_low_stock(request).await?,
        None => shop.store.list_stock(request).await?,
    };
    let place = paging.filter("location").filter(|code| !code.is_empty());
    let is_wanted = |level: &LevelWire| place.is_none_or(|code| level.location.name() == code);
    let levels = page.items.iter().flat_map(LevelWire::all);
    Ok(paging.answer(Page {
        items: levels.filter(is_wanted).collect::<Vec<_>>(),
        next: page.next,
    }))
}

/// The product that a list is asked of; within, nothing for a number that no product can have.
pub(crate) fn product_of(paging: &Paging) -> Result<Option<Option<ProductId>>> {
    let Some(text) = paging.filter("product").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::field("product", "A valid integer is required."));
    }
    let number = text.parse::<u64>().ok();
    Ok(Some(number.and_then(|number| {
        Id::try_from(number).ok().map(ProductId)
    })))
}

/// Whether only what runs low is asked for. All else cannot be: there is no list of it.
fn asks_for_low(paging: &Paging) -> Result<bool> {
    match paging.filter("low_stock").unwrap_or_default() {
        "" => Ok(false),
        "true" | "True" | "1" => Ok(true),
        _ => Err(Error::field("low_stock", "Only true can be asked for.")),
    }
}

/// Whether fewer units can be bought than staff wish, by the levels themselves.
fn is_low(stocked: &StockedProduct) -> bool {
    let threshold = stocked.product.low_stock_threshold;
    threshold.is_some_and(|threshold| stocked.available() < u64::from(threshold))
}

impl LevelWire {
    /// All levels of a product.
    pub(crate) fn all(stocked: &StockedProduct) -> Vec<LevelWire> {
        let levels = stocked.stock.iter();
        levels.map(|level| LevelWire::of(stocked, level)).collect()
    }

    /// One level of a product.
    pub(crate) fn of(stocked: &StockedProduct, level: &StockLevel) -> LevelWire {
        let product = &stocked.product;
        let variant = product.variant(level.variant);
        LevelWire {
            product: product.id,
            product_name: product.name.clone(),
            variant: level.variant,
            variant_title: variant
                .map(|variant| product.title_of(variant))
                .unwrap_or_default(),
            sku: variant.and_then(|variant| variant.sku.clone()),
            location: level.location.clone(),
            available: level.available,
            reserved: level.reserved,
            on_hand: on_hand(level),
            low_stock_threshold: product.low_stock_threshold,
            is_low: is_low(stocked),
            updated_at: level.updated_at.to_string(),
        }
    }
}
