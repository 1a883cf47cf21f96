//! A function's release binary, started as Lambda starts it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::Process;
use crate::runtime_api::RuntimeApi;
use crate::workspace::root;

/// Where `cargo xtask lambda` puts a function's binary.
pub fn path(function: &str) -> PathBuf {
    let built = root().join("target").join("lambda");
    built.join(function).join("bootstrap")
}

/// Where `cargo xtask lambda` puts a function's zip.
pub fn zip(function: &str) -> PathBuf {
    let packed = root().join("target").join("lambda-zip");
    packed.join(function).join("bootstrap.zip")
}

/// Refuses to go on with binaries that are not there.
///
/// # Errors
/// If one of these functions has not been built.
pub fn require<'a>(functions: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let missing: Vec<&str> = functions
        .into_iter()
        .filter(|function| !path(function).is_file())
        .collect();
    if !missing.is_empty() {
        bail!(
            "not built yet: {}. `cargo xtask lambda` builds all",
            missing.join(", ")
        );
    }
    Ok(())
}

/// Starts the binary. Of this process's own environment it sees nothing: only what Lambda sets, and
/// `environment`, which stands for what template.yaml sets.
///
/// # Errors
/// If it cannot be started, such as one for another processor.
pub fn start(
    function: &str,
    api: &RuntimeApi,
    environment: &[(String, String)],
) -> Result<Process> {
    let mut command = Command::new(path(function));
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin")
        .env("LANG", "en_US.UTF-8")
        .env("TZ", ":UTC")
        .env("AWS_LAMBDA_RUNTIME_API", api.address_for(function))
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
        .env(
            "AWS_LAMBDA_LOG_GROUP_NAME",
            format!("/aws/lambda/{function}"),
        )
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
        .envs(environment.iter().map(|(name, value)| (name, value)));
    Process::start(function, command)
}
