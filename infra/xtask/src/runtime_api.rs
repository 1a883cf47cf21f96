//! Lambda's Runtime API as cargo-lambda emulates it: it takes invocations and hands them to whichever
//! process polls for that function.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use ureq::Agent;

use crate::process::{Line, Process};
use crate::workspace::{cargo, has_subcommand};

const START: Duration = Duration::from_secs(30);
/// An invocation has to wait at the emulator before its function starts: who polls for a function
/// that was never invoked is sent away. The emulator needs well under a millisecond for it.
const QUEUE: Duration = Duration::from_millis(30);
/// How long a first answer may take: argon2 on a busy machine, and Lambda's own default.
const ANSWER: Duration = Duration::from_secs(30);

/// What is said when cargo-lambda is not there.
pub const MISSING: &str = "cargo-lambda is missing. It comes with the Zig linker as a Python package: \
     `pip install cargo-lambda`; or see https://www.cargo-lambda.info/guide/installation.html";

/// The emulator, listening on loopback.
pub struct RuntimeApi {
    process: Process,
    address: SocketAddr,
    agent: Agent,
}

/// An invocation that has been sent to the emulator.
pub struct Invocation {
    /// When it was sent.
    pub sent: Instant,
    answer: Receiver<Result<Answer>>,
}

/// What a function answered, as `aws lambda invoke` would show it.
#[derive(Debug)]
pub struct Answer {
    /// When the last byte of it was there.
    pub at: Instant,
    /// 200, or what the emulator says of a function that failed.
    pub status: u16,
    /// The payload.
    pub body: String,
}

impl RuntimeApi {
    /// Starts cargo-lambda's emulator, without a function, on a free port.
    ///
    /// # Errors
    /// If cargo-lambda is not installed or does not come up.
    pub fn start() -> Result<Self> {
        if !has_subcommand("lambda") {
            bail!(MISSING);
        }
        let address = free_address()?;
        // It says when an invocation is taken only if it is told to be verbose.
        let mut command = cargo(&["lambda", "watch", "--only-lambda-apis", "-v"]);
        command.args(["--invoke-address", &address.ip().to_string()]);
        command.args(["--invoke-port", &address.port().to_string()]);
        let mut process = Process::start("the Runtime API", command)?;
        process.wait_until(START, |_| TcpStream::connect(address).is_ok())?;
        // What a function answers is for the caller to judge, even if it is an error.
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        Ok(Self {
            process,
            address,
            agent,
        })
    }

    /// What a function finds in `AWS_LAMBDA_RUNTIME_API`: each has a path of its own.
    pub fn address_for(&self, function: &str) -> String {
        format!("http://{}/.rt/{function}", self.address)
    }

    /// How much it has said. To be given to [`RuntimeApi::taken`] later.
    pub fn mark(&self) -> usize {
        self.process.lines().len()
    }

    /// When, after `mark`, a process took an invocation of `function`: its first successful poll.
    pub fn taken(&self, function: &str, mark: usize) -> Option<Instant> {
        // The answer is there already; only the line that tells may lag behind.
        self.process
            .find(mark, Duration::from_secs(1), |line| poll_of(function, line))
    }

    /// Sends an event, and returns when it waits for a process to take it.
    pub fn enqueue(&self, function: &str, event: &str) -> Invocation {
        let invocation = self.invoke(function, event);
        thread::sleep(QUEUE);
        invocation
    }

    /// Sends an event as `cargo lambda invoke` does.
    pub fn invoke(&self, function: &str, event: &str) -> Invocation {
        let url = format!(
            "http://{}/2015-03-31/functions/{function}/invocations",
            self.address
        );
        let request = self
            .agent
            .post(&url)
            .header("content-type", "application/json");
        let event = event.to_owned();
        let (sender, answer) = channel();
        let sent = Instant::now();
        thread::spawn(move || {
            let answered = request
                .send(event)
                .and_then(|mut response| {
                    Ok(Answer {
                        status: response.status().as_u16(),
                        body: response.body_mut().read_to_string()?,
                        at: Instant::now(),
                    })
                })
                .context("invoking a function");
            // Who does not wait any more has given the reason already.
            let _ = sender.send(answered);
        });
        Invocation { sent, answer }
    }
}

impl Invocation {
    /// Waits for the answer of the process that is to give it.
    ///
    /// # Errors
    /// If that process ends before, or the time is over; with what the process has written.
    pub fn answer(self, function: &mut Process) -> Result<Answer> {
        let deadline = Instant::now() + ANSWER;
        loop {
            match self.answer.recv_timeout(Duration::from_millis(50)) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => bail!("the invocation was dropped"),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = function.ended()? {
                bail!("ended with {status} and no answer");
            }
            if Instant::now() > deadline {
                bail!("gave no answer in {} s", ANSWER.as_secs());
            }
        }
    }
}

/// Whether this line of the emulator's tells that an invocation of the function was taken.
fn poll_of(function: &str, line: &Line) -> Option<Instant> {
    let is_it = line.text.contains("processing request")
        && line.text.contains(&format!("function=\"{function}\""));
    is_it.then_some(line.at)
}

/// A port that nobody listens on. Somebody else may take it before the emulator does; it then says so.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .map_err(|error| anyhow!("looking for a free port: {error}"))?;
    Ok(listener.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_emulator_tells_who_took_an_invocation() {
        let line = |text: &str| Line {
            at: Instant::now(),
            text: text.to_owned(),
        };
        let taken = line(
            "DEBUG processing request req_id=\"c9b88c88\" function=\"catalog\" instance_id=None",
        );
        assert_eq!(poll_of("catalog", &taken), Some(taken.at));
        assert_eq!(poll_of("cart", &taken), None);
        let queued = line("DEBUG invocation received function_name=catalog");
        assert_eq!(poll_of("catalog", &queued), None);
    }
}
