//! `cargo xtask lambda`: builds every function as it is deployed, and prints what each weighs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::arch::Arch;
use crate::report;
use crate::step::{Outcome, Step};
use crate::workspace::{cargo, functions, has_subcommand, root};

/// How to build.
#[derive(Args)]
pub struct Flags {
    /// The processor to build for. This machine's own, unless told otherwise.
    #[arg(long, value_enum)]
    arch: Option<Arch>,
}

/// Builds all functions in one call, so that they share what they have in common, then weighs them.
pub fn run(flags: &Flags) -> Result<bool> {
    if !has_subcommand("lambda") {
        bail!(
            "cargo-lambda is missing. It comes with the Zig linker as a Python package: \
             `pip install cargo-lambda`; or see https://www.cargo-lambda.info/guide/installation.html"
        );
    }
    let functions = functions()?;
    let out = root().join("target").join("lambda");
    let zips = root().join("target").join("lambda-zip");

    if Step::run("build", build(flags, &functions, &out, "binary"))?.outcome != Outcome::Passed {
        return Ok(false);
    }
    // The second call compiles nothing: it packs what the first one linked.
    if Step::run("pack", build(flags, &functions, &zips, "zip"))?.outcome != Outcome::Passed {
        return Ok(false);
    }

    let mut rows = Vec::new();
    for function in &functions {
        let binary = size(&out.join(function).join("bootstrap"))?;
        let zip = size(&zips.join(function).join("bootstrap.zip"))?;
        rows.push(vec![
            function.clone(),
            report::megabytes(binary),
            report::megabytes(zip),
        ]);
    }
    report::line("");
    report::table(&["function", "binary", "zip"], &rows);
    Ok(true)
}

fn build(flags: &Flags, functions: &[String], out: &Path, format: &str) -> Command {
    let mut command = cargo(&[
        "lambda",
        "build",
        "--release",
        "--locked",
        "--output-format",
        format,
    ]);
    command.arg("--lambda-dir").arg(out);
    match flags.arch {
        Some(Arch::Arm64) => {
            command.arg("--arm64");
        }
        Some(Arch::X86) => {
            command.arg("--x86-64");
        }
        None => {}
    }
    for function in functions {
        command.args(["--package", function]);
    }
    command
}

fn size(file: &Path) -> Result<u64> {
    let found = fs::metadata(file).with_context(|| format!("looking for {}", file.display()))?;
    Ok(found.len())
}
