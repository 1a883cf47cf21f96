//! Products with images, and with files that may become some.

use actors::Stage;
use anyhow::Result;
use domain::{
    ImageId, Money, ProductId,
    image::{ImageKind, Upload},
    product::Image,
};

use crate::images::PNG;

/// A product with one image.
pub async fn pictured(stage: &Stage) -> Result<(ProductId, ImageId)> {
    let (entropy, now) = (&stage.shop.entropy, stage.shop.clock.now());
    let goods = stage.goods("Pictured", Money::from_santim(900), None, 1);
    let (product, image) = (goods.await?.id, ImageId(entropy.id()));
    let front = Image {
        id: image,
        url: "https://images.example/front.png".to_owned(),
        object: None,
        alt_text: String::new(),
        is_main: true,
        created_at: now,
    };
    let added = stage.shop.store.edit_images(
        product,
        None,
        || entropy.version(),
        |product| product.add_image(front.clone(), None, now),
    );
    Box::pin(added).await?;
    Ok((product, image))
}

/// A file that has been uploaded for a product of its own, and that nobody has confirmed.
pub async fn upload(stage: &Stage) -> Result<Upload> {
    let (entropy, now) = (&stage.shop.entropy, stage.shop.clock.now());
    let goods = stage.goods("Pictured", Money::from_santim(900), None, 1);
    let upload = Upload {
        image: ImageId(entropy.id()),
        product: goods.await?.id,
        kind: ImageKind::Png,
        alt_text: String::new(),
        object: format!("uploads/{}", entropy.version()),
        created_at: now,
        expires_at: now.plus_secs(60),
        version: entropy.version(),
    };
    stage.shop.store.begin_upload(&upload).await?;
    stage.objects.put(&upload.object, PNG);
    Ok(upload)
}
