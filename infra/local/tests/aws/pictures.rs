//! The stand-in for S3: what it takes from browsers, and whose calls it believes.

use aws_sdk_sqs::config::Credentials;
use domain::{
    Id, ImageId, ProductId, Timestamp, Version,
    image::{ImageKind, MAX_BYTES, Upload},
};
use gateways::{
    aws::S3,
    bucket::{Bucket, BucketError, UploadForm},
    clock::Clock,
    sections::ImageBucket,
};
use http::StatusCode;
use local::aws::s3::BUCKET;

use super::*;
use crate::bench::client;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01";
const OBJECT: &str = "uploads/1";

/// The bucket as a function sees it, by the stand-ins' clock.
fn bucket(bench: &Bench, secret: &str) -> Bucket {
    let credentials = Credentials::from_keys("local", secret, None);
    let endpoint = Some(bench.endpoint.clone());
    let s3 = S3::new("local", credentials, Wire::new().connector(), endpoint);
    let config = ImageBucket {
        name: BUCKET.to_owned(),
        public_url: format!("{}/{BUCKET}", bench.endpoint),
    };
    let clock = Clock::system();
    clock.stop();
    let told = bench.clock.load(Ordering::SeqCst);
    clock.advance(told - clock.now().unix_secs());
    Bucket::new(&config, s3, clock)
}

fn upload() -> Upload {
    let now = Timestamp(0);
    Upload {
        image: ImageId(Id::compose(0, 7)),
        product: ProductId(Id::compose(0, 9)),
        kind: ImageKind::Png,
        alt_text: String::new(),
        object: OBJECT.to_owned(),
        created_at: now,
        expires_at: now,
        version: Version(Id::compose(0, 1)),
    }
}

/// Posts a form as a browser does; gives the status and the code of a refusal.
async fn post(form: &UploadForm, file: Option<&[u8]>) -> (StatusCode, String) {
    let mut body = Vec::new();
    for (name, value) in &form.fields {
        let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
    }
    if let Some(file) = file {
        let head = "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        body.extend([head.as_bytes(), file, b"\r\n"].concat());
    }
    body.extend(b"--XX--\r\n");
    let answer = client()
        .post(&form.url)
        .header("content-type", "multipart/form-data; boundary=XX")
        .header("origin", "http://localhost:5173")
        .body(body);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    let status = answer.status();
    let text = answer.text().await.unwrap();
    let code = text.split("<Code>").nth(1).unwrap_or_default();
    (
        status,
        code.split('<').next().unwrap_or_default().to_owned(),
    )
}

fn with(form: &UploadForm, name: &str, value: &str) -> UploadForm {
    let mut form = form.clone();
    form.fields.retain(|(known, _)| known != name);
    form.fields.push((name.to_owned(), value.to_owned()));
    form
}

fn without(form: &UploadForm, name: &str) -> UploadForm {
    let mut form = form.clone();
    form.fields.retain(|(known, _)| known != name);
    form
}

