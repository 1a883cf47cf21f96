//! The clients of AWS, made once at start.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};

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

/// What clients are made from, as the environment says: region, credentials and, where they are set,
/// AWS's own `AWS_ENDPOINT_URL_*`.
pub async fn sdk_config() -> SdkConfig {
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts())
        .retry_config(retries())
        .load()
        .await
}

/// How long one call may take. API Gateway gives up on us after 30 s; a call that hangs is repeated
/// well before.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(Duration::from_secs(5))
        .operation_timeout(Duration::from_secs(12))
        .build()
}

/// How often a call is repeated that failed for reasons that pass.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(3)
}
