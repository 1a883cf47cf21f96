//! Logs: JSON lines, as CloudWatch reads them.

use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::environment;

/// Begins logging to standard output as JSON, from the level that Lambda names on; `info` without
/// one. A second call does nothing.
///
/// Each line bears `level` and `timestamp`: Lambda takes a line without either for an INFO.
pub fn init() {
    // What the function's logging configuration says, ApplicationLogLevel, arrives in this variable.
    let level = environment("AWS_LAMBDA_LOG_LEVEL");
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .with_current_span(true)
        .with_span_list(false);
    let started = tracing_subscriber::registry()
        .with(Targets::new().with_default(threshold(level.as_deref())))
        .with(lines)
        .try_init();
    if started.is_err() {
        tracing::debug!("logging had begun already");
    }
}

/// Lambda's names of levels are ours, and FATAL besides.
fn threshold(level: Option<&str>) -> LevelFilter {
    match level {
        Some("FATAL") => LevelFilter::ERROR,
        Some(level) => LevelFilter::from_str(level).unwrap_or(LevelFilter::INFO),
        None => LevelFilter::INFO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_is_the_one_that_lambda_names() {
        for (named, level) in [
            (Some("TRACE"), LevelFilter::TRACE),
            (Some("DEBUG"), LevelFilter::DEBUG),
            (Some("WARN"), LevelFilter::WARN),
            (Some("ERROR"), LevelFilter::ERROR),
            (Some("FATAL"), LevelFilter::ERROR),
            (Some("LOUD"), LevelFilter::INFO),
            (None, LevelFilter::INFO),
        ] {
            assert_eq!(threshold(named), level, "{named:?}");
        }
    }
}
