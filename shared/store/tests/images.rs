//! Images beside other writers of a product, and uploads that become images once.

use domain::{
    ImageId, ProductId,
    gallery::GalleryError,
    image::{ImageKind, Upload},
    product::Image,
};
use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use store::EditImagesError;

use crate::samples::{Bench, NOW};

pub fn image(id: ImageId) -> Image {
    Image {
        id,
        url: format!("https://images.example/{id}.png"),
        object: None,
        alt_text: "The front".into(),
        is_main: false,
        created_at: NOW,
    }
}

pub fn upload(bench: &Bench, product: ProductId) -> Upload {
    Upload {
        image: ImageId(bench.id()),
        product,
        kind: ImageKind::Png,
        alt_text: "The front".into(),
        object: "uploads/0123456789abcdef0123456789abcdef".into(),
        created_at: NOW,
        expires_at: NOW.plus_secs(60),
        version: bench.version(),
    }
}

/// Adds an image, and takes its upload away if there was one.
async fn add(
    bench: &Bench,
    product: ProductId,
    new: &Image,
    upload: Option<&Upload>,
) -> Result<bool, EditImagesError<GalleryError>> {
    let edit = bench.store.edit_images(
        product,
        upload,
        || bench.version(),
        |product| product.add_image(new.clone(), None, NOW),
    );
    Box::pin(edit).await.map(|edited| edited.is_some())
}

async fn one_product() -> (Bench, ProductId) {
    let bench = Bench::open().await;
    let things = bench.stocked(1, 10).await;
    let id = things[0].product.id;
    (bench, id)
}

#[tokio::test]
async fn an_upload_becomes_an_image_once() {
    let (bench, id) = one_product().await;
    let begun = upload(&bench, id);
    assert!(bench.store.begin_upload(&begun).await.unwrap());
    let again = Upload {
        version: bench.version(),
        ..begun.clone()
    };
    assert!(!bench.store.begin_upload(&again).await.unwrap(), "taken");
    assert_eq!(
        bench.store.find_upload(begun.image).await.unwrap(),
        Some(begun.clone())
    );
    let new = image(begun.image);
    let tries = join_all((0..6).map(|_| add(&bench, id, &new, Some(&begun)))).await;
    let done = tries.iter().filter(|tried| matches!(tried, Ok(true)));
    assert_eq!(done.count(), 1);
    let late = tries.iter().filter(|tried| tried.is_err());
    let is_gone = |tried| matches!(tried, &Err(EditImagesError::UploadGone));
    assert!(late.into_iter().all(is_gone));
    let found = bench.store.find_products(&[id]).await.unwrap();
    assert_eq!(found[0].images.len(), 1);
    assert_eq!(bench.store.find_upload(begun.image).await.unwrap(), None);
}

#[tokio::test]
async fn images_stock_and_name_are_edited_at_once_and_none_is_lost() {
    let (bench, id) = one_product().await;
    let images: Vec<_> = (0..8).map(|_| image(ImageId(bench.id()))).collect();
    let pictures = join_all(images.iter().map(|new| add(&bench, id, new, None)));
    let names = join_all((0..4).map(async |n: u8| {
        let edit = bench.store.edit_product(
            id,
            || bench.version(),
            |stocked| {
                stocked.product.specifications.0[n.to_string()] = true.into();
                Ok::<_, std::convert::Infallible>(())
            },
        );
        Box::pin(edit).await.map(drop)
    }));
    let refreshed = join_all((0..4).map(|_| bench.store.refresh_shown_stock(id)));
    let (pictures, names, _) = tokio::join!(pictures, names, refreshed);
    assert!(pictures.iter().all(|added| matches!(added, Ok(true))));
    assert!(names.iter().all(Result::is_ok));
    let found = bench.store.find_products(&[id]).await.unwrap();
    assert_eq!(found[0].images.len(), 8);
    for n in ["0", "1", "2", "3"] {
        assert_eq!(found[0].specifications.0[n], true);
    }
}

#[tokio::test]
async fn a_lost_answer_or_a_conflict_changes_nothing() {
    let (bench, id) = one_product().await;
    for (kind, nth) in [(FaultKind::LostAnswer, 2), (FaultKind::Conflict, 1)] {
        let fault = Fault {
            service: Service::Dynamodb,
            nth,
            kind,
            times: 1,
        };
        bench.wire.inject(fault).unwrap();
        let new = image(ImageId(bench.id()));
        assert!(add(&bench, id, &new, None).await.unwrap());
        bench.wire.clear_faults();
    }
    let found = bench.store.find_products(&[id]).await.unwrap();
    assert_eq!(found[0].images.len(), 2);
}

#[tokio::test]
async fn a_product_that_is_not_there_has_no_images() {
    let bench = Bench::open().await;
    let new = image(ImageId(bench.id()));
    let id = ProductId(bench.id());
    assert!(!add(&bench, id, &new, None).await.unwrap());
}
