//! What the stand-ins remember: one SQLite file, so that nothing that was answered is lost on a kill.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use serde_json::Value;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS documents (
        kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        queue TEXT NOT NULL,
        body TEXT NOT NULL,
        attributes TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL,
        first_received_at INTEGER,
        received INTEGER NOT NULL DEFAULT 0,
        receipt TEXT
    );
    CREATE INDEX IF NOT EXISTS messages_by_time ON messages (queue, visible_at);
    CREATE INDEX IF NOT EXISTS messages_by_receipt ON messages (receipt) WHERE receipt IS NOT NULL;
    CREATE TABLE IF NOT EXISTS mails (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        sender TEXT NOT NULL,
        shown_to TEXT NOT NULL,
        recipients TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        html TEXT NOT NULL,
        sent_at INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL,
        bus TEXT NOT NULL,
        source TEXT NOT NULL,
        detail_type TEXT NOT NULL,
        detail TEXT NOT NULL,
        put_at INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS objects (
        name TEXT NOT NULL PRIMARY KEY,
        bytes BLOB NOT NULL,
        content_type TEXT NOT NULL,
        cache_control TEXT NOT NULL,
        tag TEXT NOT NULL,
        put_at INTEGER NOT NULL
    );
";

/// The stand-ins' memory. Clones share it.
///
/// Its statements are short and run under a lock on the calling thread: handing each of them to
/// another thread would take longer than it takes.
#[derive(Clone)]
pub struct Journal(Arc<Mutex<Connection>>);

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

impl Journal {
    /// The journal in a file, which is made if it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened or is no journal.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        let connection = Connection::open(path).with_context(|| format!("cannot open {shown}"))?;
        // With a write-ahead log that is synced at checkpoints only, what was committed survives
        // the death of the process; a power cut may cost the last moments of a developer's shop.
        connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
            .and_then(|()| connection.execute_batch(SCHEMA))
            .with_context(|| format!("{shown} is not a journal"))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// A journal in memory, gone with its last clone.
    ///
    /// # Errors
    /// When SQLite cannot have the memory.
    pub fn memory() -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// A document by kind and key.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn get(&self, kind: &str, key: &str) -> Result<Option<Value>> {
        let text: Option<String> = self.run(|connection| {
            connection
                .prepare_cached("SELECT value FROM documents WHERE kind = ? AND key = ?")?
                .query_row([kind, key], |row| row.get(0))
                .optional()
        })?;
        text.map(|text| serde_json::from_str(&text))
            .transpose()
            .context("a document is not JSON")
    }

    /// Keeps a document, in place of any that had its kind and key.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn put(&self, kind: &str, key: &str, value: &Value) -> Result<()> {
        self.run(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO documents (kind, key, value) VALUES (?, ?, ?)
                     ON CONFLICT DO UPDATE SET value = excluded.value",
                )?
                .execute(params![kind, key, value.to_string()])
                .map(drop)
        })
    }

    /// Forgets a document, if there is one.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn remove(&self, kind: &str, key: &str) -> Result<()> {
        self.run(|connection| {
            connection
                .prepare_cached("DELETE FROM documents WHERE kind = ? AND key = ?")?
                .execute([kind, key])
                .map(drop)
        })
    }

    /// All documents of a kind with their keys, by key.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn list(&self, kind: &str) -> Result<Vec<(String, Value)>> {
        let rows: Vec<(String, String)> = self.run(|connection| {
            connection
                .prepare_cached("SELECT key, value FROM documents WHERE kind = ? ORDER BY key")?
                .query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })?;
        rows.into_iter()
            .map(|(key, text)| Ok((key, serde_json::from_str(&text)?)))
            .collect::<Result<_>>()
            .context("a document is not JSON")
    }

    /// Runs statements that need not happen together.
    pub(super) fn run<T>(&self, act: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        act(&self.lock()).context("the journal failed")
    }

    /// Runs statements that happen together or not at all.
    pub(super) fn transact<T>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut connection = self.lock();
        let outcome = connection.transaction().and_then(|transaction| {
            let outcome = act(&transaction)?;
            transaction.commit()?;
            Ok(outcome)
        });
        outcome.context("the journal failed")
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// So many random bytes in hexadecimal, drawn by SQLite: ids of stand-ins need no better source.
pub(super) fn random_hex(connection: &Connection, bytes: u32) -> rusqlite::Result<String> {
    connection
        .prepare_cached("SELECT lower(hex(randomblob(?)))")?
        .query_row([bytes], |row| row.get(0))
}

/// A random UUID of version 4, as AWS names messages and events.
pub(super) fn random_uuid(connection: &Connection) -> rusqlite::Result<String> {
    let hex = random_hex(connection, 16)?;
    Ok(format!(
        "{}-{}-4{}-8{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..]
    ))
}
