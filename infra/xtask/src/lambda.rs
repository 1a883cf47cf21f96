//! `cargo xtask lambda`: builds every function as it is deployed, and prints what each weighs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::arch::Arch;
use crate::bootstrap;
use crate::report;
use crate::runtime_api;
use crate::step::{Outcome, Step};
use crate::workspace::{BASELINE, cargo, functions, has_subcommand, root};

/// What a zip may weigh: 3 MB, a megabyte being 10^6 bytes. Lambda itself takes 50; but it fetches and
/// unpacks the zip before each cold start.
const ZIP_LIMIT_BYTES: u64 = 3_000_000;

/// How to build.
#[derive(Args)]
pub struct Flags {
    /// The processor to build for. This machine's own, unless told otherwise.
    #[arg(long, value_enum)]
    arch: Option<Arch>,
}

/// Builds all functions and the baseline in one call, so that they share what they have in common, then
/// weighs them.
pub fn run(flags: &Flags) -> Result<bool> {
    if !has_subcommand("lambda") {
        bail!(runtime_api::MISSING);
    }
    let mut functions = functions()?;
    functions.push(BASELINE.to_owned());
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
    let mut weights = Vec::new();
    for function in &functions {
        let binary = size(&bootstrap::path(function))?;
        let zip = size(&bootstrap::zip(function))?;
        rows.push(vec![
            function.clone(),
            report::megabytes(binary),
            report::megabytes(zip),
        ]);
        weights.push((function.as_str(), zip));
    }
    report::line("");
    report::table(&["function", "binary", "zip"], &rows);
    let heavy = too_heavy(&weights);
    for function in &heavy {
        report::line(&format!(
            "{function}: its zip is over {}",
            report::megabytes(ZIP_LIMIT_BYTES)
        ));
    }
    Ok(heavy.is_empty())
}

/// Those whose zips weigh more than they may.
fn too_heavy<'a>(weights: &[(&'a str, u64)]) -> Vec<&'a str> {
    let heavy = weights.iter().filter(|(_, bytes)| *bytes > ZIP_LIMIT_BYTES);
    heavy.map(|(function, _)| *function).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_megabytes_are_allowed_and_not_a_byte_more() {
        let weights = [("cart", 3_000_000), ("payments", 3_000_001)];
        assert_eq!(too_heavy(&weights), ["payments"]);
    }
}
