//! What SQS holds: messages that hide while somebody has them, come back, and at last go to the dead letters.
//!
//! Everything here runs on the shop's clock, so moving the clock moves visibility timeouts.

mod contents;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use emulator::Queue;
use rusqlite::{Row, Transaction, named_params, params};
use serde_json::{Map, Value};
use tokio::sync::watch;

pub use contents::{DeadLetter, Depth};

use super::journal::{Journal, random_hex, random_uuid};
use super::{ACCOUNT, Now, REGION};

/// All queues. Clones share them.
#[derive(Clone, Debug)]
pub struct Queues(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    journal: Journal,
    queues: Vec<Queue>,
    now: Now,
    /// Told whenever somebody who waits for a message should look again.
    changed: watch::Sender<()>,
    /// Messages that a poller of this process has in hand at this moment.
    handled: Mutex<HashSet<String>>,
}

/// A message to be sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) body: String,
    /// Message attributes as they came over the wire.
    pub(super) attributes: Value,
    pub(super) delay_secs: i64,
}

/// A message that was received.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) attributes: Value,
    pub(super) sent_at: i64,
    pub(super) first_received_at: i64,
    pub(super) received: u32,
    pub(super) receipt: String,
}

impl Queues {
    /// The queues of the template, with what the journal holds of them.
    ///
    /// Whoever had received a message and not deleted it is gone with the process before this
    /// one, so all of these are visible again at once.
    pub(super) fn open(journal: Journal, queues: &[Queue], now: Now) -> Result<Self> {
        let (changed, _) = watch::channel(());
        let handled = Mutex::default();
        let queues = Self(Arc::new(Inner {
            journal,
            queues: queues.to_vec(),
            now,
            changed,
            handled,
        }));
        queues.make_failed_visible()?;
        Ok(queues)
    }

