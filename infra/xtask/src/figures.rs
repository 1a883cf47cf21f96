//! What is said of a series of times: its middle and its slow end. In whole microseconds all the way.

use std::time::Duration;

/// Times of the same thing done again and again.
#[derive(Debug, Default)]
pub struct Series {
    micros: Vec<u64>,
}

impl Series {
    /// Adds a time.
    pub fn push(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let place = self.micros.partition_point(|&other| other <= micros);
        self.micros.insert(place, micros);
    }

    /// The median in microseconds: the one in the middle, or halfway between the two there.
    pub fn median(&self) -> Option<u64> {
        let upper = *self.micros.get(self.micros.len() / 2)?;
        if !self.micros.len().is_multiple_of(2) {
            return Some(upper);
        }
        let lower = *self.micros.get(self.micros.len() / 2 - 1)?;
        Some(lower.midpoint(upper))
    }

    /// The 90th percentile in microseconds: the least time that nine of ten do not exceed.
    pub fn p90(&self) -> Option<u64> {
        let rank = (self.micros.len() * 9).div_ceil(10);
        self.micros.get(rank.checked_sub(1)?).copied()
    }
}

/// A time in milliseconds with one decimal, `6.4 ms`; a dash if it is not known.
pub fn milliseconds(micros: Option<u64>) -> String {
    let Some(micros) = micros else {
        return "-".to_owned();
    };
    let tenths = micros.saturating_add(50) / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

/// How many times `part` goes into `whole`, with two decimals.
pub fn ratio(whole: u64, part: u64) -> String {
    let hundredths = whole.saturating_mul(100).saturating_add(part / 2) / part.max(1);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(micros: impl IntoIterator<Item = u64>) -> Series {
        let mut series = Series::default();
        for time in micros {
            series.push(Duration::from_micros(time));
        }
        series
    }

    #[test]
    fn the_median_is_in_the_middle_however_the_times_came() {
        assert_eq!(series([900, 100, 200]).median(), Some(200));
        assert_eq!(series([900, 100, 200, 300]).median(), Some(250));
        assert_eq!(series([]).median(), None);
    }

    #[test]
    fn nine_of_ten_do_not_exceed_the_ninetieth_percentile() {
        assert_eq!(series(1..=20).p90(), Some(18));
        assert_eq!(series(1..=10).p90(), Some(9));
        assert_eq!(series([7]).p90(), Some(7));
        assert_eq!(series([]).p90(), None);
    }

    #[test]
    fn figures_are_rounded_as_a_reader_expects() {
        assert_eq!(milliseconds(Some(6_449)), "6.4 ms");
        assert_eq!(milliseconds(Some(6_450)), "6.5 ms");
        assert_eq!(milliseconds(None), "-");
        assert_eq!(ratio(9_000, 4_500), "2.00");
        assert_eq!(ratio(1_000, 3_000), "0.33");
        assert_eq!(ratio(2_000, 3_000), "0.67");
    }
}
