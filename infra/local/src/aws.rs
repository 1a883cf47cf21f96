//! Stand-ins for SQS, SES, EventBridge, Secrets Manager and S3 that speak the protocols of the real
//! ones.
//!
//! They are our own because what exists loses its messages on a restart and knows no clock but the
//! machine's. They do as much as this shop asks of the real ones, refuse in the real ones' words
//! what they do not do, and remember everything in one [`journal`].

mod answer;
mod digest;
pub mod eventbridge;
pub mod journal;
pub mod poller;
pub mod queues;
pub mod s3;
pub mod secrets;
pub mod ses;
mod sqs;

use std::fmt;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method, StatusCode, Uri};

use eventbridge::Bus;
use journal::Journal;
use queues::Queues;
use s3::Objects;
use secrets::Secrets;
use ses::Mailbox;

/// The AWS account number in the stand-ins' URLs and ARNs.
pub const ACCOUNT: &str = "000000000000";

/// The region in the stand-ins' ARNs and events.
pub const REGION: &str = "local";

/// The shop's time in epoch seconds. Clones tell the same time.
#[derive(Clone)]
pub struct Now(Arc<dyn Fn() -> i64 + Send + Sync>);

impl Now {
    /// The time that `tell` tells.
    pub fn new(tell: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    fn secs(&self) -> i64 {
        (self.0)()
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Now({})", self.secs())
    }
}

/// The stand-ins. Clones share everything.
#[derive(Clone, Debug)]
pub struct Backends {
    /// What SQS holds.
    pub queues: Queues,
    /// What SES was given to send.
    pub mailbox: Mailbox,
    /// What was put on the EventBridge bus.
    pub bus: Bus,
    /// What is in the S3 bucket.
    pub objects: Objects,
    secrets: Secrets,
}

impl Backends {
    /// Stand-ins that remember in `journal`, know `secrets` and live by the shop's clock.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn open(
        journal: &Journal,
        queues: &[emulator::Queue],
        secrets: Secrets,
        now: Now,
    ) -> Result<Self> {
        Ok(Self {
            queues: Queues::open(journal.clone(), queues, now.clone())?,
            mailbox: Mailbox::new(journal.clone(), now.clone()),
            bus: Bus::new(journal.clone(), now.clone()),
            objects: Objects::new(journal.clone(), now),
            secrets,
        })
    }

    /// What the SDKs' endpoints lead to. All services share one port: each request says in a
    /// header or in its form which service and which operation it means, and S3 by its path.
    pub fn router(&self) -> Router {
        Router::new()
            .fallback(dispatch)
            .layer(DefaultBodyLimit::max(s3::MAX_BODY_BYTES))
            .with_state(self.clone())
    }
}

async fn dispatch(
    State(backends): State<Backends>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if s3::is_meant(&uri) {
        let call = s3::Call {
            method,
            uri,
            headers,
            body,
        };
        return s3::answer(&backends.objects, call).await;
    }
    if method != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(target) = header("x-amz-target") else {
        return ses::answer(&backends.mailbox, &body);
    };
    match target.split_once('.') {
        Some(("AmazonSQS", operation)) => {
            let host = header("host").unwrap_or("localhost");
            sqs::answer(&backends.queues, operation, &body, host).await
        }
        Some(("AWSEvents", operation)) => eventbridge::answer(&backends.bus, operation, &body),
        Some(("secretsmanager", operation)) => secrets::answer(&backends.secrets, operation, &body),
        _ => answer::unknown_operation(target),
    }
}
