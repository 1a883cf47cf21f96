//! Connections to the services of AWS, opened before they are needed.

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, SharedHttpConnector},
    orchestrator::HttpRequest,
};
use aws_smithy_types::{body::SdkBody, byte_stream::ByteStream};
use futures::future::join_all;

use crate::config::Variable;

/// A service of AWS that functions call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The table.
    DynamoDb,
    /// The queue.
    Sqs,
    /// Mail.
    Ses,
    /// The bus.
    EventBridge,
    /// The bucket of images.
    S3,
    /// What must not stand in the environment.
    SecretsManager,
}

impl Service {
    /// Those that a function calls nearly always when it is called: it has been told the name of what
    /// is there. The queue is not among them: most requests write nothing, and those that do need it
    /// last, when their answer is certain.
    pub fn of(variables: &[Variable]) -> Vec<Service> {
        let named_by = [
            (Service::DynamoDb, "TABLE_NAME"),
            (Service::Ses, "MAIL_FROM"),
            (Service::EventBridge, "EVENT_BUS_NAME"),
        ];
        let is_told = |name: &str| variables.iter().any(|variable| variable.name == name);
        let called = named_by.into_iter().filter(|(_, name)| is_told(name));
        called.map(|(service, _)| service).collect()
    }

    /// Where AWS's own variables say that the service is, if they say it.
    pub(super) fn elsewhere(self, environment: impl Fn(&str) -> Option<String>) -> Option<String> {
        let own = match self {
            Service::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Service::Sqs => "AWS_ENDPOINT_URL_SQS",
            Service::Ses => "AWS_ENDPOINT_URL_SES",
            Service::EventBridge => "AWS_ENDPOINT_URL_EVENTBRIDGE",
            Service::S3 => "AWS_ENDPOINT_URL_S3",
            Service::SecretsManager => "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        };
        let told = environment(own).or_else(|| environment("AWS_ENDPOINT_URL"));
        told.filter(|endpoint| !endpoint.is_empty())
    }

    /// Where the service is: there, or in the region.
    pub(super) fn endpoint(
        self,
        region: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> String {
        let host = match self {
            Service::DynamoDb => "dynamodb",
            Service::Sqs => "sqs",
            Service::Ses => "email",
            Service::EventBridge => "events",
            Service::S3 => "s3",
            Service::SecretsManager => "secretsmanager",
        };
        let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
        self.elsewhere(environment)
            .unwrap_or_else(|| format!("https://{host}.{region}.amazonaws.com{suffix}"))
    }
}

/// Opens a connection to each of these addresses, side by side.
///
/// Each is asked for its root, unsigned. What it answers does not matter, and neither does it if
/// it cannot be reached: the first call that needs it will tell.
pub(super) async fn open(connector: &SharedHttpConnector, endpoints: &[String]) {
    join_all(endpoints.iter().map(async |endpoint| {
        if let Err(error) = touch(connector, endpoint).await {
            tracing::debug!(endpoint, error, "a service could not be reached at start");
        }
    }))
    .await;
}

async fn touch(connector: &SharedHttpConnector, endpoint: &str) -> Result<(), String> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request
        .set_uri(endpoint)
        .map_err(|error| error.to_string())?;
    send(connector, request).await.map(drop)
}

/// The status and the body of what is answered. The body is read to its end also where nobody wants
/// it: then only is the connection free for the next call.
pub(super) async fn send(
    connector: &SharedHttpConnector,
    request: HttpRequest,
) -> Result<(u16, Vec<u8>), String> {
    let answer = connector.call(request).await;
    let answer = answer.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let body = ByteStream::new(answer.into_body()).collect().await;
    let body = body.map_err(|error| error.to_string())?;
    Ok((status, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use aws_sdk_dynamodb::{
        Client,
        config::{Credentials, Region},
    };
    use aws_smithy_runtime_api::client::http::http_client_fn;
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    use sha2::{Digest, Sha256};
    use tokio::{
        io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream},
        net::{TcpListener, TcpStream},
    };

    use super::*;
    use crate::config::Variable;

    #[test]
    fn a_function_calls_the_services_that_it_is_told_names_of() {
        let told = ["ORDER_EVENTS_QUEUE_URL", "TABLE_NAME", "MAIL_FROM"].map(|name| Variable {
            name,
            is_secret: false,
        });
        assert_eq!(Service::of(&told), [Service::DynamoDb, Service::Ses]);
    }

    #[test]
    fn a_service_is_in_the_region_unless_the_environment_says_otherwise() {
        let here = |_: &str| None;
        let there = |name: &str| Some(format!("http://127.0.0.1/{name}"));
        let all = |name: &str| (name == "AWS_ENDPOINT_URL").then(|| "http://127.0.0.1".to_owned());
        for (endpoint, expected) in [
            (
                Service::Ses.endpoint("eu-west-1", here),
                "https://email.eu-west-1.amazonaws.com",
            ),
            (
                Service::Sqs.endpoint("cn-north-1", here),
                "https://sqs.cn-north-1.amazonaws.com.cn",
            ),
            (
                Service::DynamoDb.endpoint("eu-west-1", there),
                "http://127.0.0.1/AWS_ENDPOINT_URL_DYNAMODB",
            ),
            (
                Service::EventBridge.endpoint("eu-west-1", all),
                "http://127.0.0.1",
            ),
        ] {
            assert_eq!(endpoint, expected);
        }
    }

    /// Answers everything with an empty object, as long as the caller stays.
    async fn serve(stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufStream::new(stream);
        loop {
            let mut length = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).await? == 0 {
                    return Ok(());
                }
                let line = line.trim().to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            stream.read_exact(&mut vec![0; length]).await?;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            stream.write_all(answer).await?;
            stream.flush().await?;
        }
    }

    #[tokio::test]
    async fn the_first_call_finds_the_connection_that_was_opened_for_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream));
            }
        });

        let connector = super::super::connector();
        let shared = connector.clone();
        let client = Client::from_conf(
            aws_sdk_dynamodb::Config::builder()
                .behavior_version_latest()
                .http_client(http_client_fn(move |_, _| shared.clone()))
                .endpoint_url(&endpoint)
                .region(Region::new("eu-west-1"))
                .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
                .build(),
        );
        open(&connector, &[endpoint]).await;
        assert_eq!(connections.load(Ordering::SeqCst), 1);
        for _ in 0..2 {
            client.list_tables().send().await.unwrap();
        }
        assert_eq!(connections.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_service_that_is_away_is_no_reason_not_to_start() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let nobody = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let endpoints = [nobody, "no address".to_owned()];
        open(&super::super::connector(), &endpoints).await;
    }

    /// Their SHA-256 fingerprints, as Amazon Trust Services and the browsers' root programmes list them.
    #[test]
    fn the_roots_are_the_five_of_amazon_trust_services() {
        let fingerprints: Vec<String> = CertificateDer::pem_slice_iter(super::super::ROOTS)
            .map(|certificate| hex(&Sha256::digest(certificate.unwrap())))
            .collect();
        assert_eq!(
            fingerprints,
            [
                "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
                "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
                "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
                "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
                "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
            ]
        );
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
