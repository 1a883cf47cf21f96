//! Points in time, in whole seconds.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A point in time: whole seconds since the Unix epoch. On the wire it is RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This point moved by so many seconds.
    #[must_use]
    pub fn plus_secs(self, secs: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(secs))
    }

    /// Seconds since the Unix epoch.
    pub fn unix_secs(self) -> i64 {
        self.0
    }

    /// As it stands in keys: 12 digits, so that text sorts as time does.
    pub fn padded(self) -> String {
        format!("{:012}", self.0.max(0))
    }

    /// The calendar month in UTC, `2026-11`.
    pub fn month(self) -> String {
        self.utc().map_or_else(String::new, |t| {
            format!("{:04}-{:02}", t.year(), u8::from(t.month()))
        })
    }

    /// The first second of a month written as [`Timestamp::month`] writes it.
    pub fn start_of_month(month: &str) -> Option<Timestamp> {
        let (year, number) = month.split_once('-')?;
        let number = time::Month::try_from(number.parse::<u8>().ok()?).ok()?;
        let day = time::Date::from_calendar_date(year.parse().ok()?, number, 1).ok()?;
        Some(Timestamp(day.midnight().assume_utc().unix_timestamp()))
    }

    fn utc(self) -> Option<OffsetDateTime> {
        OffsetDateTime::from_unix_timestamp(self.0).ok()
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC: `2026-11-23T03:28:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.utc().and_then(|t| t.format(&Rfc3339).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "@{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_rfc_3339_and_sorts_as_text() {
        let noon = Timestamp(1_795_435_200);
        assert_eq!(noon.to_string(), "2026-11-23T12:00:00Z");
        assert_eq!(noon.month(), "2026-11");
        assert_eq!(
            Timestamp::start_of_month("2026-11").unwrap().to_string(),
            "2026-11-01T00:00:00Z"
        );
        assert_eq!(Timestamp::start_of_month("2026-13"), None);
        assert!(Timestamp(999).padded() < Timestamp(1_000).padded());
    }
}
