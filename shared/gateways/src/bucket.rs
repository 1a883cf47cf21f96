//! The bucket of images: browsers upload into one part of it, the public reads the other.

use domain::{
    Timestamp,
    image::{FORM_SECS, HEAD_BYTES, ImageKind, MAX_BYTES, Upload},
};
use serde_json::json;

use crate::{
    aws::{S3, S3Answer},
    clock::Clock,
    sections::ImageBucket,
};

/// What browsers and caches may think of an image: its address is never that of another one.
const CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// The bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    s3: S3,
    clock: Clock,
    name: String,
    public_url: String,
}

/// Why the bucket did not do what we asked.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// It did not answer, or told of a fault that passes.
    #[error("the bucket is not reached: {0}")]
    Unreachable(String),
    /// It said no, with its reason: the role or the bucket is not what it has to be.
    #[error("the bucket refused: {0}")]
    Refused(String),
}

/// A form with which a browser uploads one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadForm {
    /// Where it is to be posted, as `multipart/form-data`.
    pub url: String,
    /// Its fields, which have to stand before the file.
    pub fields: Vec<(String, String)>,
    /// Until when it is taken.
    pub expires_at: Timestamp,
}

/// A file that has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Its size in bytes.
    pub size: u64,
    /// Its first [`HEAD_BYTES`], or all of it.
    pub head: Vec<u8>,
    /// Which content it is: another upload to the same place has another tag.
    tag: String,
}

impl Bucket {
    /// The bucket of this configuration.
    pub fn new(config: &ImageBucket, s3: S3, clock: Clock) -> Bucket {
        Bucket {
            s3,
            clock,
            name: config.name.clone(),
            public_url: config.public_url.clone(),
        }
    }

    /// Where the public finds an object.
    pub fn public_address(&self, object: &str) -> String {
        format!("{}/{object}", self.public_url)
    }

    /// A form for one file of this kind, of at most [`MAX_BYTES`], to be put at one place within
    /// [`FORM_SECS`]. No call: the signature is the permission, and the role's own right is needed
    /// when it is made use of.
    pub fn upload_form(&self, object: &str, kind: ImageKind) -> UploadForm {
        let now = self.clock.now();
        let expires_at = now.plus_secs(FORM_SECS);
        let bound = [("key", object), ("Content-Type", kind.content_type())];
        let size = json!(["content-length-range", 1, MAX_BYTES]);
        let fields = self.s3.form(&self.name, &bound, &[size], now, expires_at);
        UploadForm {
            url: format!("{}/", self.s3.address(&self.name)),
            fields,
            expires_at,
        }
    }

    /// The beginning of an upload; nothing if none has come.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn look_at(&self, object: &str) -> Result<Option<Arrived>, BucketError> {
        let range = format!("bytes=0-{}", HEAD_BYTES - 1);
        let answer = self.call("GET", object, &[("range", &range)]).await?;
        match answer.status {
            200 | 206 => {}
            404 => return Ok(None),
            // To a role that may not list the bucket S3 does not say whether an object is missing.
            403 if answer.code() == "AccessDenied" => {
                tracing::info!("S3 denies access to an upload: most likely it has not come");
                return Ok(None);
            }
            _ => return Err(refused(&answer)),
        }
        let size = match answer.header("content-range") {
            Some(range) => range.rsplit('/').next().and_then(|size| size.parse().ok()),
            None => u64::try_from(answer.body.len()).ok(),
        };
        let tag = answer.header("etag").map(str::to_owned);
        let told = size.zip(tag);
        let (size, tag) = told.ok_or_else(|| {
            BucketError::Refused("it tells neither size nor tag of an object".to_owned())
        })?;
        let mut head = answer.body;
        head.truncate(HEAD_BYTES);
        Ok(Some(Arrived { size, head, tag }))
    }

    /// Copies an upload to where the public sees it, as the kind that it was found to be. Gives
    /// whether it still was what was looked at; if not, nothing was copied.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn publish(&self, upload: &Upload, arrived: &Arrived) -> Result<bool, BucketError> {
        let source = format!("/{}/{}", self.name, upload.object);
        let headers = [
            ("x-amz-copy-source", source.as_str()),
            ("x-amz-copy-source-if-match", arrived.tag.as_str()),
            ("x-amz-metadata-directive", "REPLACE"),
            ("content-type", upload.kind.content_type()),
            ("cache-control", CACHE_CONTROL),
        ];
        let answer = self
            .call("PUT", &upload.published_object(), &headers)
            .await?;
        match answer.status {
            // A copy may fail after S3 began to answer, and then says so in the body.
            200 if answer.code().is_empty() => Ok(true),
            200 => Err(BucketError::Unreachable(answer.code().to_owned())),
            404 | 412 => Ok(false),
            _ => Err(refused(&answer)),
        }
    }

    /// Deletes an object, if it is there.
    ///
    /// # Errors
    /// [`BucketError`].
    pub async fn delete(&self, object: &str) -> Result<(), BucketError> {
        let answer = self.call("DELETE", object, &[]).await?;
        match answer.status {
            200 | 204 | 404 => Ok(()),
            _ => Err(refused(&answer)),
        }
    }

    async fn call(
        &self,
        method: &'static str,
        object: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<S3Answer, BucketError> {
        let uri = format!("{}/{object}", self.s3.address(&self.name));
        let answer = self.s3.call(method, &uri, headers, self.clock.now()).await;
        answer.map_err(BucketError::Unreachable)
    }
}

fn refused(answer: &S3Answer) -> BucketError {
    BucketError::Refused(format!("{} {}", answer.status, answer.code()))
}
