//! The beginning of every Lambda: logs, configuration, clients.

use futures::future::join3;

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
    let aws = Aws::from_environment()?;
    let services = Service::of(&config::variables::<C>());
    // The clients last: they are made while the answers are on their way.
    let (config, (), clients) = join3(config::load(&aws), aws.connect(&services), async {
        aws.clients()
    })
    .await;
    Ok((config?, clients))
}
