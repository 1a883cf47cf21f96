//! The stand-ins for AWS and Chapa, `cargo local --backends-only`, and what a function has to find in
//! its environment to use them.

use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::process::Process;
use crate::step::{Outcome, Step};
use crate::workspace::{cargo, root};

const START: Duration = Duration::from_secs(30);
const OPEN: &str = "merkato is open at ";

/// Stand-ins that run, with an empty table that is forgotten when they end.
pub struct Backends {
    _process: Process,
    /// Names and values for a function's environment.
    pub environment: Vec<(String, String)>,
}

impl Backends {
    /// Builds and starts them on free ports.
    ///
    /// # Errors
    /// If they do not build or do not come up.
    pub fn start() -> Result<Self> {
        let built = Step::run(
            "build the stand-ins",
            cargo(&["build", "--package", "local"]),
        )?;
        if built.outcome != Outcome::Passed {
            bail!("the stand-ins do not build");
        }
        let mut command = Command::new(root().join("target").join("debug").join("local"));
        command.args(["--backends-only", "--memory", "--port", "0"]);
        let mut process = Process::start("the stand-ins", command)?;
        // All that they print is printed at once, but may be read in parts: the last line is waited for.
        process.wait_until(START, |process| process.text().contains("Ctrl-C closes"))?;
        let environment = environment(&process.text())?;
        Ok(Self {
            _process: process,
            environment,
        })
    }
}

/// The variables in what the stand-ins print. They do not say where the shop itself is, since that is
/// elsewhere; here it is nowhere, so their own address does.
fn environment(printed: &str) -> Result<Vec<(String, String)>> {
    let mut variables: Vec<(String, String)> = printed.lines().filter_map(exported).collect();
    if variables.is_empty() {
        bail!("the stand-ins print no environment:\n{printed}");
    }
    let Some(url) = printed.lines().find_map(|line| line.strip_prefix(OPEN)) else {
        bail!("the stand-ins print no address:\n{printed}");
    };
    if !variables.iter().any(|(name, _)| name == "PUBLIC_URL") {
        variables.push(("PUBLIC_URL".to_owned(), url.trim().to_owned()));
    }
    Ok(variables)
}

/// `export NAME=value` or `export NAME='value'`, as a shell reads it.
fn exported(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix("export ")?.split_once('=')?;
    let value = match value
        .strip_prefix('\'')
        .and_then(|it| it.strip_suffix('\''))
    {
        Some(quoted) => quoted.replace("'\\''", "'"),
        None => value.to_owned(),
    };
    Some((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_exported_is_read_as_a_shell_reads_it() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let printed = "merkato is open at http://127.0.0.1:40097\n\n\
             Only the stand-ins run. For a shop elsewhere:\n\n  \
               export AWS_REGION=local\n  \
               export ALLOWED_ORIGINS='http://localhost:*,http://127.0.0.1:*'\n  \
               export SHOP_NAME='Abebe'\\''s'\n\n  \
               start here   http://127.0.0.1:40097/_local/\n";
        assert_eq!(
            environment(printed).unwrap(),
            [
                pair("AWS_REGION", "local"),
                pair("ALLOWED_ORIGINS", "http://localhost:*,http://127.0.0.1:*"),
                pair("SHOP_NAME", "Abebe's"),
                pair("PUBLIC_URL", "http://127.0.0.1:40097"),
            ]
        );
    }

    #[test]
    fn stand_ins_that_print_no_environment_are_refused() {
        assert!(environment("merkato is open at http://127.0.0.1:40097").is_err());
    }
}
