//! Fields that hold several texts: a list of them, or one for each of some names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    kind::{Input, Kind, refuse, type_name},
    not_a_dictionary,
    text::Text,
};

/// A list of texts, at least one; in a form, as JSON.
pub fn texts(each: Text, max: usize) -> Texts {
    Texts { each, max }
}

/// See [`texts`].
#[derive(Clone, Copy, Debug)]
pub struct Texts {
    each: Text,
    max: usize,
}

impl Kind for Texts {
    type Value = Vec<String>;

    fn read(&self, input: Input<'_>) -> Result<Vec<String>, Vec<String>> {
        let Value::Array(values) = super::json().read(input)? else {
            let kind = type_name(input.value);
            return refuse(format!("Expected a list of items but got type \"{kind}\"."));
        };
        if values.is_empty() {
            return refuse("This list may not be empty.");
        }
        if values.len() > self.max {
            let max = self.max;
            return refuse(format!(
                "Ensure this field has no more than {max} elements."
            ));
        }
        values.iter().map(|value| entry(self.each, value)).collect()
    }

    fn placeholder(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A text for each of some names; in a form, as JSON.
pub fn text_map(each: Text) -> TextMap {
    TextMap { each }
}

/// See [`text_map`].
#[derive(Clone, Copy, Debug)]
pub struct TextMap {
    each: Text,
}

impl Kind for TextMap {
    type Value = BTreeMap<String, String>;

    fn read(&self, input: Input<'_>) -> Result<BTreeMap<String, String>, Vec<String>> {
        match super::json().read(input)? {
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| Ok((name.trim().to_owned(), entry(self.each, value)?)))
                .collect(),
            other => refuse(not_a_dictionary(&other)),
        }
    }

    fn placeholder(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

fn entry(kind: Text, value: &Value) -> Result<String, Vec<String>> {
    let is_form = false;
    kind.read(Input { value, is_form })
}
