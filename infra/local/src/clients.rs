//! The SDK's clients as on Lambda, but for where they lead and what runs underneath.

use std::time::Duration;

use aws_credential_types::Credentials;
use emulator::Wire;
use gateways::aws::{Clients, S3, retries, timeouts};

use crate::aws::REGION;

/// Where the stand-ins are.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The table.
    pub dynamodb: String,
    /// SQS, SES, EventBridge, Secrets Manager and S3.
    pub others: String,
}

/// A retry here waits for nobody who is overloaded.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

macro_rules! client {
    ($sdk:ident, $endpoint:expr, $wire:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .region($sdk::config::Region::from_static("local"))
                .credentials_provider(Credentials::from_keys("local", "local", None))
                .endpoint_url($endpoint)
                .http_client($wire.http_client())
                .timeout_config(timeouts())
                .retry_config(retries().with_max_backoff(LONGEST_WAIT))
                .build(),
        )
    };
}

/// Clients for the stand-ins. Attempts and time limits are those of the deployed shop.
pub fn over(wire: &Wire, endpoints: &Endpoints) -> Clients {
    Clients {
        dynamodb: client!(aws_sdk_dynamodb, &endpoints.dynamodb, wire),
        sqs: client!(aws_sdk_sqs, &endpoints.others, wire).into(),
        ses: client!(aws_sdk_ses, &endpoints.others, wire).into(),
        eventbridge: client!(aws_sdk_eventbridge, &endpoints.others, wire).into(),
        s3: S3::new(
            REGION,
            Credentials::from_keys("local", "local", None),
            wire.connector(),
            Some(endpoints.others.clone()),
        ),
    }
}
