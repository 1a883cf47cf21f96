//! `cargo xtask check`: all that CI asks of a change, each step even if an earlier one failed.

use anyhow::Result;
use clap::Args;

use crate::report;
use crate::step::{Step, summarise};
use crate::workspace::{cargo, has_subcommand};

/// What to leave out.
#[derive(Args)]
pub struct Flags {
    /// Leaves the tests out, for CI, which runs `cargo test` by itself.
    #[arg(long)]
    no_tests: bool,
}

/// Runs the steps from the quickest to the slowest; answers whether none failed.
pub fn run(flags: &Flags) -> Result<bool> {
    let mut steps = vec![Step::run("format", cargo(&["fmt", "--all", "--check"]))?];
    steps.extend(dependencies()?);
    steps.push(Step::run(
        "clippy",
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]),
    )?);
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    steps.push(Step::run("documentation", doc)?);
    if !flags.no_tests {
        steps.push(Step::run(
            "tests",
            cargo(&["test", "--workspace", "--locked"]),
        )?);
    }
    Ok(summarise(&steps))
}

/// Licences, bans and sources are in the lock file and the crates themselves. The advisory database
/// is fetched from GitHub: where that cannot be reached the step says so and is skipped, for a
/// check that nobody could make is neither a pass nor the fault of the change.
fn dependencies() -> Result<Vec<Step>> {
    const LICENCES: &str = "licences, bans, sources";
    const ADVISORIES: &str = "advisories";
    if !has_subcommand("deny") {
        report::line("cargo-deny is missing: `cargo install cargo-deny --locked`");
        return Ok(vec![
            Step::skipped(LICENCES, "cargo-deny is not installed"),
            Step::skipped(ADVISORIES, "cargo-deny is not installed"),
        ]);
    }
    let licences = Step::run(
        LICENCES,
        cargo(&[
            "deny",
            "--locked",
            "--log-level",
            "error",
            "check",
            "licenses",
            "bans",
            "sources",
        ]),
    )?;
    let reachable = cargo(&["deny", "--log-level", "error", "fetch", "db"])
        .output()
        .is_ok_and(|output| output.status.success());
    let advisories = if reachable {
        Step::run(
            ADVISORIES,
            cargo(&["deny", "--locked", "check", "--disable-fetch", "advisories"]),
        )?
    } else {
        Step::skipped(ADVISORIES, "the advisory database could not be fetched")
    };
    Ok(vec![licences, advisories])
}
