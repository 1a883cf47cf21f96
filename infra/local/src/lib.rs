//! The whole shop in one process, for development: `cargo local`.

pub mod aws;
mod backlog;
mod bridge;
pub mod chapa;
mod clients;
pub mod control;
mod data;
mod demo;
pub mod flags;
mod functions;
pub mod gateway;
mod hand;
mod input;
mod pages;
mod schedules;
pub mod server;
mod settings;
pub mod shop;

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    time::Duration,
};

use clap::Parser as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::{flags::Flags, shop::Shop};

/// Opens the shop as the command line says, and closes it on Ctrl-C or SIGTERM.
pub fn main() -> ExitCode {
    let flags = Flags::parse();
    begin_logging();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error.into()),
    };
    let outcome = runtime.block_on(run(&flags));
    // Whatever still blocks a thread has had its time.
    runtime.shutdown_timeout(Duration::from_secs(1));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

async fn run(flags: &Flags) -> anyhow::Result<()> {
    // Before anything is opened, so that even an early Ctrl-C closes properly.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let shop = tokio::select! {
        shop = Shop::open(flags) => shop?,
        _ = interrupt.recv() => return Ok(()),
        _ = terminate.recv() => return Ok(()),
    };
    announce(&shop, flags)?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("closing");
    shop.close().await;
    Ok(())
}

/// The first line is a contract: scripts wait for it and read the address from it.
fn announce(shop: &Shop, flags: &Flags) -> anyhow::Result<()> {
    let url = &shop.url;
    let mut lines = vec![format!("merkato is open at {url}"), String::new()];
    if flags.backends_only {
        lines.push("Only the stand-ins run. For a shop elsewhere:".to_owned());
        lines.push(String::new());
        lines.extend(
            shop.environment
                .iter()
                .map(|line| format!("  export {line}")),
        );
        lines.push(String::new());
    }
    lines.push(format!("  start here   {url}/_local/"));
    lines.push(format!("  mailbox      {url}/_local/mail"));
    lines.push(format!("  payments     {url}/_local/chapa"));
    if let Some(demo) = &shop.demo {
        let products = match demo.products {
            0 => "the demonstration catalogue was there already".to_owned(),
            count => format!("{count} demonstration products were loaded"),
        };
        lines.push(format!("  catalogue    {url}/api/products/ ({products})"));
    }
    lines.push(String::new());
    lines.push("Ctrl-C closes the shop.".to_owned());
    let mut out = std::io::stdout().lock();
    // A pipe that nobody reads any more is no reason to stay closed.
    let _ = writeln!(out, "{}", lines.join("\n")).and_then(|()| out.flush());
    drop(out);
    for warning in &shop.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Logs for people, on standard error: warnings and what the shop itself has to say, more with
/// `RUST_LOG`. The embedded table warns of every condition that fails, which is how a shop works.
fn begin_logging() {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,dynoxide=error,local=info"));
    let begun = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .without_time()
        .with_target(false)
        .try_init();
    if begun.is_err() {
        tracing::debug!("logging had begun already");
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the last words of a process, before or after any logging"
)]
fn refuse(error: &anyhow::Error) -> ExitCode {
    eprintln!("merkato cannot open: {error:#}");
    ExitCode::FAILURE
}
