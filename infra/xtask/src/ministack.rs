//! ministack, an AWS emulator that somebody else wrote, started for one chore and forgotten after it.

mod calls;

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;
use ureq::Agent;

use crate::process::Process;
use crate::report;
use crate::workspace::root;

/// The version whose limits the chores list. Another one may have fewer, or others.
pub const VERSION: &str = "1.5.33";
/// The region that everything is in.
pub const REGION: &str = "eu-west-1";
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(10);
/// Id and secret of the one access key.
const KEY: &str = "local";

/// A running ministack on loopback, empty at first. Dropping it ends it and the functions it runs.
pub struct Ministack {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub endpoint: String,
    process: Process,
    stop: Command,
    scratch: PathBuf,
    agent: Agent,
}

/// Whether functions may do only what their roles allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roles {
    /// Every call is allowed.
    Ignored,
    /// Signatures are verified, and policies decide.
    Enforced,
}

impl Ministack {
    /// Starts the given binary, or the `ministack` on the path, on a free port.
    ///
    /// # Errors
    /// If it is not installed or does not come up.
    pub fn start(binary: Option<&Path>, roles: Roles) -> Result<Self> {
        let binary = binary.map_or_else(|| OsStr::new("ministack"), Path::as_os_str);
        let port = free_port()?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let scratch = root().join("target").join(format!("ministack-{port}"));
        fs::create_dir_all(&scratch)?;
        let command = || {
            let mut command = Command::new(binary);
            // Its functions inherit its environment: of ours they are to see nothing.
            command
                .env_clear()
                .envs(
                    ["PATH", "HOME", "LANG"]
                        .map(|name| (name, env::var_os(name).unwrap_or_default())),
                )
                .env("TMPDIR", &scratch)
                .env("BIND_HOST", "127.0.0.1")
                .env("GATEWAY_PORT", port.to_string())
                .env("AWS_ENDPOINT_URL", &endpoint)
                .env("MINISTACK_REGION", REGION)
                // Who has this key may do everything.
                .env("AWS_ACCESS_KEY_ID", KEY)
                .env("AWS_SECRET_ACCESS_KEY", KEY)
                .env("AUTH", (roles == Roles::Enforced).to_string())
                .env("IOT_MTLS_ENABLED", "0")
                .env("SFTP_ENABLED", "0");
            command
        };
        let mut stop = command();
        stop.arg("--stop")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = Process::start("ministack", command()).with_context(|| {
            format!("it is a Python package: `pip install ministack=={VERSION}`, or name it with --ministack")
        });
        let mut ministack = Self {
            endpoint,
            process: match process {
                Ok(process) => process,
                Err(error) => {
                    fs::remove_dir_all(&scratch)?;
                    return Err(error);
                }
            },
            stop,
            scratch,
            agent: agent(),
        };
        let (agent, health) = (agent(), format!("{}/_ministack/health", ministack.endpoint));
        ministack
            .process
            .wait_until(START, |_| agent.get(&health).call().is_ok())?;
        let version = ministack.page("/_ministack/health")?;
        let version = version["version"].as_str().unwrap_or("of no version");
        report::line(&format!("-- ministack {version} at {}", ministack.endpoint));
        if version != VERSION {
            report::line(&format!(
                "   what is said here of its limits was seen with {VERSION}"
            ));
        }
        Ok(ministack)
    }

    /// What an AWS client needs in its environment to call it.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", self.endpoint.clone()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_DEFAULT_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", KEY.to_owned()),
        ]
    }

    /// One of its own pages, which AWS does not have.
    ///
    /// # Errors
    /// If there is no such page.
    pub fn page(&self, path: &str) -> Result<Value> {
        let mut answer = self.agent.get(&format!("{}{path}", self.endpoint)).call()?;
        calls::parse(&answer.body_mut().read_to_string()?)
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        self.process.text()
    }
}

impl Drop for Ministack {
    fn drop(&mut self) {
        // Asked to stop it ends the functions that it runs; killed it would leave them behind.
        if self.stop.status().is_ok_and(|status| status.success()) {
            let deadline = Instant::now() + STOP;
            while matches!(self.process.ended(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(20));
            }
        }
        // What cannot be removed lies under target/, where nobody minds.
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

/// A client that leaves it to the caller to judge a status.
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(60)))
        .max_redirects(0)
        .build()
        .into()
}

/// A port that nobody listens on. Somebody else may take it before ministack does; it then says so.
pub fn free_port() -> Result<u16> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
    Ok(listener.local_addr()?.port())
}
