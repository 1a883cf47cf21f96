//! What staff do to products: make them, change them, delete them.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use domain::{ProductId, stock::ShownStock};
use gateways::bucket::Bucket;
use store::{CreateProductError, EditProductError, ProductRefusal, StockedProduct};
use web::{
    body::Payload,
    error::{Error, Result},
    identity::Staff,
    request::{IfMatch, PathId, etag},
    shop::Shop,
};

use crate::{
    MAX_DRAWS, images,
    product_form::{ProductForm, ordered},
    product_wire::ProductWire,
    shelves::Shelves,
};

/// `POST /api/products/`: product, claims of slug and SKUs, and stock are written together or not at
/// all.
pub(crate) async fn create(
    State(shop): State<Shop>,
    _: Staff,
    payload: Payload,
) -> Result<Response> {
    let form = ProductForm::of_new(payload)?;
    for _ in 0..MAX_DRAWS {
        let stocked = form.stocked(&shop)?;
        match shop.store.create_product(&stocked).await {
            Ok(()) => return shown(&shop, StatusCode::CREATED, &stocked).await,
            Err(CreateProductError::IdTaken) => {}
            Err(CreateProductError::Refused(reasons)) => return Err(form.refusal(&reasons)),
            Err(CreateProductError::Store(fault)) => return Err(fault.into()),
        }
    }
    Err(Error::unavailable(
        "every id drawn for a product was in use",
    ))
}

/// `PUT /api/products/{id}/`.
pub(crate) async fn replace(
    State(shop): State<Shop>,
    _: Staff,
    id: PathId,
    based_on: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let form = ProductForm::of_known(payload, false);
    edit(&shop, id, based_on, form).await
}

/// `PATCH /api/products/{id}/`.
pub(crate) async fn change(
    State(shop): State<Shop>,
    _: Staff,
    id: PathId,
    based_on: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let form = ProductForm::of_known(payload, true);
    edit(&shop, id, based_on, form).await
}

/// `DELETE /api/products/{id}/`: a product that nobody ordered. Its uploaded images are deleted after
/// the commit.
pub(crate) async fn remove(
    State(shop): State<Shop>,
    State(bucket): State<Bucket>,
    _: Staff,
    id: PathId,
    based_on: IfMatch,
) -> Result<StatusCode> {
    let id = id.of("Product", ProductId)?;
    let admit = |stocked: &StockedProduct| based_on.admit(stocked.product.version);
    let deleted = shop.store.delete_product(id, admit).await;
    let deleted = deleted.map_err(|error| match error {
        EditProductError::Missing => Error::not_found("Product"),
        EditProductError::Refused(refusal) => refusal,
        EditProductError::Rejected(reasons) if reasons.contains(&ProductRefusal::TooLarge) => {
            Error::detail(StatusCode::CONFLICT, ProductRefusal::TooLarge)
        }
        EditProductError::Rejected(_) => ordered(),
        EditProductError::Store(fault) => fault.into(),
    })?;
    let images = deleted.product.images.iter();
    for object in images.filter_map(|image| image.object.as_deref()) {
        images::discard(&bucket, object).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn edit(
    shop: &Shop,
    id: PathId,
    based_on: IfMatch,
    form: Result<ProductForm>,
) -> Result<Response> {
    let id = id.of("Product", ProductId)?;
    let form = match form {
        Ok(form) => form,
        // What is not there cannot be said wrong things about.
        Err(refusal) => {
            let known = shop.store.find_product(id).await?;
            return Err(known.map_or_else(|| Error::not_found("Product"), |_| refusal));
        }
    };
    let change = |stocked: &mut StockedProduct| {
        based_on.admit(stocked.product.version)?;
        form.apply(stocked, shop)
    };
    let version = || shop.entropy.version();
    match shop.store.edit_product(id, version, change).await {
        Ok((stocked, ())) => shown(shop, StatusCode::OK, &stocked).await,
        Err(EditProductError::Missing) => Err(Error::not_found("Product")),
        Err(EditProductError::Refused(refusal)) => Err(refusal),
        Err(EditProductError::Rejected(reasons)) => Err(form.refusal(&reasons)),
        Err(EditProductError::Store(fault)) => Err(fault.into()),
    }
}

/// A product that was just written, as staff see it.
async fn shown(shop: &Shop, status: StatusCode, stocked: &StockedProduct) -> Result<Response> {
    // Fresh, because the category may be as new as the product.
    let shelves = Shelves::seen_by_staff(shop.store.fresh_category_tree().await?);
    let product = &stocked.product;
    let stock = ShownStock::of(&stocked.stock, 0);
    let wire = ProductWire::of(product, &stock, &shelves, true);
    Ok((status, [(ETAG, etag(product.version))], Json(wire)).into_response())
}
