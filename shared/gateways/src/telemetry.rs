//! Logs: JSON lines, as CloudWatch reads them.

use tracing_subscriber::EnvFilter;

/// Begins logging to standard output as JSON, from level `info` on unless `RUST_LOG` says
/// otherwise. A second call does nothing.
pub fn init() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let started = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_current_span(true)
        .with_span_list(false)
        .without_time()
        .try_init();
    if started.is_err() {
        tracing::debug!("logging had begun already");
    }
}
