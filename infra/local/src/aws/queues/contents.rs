//! What people and tests see of the queues: how full they are, and what was given up.

use anyhow::Result;
use emulator::Queue;
use rusqlite::named_params;
use serde::Serialize;
use serde_json::Value;

use super::Queues;

/// How many messages a queue holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Depth {
    /// The queue's name.
    pub queue: String,
    /// Whether it takes what another queue gave up.
    pub dead_letters: bool,
    /// Messages that can be received now.
    pub visible: u64,
    /// Messages that were received and are neither deleted nor visible again.
    pub in_flight: u64,
    /// Messages that were sent with a delay and were never visible.
    pub delayed: u64,
}

/// A message in a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeadLetter {
    /// The dead-letter queue.
    pub queue: String,
    /// The message's id.
    pub message_id: String,
    /// What was sent.
    pub body: String,
    /// How often it was handed out in vain.
    pub received: u32,
    /// When it was sent, in epoch seconds.
    pub sent_at: i64,
}

impl Queues {
    /// How many messages each queue holds, dead-letter queues included.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn depths(&self) -> Result<Vec<Depth>> {
        let now = self.0.now.secs();
        self.0.journal.run(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT count(*) FILTER (WHERE visible_at <= :now),
                        count(*) FILTER (WHERE visible_at > :now AND received > 0),
                        count(*) FILTER (WHERE visible_at > :now AND received = 0)
                 FROM messages WHERE queue = :queue",
            )?;
            let depth = |queue: &Queue| {
                statement.query_row(named_params! { ":now": now, ":queue": queue.name }, |row| {
                    Ok(Depth {
                        queue: queue.name.clone(),
                        dead_letters: self.is_dead_letters(&queue.name),
                        visible: row.get(0)?,
                        in_flight: row.get(1)?,
                        delayed: row.get(2)?,
                    })
                })
            };
            self.0.queues.iter().map(depth).collect()
        })
    }

    /// The newest messages that were given up, at most 1,000.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        let rows: Vec<DeadLetter> = self.0.journal.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT queue, id, body, received, sent_at FROM messages
                     WHERE queue IN (SELECT value FROM json_each(?)) ORDER BY seq DESC LIMIT 1000",
                )?
                .query_map([self.dead_letter_names()], |row| {
                    Ok(DeadLetter {
                        queue: row.get(0)?,
                        message_id: row.get(1)?,
                        body: row.get(2)?,
                        received: row.get(3)?,
                        sent_at: row.get(4)?,
                    })
                })?
                .collect()
        })?;
        Ok(rows)
    }

    fn is_dead_letters(&self, name: &str) -> bool {
        self.0
            .queues
            .iter()
            .any(|queue| queue.dead_letters.as_deref() == Some(name))
    }

    fn dead_letter_names(&self) -> String {
        Value::from_iter(
            self.0
                .queues
                .iter()
                .filter_map(|queue| queue.dead_letters.clone()),
        )
        .to_string()
    }
}
