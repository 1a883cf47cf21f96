//! Reads a payload field by field and collects everything that is wrong with it.
//!
//! ```
//! # use web::{body::Payload, error::Result, fields::{Fields, Kind, integer, text}};
//! fn read(payload: Payload) -> Result<(String, Option<Option<String>>, i64)> {
//!     let mut fields = Fields::of(payload)?;
//!     let city = fields.required("city", text().max(100));
//!     let line_2 = fields.optional("address_line_2", text().max(255).blankable().nullable());
//!     let quantity = fields.optional("quantity", integer().min(0).max(999)).unwrap_or(1);
//!     fields.finish()?;
//!     Ok((city, line_2, quantity))
//! }
//! ```
//! A field that is refused yields a placeholder, and `finish` fails: no value read from a payload is
//! to be used before it.

mod collection;
mod kind;
mod number;
mod text;
mod value;

use serde_json::{Map, Value};

pub use collection::{TextMap, Texts, text_map, texts};
pub use kind::{Input, Kind, Nullable};
pub use number::{Integer, Price, integer, price};
pub use text::{Choice, Email, Slug, Text, WebAddress, choice, email, slug, text, url};
pub use value::{AnyJson, Boolean, Date, Key, boolean, date, json, key};

use crate::{
    body::Payload,
    error::{Error, FieldErrors, NON_FIELD_ERRORS, Result},
};

/// A payload being read, and what was refused so far.
#[derive(Debug)]
pub struct Fields {
    values: Map<String, Value>,
    is_form: bool,
    is_partial: bool,
    errors: FieldErrors,
}

enum Read<V> {
    Absent,
    Refused,
    Value(V),
}

impl Fields {
    /// Reads a whole object: POST and PUT.
    ///
    /// # Errors
    /// 400 when the payload is not an object.
    pub fn of(payload: Payload) -> Result<Self> {
        match payload.value {
            Value::Object(values) => Ok(Self {
                values,
                is_form: payload.is_form,
                is_partial: false,
                errors: FieldErrors::default(),
            }),
            Value::Null => Err(Error::object("No data provided")),
            other => Err(Error::object(not_a_dictionary(&other))),
        }
    }

    /// Reads some fields of an object: PATCH. What [`Fields::expected`] asks for may be missing.
    ///
    /// # Errors
    /// 400 when the payload is not an object.
    pub fn partial(payload: Payload) -> Result<Self> {
        let mut fields = Self::of(payload)?;
        fields.is_partial = true;
        Ok(fields)
    }

    /// A field that must be there, in a PATCH too.
    pub fn required<K: Kind>(&mut self, name: &str, kind: K) -> K::Value {
        match self.read(name, &kind, true) {
            Read::Value(value) => value,
            Read::Absent => {
                self.refuse(name, "This field is required.");
                kind.placeholder()
            }
            Read::Refused => kind.placeholder(),
        }
    }

    /// A field that must be there in a whole object and may be missing in a partial one.
    pub fn expected<K: Kind>(&mut self, name: &str, kind: K) -> Option<K::Value> {
        if self.is_partial {
            self.optional(name, kind)
        } else {
            Some(self.required(name, kind))
        }
    }

    /// A field that may be missing; `None` if it is, or is refused.
    pub fn optional<K: Kind>(&mut self, name: &str, kind: K) -> Option<K::Value> {
        match self.read(name, &kind, false) {
            Read::Value(value) => Some(value),
            Read::Absent | Read::Refused => None,
        }
    }