    /// Makes all messages visible that wait out a visibility timeout while nobody works on them,
    /// and tells how many those were.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn make_failed_visible(&self) -> Result<usize> {
        let now = self.0.now.secs();
        let handled = self.handled();
        let in_hand = Value::from_iter(handled.iter().cloned()).to_string();
        let woken = self.0.journal.run(|connection| {
            connection
                .prepare_cached(
                    "UPDATE messages SET visible_at = :now
                     WHERE visible_at > :now AND received > 0
                       AND id NOT IN (SELECT value FROM json_each(:in_hand))",
                )?
                .execute(named_params! { ":now": now, ":in_hand": in_hand })
        })?;
        drop(handled);
        self.wake();
        Ok(woken)
    }

    /// The bodies of the messages of a queue that somebody received and has not deleted.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn received(&self, queue: &str) -> Result<Vec<String>> {
        self.0.journal.run(|connection| {
            connection
                .prepare_cached("SELECT body FROM messages WHERE queue = ? AND received > 0")?
                .query_map([queue], |row| row.get(0))?
                .collect()
        })
    }

    /// Makes everybody who waits for a message look again: to be called when the clock was moved.
    pub fn wake(&self) {
        self.0.changed.send_replace(());
    }

    /// The queue of that name.
    pub(super) fn named(&self, name: &str) -> Option<&Queue> {
        self.0.queues.iter().find(|queue| queue.name == name)
    }

    /// Adds messages, all or none, and gives their ids.
    pub(super) fn send(&self, queue: &Queue, messages: &[Outgoing]) -> Result<Vec<String>> {
        let now = self.0.now.secs();
        let ids = self.0.journal.transact(|transaction| {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO messages (id, queue, body, attributes, sent_at, visible_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )?;
            let mut insert = |message: &Outgoing| {
                let id = random_uuid(transaction)?;
                let attributes = message.attributes.to_string();
                let visible_at = now + message.delay_secs;
                statement.execute(params![
                    id,
                    queue.name,
                    message.body,
                    attributes,
                    now,
                    visible_at
                ])?;
                Ok(id)
            };
            messages.iter().map(&mut insert).collect()
        })?;
        self.wake();
        Ok(ids)
    }

    /// Hands out up to `max` messages, hidden from now on for `visibility` or the queue's own
    /// timeout. What was handed out too often already goes to the dead letters instead.
    pub(super) fn receive(
        &self,
        queue: &Queue,
        max: usize,
        visibility: Option<Duration>,
    ) -> Result<Vec<Received>> {
        let now = self.0.now.secs();
        let hidden = visibility.unwrap_or(queue.visibility_timeout).as_secs();
        let visible_at = now.saturating_add(i64::try_from(hidden).unwrap_or(i64::MAX));
        let (buried, received) = self.0.journal.transact(|transaction| {
            let buried = bury(transaction, queue, now)?;
            let mut messages: Vec<Received> = transaction
                .prepare_cached(
                    "SELECT id, body, attributes, sent_at, first_received_at, received
                     FROM messages WHERE queue = ? AND visible_at <= ? ORDER BY seq LIMIT ?",
                )?
                .query_map(params![queue.name, now, max], |row| read(row, now))?
                .collect::<rusqlite::Result<_>>()?;
            let mut statement = transaction.prepare_cached(
                "UPDATE messages SET visible_at = ?, received = ?, first_received_at = ?, receipt = ?
                 WHERE id = ?",
            )?;
            for message in &mut messages {
                message.receipt = random_hex(transaction, 32)?;
                statement.execute(params![
                    visible_at,
                    message.received,
                    message.first_received_at,
                    message.receipt,
                    message.id,
                ])?;
            }
            Ok((buried, messages))
        })?;
        if buried > 0 {
            self.wake();
        }
        Ok(received)
    }

    /// [`Queues::receive`], waiting for the first message as long as `wait`.
    pub(super) async fn receive_within(
        &self,
        queue: &Queue,
        max: usize,
        visibility: Option<Duration>,
        wait: Duration,
    ) -> Result<Vec<Received>> {
        let deadline = tokio::time::Instant::now() + wait;
        // Taken before the first look, so that what is sent after it is not overlooked.
        let mut changes = self.0.changed.subscribe();
        loop {
            let messages = self.receive(queue, max, visibility)?;
            if !messages.is_empty() || tokio::time::Instant::now() >= deadline {
                return Ok(messages);
            }
            let next = self.until_visible(queue)?;
            let _ = tokio::time::timeout_at(deadline, look_again(&mut changes, next)).await;
        }
    }

    /// Takes a batch in hand for a poller, which says [`Queues::let_go`] when it is done with it.
    pub(super) fn take(&self, queue: &Queue, max: usize) -> Result<Vec<Received>> {
        let mut handled = self.handled();
        let batch = self.receive(queue, max, None)?;
        handled.extend(batch.iter().map(|message| message.id.clone()));
        Ok(batch)
    }

    /// A poller no longer works on these messages.
    pub(super) fn let_go(&self, batch: &[Received]) {
        let mut handled = self.handled();
        for message in batch {
            handled.remove(&message.id);
        }
    }

    /// Resolves when there may be something new to receive.
    pub(super) async fn changed(
        &self,
        queue: &Queue,
        changes: &mut watch::Receiver<()>,
    ) -> Result<()> {
        let next = self.until_visible(queue)?;
        look_again(changes, next).await;
        Ok(())
    }

    /// To be held by whoever waits with [`Queues::changed`].
    pub(super) fn subscribe(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    /// Deletes the message that was last received with this receipt, if there is one.
    pub(super) fn delete(&self, queue: &Queue, receipts: &[String]) -> Result<()> {
        self.0.journal.transact(|transaction| {
            let mut statement = transaction
                .prepare_cached("DELETE FROM messages WHERE receipt = ? AND queue = ?")?;
            receipts
                .iter()
                .try_for_each(|receipt| statement.execute(params![receipt, queue.name]).map(drop))
        })
    }

    /// Hides a message for so long from now on; false if nobody has it in flight.
    pub(super) fn hide(&self, queue: &Queue, receipt: &str, secs: i64) -> Result<bool> {
        let now = self.0.now.secs();
        let hidden = self.0.journal.run(|connection| {
            connection
                .prepare_cached(
                    "UPDATE messages SET visible_at = ?
                     WHERE receipt = ? AND queue = ? AND visible_at > ?",
                )?
                .execute(params![now + secs, receipt, queue.name, now])
        })?;
        self.wake();
        Ok(hidden > 0)
    }

    /// Deletes all messages of a queue.
    pub(super) fn purge(&self, queue: &Queue) -> Result<()> {
        self.0.journal.run(|connection| {
            connection
                .execute("DELETE FROM messages WHERE queue = ?", [&queue.name])
                .map(drop)
        })
    }

    /// How long until the next hidden message becomes visible; `None` if none is hidden.
    fn until_visible(&self, queue: &Queue) -> Result<Option<Duration>> {
        let now = self.0.now.secs();
        let next: Option<i64> = self.0.journal.run(|connection| {
            connection
                .prepare_cached("SELECT min(visible_at) FROM messages WHERE queue = ?")?
                .query_row([&queue.name], |row| row.get(0))
        })?;
        Ok(next.map(|at| Duration::from_secs(u64::try_from(at - now).unwrap_or(0))))
    }

    fn handled(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0
            .handled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The queue's ARN.
pub(super) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

/// What SQS says of a message besides what was sent.
pub(super) fn system_attributes(message: &Received) -> Map<String, Value> {
    let millis = |secs: i64| Value::from(secs.saturating_mul(1_000).to_string());
    Map::from_iter([
        (
            "ApproximateReceiveCount".to_owned(),
            Value::from(message.received.to_string()),
        ),
        ("SentTimestamp".to_owned(), millis(message.sent_at)),
        (
            "ApproximateFirstReceiveTimestamp".to_owned(),
            millis(message.first_received_at),
        ),
        ("SenderId".to_owned(), Value::from(ACCOUNT)),
    ])
}

/// Moves what was received too often to the dead letters, and tells how many messages that were.
fn bury(transaction: &Transaction<'_>, queue: &Queue, now: i64) -> rusqlite::Result<usize> {
    let (Some(most), Some(dead_letters)) = (queue.max_receive_count, &queue.dead_letters) else {
        return Ok(0);
    };
    transaction
        .prepare_cached(
            "UPDATE messages SET queue = ?, receipt = NULL
             WHERE queue = ? AND visible_at <= ? AND received >= ?",
        )?
        .execute(params![dead_letters, queue.name, now, most])
}

fn read(row: &Row<'_>, now: i64) -> rusqlite::Result<Received> {
    let attributes: String = row.get(2)?;
    Ok(Received {
        id: row.get(0)?,
        body: row.get(1)?,
        attributes: serde_json::from_str(&attributes).unwrap_or_default(),
        sent_at: row.get(3)?,
        first_received_at: row.get::<_, Option<i64>>(4)?.unwrap_or(now),
        received: row.get::<_, u32>(5)? + 1,
        receipt: String::new(),
    })
}

/// Resolves on the next change, or when `next` has passed.
async fn look_again(changes: &mut watch::Receiver<()>, next: Option<Duration>) {
    let due = async {
        match next {
            // A second at least: the clock counts in seconds, and a message that is due within
            // this one is not to be asked for again and again.
            Some(next) => tokio::time::sleep(next.max(Duration::from_secs(1))).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = changes.changed() => {}
        () = due => {}
    }
}
