//! The protocol of SES, version 1, and the mailbox that catches what was to be sent.

use std::collections::BTreeMap;

use anyhow::Result;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use rusqlite::{OptionalExtension as _, Row, params};
use serde::Serialize;

use domain::Timestamp;

use super::Now;
use super::journal::Journal;

/// A mailbox page, and the answer that tests read, show so many mails at most.
const MOST_SHOWN: u32 = 1_000;

/// A mail that was caught.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// Counted up from 1.
    pub id: i64,
    /// The sender, as the shop wrote it.
    pub from: String,
    /// The recipients, separated by commas if there are several.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The body for those who read text; empty if there is none.
    pub text: String,
    /// The body for those who read HTML; empty if there is none.
    pub html: String,
    /// When it was sent, in RFC 3339.
    pub sent_at: String,
}

/// All mails that were caught. Clones share them.
#[derive(Clone, Debug)]
pub struct Mailbox {
    journal: Journal,
    now: Now,
}

const COLUMNS: &str = "id, sender, shown_to, subject, text, html, sent_at";

impl Mailbox {
    pub(super) fn new(journal: Journal, now: Now) -> Self {
        Self { journal, now }
    }

    /// The newest mails first, at most 1,000; only those to one address, if one is given.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn mails(&self, to: Option<&str>) -> Result<Vec<Mail>> {
        self.journal.run(|connection| {
            connection
                .prepare_cached(&format!(
                    "SELECT {COLUMNS} FROM mails
                     WHERE ?1 IS NULL OR ?1 IN (SELECT value FROM json_each(recipients))
                     ORDER BY id DESC LIMIT ?2"
                ))?
                .query_map(params![to.map(address), MOST_SHOWN], read)?
                .collect()
        })
    }

    /// One mail.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn mail(&self, id: i64) -> Result<Option<Mail>> {
        self.journal.run(|connection| {
            connection
                .prepare_cached(&format!("SELECT {COLUMNS} FROM mails WHERE id = ?"))?
                .query_row([id], read)
                .optional()
        })
    }

    /// Empties the mailbox.
    ///
    /// # Errors
    /// When the journal cannot be written.
    pub fn clear(&self) -> Result<()> {
        self.journal
            .run(|connection| connection.execute("DELETE FROM mails", []).map(drop))
    }

    /// Catches a mail and gives its message id.
    fn catch(&self, letter: &Letter) -> Result<String> {
        let recipients =
            serde_json::to_string(&letter.recipients().map(address).collect::<Vec<_>>())?;
        let sent_at = self.now.secs();
        self.journal.run(|connection| {
            connection
                .prepare_cached(
                    "INSERT INTO mails (sender, shown_to, recipients, subject, text, html, sent_at)
                     VALUES (?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    letter.from,
                    letter.to.join(", "),
                    recipients,
                    letter.subject,
                    letter.text,
                    letter.html,
                    sent_at,
                ])?;
            Ok(format!("{:016x}-local", connection.last_insert_rowid()))
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Mail> {
    Ok(Mail {
        id: row.get(0)?,
        from: row.get(1)?,
        to: row.get(2)?,
        subject: row.get(3)?,
        text: row.get(4)?,
        html: row.get(5)?,
        sent_at: Timestamp(row.get(6)?).to_string(),
    })
}

/// The bare address of `Abebe <abebe@example.com>`, in small letters.
fn address(written: &str) -> String {
    let bare = match written.rsplit_once('<') {
        Some((_, rest)) => rest.trim_end().trim_end_matches('>'),
        None => written,
    };
    bare.trim().to_lowercase()
}

/// What SendEmail was asked to send.
struct Letter {
    from: String,
    to: Vec<String>,
    /// Copies, open and blind.
    copies: Vec<String>,
    subject: String,
    text: String,
    html: String,
}

impl Letter {
    /// Reads the form; the error says what SES says.
    fn read(form: &BTreeMap<String, String>) -> Result<Self, String> {
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let list = |name: &str| -> Vec<String> {
            (1..)
                .map_while(|n| form.get(&format!("Destination.{name}.member.{n}")).cloned())
                .collect()
        };
        let letter = Self {
            from: field("Source"),
            to: list("ToAddresses"),
            copies: [list("CcAddresses"), list("BccAddresses")].concat(),
            subject: field("Message.Subject.Data"),
            text: field("Message.Body.Text.Data"),
            html: field("Message.Body.Html.Data"),
        };
        if letter.recipients().next().is_none() {
            return Err("Missing required header 'To'.".to_owned());
        }
        let addresses = letter
            .recipients()
            .chain(std::iter::once(letter.from.as_str()));
        if addresses
            .into_iter()
            .any(|written| !address(written).contains('@'))
        {
            return Err("Missing final '@domain'".to_owned());
        }
        if letter.text.is_empty() && letter.html.is_empty() {
            return Err("Message body is empty".to_owned());
        }
        Ok(letter)
    }

    fn recipients(&self) -> impl Iterator<Item = &str> {
        self.to.iter().chain(&self.copies).map(String::as_str)
    }
}

/// Answers one call.
pub(super) fn answer(mailbox: &Mailbox, body: &[u8]) -> Response {
    let form: BTreeMap<String, String> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    match form.get("Action").map(String::as_str) {
        Some("SendEmail") => match Letter::read(&form) {
            Ok(letter) => match mailbox.catch(&letter) {
                Ok(id) => sent(&id),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "the stand-in for SES failed");
                    refused(
                        StatusCode::INTERNAL_SERVER_ERROR,
                        "InternalFailure",
                        "internal error",
                    )
                }
            },
            Err(message) => refused(StatusCode::BAD_REQUEST, "InvalidParameterValue", &message),
        },
        Some(other) => refused(
            StatusCode::BAD_REQUEST,
            "InvalidAction",
            &format!("The local stand-in for SES knows SendEmail only, not {other}."),
        ),
        None => refused(
            StatusCode::BAD_REQUEST,
            "MissingAction",
            "No action was named.",
        ),
    }
}

fn sent(id: &str) -> Response {
    xml(
        StatusCode::OK,
        format!(
            "<SendEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\">\
             <SendEmailResult><MessageId>{id}</MessageId></SendEmailResult>\
             <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></SendEmailResponse>"
        ),
    )
}

fn refused(status: StatusCode, code: &str, message: &str) -> Response {
    let message = message
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    xml(
        status,
        format!(
            "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error>\
             <Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
             <RequestId>local</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
