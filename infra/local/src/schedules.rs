//! Scheduled functions: they tick in real time, run when told to, and never twice at once.

use std::{pin::Pin, sync::Arc, time::Duration};

use emulator::Wire;
use serde_json::Value;
use tokio::{
    sync::{Mutex, watch},
    time::MissedTickBehavior,
};

/// One run of a function, which ends with its summary.
pub type Run = Pin<Box<dyn Future<Output = anyhow::Result<Value>> + Send>>;

/// A function that EventBridge Scheduler would invoke.
struct Schedule {
    function: String,
    every: Duration,
    start: Box<dyn Fn() -> Run + Send + Sync>,
    /// Held while it runs: a tick that comes meanwhile waits.
    running: Mutex<()>,
}

/// All schedules. Clones share them.
#[derive(Clone)]
pub struct Schedules {
    all: Arc<Vec<Schedule>>,
    wire: Wire,
}

/// A function's name and the time from one run to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythm {
    /// The function's package.
    pub function: String,
    /// The time from one run to the next.
    pub every: Duration,
}

impl Schedules {
    /// No schedules yet. Runs are metered on the wire by their function's name.
    pub fn new(wire: Wire) -> Schedules {
        Schedules {
            all: Arc::default(),
            wire,
        }
    }

    /// Adds a function.
    #[must_use]
    pub fn with(
        mut self,
        rhythm: Rhythm,
        start: impl Fn() -> Run + Send + Sync + 'static,
    ) -> Schedules {
        let schedule = Schedule {
            function: rhythm.function,
            every: rhythm.every,
            start: Box::new(start),
            running: Mutex::new(()),
        };
        // Before anything runs there is one owner, so nothing is lost here.
        if let Some(all) = Arc::get_mut(&mut self.all) {
            all.push(schedule);
        }
        self
    }

    /// What runs how often.
    pub fn rhythms(&self) -> Vec<Rhythm> {
        self.all
            .iter()
            .map(|one| Rhythm {
                function: one.function.clone(),
                every: one.every,
            })
            .collect()
    }

    /// Runs a function now; `None` if there is none of that name.
    pub async fn run(&self, function: &str) -> Option<anyhow::Result<Value>> {
        let schedule = self.all.iter().find(|one| one.function == function)?;
        let _running = schedule.running.lock().await;
        // In a task of its own: whoever asked may hang up, and a panic stays in there.
        let wire = self.wire.clone();
        let label = schedule.function.clone();
        let run = (schedule.start)();
        let outcome = tokio::spawn(async move { wire.metered(&label, run).await }).await;
        Some(outcome.unwrap_or_else(|error| Err(anyhow::anyhow!("the function panicked: {error}"))))
    }

    /// Ticks until `stop` turns true. The first tick comes after the first interval, as on AWS.
    pub async fn tick(self, stop: watch::Receiver<bool>) {
        let ticking = self.rhythms().into_iter().map(|rhythm| {
            let schedules = self.clone();
            let mut stop = stop.clone();
            async move {
                let start = tokio::time::Instant::now() + rhythm.every;
                let mut ticks = tokio::time::interval_at(start, rhythm.every);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                loop {
                    tokio::select! {
                        biased;
                        _ = stop.wait_for(|stop| *stop) => return,
                        _ = ticks.tick() => {}
                    }
                    match schedules.run(&rhythm.function).await {
                        Some(Ok(summary)) => {
                            tracing::debug!(function = rhythm.function, %summary, "ran")
                        }
                        Some(Err(error)) => {
                            tracing::error!(
                                function = rhythm.function,
                                error = format!("{error:#}"),
                                "a scheduled run failed"
                            );
                        }
                        None => return,
                    }
                }
            }
        });
        futures::future::join_all(ticking).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    fn counting(every: Duration) -> (Schedules, Arc<AtomicUsize>) {
        let runs = Arc::new(AtomicUsize::new(0));
        let counter = runs.clone();
        let schedules = Schedules::new(Wire::new()).with(
            Rhythm {
                function: "count".to_owned(),
                every,
            },
            move || {
                let counter = counter.clone();
                Box::pin(async move {
                    match counter.fetch_add(1, Ordering::SeqCst) {
                        0 => anyhow::bail!("the first run fails"),
                        1 => panic!("the second panics"),
                        runs => Ok(json!({ "runs": runs + 1 })),
                    }
                })
            },
        );
        (schedules, runs)
    }

    #[tokio::test]
    async fn a_run_answers_with_its_summary_and_a_failure_kills_nothing() {
        let (schedules, _) = counting(Duration::from_secs(60));
        assert!(schedules.run("count").await.unwrap().is_err());
        assert!(schedules.run("count").await.unwrap().is_err());
        assert_eq!(
            schedules.run("count").await.unwrap().unwrap(),
            json!({ "runs": 3 })
        );
        assert!(schedules.run("unknown").await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn ticks_go_on_after_failures_until_the_shop_closes() {
        let (schedules, runs) = counting(Duration::from_secs(60));
        let (close, stop) = watch::channel(false);
        let ticking = tokio::spawn(schedules.tick(stop));
        // The clock is paused: it jumps to the end of a sleep as soon as nobody has work.
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 0);
        tokio::time::sleep(Duration::from_secs(182)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 4);
        close.send(true).unwrap();
        ticking.await.unwrap();
    }
}
