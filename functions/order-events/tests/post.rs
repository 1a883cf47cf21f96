//! A post office: SES and EventBridge under their clients, remembering what was handed in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

/// A mail as it was handed in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Debug, Default)]
struct Books {
    letters: Vec<Letter>,
    announced: Vec<String>,
    is_closed: bool,
}

/// The post office.
#[derive(Debug, Clone, Default)]
pub struct Post(Arc<Mutex<Books>>);

impl Post {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn letters(&self) -> Vec<Letter> {
        self.books().letters.clone()
    }

    /// The names of the events on the bus.
    pub fn announced(&self) -> Vec<String> {
        self.books().announced.clone()
    }

    /// Takes no more mail, or takes it again.
    pub fn set_closed(&self, is_closed: bool) {
        self.books().is_closed = is_closed;
    }

    /// What clients are made from.
    pub fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let credentials = Credentials::from_keys("local", "local", None);
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .retry_config(RetryConfig::disabled())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    fn take_letter(&self, form: &[u8]) -> (u16, String) {
        let mut letter = Letter::default();
        for (name, value) in url::form_urlencoded::parse(form) {
            match name.as_ref() {
                "Destination.ToAddresses.member.1" => letter.to = value.into_owned(),
                "Message.Subject.Data" => letter.subject = value.into_owned(),
                "Message.Body.Text.Data" => letter.text = value.into_owned(),
                "Message.Body.Html.Data" => letter.html = value.into_owned(),
                _ => {}
            }
        }
        let mut books = self.books();
        if books.is_closed {
            let error = "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>";
            return (400, error.to_owned());
        }
        books.letters.push(letter);
        let answer = "<SendEmailResponse><SendEmailResult><MessageId>1</MessageId>\
                      </SendEmailResult></SendEmailResponse>";
        (200, answer.to_owned())
    }

    fn take_event(&self, body: &[u8]) -> (u16, String) {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let name = body["Entries"][0]["DetailType"]
            .as_str()
            .unwrap_or_default();
        self.books().announced.push(name.to_owned());
        (
            200,
            r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#.to_owned(),
        )
    }
}

impl HttpConnector for Post {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let is_event = request.headers().get("x-amz-target").is_some();
        let (status, body) = if is_event {
            self.take_event(body)
        } else {
            self.take_letter(body)
        };
        let answer = StatusCode::try_from(status)
            .map(|status| HttpResponse::new(status, SdkBody::from(body)))
            .map_err(|error| ConnectorError::other(error.into(), None));
        HttpConnectorFuture::ready(answer)
    }
}
