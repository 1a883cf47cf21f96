//! Chores for whoever works on the code: `cargo xtask check`, `cargo xtask lambda`, `cargo xtask sbom`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod arch;
mod check;
mod lambda;
mod report;
mod sbom;
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
    /// Builds every function for Lambda and prints what each weighs.
    Lambda(lambda::Flags),
    /// Writes down what is deployed, as a CycloneDX bill of materials under target/.
    Sbom(sbom::Flags),
}

fn main() -> ExitCode {
    let done = match Chores::parse().chore {
        Chore::Check(flags) => check::run(&flags),
        Chore::Lambda(flags) => lambda::run(&flags),
        Chore::Sbom(flags) => sbom::run(&flags),
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
