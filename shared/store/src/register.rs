//! Registers: all there is of a kind, newest first, read month by month backwards.

use domain::{Id, Timestamp};

use crate::{
    PageRequest, Store, StoreError,
    item::Item,
    keys::{Register, month_of},
    read::{Consistency, Range, Run},
};

/// How many months of a register one request looks through before it hands on to the next.
const MAX_MONTHS: usize = 12;
/// The month in which ids begin.
const FIRST_MONTH: &str = "2025-01";

impl Store {
    /// A page of a register's entries with their ids, and where the next page begins.
    pub(crate) async fn read_register(
        &self,
        register: Register,
        page: PageRequest,
        now: Timestamp,
    ) -> Result<(Vec<(Id, Item)>, Option<Id>), StoreError> {
        let mut entries: Vec<(Id, Item)> = Vec::new();
        let mut after = page.after;
        let mut month = after.map_or_else(|| now.month(), month_of);
        for looked in 1..=MAX_MONTHS {
            let run = Run {
                index: None,
                pk: register.pk(&month),
                range: after.map_or(Range::All, |id| Range::Below(register.sk(id))),
                newest_first: true,
                limit: page.limit - entries.len(),
                consistency: Consistency::Eventual,
                description: "register of a month",
            };
            let (items, month_has_more) = self.run(run).await?;
            for found in items {
                entries.push((id_of(&found)?, found));
            }
            if entries.len() >= page.limit {
                let more = month_has_more || !is_first_month(&month);
                let last = entries.last().map(|(id, _)| *id);
                return Ok((entries, last.filter(|_| more)));
            }
            if looked == MAX_MONTHS {
                let next = first_id_of(&month);
                return Ok((entries, next));
            }
            match month_before(&month) {
                Some(earlier) => month = earlier,
                None => break,
            }
            after = None;
        }
        Ok((entries, None))
    }
}

/// The id at the end of an entry's sort key.
fn id_of(entry: &Item) -> Result<Id, StoreError> {
    let sk = entry.get("sk").and_then(|value| value.as_s().ok());
    sk.and_then(|sk| sk.rsplit('#').next()?.parse::<u64>().ok())
        .and_then(|number| Id::try_from(number).ok())
        .ok_or_else(|| StoreError::Corrupt("a register's entry without an id".into()))
}

/// The smallest id of a month: what comes after it in the register are the months before.
fn first_id_of(month: &str) -> Option<Id> {
    let start = Timestamp::start_of_month(month).filter(|_| !is_first_month(month))?;
    Some(Id::compose(
        u64::try_from(start.unix_secs()).ok()?.saturating_mul(1000),
        0,
    ))
}

fn is_first_month(month: &str) -> bool {
    month <= FIRST_MONTH
}

fn month_before(month: &str) -> Option<String> {
    if is_first_month(month) {
        return None;
    }
    let (year, number) = month.split_once('-')?;
    let (year, number): (u32, u32) = (year.parse().ok()?, number.parse().ok()?);
    Some(match number {
        1 => format!("{:04}-12", year - 1),
        _ => format!("{year:04}-{:02}", number - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_run_backwards_to_the_first() {
        assert_eq!(month_before("2026-01").as_deref(), Some("2025-12"));
        assert_eq!(month_before("2026-11").as_deref(), Some("2026-10"));
        assert_eq!(month_before("2025-01"), None);
        assert_eq!(month_before("1970-01"), None);
    }
}
