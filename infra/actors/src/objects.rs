//! A bucket in memory, under the shop's access to S3.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

/// An object: its bytes, and what it is called by those who get it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// `content-type`
    pub content_type: String,
    /// `cache-control`
    pub cache_control: String,
}

/// What is in the bucket. It does what the shop asks of S3 and checks no rights: the stand-in of the
/// local shop does.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    objects: Arc<Mutex<BTreeMap<String, Object>>>,
    is_down: Arc<AtomicBool>,
}

impl Objects {
    /// Puts an object there, as a browser does with a form.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let object = Object {
            bytes: bytes.to_vec(),
            ..Object::default()
        };
        self.lock().insert(name.to_owned(), object);
    }

    /// An object by its name.
    pub fn find(&self, name: &str) -> Option<Object> {
        self.lock().get(name).cloned()
    }

    /// The names of all objects.
    pub fn names(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// From now on the bucket refuses connections, or takes them again.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    pub(crate) fn connector(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let header = |name: &str| request.headers().get(name).unwrap_or_default().to_owned();
        let name = name_in(request.uri().split("://").last().unwrap_or_default());
        match request.method() {
            "GET" => match self.find(&name) {
                Some(object) => beginning(&object, &header("range")),
                None => plain(404, "<Error><Code>NoSuchKey</Code></Error>"),
            },
            "PUT" => {
                let Some(mut object) = self.find(&name_in(&header("x-amz-copy-source")[1..]))
                else {
                    return plain(404, "<Error><Code>NoSuchKey</Code></Error>");
                };
                if header("x-amz-copy-source-if-match") != tag(&object) {
                    return plain(412, "<Error><Code>PreconditionFailed</Code></Error>");
                }
                object.content_type = header("content-type");
                object.cache_control = header("cache-control");
                self.lock().insert(name, object);
                plain(200, "<CopyObjectResult/>")
            }
            "DELETE" => {
                self.lock().remove(&name);
                plain(204, "")
            }
            _ => plain(405, "<Error><Code>MethodNotAllowed</Code></Error>"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Object>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name behind `host/bucket/`, or behind `bucket/` in a copy's source.
fn name_in(path: &str) -> String {
    let begins = ["uploads/", "images/"];
    let at = begins.iter().find_map(|begin| path.find(begin));
    path[at.unwrap_or_default()..].to_owned()
}

fn beginning(object: &Object, range: &str) -> HttpResponse {
    let last = range.strip_prefix("bytes=0-").and_then(|n| n.parse().ok());
    let size = object.bytes.len();
    let end = last.map_or(size, |last: usize| last.saturating_add(1).min(size));
    let mut response = plain(206, "");
    *response.body_mut() = SdkBody::from(&object.bytes[..end]);
    let range = format!("bytes 0-{}/{size}", end.saturating_sub(1));
    response.headers_mut().insert("content-range", range);
    response.headers_mut().insert("etag", tag(object));
    response
}

/// Other bytes, another tag; S3 takes their MD5.
fn tag(object: &Object) -> String {
    let sum = object.bytes.iter().fold(object.bytes.len(), |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(*byte))
    });
    format!("\"{sum:x}\"")
}

fn plain(status: u16, body: &'static str) -> HttpResponse {
    let status = StatusCode::try_from(status);
    let status = status.unwrap_or_else(|_| axum::http::StatusCode::INTERNAL_SERVER_ERROR.into());
    HttpResponse::new(status, SdkBody::from(body))
}

impl HttpConnector for Objects {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.is_down.load(Ordering::SeqCst) {
            let refused = ConnectorError::io("the bucket is down".into());
            return HttpConnectorFuture::ready(Err(refused));
        }
        HttpConnectorFuture::ready(Ok(self.answer(&request)))
    }
}
