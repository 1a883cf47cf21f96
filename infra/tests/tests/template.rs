//! The template's resources, for tests of what it says beside routes, queues and the table.

use anyhow::{Context, Result};
use emulator::Template;
use serde_json::{Map, Value};

/// The template as it is written.
pub struct Document(pub Value);

/// A function of the template.
pub struct Function<'a> {
    /// The logical id: `AuthFunction`.
    pub id: &'a str,
    /// The package and binary: `auth`.
    pub package: &'a str,
    /// What SAM is told of it.
    pub properties: &'a Value,
}

impl Document {
    pub fn read() -> Result<Document> {
        Ok(Document(Template::document()?))
    }

    pub fn resources(&self) -> Result<&Map<String, Value>> {
        self.0["Resources"].as_object().context("resources")
    }

    /// The type of a resource.
    pub fn kind(&self, id: &str) -> &str {
        self.0["Resources"][id]["Type"].as_str().unwrap_or_default()
    }

    /// The properties of a resource.
    pub fn properties(&self, id: &str) -> &Value {
        &self.0["Resources"][id]["Properties"]
    }

    /// The resources of a type, by their logical ids.
    pub fn of_type(&self, kind: &str) -> Result<Vec<(&str, &Value)>> {
        let resources = self.resources()?.iter();
        Ok(resources
            .filter(|(_, resource)| resource["Type"] == kind)
            .map(|(id, resource)| (id.as_str(), &resource["Properties"]))
            .collect())
    }

    pub fn functions(&self) -> Result<Vec<Function<'_>>> {
        let functions = self.of_type("AWS::Serverless::Function")?;
        let function = |(id, properties)| {
            let package = &self.0["Resources"][id]["Metadata"]["BuildProperties"]["Binary"];
            Ok(Function {
                id,
                package: package.as_str().context("a binary")?,
                properties,
            })
        };
        functions.into_iter().map(function).collect()
    }
}

impl Function<'_> {
    /// The events that start it, by type, each with its properties.
    pub fn events(&self) -> Vec<(&str, &Value)> {
        let events = self.properties["Events"].as_object();
        let events = events.into_iter().flat_map(Map::values);
        events
            .map(|event| {
                (
                    event["Type"].as_str().unwrap_or_default(),
                    &event["Properties"],
                )
            })
            .collect()
    }

    /// Its own variables.
    pub fn variables(&self) -> impl Iterator<Item = (&String, &Value)> {
        let variables = self.properties["Environment"]["Variables"].as_object();
        variables.into_iter().flatten()
    }
}

/// One value or several.
pub fn listed(value: &Value) -> &[Value] {
    match value {
        Value::Null => &[],
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// Calls `look` with every value inside this one, itself included, and the key that it stands at.
pub fn each<'a>(key: &'a str, value: &'a Value, look: &mut impl FnMut(&'a str, &'a Value)) {
    look(key, value);
    match value {
        Value::Object(entries) => entries
            .iter()
            .for_each(|(key, value)| each(key, value, look)),
        Value::Array(values) => values.iter().for_each(|value| each(key, value, look)),
        _ => {}
    }
}
