//! AWS as a function reaches it: clients over one pool of connections.

mod connections;
mod lazily;
mod s3;
mod secrets;

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Connector,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::http::{
    HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};

use crate::config::{self, ConfigError};

pub(crate) use self::s3::Answer as S3Answer;
pub use self::{connections::Service, lazily::Lazily, s3::S3};

/// The five roots that certificates of AWS lead to: Amazon Trust Services asks whoever keeps roots
/// of their own to keep all of them. The bundle of the system has some 140, and to parse them takes
/// longer than all the rest of a start.
const ROOTS: &[u8] = include_bytes!("aws/roots.pem");

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

/// A client for each service the shop uses.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The queue of events.
    pub sqs: Lazily<aws_sdk_sqs::Client>,
    /// Mail.
    pub ses: Lazily<aws_sdk_ses::Client>,
    /// The bus.
    pub eventbridge: Lazily<aws_sdk_eventbridge::Client>,
    /// The bucket of images.
    pub s3: S3,
}

/// AWS from within this process. Clones share their connections.
#[derive(Debug, Clone)]
pub struct Aws {
    region: String,
    credentials: Credentials,
    connector: SharedHttpConnector,
}

macro_rules! client {
    ($aws:expr, $sdk:ident, $service:expr) => {{
        let (aws, connector) = ($aws, $aws.connector.clone());
        let mut config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region(Region::new(aws.region.clone()))
            .credentials_provider(aws.credentials.clone())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .timeout_config(timeouts())
            .retry_config(retries());
        config.set_endpoint_url($service.elsewhere(config::environment));
        $sdk::Client::from_conf(config.build())
    }};
}

impl Aws {
    /// As Lambda's variables say: the region, and the role's credentials, which last longer than the
    /// process. The SDK's own search for them would ask other places too, bring the clients of those
    /// along, and take a millisecond.
    ///
    /// # Errors
    /// [`ConfigError`] with the names of those that are missing.
    pub fn from_environment() -> Result<Aws, ConfigError> {
        let mut missing = Vec::new();
        let mut required = |name: &str| {
            config::environment(name).unwrap_or_else(|| {
                missing.push(format!("{name} is missing"));
                String::new()
            })
        };
        let region = required("AWS_REGION");
        let id = required("AWS_ACCESS_KEY_ID");
        let secret = required("AWS_SECRET_ACCESS_KEY");
        if !missing.is_empty() {
            return Err(ConfigError(missing));
        }
        let session = config::environment("AWS_SESSION_TOKEN");
        Ok(Aws {
            region,
            credentials: Credentials::new(id, secret, session, None, "environment"),
            connector: connector(),
        })
    }

    /// Clients of all services.
    pub fn clients(&self) -> Clients {
        let (sqs, ses, eventbridge) = (self.clone(), self.clone(), self.clone());
        Clients {
            dynamodb: client!(self, aws_sdk_dynamodb, Service::DynamoDb),
            sqs: Lazily::new(move || client!(&sqs, aws_sdk_sqs, Service::Sqs)),
            ses: Lazily::new(move || client!(&ses, aws_sdk_ses, Service::Ses)),
            eventbridge: Lazily::new(move || {
                client!(&eventbridge, aws_sdk_eventbridge, Service::EventBridge)
            }),
            s3: S3::new(
                self.region.clone(),
                self.credentials.clone(),
                self.connector.clone(),
                Service::S3.elsewhere(config::environment),
            ),
        }
    }

    /// Opens connections to these services, for the clients to find: while a function starts nobody
    /// waits yet.
    pub async fn connect(&self, services: &[Service]) {
        let endpoint = |service: &Service| service.endpoint(&self.region, config::environment);
        let endpoints: Vec<String> = services.iter().map(endpoint).collect();
        connections::open(&self.connector, &endpoints).await;
    }
}

/// One pool of connections, with which all clients work.
fn connector() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ATTEMPT_TIMEOUT)
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
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(Duration::from_secs(12))
        .build()
}

/// How often a call is repeated that failed for reasons that pass.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}
