//! What is in the bucket, kept in the journal.

use anyhow::Result;
use md5::{Digest as _, Md5};
use rusqlite::{OptionalExtension as _, params};

use crate::aws::{Now, journal::Journal};

/// What the bucket's lifecycle rule in the template deletes, and after how many seconds.
const PASSING: (&str, i64) = ("uploads/", 24 * 60 * 60);

/// The bucket. Clones share it.
#[derive(Clone, Debug)]
pub struct Objects {
    journal: Journal,
    now: Now,
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// What it is called by those who get it.
    pub content_type: String,
    /// How long they may keep it; empty if nothing is said.
    pub cache_control: String,
    /// `ETag`: the MD5 of its bytes, in quotes.
    pub tag: String,
}

impl Object {
    /// An object of these bytes.
    pub fn new(bytes: Vec<u8>, content_type: &str) -> Object {
        let sum = Md5::digest(&bytes);
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        Object {
            bytes,
            content_type: content_type.to_owned(),
            cache_control: String::new(),
            tag: format!("\"{sum}\""),
        }
    }
}

impl Objects {
    pub(in crate::aws) fn new(journal: Journal, now: Now) -> Objects {
        Objects { journal, now }
    }

    /// The shop's time in epoch seconds.
    pub(super) fn now(&self) -> i64 {
        self.now.secs()
    }

    /// An object by its name, unless its time is over.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn find(&self, name: &str) -> Result<Option<Object>> {
        let (prefix, secs) = PASSING;
        let oldest = self.now().saturating_sub(secs);
        self.journal.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT bytes, content_type, cache_control, tag FROM objects
                     WHERE name = ?1 AND (put_at > ?2 OR substr(name, 1, length(?3)) <> ?3)",
                )?
                .query_row(params![name, oldest, prefix], |row| {
                    Ok(Object {
                        bytes: row.get(0)?,
                        content_type: row.get(1)?,
                        cache_control: row.get(2)?,
                        tag: row.get(3)?,
                    })
                })
                .optional()
        })
    }

    /// The names of all objects, in order.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn names(&self) -> Result<Vec<String>> {
        self.journal.run(|connection| {
            connection
                .prepare_cached("SELECT name FROM objects ORDER BY name")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    /// Puts an object there, in place of any of its name.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn put(&self, name: &str, object: &Object) -> Result<()> {
        let (now, (prefix, secs)) = (self.now(), PASSING);
        self.journal.transact(|transaction| {
            transaction.execute(
                "DELETE FROM objects WHERE substr(name, 1, length(?1)) = ?1 AND put_at <= ?2",
                params![prefix, now.saturating_sub(secs)],
            )?;
            transaction.execute(
                "INSERT OR REPLACE INTO objects
                     (name, bytes, content_type, cache_control, tag, put_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
                params![
                    name,
                    object.bytes,
                    object.content_type,
                    object.cache_control,
                    object.tag,
                    now
                ],
            )?;
            Ok(())
        })
    }

    /// Deletes an object, if there is one.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn remove(&self, name: &str) -> Result<()> {
        self.journal.run(|connection| {
            connection
                .prepare_cached("DELETE FROM objects WHERE name = ?")?
                .execute([name])
                .map(drop)
        })
    }
}
