//! The beginning of every Lambda: logs, configuration, clients.

use futures::future::join;

use crate::{
    aws::{Aws, Clients, Service},
    config::{self, ConfigError, Section},
    telemetry,
};

/// Begins logging, makes the clients, and reads the configuration with its secrets while connections
/// open to every service that the function calls.
///
/// # Errors
/// [`ConfigError`] with all that is wrong with the configuration; the function does not start.
pub async fn start<C: Section>() -> Result<(C, Clients), ConfigError> {
    telemetry::init();
    let aws = Aws::from_environment().await;
    let services = Service::of(&config::variables::<C>());
    let (config, ()) = join(config::load(&aws.sdk), aws.connect(&services)).await;
    Ok((config?, Clients::new(&aws.sdk)))
}
