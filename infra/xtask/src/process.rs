//! A process that a chore starts beside itself: what it says is gathered, and it ends with the chore.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// A line that a process has written, to either of its outputs.
#[derive(Clone, Debug)]
pub struct Line {
    /// When it was read.
    pub at: Instant,
    /// The line without its end.
    pub text: String,
}

/// A running process. Dropping it ends it.
pub struct Process {
    name: String,
    child: Child,
    said: Arc<Said>,
}

#[derive(Default)]
struct Said {
    so_far: Mutex<SoFar>,
    news: Condvar,
}

#[derive(Default)]
struct SoFar {
    lines: Vec<Line>,
    /// Outputs that have not ended.
    open: usize,
}

impl Said {
    fn lock(&self) -> MutexGuard<'_, SoFar> {
        // A reader that panicked leaves whole lines behind, so they are as good as before.
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `wanted` finds something in what was said, or the time is over.
    fn wait_for<T>(&self, within: Duration, wanted: impl Fn(&SoFar) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + within;
        let mut so_far = self.lock();
        loop {
            if let Some(found) = wanted(&so_far) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            so_far = match self.news.wait_timeout(so_far, left) {
                Ok((so_far, _)) => so_far,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

impl Process {
    /// Starts the command, called `name` in messages.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(name: &str, mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {name}: {}", command.get_program().display()))?;
        let said = Arc::<Said>::default();
        if let Some(pipe) = child.stdout.take() {
            gather(pipe, Arc::clone(&said));
        }
        if let Some(pipe) = child.stderr.take() {
            gather(pipe, Arc::clone(&said));
        }
        Ok(Self {
            name: name.to_owned(),
            child,
            said,
        })
    }

    /// What it has written so far, both outputs mixed as they came.
    pub fn lines(&self) -> Vec<Line> {
        self.said.lock().lines.clone()
    }

    /// What it has written so far, as one text for a message.
    pub fn text(&self) -> String {
        let lines = self.lines();
        let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
        texts.join("\n")
    }

    /// How it ended, if it did. Then all that it has written is there to be read.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        if status.is_some() {
            self.read_to_the_end();
        }
        Ok(status)
    }

    /// Ends it, and answers with all that it has written.
    pub fn end(mut self) -> String {
        self.kill();
        self.read_to_the_end();
        self.text()
    }

    /// The first line from number `from` on in which `wanted` finds something, waited for.
    pub fn find<T>(
        &self,
        from: usize,
        within: Duration,
        wanted: impl Fn(&Line) -> Option<T>,
    ) -> Option<T> {
        self.said.wait_for(within, |so_far| {
            so_far.lines.iter().skip(from).find_map(&wanted)
        })
    }

    /// Asks `is_ready` again and again until it says yes.
    ///
    /// # Errors
    /// If the process ends before, or the time is over; with what it has written.
    pub fn wait_until(&mut self, within: Duration, is_ready: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + within;
        while !is_ready(self) {
            if let Some(status) = self.ended()? {
                bail!("{} ended with {status}:\n{}", self.name, self.text());
            }
            if Instant::now() > deadline {
                bail!(
                    "{} is not ready after {} s:\n{}",
                    self.name,
                    within.as_secs(),
                    self.text()
                );
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn kill(&mut self) {
        // One that has ended already cannot be ended again, which is all that can go wrong here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// An output of a dead process ends soon, unless a child of it lives on and holds it open.
    fn read_to_the_end(&self) {
        self.said.wait_for(Duration::from_secs(1), |so_far| {
            (so_far.open == 0).then_some(())
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn gather(pipe: impl Read + Send + 'static, said: Arc<Said>) {
    said.lock().open += 1;
    thread::spawn(move || {
        for text in BufReader::new(pipe).lines().map_while(Result::ok) {
            let at = Instant::now();
            said.lock().lines.push(Line { at, text });
            said.news.notify_all();
        }
        said.lock().open -= 1;
        said.news.notify_all();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::start("a script", command).unwrap()
    }

    #[test]
    fn a_line_is_found_when_it_comes_and_not_when_it_does_not() {
        let process = shell("echo one; echo two >&2; exec cat /dev/zero");
        let is = |text: &'static str| move |line: &Line| (line.text == text).then_some(());
        assert_eq!(
            process.find(0, Duration::from_secs(10), is("two")),
            Some(())
        );
        assert_eq!(
            process.find(0, Duration::from_secs(10), is("one")),
            Some(())
        );
        assert_eq!(process.find(0, Duration::ZERO, is("three")), None);
    }

    #[test]
    fn waiting_for_a_process_that_dies_tells_how_it_died_and_what_it_said() {
        let mut process = shell("echo the end is near; exit 3");
        let error = process
            .wait_until(Duration::from_secs(10), |process| {
                process.text() == "never said"
            })
            .unwrap_err();
        let message = error.to_string();
        assert!(message.contains("exit status: 3"), "{message}");
        assert!(message.contains("the end is near"), "{message}");
    }
}
