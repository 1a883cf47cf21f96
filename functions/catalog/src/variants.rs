//! The variants of a product, one by one: what else than a whole product can be changed.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use domain::{
    ProductId, VariantId,
    choices::ChoiceFault,
    product::{MAX_VARIANTS, PriceError, Product},
    stock::ShownStock,
};
use store::{EditProductError, ProductRefusal, StockedProduct};
use web::{
    body::Payload,
    error::{Error, FieldErrors, NON_FIELD_ERRORS, Result},
    fields::Fields,
    identity::{Reader, Staff},
    request::{IfMatch, PathId, PathIds, etag},
    shop::Shop,
};

use crate::{
    product_form::{level, ordered},
    product_wire::VariantWire,
    products::visible,
    variant_form::{VariantForm, field_of},
};

/// `GET /api/products/{id}/variants/`: in the order of the product.
pub(crate) async fn list(State(shop): State<Shop>, reader: Reader, id: PathId) -> Result<Response> {
    let stocked = found(&shop, &reader, id.of("Product", ProductId)?).await?;
    let shown = ShownStock::of(&stocked.stock, 0);
    let product = &stocked.product;
    let variants = product.variants.iter();
    let wires: Vec<_> = variants
        .filter(|variant| reader.is_staff() || variant.is_active)
        .map(|variant| VariantWire::of(product, &shown, variant))
        .collect();
    Ok(([(ETAG, etag(product.version))], Json(wires)).into_response())
}

/// `GET /api/products/{id}/variants/{variant}/`.
pub(crate) async fn detail(
    State(shop): State<Shop>,
    reader: Reader,
    ids: PathIds,
) -> Result<Response> {
    let stocked = found(&shop, &reader, ids.0.of("Product", ProductId)?).await?;
    let id = ids.1.of("Variant", VariantId)?;
    let variant = stocked.product.variant(id);
    let is_shown = variant.is_some_and(|variant| reader.is_staff() || variant.is_active);
    if !is_shown {
        return Err(unknown());
    }
    answer(StatusCode::OK, &stocked, id)
}

/// `POST /api/products/{id}/variants/`: one more, of a product with options.
pub(crate) async fn create(
    State(shop): State<Shop>,
    _: Staff,
    id: PathId,
    based_on: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let id = id.of("Product", ProductId)?;
    let form = read(Fields::of(payload)?)?;
    let (stocked, variant) = edit(&shop, id, &based_on, |stocked| {
        let StockedProduct { product, stock } = stocked;
        if product.comes_one_way() {
            return Err(Error::object(ChoiceFault::NotOneWay.to_string()));
        }
        if product.variants.len() >= MAX_VARIANTS {
            let most = format!("A product has at most {MAX_VARIANTS} variants.");
            return Err(Error::object(most));
        }
        let variant = VariantId(shop.entropy.id());
        let new = form.variant(variant, product).map_err(refuse_price)?;
        product.variants.push(new);
        stock.push(level(id, variant, form.initial_stock, shop.clock.now()));
        admit(product, product.variants.len() - 1)?;
        Ok(variant)
    })
    .await?;
    answer(StatusCode::CREATED, &stocked, variant)
}

/// `PATCH /api/products/{id}/variants/{variant}/`. The one variant of a product without options is
/// what the product says, and is changed there.
pub(crate) async fn change(
    State(shop): State<Shop>,
    _: Staff,
    ids: PathIds,
    based_on: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let (id, variant) = (
        ids.0.of("Product", ProductId)?,
        ids.1.of("Variant", VariantId)?,
    );
    let form = read(Fields::partial(payload)?)?;
    let (stocked, ()) = edit(&shop, id, &based_on, |stocked| {
        let product = &mut stocked.product;
        let place = place(product, variant)?;
        if product.comes_one_way() {
            return Err(Error::object(ChoiceFault::NotOneWay.to_string()));
        }
        let known = product.variants[place].clone();
        let shown = product.price_of(&known);
        let changed = form.applied_to(known, shown, product);
        product.variants[place] = changed.map_err(refuse_price)?;
        admit(product, place)
    })
    .await?;
    answer(StatusCode::OK, &stocked, variant)
}

