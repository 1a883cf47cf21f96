//! Runs one command of a chore, shows that it is alive, and tells how it ended and how long it took.

use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};

use crate::report;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It found nothing to complain about.
    Passed,
    /// It complained; what it said has been printed.
    Failed,
    /// It could not be asked here, for this reason. Not the same as having passed.
    Skipped(String),
}

/// A step that has been run.
pub struct Step {
    /// What it is called in the summary.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
}

impl Step {
    /// A step that could not be run, and why.
    pub fn skipped(name: &'static str, reason: &str) -> Self {
        report::line(&format!("-- {name}: skipped, {reason}"));
        Self {
            name,
            outcome: Outcome::Skipped(reason.to_owned()),
            duration: Duration::ZERO,
        }
    }

    /// Runs the command. On a terminal its output is kept back and shown only if it fails, behind
    /// a line that shows the latest of it; elsewhere, as in CI, it is passed through as it comes.
    pub fn run(name: &'static str, mut command: Command) -> Result<Self> {
        let started = Instant::now();
        let passed = if std::io::stderr().is_terminal() {
            watched(name, &mut command)?
        } else {
            report::line(&format!("-- {name}: {}", written_out(&command)));
            command
                .status()
                .with_context(|| format!("starting {}", written_out(&command)))?
                .success()
        };
        let duration = started.elapsed();
        let verdict = if passed { "ok" } else { "FAILED" };
        report::line(&format!(
            "-- {name}: {verdict} after {}",
            report::spoken(duration)
        ));
        Ok(Self {
            name,
            outcome: if passed {
                Outcome::Passed
            } else {
                Outcome::Failed
            },
            duration,
        })
    }
}

/// A bar for a chore that knows how many things it has to do. Nothing is drawn but on a terminal.
///
/// # Errors
/// If the style of the bar is refused.
pub fn progress(name: &'static str, length: usize) -> Result<ProgressBar> {
    let bar = ProgressBar::new(u64::try_from(length)?).with_prefix(name);
    bar.set_style(ProgressStyle::with_template(
        "{spinner} {prefix} {elapsed} {pos}/{len} {wide_msg}",
    )?);
    bar.enable_steady_tick(Duration::from_millis(120));
    Ok(bar)
}

fn watched(name: &'static str, command: &mut Command) -> Result<bool> {
    let bar = ProgressBar::new_spinner().with_prefix(name);
    bar.set_style(ProgressStyle::with_template(
        "{spinner} {prefix} {elapsed} {wide_msg}",
    )?);
    bar.enable_steady_tick(Duration::from_millis(120));

    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", written_out(command)))?;
    // Both pipes are read at once: a child that fills one while the other is waited for would hang.
    let said_on_stderr = child.stderr.take().map(|pipe| follow(pipe, bar.clone()));
    let said_on_stdout = child.stdout.take().map(|pipe| follow(pipe, bar.clone()));
    let passed = child.wait()?.success();
    let said: Vec<String> = [said_on_stdout, said_on_stderr]
        .into_iter()
        .flatten()
        .filter_map(|reader| reader.join().ok())
        .collect();
    bar.finish_and_clear();
    if !passed {
        report::line(&format!("{}\n{}", written_out(command), said.join("\n")));
    }
    Ok(passed)
}

fn follow(pipe: impl Read + Send + 'static, bar: ProgressBar) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut said = String::new();
        for text in BufReader::new(pipe).lines().map_while(Result::ok) {
            bar.set_message(text.trim().to_owned());
            said.push_str(&text);
            said.push('\n');
        }
        said
    })
}

/// The command as one would type it.
fn written_out(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Prints how each step ended, and answers whether none failed.
pub fn summarise(steps: &[Step]) -> bool {
    let rows: Vec<Vec<String>> = steps
        .iter()
        .map(|step| {
            let outcome = match &step.outcome {
                Outcome::Passed => "ok".to_owned(),
                Outcome::Failed => "FAILED".to_owned(),
                Outcome::Skipped(reason) => format!("skipped: {reason}"),
            };
            vec![step.name.to_owned(), report::spoken(step.duration), outcome]
        })
        .collect();
    report::line("");
    report::table(&["step", "time", "outcome"], &rows);
    steps.iter().all(|step| step.outcome != Outcome::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(outcome: Outcome) -> Step {
        Step {
            name: "one",
            outcome,
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn one_failed_step_fails_the_chore_and_a_skipped_one_does_not() {
        assert!(summarise(&[
            step(Outcome::Passed),
            step(Outcome::Skipped("no network".to_owned()))
        ]));
        assert!(!summarise(&[step(Outcome::Passed), step(Outcome::Failed)]));
    }

    #[test]
    fn a_command_that_ends_badly_is_a_failed_step() {
        let mut command = Command::new("cargo");
        command.arg("--no-such-flag");
        assert_eq!(
            Step::run("cargo", command).unwrap().outcome,
            Outcome::Failed
        );
    }
}