#[tokio::test]
async fn a_file_goes_from_the_form_to_the_public() {
    let bench = Bench::new().await;
    let bucket = bucket(&bench, "local");
    assert_eq!(bucket.look_at(OBJECT).await.unwrap(), None);
    let form = bucket.upload_form(OBJECT, ImageKind::Png);
    assert_eq!(post(&form, Some(PNG)).await.0, StatusCode::NO_CONTENT);
    let arrived = bucket.look_at(OBJECT).await.unwrap().unwrap();
    assert_eq!((arrived.size, arrived.head.as_slice()), (24, PNG));
    let (upload, anybody) = (upload(), client());
    assert!(bucket.publish(&upload, &arrived).await.unwrap());
    let address = bucket.public_address(&upload.published_object());
    let shown = anybody.get(&address).send().await.unwrap();
    assert_eq!(shown.status(), StatusCode::OK);
    assert_eq!(shown.headers()["content-type"], "image/png");
    assert_eq!(
        shown.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
    assert_eq!(shown.bytes().await.unwrap(), PNG);
    let hidden = anybody
        .get(bucket.public_address(OBJECT))
        .send()
        .await
        .unwrap();
    assert_eq!(hidden.status(), StatusCode::FORBIDDEN);
    let foreign = anybody.delete(&address).send().await.unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    for _ in 0..2 {
        bucket.delete(&upload.published_object()).await.unwrap();
        let gone = anybody.get(&address).send().await.unwrap();
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(bench.backends.objects.names().unwrap(), [OBJECT]);
}

#[tokio::test]
async fn a_large_file_is_looked_at_by_its_beginning() {
    let bench = Bench::new().await;
    let bucket = bucket(&bench, "local");
    let mut file = PNG.to_vec();
    file.resize(usize::try_from(MAX_BYTES).unwrap(), 0);
    let form = bucket.upload_form(OBJECT, ImageKind::Png);
    assert_eq!(post(&form, Some(&file)).await.0, StatusCode::NO_CONTENT);
    let arrived = bucket.look_at(OBJECT).await.unwrap().unwrap();
    assert_eq!((arrived.size, arrived.head.len()), (MAX_BYTES, 512));
    file.push(0);
    let refused = post(&form, Some(&file)).await;
    assert_eq!(
        refused,
        (StatusCode::BAD_REQUEST, "EntityTooLarge".to_owned())
    );
}

#[tokio::test]
async fn a_form_is_taken_only_as_it_was_given() {
    let bench = Bench::new().await;
    let bucket = bucket(&bench, "local");
    let form = bucket.upload_form(OBJECT, ImageKind::Png);
    let other = bucket.upload_form("uploads/2", ImageKind::Png);
    let policy = |form: &UploadForm| {
        let policy = form.fields.iter().find(|(name, _)| name == "policy");
        policy.unwrap().1.clone()
    };
    for (form, code) in [
        (with(&form, "key", "images/9/7.png"), "AccessDenied"),
        (with(&form, "Content-Type", "text/html"), "AccessDenied"),
        (without(&form, "Content-Type"), "AccessDenied"),
        (with(&form, "x-amz-meta-note", "more"), "AccessDenied"),
        (
            with(&form, "policy", &policy(&other)),
            "SignatureDoesNotMatch",
        ),
        (
            with(&form, "x-amz-signature", "0000"),
            "SignatureDoesNotMatch",
        ),
        (without(&form, "policy"), "AccessDenied"),
    ] {
        let refused = post(&form, Some(PNG)).await;
        assert_eq!(
            refused,
            (StatusCode::FORBIDDEN, code.to_owned()),
            "{form:?}"
        );
    }
    let empty = post(&form, Some(b"")).await;
    assert_eq!(
        empty,
        (StatusCode::BAD_REQUEST, "EntityTooSmall".to_owned())
    );
    let none = post(&form, None).await;
    assert_eq!(
        none,
        (StatusCode::BAD_REQUEST, "InvalidArgument".to_owned())
    );
    bench.advance(10 * 60);
    let late = post(&form, Some(PNG)).await;
    assert_eq!(late, (StatusCode::FORBIDDEN, "AccessDenied".to_owned()));
    assert!(bench.backends.objects.names().unwrap().is_empty());
}

#[tokio::test]
async fn calls_are_believed_that_are_signed_with_the_secret_and_now() {
    let bench = Bench::new().await;
    let stranger = bucket(&bench, "another secret");
    let refused = stranger.delete(OBJECT).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the bucket refused: 403 SignatureDoesNotMatch"
    );
    let late = bucket(&bench, "local");
    bench.advance(16 * 60);
    let refused = late.delete(OBJECT).await.unwrap_err();
    assert!(matches!(refused, BucketError::Refused(_)));
    bucket(&bench, "local").delete(OBJECT).await.unwrap();
}

#[tokio::test]
async fn what_was_replaced_since_it_was_looked_at_is_not_copied() {
    let bench = Bench::new().await;
    let bucket = bucket(&bench, "local");
    let form = bucket.upload_form(OBJECT, ImageKind::Png);
    post(&form, Some(PNG)).await;
    let arrived = bucket.look_at(OBJECT).await.unwrap().unwrap();
    let html = b"<script>alert(1)</script>";
    assert_eq!(post(&form, Some(html)).await.0, StatusCode::NO_CONTENT);
    assert!(!bucket.publish(&upload(), &arrived).await.unwrap());
    assert_eq!(bench.backends.objects.names().unwrap(), [OBJECT]);
}

#[tokio::test]
async fn an_upload_that_nobody_confirms_is_gone_after_a_day() {
    let bench = Bench::new().await;
    let form = bucket(&bench, "local").upload_form(OBJECT, ImageKind::Png);
    post(&form, Some(PNG)).await;
    bench.advance(24 * 60 * 60);
    assert_eq!(bucket(&bench, "local").look_at(OBJECT).await.unwrap(), None);
}
