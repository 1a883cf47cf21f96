//! `cargo xtask emulator`: the tests that need a table once more, against an emulator that somebody
//! else wrote.
//!
//! Our own embedded DynamoDB and our tests could agree on something that AWS does otherwise. Where two
//! emulators that know nothing of each other give the same answers, that is less likely.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::ministack::{Ministack, Roles};
use crate::report;
use crate::step::{Step, summarise};
use crate::workspace::cargo;

/// Read by `infra/emulator` when a test wants a table.
const ENDPOINT: &str = "MERKATO_AWS_ENDPOINT";
/// The region that tests name.
const TEST_REGION: &str = "local";

/// Where the emulator is.
#[derive(Args)]
pub struct Flags {
    /// The ministack to start, if it is not on the path.
    #[arg(long, value_name = "PATH")]
    ministack: Option<PathBuf>,
}

/// The tests of one package.
struct Suite {
    package: &'static str,
    not_asked: &'static [NotAsked],
}

/// Tests that cannot hold on ministack, and whose fault that is.
struct NotAsked {
    /// As `cargo test -- --skip` takes it.
    tests: &'static str,
    reason: &'static str,
}

const fn suite(package: &'static str) -> Suite {
    Suite {
        package,
        not_asked: &[],
    }
}

const CAPACITY: &str = "ministack reports no read units for BatchGetItem and half a unit for any \
    Query, where AWS rounds the size of all items up to 4 KB";

/// Every package whose tests open a table. `tests` runs whole shops, schedules and queue consumers
/// included, with their tables over there.
const SUITES: &[Suite] = &[
    Suite {
        package: "store",
        not_asked: &[NotAsked {
            tests: "costs::",
            reason: CAPACITY,
        }],
    },
    suite("auth"),
    suite("accounts"),
    suite("catalog"),
    suite("catalog-files"),
    suite("inventory"),
    suite("cart"),
    suite("orders"),
    suite("payments"),
    suite("order-events"),
    suite("tests"),
];

/// A test binary, and the folder that cargo would run it in.
#[derive(Debug, PartialEq, Eq)]
struct Binary {
    executable: PathBuf,
    folder: PathBuf,
}

/// Runs all suites, even if an earlier one failed; answers whether none did.
pub fn run(flags: &Flags) -> Result<bool> {
    let binaries = build()?;
    let ministack = Ministack::start(flags.ministack.as_deref(), Roles::Ignored)?;
    let mut steps = Vec::new();
    for suite in SUITES {
        let Binary { executable, folder } = binaries
            .get(suite.package)
            .with_context(|| format!("{} has no tests", suite.package))?;
        let mut command = Command::new(executable);
        command
            .args(skipped(suite))
            .current_dir(folder)
            .env("CARGO_MANIFEST_DIR", folder)
            .env(ENDPOINT, &ministack.endpoint);
        steps.push(Step::run(suite.package, command)?);
    }
    let passed = summarise(&steps);
    report::line("");
    for (suite, NotAsked { tests, reason }) in SUITES
        .iter()
        .flat_map(|suite| suite.not_asked.iter().map(move |it| (suite, it)))
    {
        report::line(&format!(
            "not asked here: {} {tests}: {reason}",
            suite.package
        ));
    }
    // Had a test asked the embedded table after all, nobody would see it from its passing.
    let tables = ministack.tables(TEST_REGION)?;
    report::line(&format!("{tables} tables were made at ministack"));
    if tables == 0 {
        bail!("nothing was asked at ministack: does {ENDPOINT} still have its reader?");
    }
    Ok(passed)
}

/// Builds what `cargo test --workspace` builds, so that after it nothing is built: package by package,
/// cargo would choose other features of the dependencies and build most of them again each time.
fn build() -> Result<BTreeMap<String, Binary>> {
    let built = cargo(&["test", "--workspace", "--locked", "--no-run"])
        .args(["--message-format", "json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()?;
    if !built.status.success() {
        bail!("the tests do not build");
    }
    Ok(String::from_utf8(built.stdout)?
        .lines()
        .filter_map(binary)
        .collect())
}

/// The test binary `main` and its package's folder name, if that is what cargo tells in this line.
fn binary(line: &str) -> Option<(String, Binary)> {
    let artifact: Value = serde_json::from_str(line).ok()?;
    let target = &artifact["target"];
    if target["kind"] != json!(["test"]) || target["name"] != "main" {
        return None;
    }
    let folder = Path::new(artifact["manifest_path"].as_str()?).parent()?;
    let package = folder.file_name()?.to_str()?.to_owned();
    let binary = Binary {
        executable: artifact["executable"].as_str()?.into(),
        folder: folder.to_owned(),
    };
    Some((package, binary))
}

fn skipped(suite: &Suite) -> impl Iterator<Item = &'static str> {
    suite
        .not_asked
        .iter()
        .flat_map(|not_asked| ["--skip", not_asked.tests])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::workspace::root;

    /// A package that opens tables and is missing from the list would go unasked, and nobody would know.
    #[test]
    fn every_package_whose_tests_open_a_table_is_asked() {
        let mut opening = Vec::new();
        for folder in ["shared", "functions", "infra"] {
            for entry in fs::read_dir(root().join(folder)).unwrap() {
                let package = entry.unwrap().path();
                let Ok(manifest) = fs::read_to_string(package.join("Cargo.toml")) else {
                    continue;
                };
                let (_, test_only) = manifest
                    .split_once("[dev-dependencies]")
                    .unwrap_or_default();
                if test_only.contains("actors.") || test_only.contains("emulator.") {
                    opening.push(package.file_name().unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        for package in &opening {
            assert!(
                SUITES.iter().any(|suite| suite.package == package),
                "{package} is not asked"
            );
        }
        assert!(opening.len() > 5, "{opening:?}");
    }

    #[test]
    fn of_all_that_cargo_builds_the_test_binaries_are_taken() {
        let artifact = json!({
            "reason": "compiler-artifact", "manifest_path": "/merkato/functions/cart/Cargo.toml",
            "target": { "kind": ["test"], "name": "main" }, "executable": "/merkato/target/main-1",
        });
        let expected = Binary {
            executable: "/merkato/target/main-1".into(),
            folder: "/merkato/functions/cart".into(),
        };
        assert_eq!(
            binary(&artifact.to_string()),
            Some(("cart".to_owned(), expected))
        );
        let mut library = artifact;
        library["target"]["kind"] = json!(["lib"]);
        assert_eq!(binary(&library.to_string()), None);
        assert_eq!(
            binary(r#"{"reason":"build-finished","success":true}"#),
            None
        );
    }

    #[test]
    fn what_is_not_asked_is_left_out_by_name() {
        let costs: Vec<_> = skipped(&SUITES[0]).collect();
        assert_eq!(costs, ["--skip", "costs::"]);
        assert_eq!(skipped(&SUITES[1]).count(), 0);
    }
}
