//! A queue that takes every message and remembers it, under the SQS client.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
            http_client_fn,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use domain::event::Event;
use serde_json::{Value, json};

/// What was sent to the queue, in the order of sending.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    sent: Arc<Mutex<Vec<Event>>>,
    is_down: Arc<AtomicBool>,
}

impl Queue {
    /// The events sent so far.
    pub fn sent(&self) -> Vec<Event> {
        self.lock().clone()
    }

    /// From now on the queue refuses connections, or takes them again.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// The HTTP client to put under an SQS client.
    pub(crate) fn http_client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    fn take(&self, request: &HttpRequest) -> Value {
        let body: Value = request
            .body()
            .bytes()
            .and_then(|bytes| serde_json::from_slice(bytes).ok())
            .unwrap_or_default();
        let entries = body["Entries"].as_array().cloned().unwrap_or_default();
        let taken: Vec<Value> = entries
            .iter()
            .map(|entry| {
                let text = entry["MessageBody"].as_str().unwrap_or_default();
                self.lock().extend(serde_json::from_str::<Event>(text).ok());
                json!({ "Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": "" })
            })
            .collect();
        json!({ "Successful": taken, "Failed": [] })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Event>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpConnector for Queue {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.is_down.load(Ordering::SeqCst) {
            let refused = ConnectorError::io("the queue is down".into());
            return HttpConnectorFuture::ready(Err(refused));
        }
        let body = SdkBody::from(self.take(&request).to_string());
        let ok = StatusCode::try_from(200)
            .map(|status| HttpResponse::new(status, body))
            .map_err(|error| ConnectorError::other(error.into(), None));
        HttpConnectorFuture::ready(ok)
    }
}
