//! Images of a product: what they look like to clients.

use domain::{
    ImageId,
    product::{Image, Product},
};
use serde::Serialize;

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
