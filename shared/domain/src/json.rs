//! Free-form JSON that customers and staff may attach, kept as its text.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// Any JSON value. It is stored as text, because DynamoDB's numbers and nesting are narrower than
/// JSON's and a value that passed validation must never fail at the table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Json(pub serde_json::Value);

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        serde_json::from_str(&text)
            .map(Json)
            .map_err(D::Error::custom)
    }
}
