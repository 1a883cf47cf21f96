//! Images of a product: which there are, in which order, and which one stands for it.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header::ETAG},
    response::{IntoResponse, Response},
};
use domain::{
    Id, ImageId, ProductId,
    gallery::{GalleryError, ImageChange},
    image::{MAX_ALT_TEXT, MAX_URL},
    product::{Image, Product},
};
use gateways::bucket::Bucket;
use serde::Serialize;
use serde_json::Value;
use store::EditImagesError;
use web::{
    body::Payload,
    error::{Error, Result},
    fields::{Fields, boolean, integer, json, text, url as address},
    identity::{Reader, Staff},
    pictures::may_be_shown,
    request::{IfMatch, PathId, PathIds, etag},
    shop::Shop,
};

use crate::products::visible;

/// The largest place that a client may name; beyond the last image any place is the end.
const LAST_PLACE: i64 = 1_000_000;

/// `GET /api/products/{id}/images/`: in order. Whoever sees the product sees its images.
pub(crate) async fn list(State(shop): State<Shop>, reader: Reader, id: PathId) -> Result<Response> {
    let product = shown(&shop, &reader, id.of("Product", ProductId)?).await?;
    let tag = [(ETAG, etag(product.version))];
    Ok((tag, Json(ImageWire::all(&product))).into_response())
}

/// `GET /api/products/{id}/images/{image}/`.
pub(crate) async fn detail(
    State(shop): State<Shop>,
    reader: Reader,
    ids: PathIds,
) -> Result<Response> {
    let product = shown(&shop, &reader, ids.0.of("Product", ProductId)?).await?;
    answer(StatusCode::OK, &product, ids.1.of("Image", ImageId)?)
}

/// `POST /api/products/{id}/images/`: by its address. The same address twice is one image, so a
/// request may be repeated.
pub(crate) async fn create(
    State(shop): State<Shop>,
    _: Staff,
    id: PathId,
    if_match: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let id = id.of("Product", ProductId)?;
    let mut fields = Fields::of(payload)?;
    let url = fields.required("image_url", address().max(MAX_URL));
    if fields.is_clean_at("image_url") && !may_be_shown(&url) {
        fields.refuse("image_url", "Enter a valid URL.");
    }
    let alt_text = alt_text(&mut fields);
    let is_main = fields.optional("is_main", boolean());
    let position = place(&mut fields);
    fields.finish()?;
    let now = shop.clock.now();
    let image = Image {
        id: ImageId(shop.entropy.id()),
        url,
        object: None,
        alt_text: alt_text.unwrap_or_default(),
        is_main: is_main.unwrap_or_default(),
        created_at: now,
    };
    let (product, (status, image)) = edit(&shop, id, &if_match, |product| {
        let mut images = product.images.iter();
        if let Some(known) = images.find(|known| known.url == image.url) {
            return Ok((StatusCode::OK, known.id));
        }
        product.add_image(image.clone(), position, now)?;
        Ok((StatusCode::CREATED, image.id))
    })
    .await?;
    answer(status, &product, image)
}

/// `PATCH /api/products/{id}/images/{image}/`: alternative text, whether it is the main one, place.
/// A picture is not changed; another one has an address of its own.
pub(crate) async fn change(
    State(shop): State<Shop>,
    _: Staff,
    ids: PathIds,
    if_match: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let (id, image) = (ids.0.of("Product", ProductId)?, ids.1.of("Image", ImageId)?);
    let mut fields = Fields::partial(payload)?;
    let change = ImageChange {
        alt_text: alt_text(&mut fields),
        is_main: fields.optional("is_main", boolean()),
        position: place(&mut fields),
    };
    fields.finish()?;
    let now = shop.clock.now();
    let (product, ()) = edit(&shop, id, &if_match, |product| {
        product.change_image(image, &change, now)
    })
    .await?;
    answer(StatusCode::OK, &product, image)
}

