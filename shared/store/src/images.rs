//! The images of products, which are part of their items, and uploads that may become some.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{ImageId, ProductId, Version, image::Upload, product::Product};

use crate::{
    Store, StoreError,
    edit::{MAX_TRIES, PutOutcome},
    item::{self, version_value},
    keys::Key,
    transaction::{CommitError, Transaction, pause},
};

/// Why the images of a product stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum EditImagesError<E> {
    /// The rules refused it.
    #[error("refused")]
    Refused(E),
    /// The upload that was to become an image is no longer there.
    #[error("the upload is gone")]
    UploadGone,
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Product,
    Upload,
}

impl Store {
    /// Notes that a file may come. Gives whether the image's id was still free; if not, nothing was
    /// written. PutItem `UPLOAD#image / UPLOAD` on condition that it is new; TTL takes it away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_upload(&self, upload: &Upload) -> Result<bool, StoreError> {
        let item = item::compose(&Key::upload(upload.image), [], upload)?;
        let put = self.put_version(item, None, upload.version).await?;
        Ok(matches!(put, PutOutcome::Written))
    }

    /// An upload that may have expired. GetItem `UPLOAD#image / UPLOAD`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_upload(&self, image: ImageId) -> Result<Option<Upload>, StoreError> {
        self.get(&Key::upload(image)).await
    }

    /// Forgets an upload that came to nothing. DeleteItem `UPLOAD#image / UPLOAD`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_upload(&self, image: ImageId) -> Result<(), StoreError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(Key::upload(image).attributes()))
            .send()
            .await
            .map_err(|error| StoreError::from_sdk(&error))?;
        Ok(())
    }

    /// Reads a product, changes its images and writes them back, again from the start when somebody
    /// else was faster; `change` may run several times. If `upload` became one of them it is deleted
    /// with it, on condition that it is still there. Nothing if there is no such product. GetItem
    /// `PRODUCT#id / PRODUCT`, fresh, and a transaction that updates it on its version and deletes
    /// `UPLOAD#image / UPLOAD`. Only images, version and time of change are written, so that the copy
    /// of the stock beside them may move meanwhile.
    ///
    /// # Errors
    /// [`EditImagesError`]; nothing is written then.
    pub async fn edit_images<R, E>(
        &self,
        id: ProductId,
        upload: Option<&Upload>,
        mut fresh_version: impl FnMut() -> Version,
        mut change: impl FnMut(&mut Product) -> Result<R, E>,
    ) -> Result<Option<(Product, R)>, EditImagesError<E>> {
        let key = Key::product(id);
        for attempt in 0..MAX_TRIES {
            if attempt > 0 {
                pause(attempt.min(4)).await;
            }
            let Some(mut product) = self.get::<Product>(&key).await? else {
                return Ok(None);
            };
            let from = product.version;
            let result = change(&mut product).map_err(EditImagesError::Refused)?;
            product.version = fresh_version();
            let mut transaction = Transaction::new();
            transaction.update(
                &self.table,
                &key,
                "SET images = :images, updated_at = :updated_at, version = :to",
                "version = :from",
                values(&product, from)?,
                Refused::Product,
            )?;
            if let Some(upload) = upload {
                let key = Key::upload(upload.image);
                transaction.delete(&self.table, &key, upload.version, Refused::Upload)?;
            }
            match transaction.commit(self).await {
                Ok(()) => return Ok(Some((product, result))),
                Err(CommitError::Store(fault)) => return Err(fault.into()),
                Err(CommitError::Refused(refusals)) => {
                    let is_gone = |refusal: &crate::transaction::Refusal<Refused>| {
                        refusal.meaning == Refused::Upload
                    };
                    if refusals.iter().any(is_gone) {
                        return Err(EditImagesError::UploadGone);
                    }
                }
            }
        }
        Err(StoreError::Contention(key.sk).into())
    }
}

fn values(product: &Product, from: Version) -> Result<HashMap<String, AttributeValue>, StoreError> {
    let values = [
        (
            ":images",
            serde_dynamo::to_attribute_value(&product.images)?,
        ),
        (
            ":updated_at",
            serde_dynamo::to_attribute_value(product.updated_at)?,
        ),
        (":from", version_value(from)),
        (":to", version_value(product.version)),
    ];
    let values = values.into_iter();
    Ok(values
        .map(|(name, value)| (name.to_owned(), value))
        .collect())
}
