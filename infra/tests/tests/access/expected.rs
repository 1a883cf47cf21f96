//! What each kind of access means to each kind of caller.

use std::{collections::HashMap, fmt};

use actors::Answer;
use anyhow::{Context, Result, ensure};
use web::routes::Route;

use super::{callers::Caller, rows::Row};

/// Whom a route is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Does not look at who is there: pages that mails lead to, webhooks.
    Open,
    /// Anybody.
    Anybody,
    /// Anybody, or those with an account where the catalogue is closed.
    Catalogue,
    /// Whoever is logged in, about themselves.
    Customer,
    /// Whoever is logged in and has proved the address, about themselves.
    Verified,
    /// Those who work for the shop.
    Staff,
    /// Those who may do everything.
    Superuser,
    /// Whoever is logged in, about one thing of theirs.
    Own,
    /// Whoever is logged in and has proved the address, about one thing of theirs.
    OwnVerified,
    /// The same, and staff about anybody's.
    OwnOrStaff,
}

impl Access {
    /// Whether a request is about a thing that belongs to one person.
    pub fn is_about_one_owner(self) -> bool {
        matches!(self, Access::Own | Access::OwnVerified | Access::OwnOrStaff)
    }
}

/// By access and whether the method reads or writes; the columns are [`Caller::ALL`], the words
/// [`meaning`]s.
const TABLE: &str = "
                    nobody own  other unver staff super | expired ended | bearer dead | no-csrf foreign
Open        reads   yes    yes  yes   yes   yes   yes   | yes     yes   | yes    yes  | yes     yes
Open        writes  yes    yes  yes   yes   yes   yes   | yes     yes   | yes    yes  | yes     yes
Anybody     reads   yes    yes  yes   yes   yes   yes   | yes     yes   | yes    key  | yes     yes
Anybody     writes  yes    yes  yes   yes   yes   yes   | yes     yes   | yes    key  | csrf    csrf
Catalogue   reads   yes    yes  yes   yes   yes   yes   | yes     yes   | yes    key  | yes     yes
Catalogue   writes  yes    yes  yes   yes   yes   yes   | yes     yes   | yes    key  | csrf    csrf
Customer    reads   who    yes  yes   yes   yes   yes   | who     who   | yes    key  | yes     yes
Customer    writes  who    yes  yes   yes   yes   yes   | who     who   | yes    key  | csrf    csrf
Verified    reads   who    yes  yes   mail  yes   yes   | who     who   | yes    key  | yes     yes
Verified    writes  who    yes  yes   mail  yes   yes   | who     who   | yes    key  | csrf    csrf
Staff       reads   who    no   no    no    yes   yes   | who     who   | no     key  | no      no
Staff       writes  who    no   no    no    yes   yes   | who     who   | no     key  | csrf    csrf
Superuser   reads   who    no   no    no    no    yes   | who     who   | no     key  | no      no
Superuser   writes  who    no   no    no    no    yes   | who     who   | no     key  | csrf    csrf
Own         reads   who    yes  404   yes   404   404   | who     who   | yes    key  | yes     yes
Own         writes  who    yes  404   yes   404   404   | who     who   | yes    key  | csrf    csrf
OwnVerified reads   who    yes  404   mail  404   404   | who     who   | yes    key  | yes     yes
OwnVerified writes  who    yes  404   mail  404   404   | who     who   | yes    key  | csrf    csrf
OwnOrStaff  reads   who    yes  404   mail  yes   yes   | who     who   | yes    key  | yes     yes
OwnOrStaff  writes  who    yes  404   mail  yes   yes   | who     who   | yes    key  | csrf    csrf
";

/// The status and the words of a refusal; nothing for `yes`.
fn meaning(word: &str) -> Option<(u16, &'static str)> {
    Some(match word {
        "who" => (403, "Authentication credentials were not provided."),
        "key" => (401, "Invalid token."),
        "csrf" => (403, "CSRF Failed: "),
        "mail" => (403, "Email verification required."),
        "no" => (403, "You do not have permission to perform this action."),
        "404" => (404, "No "),
        _ => return None,
    })
}

/// What one request is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    status: u16,
    /// How the `detail` begins, where that tells one refusal from another.
    detail: &'static str,
}

impl Verdict {
    pub fn is_met_by(&self, answer: &Answer) -> bool {
        let body = answer.json();
        let detail = body["detail"].as_str().unwrap_or_default();
        answer.status == self.status && detail.starts_with(self.detail)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.detail)
    }
}

/// The table, read.
pub struct Expected(HashMap<(String, bool), Vec<&'static str>>);

impl Expected {
    /// Reads the table.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read() -> Result<Expected> {
        let mut lines = HashMap::new();
        for line in TABLE.lines().skip(2) {
            let mut words = line.split_whitespace().filter(|word| *word != "|");
            let access = words.next().context("an access")?.to_owned();
            let reads = match words.next() {
                Some("reads") => true,
                Some("writes") => false,
                other => anyhow::bail!("{access} {other:?}"),
            };
            let words: Vec<_> = words.collect();
            ensure!(words.len() == Caller::ALL.len(), "{line}");
            let is_known = |word: &&str| *word == "yes" || meaning(word).is_some();
            ensure!(words.iter().all(is_known), "{line}");
            ensure!(lines.insert((access, reads), words).is_none(), "{line}");
        }
        Ok(Expected(lines))
    }

    /// What this caller is to be answered where a row has this access.
    ///
    /// # Errors
    /// When the table has no such line.
    pub fn of(&self, access: Access, row: &Row, caller: Caller) -> Result<Verdict> {
        if let Some((_, status)) = row.exceptions.iter().find(|(who, _)| *who == caller) {
            return Ok(Verdict {
                status: *status,
                detail: "",
            });
        }
        let Route { method, path } = &row.route;
        let line = self.0.get(&(format!("{access:?}"), method.is_safe()));
        let line = line.with_context(|| format!("{access:?} for {method} {path}"))?;
        let column = Caller::ALL.iter().position(|known| *known == caller);
        let word = line[column.context("a column")?];
        let (status, detail) = meaning(word).unwrap_or((row.success, ""));
        Ok(Verdict { status, detail })
    }
}