/// `DELETE /api/products/{id}/images/{image}/`. The file of an uploaded one is deleted after the
/// commit; if that fails it stays in the bucket, where nothing leads to it any more.
pub(crate) async fn remove(
    State(shop): State<Shop>,
    State(bucket): State<Bucket>,
    _: Staff,
    ids: PathIds,
    if_match: IfMatch,
) -> Result<StatusCode> {
    let (id, image) = (ids.0.of("Product", ProductId)?, ids.1.of("Image", ImageId)?);
    let now = shop.clock.now();
    let (_, removed) = edit(&shop, id, &if_match, |product| {
        product.remove_image(image, now)
    })
    .await?;
    if let Some(object) = &removed.object {
        discard(&bucket, object).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /api/products/{id}/images/order/`: `{"images": [ids]}`, each image once.
pub(crate) async fn order(
    State(shop): State<Shop>,
    _: Staff,
    id: PathId,
    if_match: IfMatch,
    payload: Payload,
) -> Result<Response> {
    let id = id.of("Product", ProductId)?;
    let mut fields = Fields::of(payload)?;
    let order = fields.required("images", json());
    let order = read_ids(&order);
    if order.is_none() && fields.is_clean_at("images") {
        fields.refuse("images", "Expected a list of ids.");
    }
    fields.finish()?;
    let (order, now) = (order.unwrap_or_default(), shop.clock.now());
    let (product, ()) = edit(&shop, id, &if_match, |product| {
        product.order_images(&order, now)
    })
    .await?;
    let tag = [(ETAG, etag(product.version))];
    Ok((tag, Json(ImageWire::all(&product))).into_response())
}

/// The alternative text, if one was sent.
pub(crate) fn alt_text(fields: &mut Fields) -> Option<String> {
    fields.optional("alt_text", text().max(MAX_ALT_TEXT).blankable())
}

fn place(fields: &mut Fields) -> Option<usize> {
    let place = fields.optional("position", integer().min(0).max(LAST_PLACE))?;
    usize::try_from(place).ok()
}

fn read_ids(order: &Value) -> Option<Vec<ImageId>> {
    let ids = order.as_array()?.iter();
    ids.map(|id| Id::try_from(id.as_u64()?).ok().map(ImageId))
        .collect()
}

/// The product, if this reader may see it.
async fn shown(shop: &Shop, reader: &Reader, id: ProductId) -> Result<Product> {
    let found = Box::pin(shop.store.find_product(id)).await?;
    visible(found, reader).map(|stocked| stocked.product)
}

async fn edit<R>(
    shop: &Shop,
    id: ProductId,
    if_match: &IfMatch,
    mut change: impl FnMut(&mut Product) -> Result<R, GalleryError>,
) -> Result<(Product, R)> {
    let edited = shop.store.edit_images(
        id,
        None,
        || shop.entropy.version(),
        |product| {
            if_match.admit(product.version)?;
            change(product).map_err(refusal)
        },
    );
    match Box::pin(edited).await {
        Ok(edited) => edited.ok_or_else(|| Error::not_found("Product")),
        Err(EditImagesError::Refused(refusal)) => Err(refusal),
        Err(EditImagesError::UploadGone) => Err(Error::not_found("Image")),
        Err(EditImagesError::Store(fault)) => Err(fault.into()),
    }
}

/// What the rules' refusal is to a client.
pub(crate) fn refusal(error: GalleryError) -> Error {
    match error {
        GalleryError::Full => Error::object(error.to_string()),
        GalleryError::Unknown => Error::not_found("Image"),
        GalleryError::NotAll => Error::field("images", error.to_string()),
    }
}

/// One image of the product, or 404.
pub(crate) fn answer(status: StatusCode, product: &Product, id: ImageId) -> Result<Response> {
    let (place, image) = product.image(id).ok_or_else(|| Error::not_found("Image"))?;
    let tag = [(ETAG, etag(product.version))];
    Ok((status, tag, Json(ImageWire::of(place, image))).into_response())
}

/// Deletes a file that nothing leads to. That it is still there harms nobody, so a fault is only
/// logged.
pub(crate) async fn discard(bucket: &Bucket, object: &str) {
    if let Err(error) = bucket.delete(object).await {
        tracing::warn!(object, %error, "a file was left in the bucket");
    }
}

/// An image as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct ImageWire<'a> {
    id: ImageId,
    image_url: &'a str,
    alt_text: &'a str,
    is_main: bool,
    /// Its place among the product's images, counted from 0.
    position: usize,
    created_at: String,
}

impl<'a> ImageWire<'a> {
    /// The images of a product, in order.
    pub(crate) fn all(product: &'a Product) -> Vec<ImageWire<'a>> {
        let images = product.images.iter().enumerate();
        images
            .map(|(position, image)| ImageWire::of(position, image))
            .collect()
    }

    fn of(position: usize, image: &'a Image) -> ImageWire<'a> {
        ImageWire {
            id: image.id,
            image_url: &image.url,
            alt_text: &image.alt_text,
            is_main: image.is_main,
            position,
            created_at: image.created_at.to_string(),
        }
    }
}
