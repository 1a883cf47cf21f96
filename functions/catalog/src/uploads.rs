//! Uploads: a browser posts a file to the bucket itself, and what came is looked at before it is an
//! image of the product.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    ImageId, ProductId,
    gallery::GalleryError,
    image::{ImageKind, MAX_BYTES, UPLOAD_SECS, Upload},
    product::{Image, MAX_IMAGES},
};
use gateways::bucket::{Bucket, BucketError, UploadForm};
use serde::Serialize;
use store::EditImagesError;
use web::{
    body::Payload,
    error::{Error, Result},
    fields::{Fields, integer, text},
    identity::Staff,
    request::{PathId, PathIds},
    shop::Shop,
};

use crate::{MAX_DRAWS, images};

/// `POST /api/products/{id}/images/upload/`: a form for one file, and the image that it will be.
pub(crate) async fn begin(
    State(shop): State<Shop>,
    State(bucket): State<Bucket>,
    _: Staff,
    id: PathId,
    payload: Payload,
) -> Result<Response> {
    let id = id.of("Product", ProductId)?;
    let (kind, alt_text) = read(payload)?;
    let found = shop.store.find_products(&[id]).await?;
    let product = found.first().ok_or_else(|| Error::not_found("Product"))?;
    if product.images.len() >= MAX_IMAGES {
        return Err(images::refusal(GalleryError::Full));
    }
    for _ in 0..MAX_DRAWS {
        let now = shop.clock.now();
        let upload = Upload {
            image: ImageId(shop.entropy.id()),
            product: id,
            kind,
            alt_text: alt_text.clone(),
            // Nobody guesses it, so nobody can tell whether it has come, or put another in its place.
            object: format!("uploads/{:032x}", u128::from_be_bytes(shop.entropy.bytes())),
            created_at: now,
            expires_at: now.plus_secs(UPLOAD_SECS),
            version: shop.entropy.version(),
        };
        if shop.store.begin_upload(&upload).await? {
            let form = bucket.upload_form(&upload.object, kind);
            let wire = UploadWire::of(form, &upload);
            return Ok((StatusCode::CREATED, Json(wire)).into_response());
        }
    }
    Err(Error::unavailable("every id drawn for an image was in use"))
}

/// `POST /api/products/{id}/images/{image}/confirm/`: the file has come. Confirming twice is
/// confirming once.
pub(crate) async fn confirm(
    State(shop): State<Shop>,
    State(bucket): State<Bucket>,
    _: Staff,
    ids: PathIds,
) -> Result<Response> {
    let (id, image) = (ids.0.of("Product", ProductId)?, ids.1.of("Image", ImageId)?);
    let now = shop.clock.now();
    let upload = shop.store.find_upload(image).await?;
    let upload = upload.filter(|upload| upload.product == id && upload.expires_at > now);
    let Some(upload) = upload else {
        let before = confirmed_before(&shop, id, image).await?;
        return before.ok_or_else(|| Error::not_found("Image"));
    };
    if !publish(&shop, &bucket, &upload).await? {
        // Whoever confirmed it has deleted what was uploaded.
        let before = confirmed_before(&shop, id, image).await?;
        return before.ok_or_else(|| bad("No file has been uploaded yet."));
    }
    let object = upload.published_object();
    let new = Image {
        id: image,
        url: bucket.public_address(&object),
        object: Some(object.clone()),
        alt_text: upload.alt_text.clone(),
        is_main: false,
        created_at: upload.created_at,
    };
    let edited = shop.store.edit_images(
        id,
        Some(&upload),
        || shop.entropy.version(),
        |product| {
            // Somebody else confirmed it meanwhile, and the write will find that the upload is gone.
            if product.image(image).is_some() {
                return Ok(());
            }
            product.add_image(new.clone(), None, now)
        },
    );
    let refused = match Box::pin(edited).await {
        Ok(Some((product, ()))) => {
            images::discard(&bucket, &upload.object).await;
            return images::answer(StatusCode::OK, &product, image);
        }
        Err(EditImagesError::UploadGone) => match confirmed_before(&shop, id, image).await? {
            Some(before) => return Ok(before),
            // Confirmed by somebody else and deleted since.
            None => Error::not_found("Image"),
        },
        Err(EditImagesError::Store(fault)) => return Err(fault.into()),
        Err(EditImagesError::Refused(refused)) => images::refusal(refused),
        Ok(None) => Error::not_found("Product"),
    };
    images::discard(&bucket, &object).await;
    Err(refused)
}

