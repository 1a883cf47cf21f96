//! What the shop still has to do, and when it has done it all: outbox, queues, dead letters.

use std::time::Duration;

use emulator::Wire;
use gateways::{clock::Clock, relay::Relay};
use serde_json::{Value, json};

use crate::aws::queues::{Depth, Queues};

/// How often the queues are looked at while they empty.
const GLANCE: Duration = Duration::from_millis(5);
/// Under this name, what settling costs stands in the figures.
const LABEL: &str = "settle";

/// Outbox and queues. Clones share them.
#[derive(Clone)]
pub struct Backlog {
    queues: Queues,
    wire: Wire,
    clock: Clock,
    /// From the outbox to the queue; there is no outbox where only the stand-ins run.
    relay: Option<Relay>,
}

impl Backlog {
    /// Over these queues and, if the shop runs here, its outbox.
    pub fn new(queues: Queues, relay: Option<Relay>, wire: Wire, clock: Clock) -> Backlog {
        Backlog {
            queues,
            wire,
            clock,
            relay,
        }
    }

    /// Waits until outbox and queues are empty, dead letters apart: sends what lies in the outbox,
    /// however young, and brings back what waits to be tried again. What goes on failing lets it
    /// wait until it is a dead letter, or until the caller loses patience.
    ///
    /// # Errors
    /// If the journal fails. That the outbox cannot be sent is no error: it may be a moment later.
    pub async fn settle(&self) -> anyhow::Result<()> {
        loop {
            self.queues.make_failed_visible()?;
            if self.is_quiet()? && self.sweep().await == Some(0) && self.is_quiet()? {
                return Ok(());
            }
            // Polled, because whoever empties the queues is not always in this process.
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What is left, for whoever waited in vain.
    ///
    /// # Errors
    /// If the journal fails.
    pub fn left(&self) -> anyhow::Result<Value> {
        let depths = self.queues.depths()?;
        Ok(json!(
            depths.into_iter().filter(is_pending).collect::<Vec<_>>()
        ))
    }

    /// How many events went from the outbox to the queue; `None` if some could not.
    async fn sweep(&self) -> Option<usize> {
        let Some(relay) = &self.relay else {
            return Some(0);
        };
        // A second ahead: what was written in this very second is to go as well.
        let until = self.clock.now().plus_secs(1);
        match self.wire.metered(LABEL, relay.sweep(until)).await {
            Ok(sweep) => Some(sweep.sent),
            Err(error) => {
                tracing::warn!(%error, "the outbox could not be sent");
                None
            }
        }
    }

    fn is_quiet(&self) -> anyhow::Result<bool> {
        Ok(!self.queues.depths()?.iter().any(is_pending))
    }
}

fn is_pending(depth: &Depth) -> bool {
    !depth.dead_letters && depth.visible + depth.in_flight + depth.delayed > 0
}