/// `DELETE /api/products/{id}/variants/{variant}/`: one that nobody ordered, and not the last one.
pub(crate) async fn remove(
    State(shop): State<Shop>,
    _: Staff,
    ids: PathIds,
    based_on: IfMatch,
) -> Result<StatusCode> {
    let (id, variant) = (
        ids.0.of("Product", ProductId)?,
        ids.1.of("Variant", VariantId)?,
    );
    edit(&shop, id, &based_on, |stocked| {
        let product = &mut stocked.product;
        let place = place(product, variant)?;
        if product.sole_variant().is_some() {
            let last = "It is the only variant; delete the product instead.";
            return Err(Error::detail(StatusCode::CONFLICT, last));
        }
        product.variants.remove(place);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A product that the reader may see, with its stock.
async fn found(shop: &Shop, reader: &Reader, id: ProductId) -> Result<StockedProduct> {
    visible(shop.store.find_product(id).await?, reader)
}

fn read(mut fields: Fields) -> Result<VariantForm> {
    let form = VariantForm::read(&mut fields);
    fields.finish()?;
    Ok(form)
}

async fn edit<R>(
    shop: &Shop,
    id: ProductId,
    based_on: &IfMatch,
    mut change: impl FnMut(&mut StockedProduct) -> Result<R>,
) -> Result<(StockedProduct, R)> {
    let change = |stocked: &mut StockedProduct| {
        based_on.admit(stocked.product.version)?;
        stocked.product.updated_at = shop.clock.now();
        change(stocked)
    };
    let version = || shop.entropy.version();
    let edited = shop.store.edit_product(id, version, change).await;
    edited.map_err(|error| match error {
        EditProductError::Missing => Error::not_found("Product"),
        EditProductError::Refused(refusal) => refusal,
        EditProductError::Rejected(reasons) => refusal(&reasons),
        EditProductError::Store(fault) => fault.into(),
    })
}

fn place(product: &Product, id: VariantId) -> Result<usize> {
    let mut variants = product.variants.iter();
    variants
        .position(|variant| variant.id == id)
        .ok_or_else(unknown)
}

/// Whether a variant fits into its product, told by its own fields.
fn admit(product: &Product, place: usize) -> Result<()> {
    let mut errors = FieldErrors::default();
    for fault in product.choice_faults() {
        let field = match fault {
            ChoiceFault::NoChoice(at) | ChoiceFault::RepeatedChoice(at) if at == place => "options",
            ChoiceFault::RepeatedSku(at) if at == place => "sku",
            // It is the other one that comes later.
            ChoiceFault::RepeatedChoice(_) => "options",
            ChoiceFault::RepeatedSku(_) => "sku",
            _ => NON_FIELD_ERRORS,
        };
        errors.add(field, fault.to_string());
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Error::fields(&errors))
    }
}

fn refusal(reasons: &[ProductRefusal]) -> Error {
    match reasons.first() {
        Some(ProductRefusal::Ordered) => ordered(),
        Some(taken @ ProductRefusal::SkuTaken(_)) => Error::field("sku", taken.to_string()),
        _ => Error::object(ProductRefusal::TooLarge.to_string()),
    }
}

fn refuse_price(error: PriceError) -> Error {
    Error::field(field_of(error), error.to_string())
}

fn answer(status: StatusCode, stocked: &StockedProduct, id: VariantId) -> Result<Response> {
    let product = &stocked.product;
    let variant = product.variant(id).ok_or_else(unknown)?;
    let shown = ShownStock::of(&stocked.stock, 0);
    let wire = VariantWire::of(product, &shown, variant);
    Ok((status, [(ETAG, etag(product.version))], Json(wire)).into_response())
}

fn unknown() -> Error {
    Error::not_found("Variant")
}