/// Looks at what has come and copies it to where the public sees it; gives whether anything was there
/// to be copied. What is not what it was said to be is deleted, and so is the upload.
async fn publish(shop: &Shop, bucket: &Bucket, upload: &Upload) -> Result<bool> {
    let arrived = bucket.look_at(&upload.object).await.map_err(fault)?;
    let Some(arrived) = arrived else {
        return Ok(false);
    };
    let is_sound = upload.kind.begins(&arrived.head, arrived.size);
    if !is_sound || arrived.size > MAX_BYTES {
        images::discard(bucket, &upload.object).await;
        shop.store.forget_upload(upload.image).await?;
        let kind = upload.kind.content_type();
        return Err(bad(format_args!(
            "The uploaded file is not of type {kind}. It was deleted."
        )));
    }
    if bucket.publish(upload, &arrived).await.map_err(fault)? {
        return Ok(true);
    }
    let (product, image) = (upload.product, upload.image);
    if confirmed_before(shop, product, image).await?.is_some() {
        return Ok(false);
    }
    Err(Error::detail(
        StatusCode::CONFLICT,
        "The file was replaced while it was looked at. Confirm it again.",
    ))
}

/// The image, if it is one already.
async fn confirmed_before(shop: &Shop, id: ProductId, image: ImageId) -> Result<Option<Response>> {
    let found = shop.store.find_products(&[id]).await?;
    let product = found.first().ok_or_else(|| Error::not_found("Product"))?;
    let known = product.image(image).is_some();
    known
        .then(|| images::answer(StatusCode::OK, product, image))
        .transpose()
}

fn read(payload: Payload) -> Result<(ImageKind, String)> {
    let mut fields = Fields::of(payload)?;
    let content_type = fields.required("content_type", text());
    let kind = ImageKind::of_content_type(&content_type);
    if kind.is_none() && fields.is_clean_at("content_type") {
        let message = format!("\"{content_type}\" is not a valid choice.");
        fields.refuse("content_type", message);
    }
    let most = i64::try_from(MAX_BYTES).unwrap_or(i64::MAX);
    fields.optional("size", integer().min(1).max(most));
    let alt_text = images::alt_text(&mut fields);
    fields.finish()?;
    Ok((kind.unwrap_or(ImageKind::Png), alt_text.unwrap_or_default()))
}

fn bad(text: impl std::fmt::Display) -> Error {
    Error::detail(StatusCode::BAD_REQUEST, text)
}

/// Faults of the bucket: what passes is a 503, what does not is ours.
fn fault(error: BucketError) -> Error {
    match error {
        BucketError::Unreachable(_) => Error::unavailable(error),
        BucketError::Refused(_) => Error::internal(error),
    }
}

/// A form, and the image that comes of it.
#[derive(Debug, Serialize)]
struct UploadWire<'a> {
    upload: FormWire,
    image: PendingWire<'a>,
}

#[derive(Debug, Serialize)]
struct FormWire {
    url: String,
    /// All of them go before the file, whose field is called `file`.
    fields: BTreeMap<String, String>,
    expires_at: String,
}

/// What an image looks like of which there is no file yet.
#[derive(Debug, Serialize)]
struct PendingWire<'a> {
    id: ImageId,
    image_url: Option<&'a str>,
    alt_text: &'a str,
    is_main: bool,
    position: Option<usize>,
    created_at: String,
    pending: bool,
}

impl<'a> UploadWire<'a> {
    fn of(form: UploadForm, upload: &'a Upload) -> UploadWire<'a> {
        UploadWire {
            upload: FormWire {
                url: form.url,
                fields: form.fields.into_iter().collect(),
                expires_at: form.expires_at.to_string(),
            },
            image: PendingWire {
                id: upload.image,
                image_url: None,
                alt_text: &upload.alt_text,
                is_main: false,
                position: None,
                created_at: upload.created_at.to_string(),
                pending: true,
            },
        }
    }
}
