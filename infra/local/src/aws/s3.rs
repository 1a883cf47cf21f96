//! The protocol of S3, as far as this shop speaks it: forms from browsers, the beginning of an object,
//! copies and deletions; and one bucket, of which the public reads `images/`.

mod form;
mod objects;
mod signature;

use axum::{
    body::{Body, Bytes},
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

pub use objects::{Object, Objects};

/// The bucket's name.
pub const BUCKET: &str = "merkato-images";

/// What the public may read.
const PUBLIC: &str = "images/";

/// The largest body that is taken: a file of the largest size that a form here allows, and its form.
pub(super) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// One request about the bucket or something in it.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A refusal: status, code and message as S3 has them.
#[derive(Debug, PartialEq, Eq)]
struct Refusal(StatusCode, &'static str, String);

impl Refusal {
    fn denied(message: impl Into<String>) -> Refusal {
        Refusal(StatusCode::FORBIDDEN, "AccessDenied", message.into())
    }

    fn bad(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal(StatusCode::BAD_REQUEST, code, message.into())
    }

    fn no_such_key() -> Refusal {
        let message = "The specified key does not exist.";
        Refusal(StatusCode::NOT_FOUND, "NoSuchKey", message.to_owned())
    }

    fn broken(error: &anyhow::Error) -> Refusal {
        tracing::error!(error = format!("{error:#}"), "the bucket is broken");
        let message = "We encountered an internal error. Please try again.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Refusal(status, "InternalError", message.to_owned())
    }

    fn into_response(self) -> Response {
        let Refusal(status, code, message) = self;
        let message = message.replace('&', "&amp;").replace('<', "&lt;");
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
    }
}

/// Whether a request means the bucket, which is the first part of its path.
pub(super) fn is_meant(uri: &Uri) -> bool {
    uri.path().trim_start_matches('/').split('/').next() == Some(BUCKET)
}

/// Answers one call.
pub(super) async fn answer(objects: &Objects, call: Call) -> Response {
    let mut response = match serve(objects, call).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    };
    // The template allows the origins of frontends; here they are on any port of this machine.
    let headers = response.headers_mut();
    let anybody = HeaderValue::from_static("*");
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    let shown = HeaderValue::from_static("ETag");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
    response
}

async fn serve(objects: &Objects, call: Call) -> Result<Response, Refusal> {
    let path = call.uri.path().to_owned();
    let name = name_in(&path);
    if call.method == Method::OPTIONS {
        return Ok(preflight());
    }
    if name.is_empty() {
        return match call.method {
            Method::POST => form::take(objects, &call).await,
            _ => Err(not_allowed()),
        };
    }
    let is_read = matches!(call.method, Method::GET | Method::HEAD);
    if !(is_read && name.starts_with(PUBLIC) && !call.headers.contains_key("authorization")) {
        signature::check(&call, objects.now())?;
    }
    match call.method {
        Method::GET | Method::HEAD => {
            let object = find(objects, name)?.ok_or_else(Refusal::no_such_key)?;
            read(object, &call.headers)
        }
        Method::PUT if !call.headers.contains_key(header::CONTENT_LENGTH) => Err(Refusal(
            StatusCode::LENGTH_REQUIRED,
            "MissingContentLength",
            "You must provide the Content-Length HTTP header.".to_owned(),
        )),
        Method::PUT => copy(objects, name, &call.headers),
        Method::DELETE => {
            objects
                .remove(name)
                .map_err(|error| Refusal::broken(&error))?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(not_allowed()),
    }
}

/// An object that the public may read, as a page of this machine shows it.
pub(crate) fn public(objects: &Objects, name: &str, headers: &HeaderMap) -> Response {
    let object = match find(objects, name) {
        Ok(Some(object)) if name.starts_with(PUBLIC) => object,
        Ok(_) => return Refusal::no_such_key().into_response(),
        Err(refusal) => return refusal.into_response(),
    };
    read(object, headers).unwrap_or_else(Refusal::into_response)
}

fn find(objects: &Objects, name: &str) -> Result<Option<Object>, Refusal> {
    objects.find(name).map_err(|error| Refusal::broken(&error))
}

/// The name behind `/bucket/`.
fn name_in(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.split_once('/').map_or("", |(_, name)| name)
}

fn read(object: Object, headers: &HeaderMap) -> Result<Response, Refusal> {
    let size = object.bytes.len();
    let range = headers.get(header::RANGE);
    let range = range.and_then(|value| value.to_str().ok());
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, &object.content_type)
        .header(header::ETAG, &object.tag)
        .header(header::ACCEPT_RANGES, "bytes");
    if !object.cache_control.is_empty() {
        response = response.header(header::CACHE_CONTROL, &object.cache_control);
    }
    let bytes = match range.map(|range| part(range, size)) {
        None => object.bytes,
        Some(None) => {
            let message = "The requested range is not satisfiable".to_owned();
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            return Err(Refusal(status, "InvalidRange", message));
        }
        Some(Some((first, last))) => {
            let told = format!("bytes {first}-{last}/{size}");
            response = response
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, told);
            object.bytes[first..=last].to_vec()
        }
    };
    let response = response.body(Body::from(bytes));
    response.map_err(|error| Refusal::broken(&error.into()))
}

/// The first and the last byte of `bytes=first-last` in an object of this size.
fn part(range: &str, size: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let last = match last {
        "" => size,
        last => last.parse().ok()?,
    };
    let last = last.min(size.checked_sub(1)?);
    (first <= last).then_some((first, last))
}

fn copy(objects: &Objects, name: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
    let text = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let source = text("x-amz-copy-source");
    let mut parts = source.trim_start_matches('/').splitn(2, '/');
    let (Some(BUCKET), Some(source)) = (parts.next(), parts.next()) else {
        let message = "Only copies within the bucket are known here.";
        return Err(Refusal(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplemented",
            message.to_owned(),
        ));
    };
    let mut object = find(objects, source)?.ok_or_else(Refusal::no_such_key)?;
    let wanted = text("x-amz-copy-source-if-match");
    if !wanted.is_empty() && wanted != object.tag {
        let message = "At least one of the pre-conditions you specified did not hold".to_owned();
        let status = StatusCode::PRECONDITION_FAILED;
        return Err(Refusal(status, "PreconditionFailed", message));
    }
    if text("x-amz-metadata-directive") == "REPLACE" {
        object.content_type = text("content-type");
        object.cache_control = text("cache-control");
    }
    objects
        .put(name, &object)
        .map_err(|error| Refusal::broken(&error))?;
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <CopyObjectResult><ETag>{}</ETag></CopyObjectResult>",
        object.tag
    );
    Ok(([(header::CONTENT_TYPE, "application/xml")], body).into_response())
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
    ];
    (StatusCode::OK, headers).into_response()
}

fn not_allowed() -> Refusal {
    let message = "The specified method is not allowed against this resource.";
    Refusal(
        StatusCode::METHOD_NOT_ALLOWED,
        "MethodNotAllowed",
        message.to_owned(),
    )
}
