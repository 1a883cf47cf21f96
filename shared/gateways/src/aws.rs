//! The clients of AWS, made once at start.

mod connections;

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};

use crate::config;

pub use connections::Service;

/// The five roots that certificates of AWS lead to: Amazon Trust Services asks whoever keeps roots
/// of their own to keep all of them. The bundle of the system has some 140, and to parse them takes
/// longer than all the rest of a start.
const ROOTS: &[u8] = include_bytes!("aws/roots.pem");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A client for each service the shop uses.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The queue of events.
    pub sqs: aws_sdk_sqs::Client,
    /// Mail.
    pub ses: aws_sdk_ses::Client,
    /// The bus.
    pub eventbridge: aws_sdk_eventbridge::Client,
}

impl Clients {
    /// Clients of all services, over one HTTP client.
    pub fn new(sdk: &SdkConfig) -> Clients {
        Clients {
            dynamodb: aws_sdk_dynamodb::Client::new(sdk),
            sqs: aws_sdk_sqs::Client::new(sdk),
            ses: aws_sdk_ses::Client::new(sdk),
            eventbridge: aws_sdk_eventbridge::Client::new(sdk),
        }
    }
}

/// AWS as this process reaches it.
#[derive(Debug)]
pub struct Aws {
    /// What clients are made from.
    pub sdk: SdkConfig,
    connector: SharedHttpConnector,
}

impl Aws {
    /// As the environment says: region, credentials and, where they are set, AWS's own
    /// `AWS_ENDPOINT_URL_*`.
    pub async fn from_environment() -> Aws {
        let connector = connector();
        let shared = connector.clone();
        let sdk = aws_config::defaults(BehaviorVersion::latest())
            .http_client(http_client_fn(move |_, _| shared.clone()))
            .timeout_config(timeouts())
            .retry_config(retries())
            .load()
            .await;
        Aws { sdk, connector }
    }

    /// Opens connections to these services, for the clients to find: while a function starts nobody
    /// waits yet.
    pub async fn connect(&self, services: &[Service]) {
        let region = self.sdk.region().map_or("", |region| region.as_ref());
        let endpoint = |service: &Service| service.endpoint(region, config::environment);
        let endpoints: Vec<String> = services.iter().map(endpoint).collect();
        connections::open(&self.connector, &endpoints).await;
    }
}

/// One pool of connections, with which all clients work.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .build();
    let connector = Connector::builder()
        .connector_settings(settings)
        .tls_provider(Provider::Rustls(CryptoMode::Ring));
    let roots = TrustStore::empty().with_pem_certificate(ROOTS);
    let connector = match TlsContext::builder().with_trust_store(roots).build() {
        Ok(context) => connector.tls_context(context).build(),
        // The builder checks nothing today; should it begin to, the roots of the system do as well.
        Err(error) => {
            tracing::warn!(%error, "the embedded roots were refused");
            connector.build()
        }
    };
    SharedHttpConnector::new(connector)
}

/// How long one call may take. API Gateway gives up on us after 30 s; a call that hangs is repeated
/// well before.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(12))
        .build()
}

/// How often a call is repeated that failed for reasons that pass.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}
