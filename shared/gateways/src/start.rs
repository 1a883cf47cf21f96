//! The beginning of every Lambda: logs, configuration, clients.

use crate::{
    aws::{self, Clients},
    config::{self, ConfigError, Section},
    telemetry,
};

/// Begins logging, reads the configuration with its secrets, and makes the clients.
///
/// # Errors
/// [`ConfigError`] with all that is wrong with the configuration; the function does not start.
pub async fn start<C: Section>() -> Result<(C, Clients), ConfigError> {
    telemetry::init();
    let sdk = aws::sdk_config().await;
    let clients = Clients::new(&sdk);
    Ok((config::load(&sdk).await?, clients))
}
