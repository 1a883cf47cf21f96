//! `cargo xtask cold-starts`: how long each HTTP function takes from the start of its process to its
//! first answer, beside a hello world that was built alike.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::backends::Backends;
use crate::bootstrap;
use crate::figures::{Series, milliseconds, ratio};
use crate::machine;
use crate::report;
use crate::runtime_api::RuntimeApi;
use crate::samples::{Expected, SAMPLES, Sample};
use crate::step::progress;
use crate::workspace::{BASELINE, root};

/// What a function's median may be, in medians of the baseline.
const LIMIT: u64 = 2;
/// How often is measured until every function is within it.
const ATTEMPTS: usize = 3;
const PAGE: &str = "docs/cold-starts.md";
const BEGIN: &str = "<!-- figures: written by cargo xtask cold-starts --write -->";
const END: &str = "<!-- end of figures -->";

/// How to measure.
#[derive(Args)]
pub struct Flags {
    /// How many times each function is started.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Writes the table to docs/cold-starts.md.
    #[arg(long)]
    write: bool,
}

/// What is asked of each function: something that neither writes nor computes a password's hash.
/// The first of them is asked of the baseline, which does not look at it.
const ASKED: [(&str, &str); 8] = [
    ("accounts", "accounts-get"),
    ("auth", "auth-get"),
    ("cart", "cart-get"),
    ("catalog", "catalog-get"),
    ("catalog-files", "catalog-files-get"),
    ("inventory", "inventory-get"),
    ("orders", "orders-get"),
    ("payments", "payments-get"),
];

/// Asked as well, to see what a read of the table adds. The bound is not for it: a good part of its time
/// is that of a debug build that answers for DynamoDB.
const READING: (&str, &str) = ("catalog", "catalog-list");

/// A function and its times.
struct Runner {
    function: &'static str,
    is_reading: bool,
    sample: Sample,
    event: String,
    /// From the start of the process to its first poll of the Runtime API: all that init does.
    ready: Series,
    /// From the start of the process to its first answer.
    answered: Series,
}

/// Measures, and once more if a function is over the bound: a machine that was busy with something
/// else is quiet the next time, a function that starts slowly is not.
pub fn run(flags: &Flags) -> Result<bool> {
    bootstrap::require(
        ASKED
            .iter()
            .map(|(function, _)| *function)
            .chain([BASELINE]),
    )?;
    let backends = Backends::start()?;
    let api = RuntimeApi::start()?;
    for _ in 0..ATTEMPTS {
        let measured = measure(flags.runs, &backends, &api)?;
        report::table(&HEADING, &measured.rows);
        for slow in &measured.slow {
            report::line(&format!(
                "{slow}: its median is more than {LIMIT} times the baseline's"
            ));
        }
        if measured.slow.is_empty() {
            if flags.write {
                write(&measured.rows, flags.runs)?;
            }
            return Ok(true);
        }
    }
    Ok(false)
}

/// What a round of measurements has shown.
struct Measured {
    rows: Vec<Vec<String>>,
    /// Functions over the bound.
    slow: Vec<&'static str>,
}

