//! `cargo xtask invoke`: every function's release binary under cargo-lambda's Runtime API, asked what
//! `events/` holds for it.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::backends::Backends;
use crate::bootstrap;
use crate::process::Process;
use crate::report;
use crate::runtime_api::RuntimeApi;
use crate::samples::{SAMPLES, Sample};
use crate::step::progress;

/// A sample that was sent, and what came of it.
struct Outcome {
    sample: &'static Sample,
    /// How long the answer took in milliseconds, from when the function was started or, in one that
    /// runs, from when it was asked.
    took_ms: u128,
    answered: Result<String>,
}

/// Sends all samples, each function's to one process of it, and prints what was answered.
pub fn run() -> Result<bool> {
    let mut functions: Vec<&str> = SAMPLES.iter().map(|sample| sample.function).collect();
    functions.dedup();
    bootstrap::require(functions.iter().copied())?;
    let backends = Backends::start()?;
    let api = RuntimeApi::start()?;

    let bar = progress("invoke", SAMPLES.len())?;
    let mut rows = Vec::new();
    let mut complaints = Vec::new();
    for function in functions {
        bar.set_message(function);
        let (outcomes, said) = ask(function, &api, &backends)?;
        bar.inc(u64::try_from(outcomes.len())?);
        for outcome in &outcomes {
            rows.push(row(outcome));
        }
        if let Some(complaint) = complaint(function, &outcomes, &said) {
            complaints.push(complaint);
        }
    }
    bar.finish_and_clear();

    report::table(&["sample", "time", "answer"], &rows);
    for complaint in &complaints {
        report::line(&format!("\n{complaint}"));
    }
    Ok(complaints.is_empty())
}

/// Sends one process of the function all its samples, one after the other. Answers also with all that
/// the process has written.
fn ask(function: &str, api: &RuntimeApi, backends: &Backends) -> Result<(Vec<Outcome>, String)> {
    let mut process: Option<Process> = None;
    let mut outcomes = Vec::new();
    for sample in SAMPLES.iter().filter(|it| it.function == function) {
        let event = sample.event()?;
        let (running, invocation, asked) = match process.as_mut() {
            Some(running) => {
                let invocation = api.invoke(function, &event);
                let sent = invocation.sent;
                (running, invocation, sent)
            }
            None => {
                // The first invocation waits before there is a process, as on Lambda.
                let invocation = api.enqueue(function, &event);
                let started = Instant::now();
                let running = bootstrap::start(function, api, &backends.environment)?;
                (process.insert(running), invocation, started)
            }
        };
        let answer = invocation.answer(running);
        let is_answering = answer.is_ok();
        let at = answer.as_ref().map_or_else(|_| Instant::now(), |it| it.at);
        let answered = answer.and_then(|answer| {
            if answer.status != 200 {
                bail!("the invocation failed: {}", answer.body);
            }
            sample.check(&event, &answer.body)
        });
        outcomes.push(Outcome {
            sample,
            took_ms: at.saturating_duration_since(asked).as_millis(),
            answered,
        });
        if !is_answering {
            break;
        }
    }
    Ok((outcomes, process.map(Process::end).unwrap_or_default()))
}

fn row(outcome: &Outcome) -> Vec<String> {
    let answered = match &outcome.answered {
        Ok(answered) => answered.clone(),
        Err(_) => "WRONG".to_owned(),
    };
    vec![
        outcome.sample.file.to_owned(),
        format!("{} ms", outcome.took_ms),
        answered,
    ]
}

/// What is wrong with a function, and what it wrote meanwhile; nothing if nothing is.
fn complaint(function: &str, outcomes: &[Outcome], said: &str) -> Option<String> {
    let mut wrong: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| {
            let error = outcome.answered.as_ref().err()?;
            Some(format!("{}: {error:#}", outcome.sample.file))
        })
        .collect();
    let asked = SAMPLES.iter().filter(|it| it.function == function).count();
    if outcomes.len() < asked {
        wrong.push(format!(
            "{} samples were not sent any more",
            asked - outcomes.len()
        ));
    }
    if said.contains("panicked at") {
        wrong.push("it panicked".to_owned());
    }
    if wrong.is_empty() {
        return None;
    }
    Some(format!(
        "{function}: {}\nit wrote:\n{said}",
        wrong.join("; ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(file: &str, answered: Result<String>) -> Vec<Outcome> {
        let sample = SAMPLES.iter().find(|sample| sample.file == file).unwrap();
        vec![Outcome {
            sample,
            took_ms: 1,
            answered,
        }]
    }

    #[test]
    fn a_wrong_answer_a_panic_and_a_sample_not_sent_are_complained_of() {
        let right = || outcomes("relay-outbox", Ok("nothing to do".to_owned()));
        assert_eq!(complaint("relay-outbox", &right(), "{}"), None);

        let panicked = complaint("relay-outbox", &right(), "thread 'main' panicked at here");
        assert!(panicked.unwrap().contains("it panicked"));

        let wrong = outcomes("relay-outbox", Err(anyhow::anyhow!("ended with 1")));
        let told = complaint("relay-outbox", &wrong, "no such table").unwrap();
        assert!(
            told.contains("ended with 1") && told.contains("no such table"),
            "{told}"
        );

        let first = outcomes("catalog", Ok("403".to_owned()));
        let told = complaint("catalog", &first, "").unwrap();
        assert!(told.contains("not sent any more"), "{told}");
    }
}