    /// An object inside the object, which may be missing. Its errors stand under its name.
    pub fn nested<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields) -> T) -> Option<T> {
        let values = match self.values.get(name) {
            Some(Value::Object(values)) => values.clone(),
            Some(Value::Null) => {
                self.refuse(name, kind::NULL);
                return None;
            }
            Some(other) if !self.is_form => {
                let mut errors = FieldErrors::default();
                errors.add(NON_FIELD_ERRORS, not_a_dictionary(other));
                self.errors.nest(name, errors);
                return None;
            }
            // A form writes nested fields as `profile.birth_date`.
            _ => {
                let prefix = format!("{name}.");
                let values: Map<String, Value> = self
                    .values
                    .iter()
                    .filter_map(|(key, value)| {
                        Some((key.strip_prefix(&prefix)?.to_owned(), value.clone()))
                    })
                    .collect();
                if !self.is_form || values.is_empty() {
                    return None;
                }
                values
            }
        };
        let mut inner = Self {
            values,
            is_form: self.is_form,
            is_partial: self.is_partial,
            errors: FieldErrors::default(),
        };
        let value = read(&mut inner);
        if !inner.errors.is_empty() {
            self.errors.nest(name, inner.errors);
            return None;
        }
        Some(value)
    }

    /// A list of objects inside the object, which may be missing; a form sends it as JSON. Errors
    /// stand under its name at the place of their object.
    pub fn list<T>(
        &mut self,
        name: &str,
        max: usize,
        mut read: impl FnMut(&mut Fields) -> T,
    ) -> Option<Vec<T>> {
        let values = match self.read(name, &json(), false) {
            Read::Value(Value::Array(values)) => values,
            Read::Value(other) => {
                let kind = kind::type_name(&other);
                let message = format!("Expected a list of items but got type \"{kind}\".");
                self.refuse(name, message);
                return None;
            }
            Read::Absent | Read::Refused => return None,
        };
        if values.len() > max {
            let message = format!("Ensure this field has no more than {max} elements.");
            self.refuse(name, message);
            return None;
        }
        let (mut entries, mut errors) = (Vec::new(), Vec::new());
        for value in values {
            let Value::Object(values) = value else {
                let mut refused = FieldErrors::default();
                refused.add(NON_FIELD_ERRORS, not_a_dictionary(&value));
                errors.push(refused);
                continue;
            };
            let mut inner = Self {
                values,
                is_form: false,
                is_partial: self.is_partial,
                errors: FieldErrors::default(),
            };
            entries.push(read(&mut inner));
            errors.push(inner.errors);
        }
        let is_clean = errors.iter().all(FieldErrors::is_empty);
        self.errors.list(name, errors);
        is_clean.then_some(entries)
    }

    /// Whether a field was sent, be it null.
    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Refuses a field by a rule of the caller's.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.add(name, message);
    }

    /// Refuses the object as a whole. Such rules run only if every field passed: see
    /// [`Fields::is_clean`].
    pub fn refuse_object(&mut self, message: impl Into<String>) {
        self.errors.add(NON_FIELD_ERRORS, message);
    }

    /// Whether nothing was refused so far.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }

    /// Whether nothing was refused about one field so far.
    pub fn is_clean_at(&self, name: &str) -> bool {
        !self.errors.mentions(name)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// 400 with every message, when anything was refused.
    pub fn finish(self) -> Result<()> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Error::fields(&self.errors))
        }
    }

    fn read<K: Kind>(&mut self, name: &str, kind: &K, is_required: bool) -> Read<K::Value> {
        let Some(mut value) = self.values.get(name) else {
            return match kind.unticked() {
                Some(value) if self.is_form && !self.is_partial => Read::Value(value),
                _ => Read::Absent,
            };
        };
        // A form cannot say null: it sends an empty text.
        if self.is_form && value == "" && !kind.takes_blank() {
            if kind.takes_null() {
                value = &Value::Null;
            } else if !is_required {
                return Read::Absent;
            }
        }
        let input = Input {
            value,
            is_form: self.is_form,
        };
        let outcome = if value.is_null() && !kind.takes_null() {
            Err(vec![kind::NULL.to_owned()])
        } else {
            kind.read(input)
        };
        match outcome {
            Ok(value) => Read::Value(value),
            Err(messages) => {
                for message in messages {
                    self.refuse(name, message);
                }
                Read::Refused
            }
        }
    }
}

/// The message for a key that fits no row.
pub fn unknown_key(key: impl std::fmt::Display) -> String {
    format!("Invalid pk \"{key}\" - object does not exist.")
}

fn not_a_dictionary(value: &Value) -> String {
    format!(
        "Invalid data. Expected a dictionary, but got {}.",
        kind::type_name(value)
    )
}

#[cfg(test)]
mod tests;
