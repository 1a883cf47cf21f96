//! Money in whole santim, without a float anywhere near it.

use std::{fmt, iter::Sum};

use serde::{Deserialize, Serialize};

/// An amount of Ethiopian birr in santim (1/100 birr).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(i64);

/// Why a text is no amount of money. The bounds are those of the API: 10 digits in all, 2 of them
/// after the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a decimal number.
    #[error("A valid number is required.")]
    NotANumber,
    /// More than 10 digits.
    #[error("Ensure that there are no more than 10 digits in total.")]
    TooManyDigits,
    /// More than 2 digits after the point.
    #[error("Ensure that there are no more than 2 decimal places.")]
    TooManyPlaces,
    /// More than 8 digits before the point.
    #[error("Ensure that there are no more than 8 digits before the decimal point.")]
    TooManyWholeDigits,
}

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(0);
    /// The largest amount that the API can show: 99,999,999.99 birr.
    pub const MAX: Money = Money(9_999_999_999);

    /// So many santim.
    pub const fn from_santim(santim: i64) -> Money {
        Money(santim)
    }

    /// The amount in santim.
    pub const fn santim(self) -> i64 {
        self.0
    }

    /// Reads a decimal number of birr as the API takes it: `250`, `"199.90"`, `1e2`.
    ///
    /// # Errors
    /// Tells which of the API's bounds the number breaks, in the order in which they are checked.
    pub fn parse(text: &str) -> Result<Money, MoneyError> {
        let decimal = Decimal::parse(text).ok_or(MoneyError::NotANumber)?;
        let digits = decimal.digits.len() as i64;
        let (total, whole, places) = if decimal.exponent >= 0 {
            let total = if decimal.is_zero() {
                1
            } else {
                digits.saturating_add(decimal.exponent)
            };
            (total, total, 0)
        } else if digits > -decimal.exponent {
            (digits, digits + decimal.exponent, -decimal.exponent)
        } else {
            (-decimal.exponent, 0, -decimal.exponent)
        };
        if total > 10 {
            return Err(MoneyError::TooManyDigits);
        }
        if places > 2 {
            return Err(MoneyError::TooManyPlaces);
        }
        if whole > 8 {
            return Err(MoneyError::TooManyWholeDigits);
        }
        decimal.santim().map(Money).ok_or(MoneyError::NotANumber)
    }

    /// Reads an amount as the payment gateway writes it: any number of places, as long as what
    /// goes beyond santim is zero (`"12.000"`). `None` if it is no such number.
    pub fn parse_gateway(text: &str) -> Option<Money> {
        Decimal::parse(text)?.santim().map(Money)
    }

    /// The sum, or `None` when it is beyond [`Money::MAX`].
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.0
            .checked_add(other.0)
            .map(Money)
            .filter(|sum| *sum <= Money::MAX)
    }

    /// So many times the amount, or `None` when it is beyond [`Money::MAX`].
    pub fn checked_times(self, quantity: u32) -> Option<Money> {
        self.0
            .checked_mul(i64::from(quantity))
            .map(Money)
            .filter(|sum| *sum <= Money::MAX)
    }

    /// Whether the amount is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        amounts.fold(Money::ZERO, |sum, next| Money(sum.0.saturating_add(next.0)))
    }
}

impl fmt::Display for Money {
    /// Birr with two places: `199.90`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let santim = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", santim / 100, santim % 100)
    }
}

/// A decimal number as digits and a power of ten.
struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Decimal> {
        let text = text.trim();
        if text.len() > 64 {
            return None;
        }
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i16>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let digits: Option<Vec<u8>> = whole
            .bytes()
            .chain(fraction.bytes())
            .map(|byte| byte.is_ascii_digit().then(|| byte - b'0'))
            .collect();
        let mut digits = digits?;
        let leading_zeros = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..leading_zeros);
        if digits.is_empty() {
            digits.push(0);
        }
        let exponent = i64::from(power) - i64::try_from(fraction.len()).ok()?;
        Some(Decimal {
            negative,
            digits,
            exponent,
        })
    }

    fn is_zero(&self) -> bool {
        self.digits.iter().all(|digit| *digit == 0)
    }

    /// The number times 100, if that is whole and fits.
    fn santim(&self) -> Option<i64> {
        if self.is_zero() {
            return Some(0);
        }
        let mut digits = self.digits.clone();
        let mut power = self.exponent + 2;
        while power < 0 {
            if digits.pop()? != 0 {
                return None;
            }
            power += 1;
        }
        let mut value: i64 = 0;
        for digit in digits {
            value = value.checked_mul(10)?.checked_add(i64::from(digit))?;
        }
        for _ in 0..power {
            value = value.checked_mul(10)?;
        }
        Some(if self.negative { -value } else { value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_api_allows() {
        for (text, santim) in [
            ("250", 25_000),
            ("199.90", 19_990),
            ("1e2", 10_000),
            (".5", 50),
            ("-3", -300),
            ("0e9", 0),
        ] {
            assert_eq!(Money::parse(text), Ok(Money(santim)), "{text}");
        }
    }

    #[test]
    fn refuses_what_it_does_not() {
        use MoneyError::*;
        for (text, error) in [
            ("", NotANumber),
            ("NaN", NotANumber),
            ("1,5", NotANumber),
            ("1.2.3", NotANumber),
            ("0.001", TooManyPlaces),
            ("12345678901", TooManyDigits),
            ("123456789", TooManyWholeDigits),
            ("1e300", TooManyDigits),
            ("1e-300", TooManyDigits),
        ] {
            assert_eq!(Money::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn reads_the_gateways_amounts_exactly() {
        assert_eq!(Money::parse_gateway("12.000"), Some(Money(1_200)));
        assert_eq!(Money::parse_gateway("400"), Some(Money(40_000)));
        assert_eq!(Money::parse_gateway("400.001"), None);
    }

    #[test]
    fn shows_two_places() {
        assert_eq!(Money(19_990).to_string(), "199.90");
        assert_eq!(Money(-5).to_string(), "-0.05");
    }

    #[test]
    fn never_exceeds_what_can_be_shown() {
        assert_eq!(Money::MAX.to_string(), "99999999.99");
        assert_eq!(Money::MAX.checked_add(Money(1)), None);
        assert_eq!(Money(5_000_000_000).checked_times(2), None);
    }
}
