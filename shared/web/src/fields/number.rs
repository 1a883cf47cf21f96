//! Fields that hold a number: integers and prices.

use domain::Money;
use serde_json::Value;

use super::kind::{Input, Kind, refuse};

/// The longest text that is tried as a number.
const MAX_TEXT: usize = 1000;
const TEXT_TOO_LONG: &str = "String value too large.";

/// An integer, or a text or float that is one.
pub fn integer() -> Integer {
    Integer {
        min: i64::MIN,
        max: i64::MAX,
    }
}

/// See [`integer`].
#[derive(Clone, Copy, Debug)]
pub struct Integer {
    min: i64,
    max: i64,
}

impl Integer {
    /// Refuses what is less.
    #[must_use]
    pub fn min(mut self, min: i64) -> Self {
        self.min = min;
        self
    }

    /// Refuses what is greater.
    #[must_use]
    pub fn max(mut self, max: i64) -> Self {
        self.max = max;
        self
    }
}

impl Kind for Integer {
    type Value = i64;

    fn read(&self, input: Input<'_>) -> Result<i64, Vec<String>> {
        let text = match input.value {
            Value::String(text) if text.chars().count() > MAX_TEXT => return refuse(TEXT_TOO_LONG),
            Value::String(text) => text.clone(),
            // A number that no integer type holds is beyond every bound, whatever its digits.
            Value::Number(number) if number.as_f64().is_some_and(|value| value.abs() >= 1e18) => {
                let is_negative = number.as_f64().is_some_and(|value| value < 0.0);
                if is_negative {
                    i128::MIN.to_string()
                } else {
                    i128::MAX.to_string()
                }
            }
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let Some(value) = whole(&text) else {
            return refuse("A valid integer is required.");
        };
        if value > i128::from(self.max) {
            return refuse(format!(
                "Ensure this value is less than or equal to {}.",
                self.max
            ));
        }
        match i64::try_from(value) {
            Ok(value) if value >= self.min => Ok(value),
            _ => refuse(format!(
                "Ensure this value is greater than or equal to {}.",
                self.min
            )),
        }
    }

    fn placeholder(&self) -> i64 {
        0
    }
}

/// Reads what Python's `int` reads, and a fraction of zeros. What is beyond every bound comes out
/// as the greatest or the least.
fn whole(text: &str) -> Option<i128> {
    let text = text.trim();
    let text = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let overflow = if text.starts_with('-') {
        i128::MIN
    } else {
        i128::MAX
    };
    Some(text.parse().unwrap_or(overflow))
}

/// An amount of money: at most 10 digits, 2 of them after the point. Numbers, texts, `1e2`.
pub fn price() -> Price {
    Price
}

/// See [`price`].
#[derive(Clone, Copy, Debug)]
pub struct Price;

impl Kind for Price {
    type Value = Money;

    fn read(&self, input: Input<'_>) -> Result<Money, Vec<String>> {
        // The shortest text that reads back as the number sent: no float is ever calculated with.
        let text = match input.value {
            Value::String(text) if text.chars().count() > MAX_TEXT => return refuse(TEXT_TOO_LONG),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return refuse("A valid number is required."),
        };
        Money::parse(&text).map_err(|error| vec![error.to_string()])
    }

    fn placeholder(&self) -> Money {
        Money::ZERO
    }

    fn blank_is_null(&self) -> bool {
        true
    }
}
