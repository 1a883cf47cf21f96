//! `cargo xtask smoke`: deploys the shop to ministack, and buys something there from the binaries that
//! would go to AWS, each of which may do what its role allows and no more.

mod packaged;
mod person;
mod purchase;
mod stack;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::bootstrap;
use crate::ministack::{Ministack, Roles, free_port};
use crate::process::Process;
use crate::report;
use crate::step::{Outcome, Step};
use crate::workspace::{cargo, functions, root};
use purchase::Purchase;
use stack::Stack;

const START: Duration = Duration::from_secs(30);

/// Where the emulator is.
#[derive(Args)]
pub struct Flags {
    /// The ministack to start, if it is not on the path.
    #[arg(long, value_name = "PATH")]
    ministack: Option<PathBuf>,
}

/// Deploys and buys; answers whether all went as it has to.
pub fn run(flags: &Flags) -> Result<bool> {
    let functions = functions()?;
    bootstrap::require(functions.iter().map(String::as_str))?;
    if Command::new("sam").arg("--version").output().is_err() {
        bail!("sam is missing: `pip install aws-sam-cli`");
    }
    let built = Step::run(
        "build the sandbox",
        cargo(&["build", "--locked", "--package", "local"]),
    )?;
    if built.outcome != Outcome::Passed {
        bail!("the sandbox of Chapa does not build");
    }

    let ministack = Ministack::start(flags.ministack.as_deref(), Roles::Enforced)?;
    report::line("   what is deployed is template.yaml, but for this:");
    for difference in packaged::differences() {
        report::line(&format!("   - {difference}"));
    }
    let port = sandbox_port()?;
    let chapa = format!("http://127.0.0.1:{port}/_local/chapa/v1");
    let stack = Stack::deploy(&ministack, &chapa)?;
    // As on AWS, the webhook's secret is made by the stack and then entered at Chapa.
    let secret = stack.secret(&ministack, "ChapaWebhookSecretArn")?;
    let _sandbox = start_sandbox(port, &secret)?;

    let mut purchase = Purchase::new(&ministack, &stack)?;
    let mut rows = Vec::new();
    let mut complaint = None;
    for (name, step) in Purchase::steps() {
        let started = Instant::now();
        let done = step(&mut purchase);
        let took = report::spoken(started.elapsed());
        let verdict = if done.is_ok() { "ok" } else { "FAILED" };
        report::line(&format!("-- {name}: {verdict} after {took}"));
        rows.push(vec![name.to_owned(), took, verdict.to_owned()]);
        if let Err(error) = done {
            complaint = Some(format!("{name}: {error:#}"));
            break;
        }
    }
    report::line("");
    report::table(&["step", "time", "outcome"], &rows);
    for limit in purchase::LIMITS {
        report::line(&format!("not asked here: {limit}"));
    }
    if let Some(complaint) = &complaint {
        report::line(&format!(
            "\n{complaint}\n\nministack wrote:\n{}",
            ministack.log()
        ));
    }
    Ok(complaint.is_none())
}

/// A port that is free with the two above it, which the stand-ins take as well.
fn sandbox_port() -> Result<u16> {
    for _ in 0..20 {
        let port = free_port()?;
        let above = (1..=2).filter_map(|n| port.checked_add(n));
        if above
            .filter(|&port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok())
            .count()
            == 2
        {
            return Ok(port);
        }
    }
    bail!("no three free ports in a row")
}

/// The sandbox of Chapa that `cargo local` has. Its other stand-ins come along and are not used.
fn start_sandbox(port: u16, webhook_secret: &str) -> Result<Process> {
    let mut command = Command::new(root().join("target").join("debug").join("local"));
    command
        .args(["--backends-only", "--memory", "--port", &port.to_string()])
        .env("CHAPA_WEBHOOK_SECRET", webhook_secret);
    let mut sandbox = Process::start("the sandbox of Chapa", command)?;
    sandbox
        .wait_until(START, |process| process.text().contains("Ctrl-C closes"))
        .context("opening the sandbox of Chapa")?;
    Ok(sandbox)
}
