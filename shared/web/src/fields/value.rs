//! Fields that hold neither text nor number: booleans, dates, keys of other rows, any JSON.

use domain::Id;
use serde_json::Value;

use super::{
    kind::{Input, Kind, NULL, refuse, type_name},
    text::NUL,
    unknown_key,
};

/// True or false, as a boolean, 0 or 1, or a word for it. A form that leaves it out means false.
pub fn boolean() -> Boolean {
    Boolean
}

/// See [`boolean`].
#[derive(Clone, Copy, Debug)]
pub struct Boolean;

impl Kind for Boolean {
    type Value = bool;

    fn read(&self, input: Input<'_>) -> Result<bool, Vec<String>> {
        let word = match input.value {
            Value::Bool(value) => return Ok(*value),
            Value::String(text) => text.trim().to_ascii_lowercase(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        match word.as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" | "1.0" => Ok(true),
            "false" | "f" | "no" | "n" | "off" | "0" | "0.0" => Ok(false),
            "null" => refuse(NULL),
            _ => refuse("Must be a valid boolean."),
        }
    }

    fn placeholder(&self) -> bool {
        false
    }

    fn unticked(&self) -> Option<bool> {
        Some(false)
    }

    fn blank_is_null(&self) -> bool {
        true
    }
}

/// A day of the calendar, read as `YYYY-MM-DD` and given in just this form.
pub fn date() -> Date {
    Date
}

/// See [`date`].
#[derive(Clone, Copy, Debug)]
pub struct Date;

impl Kind for Date {
    type Value = String;

    fn read(&self, input: Input<'_>) -> Result<String, Vec<String>> {
        match input.value.as_str().and_then(day) {
            Some(day) => Ok(day),
            None => refuse("Date has wrong format. Use one of these formats instead: YYYY-MM-DD."),
        }
    }

    fn placeholder(&self) -> String {
        String::new()
    }

    fn blank_is_null(&self) -> bool {
        true
    }
}

fn day(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if parts.next().is_some()
        || year.len() != 4
        || !(1..=2).contains(&month.len())
        || !(1..=2).contains(&day.len())
        || ![year, month, day].into_iter().all(digits)
    {
        return None;
    }
    let month = time::Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = time::Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    (date.year() > 0).then(|| {
        format!(
            "{:04}-{:02}-{:02}",
            date.year(),
            u8::from(date.month()),
            date.day()
        )
    })
}

/// The key of another row, made into its type: `key(ProductId)`. Whether such a row exists is the
/// caller's to find out; see [`super::unknown_key`].
pub fn key<T>(make: fn(Id) -> T) -> Key<T> {
    Key(make)
}

/// See [`key`].
#[derive(Clone, Copy, Debug)]
pub struct Key<T>(fn(Id) -> T);

impl<T> Kind for Key<T> {
    type Value = T;

    fn read(&self, input: Input<'_>) -> Result<T, Vec<String>> {
        let text = match input.value {
            Value::Number(number) if !number.is_f64() => number.to_string(),
            Value::String(text) if text.trim().is_empty() => return refuse(NULL),
            Value::String(text) => text.trim().to_owned(),
            _ => String::new(),
        };
        let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return refuse(format!(
                "Incorrect type. Expected pk value, received {}.",
                type_name(input.value)
            ));
        }
        match text
            .parse::<u64>()
            .ok()
            .and_then(|number| Id::try_from(number).ok())
        {
            Some(id) => Ok((self.0)(id)),
            None => refuse(unknown_key(&text)),
        }
    }

    fn placeholder(&self) -> T {
        (self.0)(Id::compose(0, 0))
    }

    fn blank_is_null(&self) -> bool {
        true
    }
}

/// Any JSON; in a form, its text.
pub fn json() -> AnyJson {
    AnyJson { max: usize::MAX }
}

/// See [`json`].
#[derive(Clone, Copy, Debug)]
pub struct AnyJson {
    max: usize,
}

impl AnyJson {
    /// Refuses what takes more bytes than this to write: it has to fit into an item with the rest.
    #[must_use]
    pub fn max(mut self, bytes: usize) -> Self {
        self.max = bytes;
        self
    }
}

impl Kind for AnyJson {
    type Value = Value;

    fn read(&self, input: Input<'_>) -> Result<Value, Vec<String>> {
        let value = match input.value {
            Value::String(text) if input.is_form => match crate::json::parse(text) {
                Ok(value) => value,
                Err(_) => return refuse("Value must be valid JSON."),
            },
            value => value.clone(),
        };
        if has_nul(&value) {
            return refuse(NUL);
        }
        if self.max < usize::MAX && value.to_string().len() > self.max {
            let max = self.max;
            return refuse(format!(
                "Ensure this field has no more than {max} characters."
            ));
        }
        Ok(value)
    }

    fn placeholder(&self) -> Value {
        Value::Null
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}
