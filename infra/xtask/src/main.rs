//! Chores for whoever works on the code: `cargo xtask --help` lists them.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod arch;
mod backends;
mod bootstrap;
mod catalogue;
mod check;
mod cold_starts;
mod emulator;
mod figures;
mod invoke;
mod lambda;
mod machine;
mod ministack;
mod process;
mod report;
mod runtime_api;
mod samples;
mod sbom;
mod smoke;
mod step;
mod workspace;

/// Chores for whoever works on the code.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Chores {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// All that CI asks: format, lints, documentation, dependencies, tests.
    Check(check::Flags),
    /// Builds every function for Lambda, prints what each weighs, and fails if one weighs too much.
    Lambda(lambda::Flags),
    /// Runs what `lambda` built under cargo-lambda's Runtime API and checks how it answers events/.
    Invoke,
    /// Measures how long what `lambda` built takes from its start to its first answer.
    ColdStarts(cold_starts::Flags),
    /// Runs the tests that need a table against ministack, an AWS emulator that somebody else wrote.
    Emulator(emulator::Flags),
    /// Deploys what `lambda` built to ministack and buys something there.
    Smoke(smoke::Flags),
    /// Writes down what is deployed, as a CycloneDX bill of materials under target/.
    Sbom(sbom::Flags),
    /// Brings products from a file into a shop, as Shopify exports them.
    Import(catalogue::ImportFlags),
    /// Writes all products of a shop to a file.
    Export(catalogue::ExportFlags),
}

fn main() -> ExitCode {
    let done = match Chores::parse().chore {
        Chore::Check(flags) => check::run(&flags),
        Chore::Lambda(flags) => lambda::run(&flags),
        Chore::Invoke => invoke::run(),
        Chore::ColdStarts(flags) => cold_starts::run(&flags),
        Chore::Emulator(flags) => emulator::run(&flags),
        Chore::Smoke(flags) => smoke::run(&flags),
        Chore::Sbom(flags) => sbom::run(&flags),
        Chore::Import(flags) => catalogue::import(&flags),
        Chore::Export(flags) => catalogue::export(&flags),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // The chain of causes on one line: a backtrace of a chore helps nobody.
            report::line(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
