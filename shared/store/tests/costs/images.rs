//! What the patterns of images cost.

use domain::{ImageId, ProductId};

use super::Meter;
use crate::{
    images::{image, upload},
    samples::NOW,
};

/// Measures them on a product without images.
pub async fn measure(meter: &mut Meter<'_>, id: ProductId) {
    let (bench, store) = (meter.bench, &meter.bench.store);
    let begun = upload(bench, id);
    meter
        .measure("begin_upload", store.begin_upload(&begun))
        .await
        .unwrap();
    meter
        .measure("find_upload", store.find_upload(begun.image))
        .await
        .unwrap();
    let new = image(begun.image);
    let edit = store.edit_images(
        id,
        Some(&begun),
        || bench.version(),
        |product| product.add_image(new.clone(), None, NOW),
    );
    meter.measure("edit_images", edit).await.unwrap();
    let left = upload(bench, id);
    store.begin_upload(&left).await.unwrap();
    meter
        .measure("forget_upload", store.forget_upload(left.image))
        .await
        .unwrap();
    assert_eq!(
        store.find_upload(ImageId(left.image.0)).await.unwrap(),
        None
    );
}
