//! The protocol of EventBridge, and the last events that were put on the bus.

use anyhow::Result;
use axum::response::Response;
use domain::Timestamp;
use http::StatusCode;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::journal::{Journal, random_uuid};
use super::{Now, answer};

const VERSION: &str = "1.1";
const MOST_ENTRIES: usize = 10;
/// Older events are forgotten: nobody subscribes here, people only look.
const MOST_KEPT: u32 = 1_000;

/// An event that was put on a bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// The id it was given.
    pub id: String,
    /// The bus it was put on.
    pub bus: String,
    /// Who put it there.
    pub source: String,
    /// What kind of event it is.
    pub detail_type: String,
    /// What happened.
    pub detail: Value,
    /// When it was put, in RFC 3339.
    pub put_at: String,
}

/// The bus. Clones share it.
#[derive(Clone, Debug)]
pub struct Bus {
    journal: Journal,
    now: Now,
}

impl Bus {
    pub(super) fn new(journal: Journal, now: Now) -> Self {
        Self { journal, now }
    }

    /// The last events, at most 1,000, the newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn events(&self) -> Result<Vec<Event>> {
        self.journal.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, bus, source, detail_type, detail, put_at FROM events
                     ORDER BY seq DESC",
                )?
                .query_map([], |row| {
                    let detail: String = row.get(4)?;
                    Ok(Event {
                        id: row.get(0)?,
                        bus: row.get(1)?,
                        source: row.get(2)?,
                        detail_type: row.get(3)?,
                        detail: serde_json::from_str(&detail).unwrap_or_default(),
                        put_at: Timestamp(row.get(5)?).to_string(),
                    })
                })?
                .collect()
        })
    }

    /// Keeps events and gives their ids.
    fn put(&self, entries: &[&Entry]) -> Result<Vec<String>> {
        let now = self.now.secs();
        self.journal.transact(|transaction| {
            let ids = entries
                .iter()
                .map(|entry| {
                    let id = random_uuid(transaction)?;
                    transaction
                        .prepare_cached(
                            "INSERT INTO events (id, bus, source, detail_type, detail, put_at)
                             VALUES (?, ?, ?, ?, ?, ?)",
                        )?
                        .execute(params![
                            id,
                            entry.event_bus_name.as_deref().unwrap_or("default"),
                            entry.source,
                            entry.detail_type,
                            entry.detail,
                            now,
                        ])?;
                    Ok(id)
                })
                .collect::<rusqlite::Result<_>>()?;
            transaction
                .prepare_cached(
                    "DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?",
                )?
                .execute([MOST_KEPT])?;
            Ok(ids)
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    event_bus_name: Option<String>,
    source: Option<String>,
    detail_type: Option<String>,
    detail: Option<String>,
}

impl Entry {
    /// What is wrong with it, as EventBridge words it: a code and a sentence.
    fn fault(&self) -> Option<(&'static str, String)> {
        let named = [
            ("Source", &self.source),
            ("DetailType", &self.detail_type),
            ("Detail", &self.detail),
        ];
        for (name, value) in named {
            if value.as_ref().is_none_or(String::is_empty) {
                let message = format!(
                    "Parameter {name} is not valid. Reason: {name} is a required argument."
                );
                return Some(("InvalidArgument", message));
            }
        }
        let detail = self.detail.as_deref().unwrap_or_default();
        if serde_json::from_str::<serde_json::Map<String, Value>>(detail).is_err() {
            return Some(("MalformedDetail", "Detail is malformed.".to_owned()));
        }
        None
    }
}

/// Answers one call.
pub(super) fn answer(bus: &Bus, operation: &str, body: &[u8]) -> Response {
    if operation != "PutEvents" {
        return answer::unknown_operation(operation);
    }
    let entries = match serde_json::from_slice::<Request>(body) {
        Ok(request) if (1..=MOST_ENTRIES).contains(&request.entries.len()) => request.entries,
        Ok(request) => {
            let count = request.entries.len();
            return invalid(&format!(
                "{count} entries, where 1 to {MOST_ENTRIES} are allowed"
            ));
        }
        Err(error) => return invalid(&error.to_string()),
    };
    let faults: Vec<_> = entries.iter().map(Entry::fault).collect();
    let good: Vec<_> = entries
        .iter()
        .zip(&faults)
        .filter_map(|(entry, fault)| fault.is_none().then_some(entry))
        .collect();
    let mut ids = match bus.put(&good) {
        Ok(ids) => ids.into_iter(),
        Err(error) => {
            tracing::error!(
                error = format!("{error:#}"),
                "the stand-in for EventBridge failed"
            );
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            return answer::error(VERSION, status, "InternalException", "internal error");
        }
    };
    let failed = faults.iter().flatten().count();
    let results: Vec<_> = faults
        .into_iter()
        .map(|fault| match fault {
            Some((code, message)) => json!({ "ErrorCode": code, "ErrorMessage": message }),
            None => json!({ "EventId": ids.next() }),
        })
        .collect();
    answer::json(
        VERSION,
        &json!({ "FailedEntryCount": failed, "Entries": results }),
    )
}

fn invalid(message: &str) -> Response {
    answer::error(
        VERSION,
        StatusCode::BAD_REQUEST,
        "ValidationException",
        message,
    )
}
