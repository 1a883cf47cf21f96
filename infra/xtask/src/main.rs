//! Chores for whoever works on the code: `cargo xtask check`, `cargo xtask lambda`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod check;
mod lambda;
mod report;
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
}

fn main() -> ExitCode {
    let done = match Chores::parse().chore {
        Chore::Check(flags) => check::run(&flags),
        Chore::Lambda(flags) => lambda::run(&flags),
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
