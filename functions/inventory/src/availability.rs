//! Whether there is enough of what a customer has in mind: /api/inventory/check_stock/.

use std::collections::HashMap;

use axum::{Json, extract::State};
use domain::{ProductId, VariantId, product::Variant};
use serde::Serialize;
use store::StockedProduct;
use web::{
    Error, Fields, Payload, Result, Shop,
    error::FieldErrors,
    fields::{Kind, integer, key},
    identity::Reader,
};

/// How many lines may be asked about at once.
const MAX_LINES: usize = 100;
/// The most units that one line may ask for.
const MAX_QUANTITY: i64 = i32::MAX as i64;

/// A line as it is asked about.
struct Line {
    product: ProductId,
    variant: Option<VariantId>,
    quantity: u64,
}

#[derive(Serialize)]
pub(crate) struct AnswerWire {
    items: Vec<LineWire>,
    /// Whether the whole could be ordered now.
    all_available: bool,
}

#[derive(Serialize)]
struct LineWire {
    product: ProductId,
    variant: Option<VariantId>,
    requested: u64,
    /// Units that can be bought now, as on the product's page.
    available: u32,
    /// Whether there is enough for this line and all others of the same variant.
    is_available: bool,
}

/// `POST /api/inventory/check_stock/`: tells how it is now and promises nothing. A product that is
/// not sold, or is not there at all, is one of which there are no units.
pub(crate) async fn check(
    State(shop): State<Shop>,
    _: Reader,
    payload: Payload,
) -> Result<Json<AnswerWire>> {
    let lines = read(payload)?;
    let wanted: Vec<_> = lines
        .iter()
        .map(|line| (line.product, line.variant))
        .collect();
    let found = shop.store.find_stock_of(&wanted).await?;
    let products: HashMap<ProductId, StockedProduct> = found
        .into_iter()
        .map(|stocked| (stocked.product.id, stocked))
        .collect();
    let chosen = choose(&lines, &products)?;
    let mut wanted: HashMap<(ProductId, Option<VariantId>), u64> = HashMap::new();
    for (line, variant) in lines.iter().zip(&chosen) {
        *wanted.entry((line.product, *variant)).or_default() += line.quantity;
    }
    let items: Vec<LineWire> = lines
        .iter()
        .zip(chosen)
        .map(|(line, variant)| {
            let stocked = products.get(&line.product);
            let available = stocked.map_or(0, |stocked| sellable(stocked, variant));
            let all_wanted = wanted.get(&(line.product, variant)).copied();
            LineWire {
                product: line.product,
                variant,
                requested: line.quantity,
                available,
                is_available: all_wanted.is_some_and(|units| units <= u64::from(available)),
            }
        })
        .collect();
    let all_available = items.iter().all(|line| line.is_available);
    Ok(Json(AnswerWire {
        items,
        all_available,
    }))
}

fn read(payload: Payload) -> Result<Vec<Line>> {
    let mut fields = Fields::of(payload)?;
    let lines = fields.list("items", MAX_LINES, |line| Line {
        product: line.required("product", key(ProductId)),
        variant: line
            .optional("variant", key(VariantId).nullable())
            .flatten(),
        quantity: line
            .required("quantity", integer().min(1).max(MAX_QUANTITY))
            .unsigned_abs(),
    });
    if !fields.has("items") {
        fields.refuse("items", "This field is required.");
    }
    fields.finish()?;
    Ok(lines.unwrap_or_default())
}

/// The variant of each line: the one it names, or the only one there is. Where there are several,
/// one has to be named.
fn choose(
    lines: &[Line],
    products: &HashMap<ProductId, StockedProduct>,
) -> Result<Vec<Option<VariantId>>> {
    let mut refused = Vec::with_capacity(lines.len());
    let mut chosen = Vec::with_capacity(lines.len());
    for line in lines {
        let product = products.get(&line.product).map(|stocked| &stocked.product);
        let shown = product.filter(|product| product.is_active);
        let sole = shown.and_then(|product| product.sole_variant());
        let variant = line.variant.or_else(|| sole.map(|variant| variant.id));
        let mut errors = FieldErrors::default();
        if variant.is_none() && shown.is_some() {
            errors.add("variant", "This field is required.");
        }
        refused.push(errors);
        chosen.push(variant);
    }
    let mut errors = FieldErrors::default();
    errors.list("items", refused);
    if errors.is_empty() {
        Ok(chosen)
    } else {
        Err(Error::fields(&errors))
    }
}

/// Units of a variant that a customer can buy now.
fn sellable(stocked: &StockedProduct, variant: Option<VariantId>) -> u32 {
    let product = &stocked.product;
    let variant = variant.and_then(|id| product.variant(id));
    let sold = variant.filter(|variant: &&Variant| product.sells(variant));
    sold.map_or(0, |variant| stocked.available_of(variant.id))
}