/// Starts all functions in turn, again and again, so that whatever else the machine does falls upon all
/// alike. A first round is not counted: it reads the binaries from the disk.
fn measure(runs: u32, backends: &Backends, api: &RuntimeApi) -> Result<Measured> {
    let mut runners = runners()?;
    let bar = progress("cold starts", (runs as usize + 1) * runners.len())?;
    for round in 0..=runs {
        for runner in &mut runners {
            bar.set_message(format!("round {round}: {}", runner.function));
            runner
                .start(api, backends, round > 0)
                .with_context(|| format!("{} in round {round}", runner.function))?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();

    let Some(baseline) = runners.first().and_then(|it| it.answered.median()) else {
        bail!("the baseline was not measured");
    };
    let is_slow_one = |runner: &&Runner| {
        let median = runner.answered.median().unwrap_or(u64::MAX);
        !runner.is_reading && is_slow(median, baseline)
    };
    Ok(Measured {
        rows: runners.iter().map(|runner| runner.row(baseline)).collect(),
        slow: runners
            .iter()
            .filter(is_slow_one)
            .map(|runner| runner.function)
            .collect(),
    })
}

const HEADING: [&str; 6] = [
    "function",
    "zip",
    "first poll",
    "first answer",
    "p90",
    "ratio",
];

/// The baseline and the HTTP functions.
fn runners() -> Result<Vec<Runner>> {
    let hello = Sample {
        file: "catalog-list",
        function: BASELINE,
        expected: Expected::Status(200),
    };
    let mut runners = vec![Runner::new(hello)?];
    for (function, file) in ASKED.into_iter().chain([READING]) {
        let Some(sample) = SAMPLES
            .iter()
            .find(|it| it.file == file && it.function == function)
        else {
            bail!("no sample of {function} is called {file}");
        };
        let mut runner = Runner::new(sample.clone())?;
        runner.is_reading = (function, file) == READING;
        runners.push(runner);
    }
    Ok(runners)
}

fn is_slow(median: u64, baseline: u64) -> bool {
    median > baseline.saturating_mul(LIMIT)
}

impl Runner {
    fn new(sample: Sample) -> Result<Self> {
        Ok(Self {
            function: sample.function,
            is_reading: false,
            event: sample.event()?,
            sample,
            ready: Series::default(),
            answered: Series::default(),
        })
    }

    /// One cold start: the invocation waits, the process is started, and ended once it has answered.
    fn start(&mut self, api: &RuntimeApi, backends: &Backends, is_counted: bool) -> Result<()> {
        let mark = api.mark();
        let invocation = api.enqueue(self.function, &self.event);
        let started = Instant::now();
        let mut process = bootstrap::start(self.function, api, &backends.environment)?;
        let answer = match invocation.answer(&mut process) {
            Ok(answer) => answer,
            Err(error) => bail!("{error:#}; it wrote:\n{}", process.end()),
        };
        let answered = answer.at.saturating_duration_since(started);
        let taken = api.taken(self.function, mark);
        self.sample.check(&self.event, &answer.body)?;
        if is_counted {
            self.answered.push(answered);
            if let Some(at) = taken {
                self.ready.push(at.saturating_duration_since(started));
            }
        }
        Ok(())
    }

    fn row(&self, baseline: u64) -> Vec<String> {
        let median = self.answered.median();
        // A zip that is not there, such as after `cargo lambda build`, is no reason not to measure.
        let zip = fs::metadata(bootstrap::zip(self.function)).ok();
        let name = if self.is_reading {
            format!("{}, reading", self.function)
        } else {
            self.function.to_owned()
        };
        vec![
            name,
            zip.map_or_else(|| "-".to_owned(), |it| report::megabytes(it.len())),
            milliseconds(self.ready.median()),
            milliseconds(median),
            milliseconds(self.answered.p90()),
            median.map_or_else(|| "-".to_owned(), |median| ratio(median, baseline)),
        ]
    }
}

/// Puts the table into the page, between its marks.
fn write(rows: &[Vec<String>], runs: u32) -> Result<()> {
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).with_context(|| format!("reading {PAGE}"))?;
    let figures = format!(
        "Median of {runs} starts each. {}\n\n{}",
        machine::description(),
        report::markdown(&HEADING, rows)
    );
    fs::write(&path, replaced(&page, &figures)?).with_context(|| format!("writing {PAGE}"))?;
    report::line(&format!("written to {PAGE}"));
    Ok(())
}

fn replaced(page: &str, figures: &str) -> Result<String> {
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let Some((before, after)) = parts else {
        bail!("{PAGE} has lost its marks, {BEGIN} and {END}");
    };
    Ok(format!("{before}{BEGIN}\n{figures}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twice_the_baseline_is_quick_enough_and_no_more() {
        assert!(!is_slow(9_000, 4_500));
        assert!(is_slow(9_001, 4_500));
    }

    #[test]
    fn the_baseline_comes_first_and_every_http_function_after_it() {
        let runners = runners().unwrap();
        let bound = runners.iter().filter(|it| !it.is_reading);
        let measured: Vec<&str> = bound.map(|it| it.function).collect();
        let http = |sample: &&Sample| matches!(sample.expected, Expected::Status(_));
        let mut expected = vec![BASELINE];
        expected.extend(SAMPLES.iter().filter(http).map(|it| it.function));
        expected[1..].sort_unstable();
        expected.dedup();
        assert_eq!(measured, expected);
    }

    #[test]
    fn what_is_asked_neither_writes_nor_logs_in() {
        for runner in runners().unwrap() {
            let event: serde_json::Value = serde_json::from_str(&runner.event).unwrap();
            assert_eq!(event["requestContext"]["http"]["method"], "GET");
        }
    }

    #[test]
    fn figures_are_put_between_the_marks_of_the_page() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let new = format!("before\n{BEGIN}\nnew\n{END}\nafter\n");
        assert_eq!(replaced(&page, "new").unwrap(), new);
        assert!(replaced("no marks", "new").is_err());
        assert!(replaced(&format!("{END}{BEGIN}"), "new").is_err());
        let ours = fs::read_to_string(root().join(PAGE)).unwrap();
        assert!(replaced(&ours, "new").is_ok());
    }
}
