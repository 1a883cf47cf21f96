//! CloudFormation's way to write YAML: tags, references, defaults of parameters.

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};

pub(super) fn read<T: for<'a> Deserialize<'a>>(value: Value, place: &str) -> Result<T> {
    // A resource may have no properties at all, which is an empty object and not null.
    let value = if value.is_null() { json!({}) } else { value };
    serde_json::from_value(value).with_context(|| format!("cannot read {place}"))
}

/// YAML as JSON, with the short forms of intrinsic functions written out: `!Ref x` is `{"Ref": x}`.
pub(super) fn plain(value: serde_yaml_ng::Value) -> Result<Value> {
    use serde_yaml_ng::Value as Yaml;
    Ok(match value {
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let function = match tag.trim_start_matches('!') {
                "Ref" => "Ref".to_owned(),
                "Condition" => "Condition".to_owned(),
                other => format!("Fn::{other}"),
            };
            json!({ function: plain(tagged.value)? })
        }
        Yaml::Sequence(items) => Value::Array(items.into_iter().map(plain).collect::<Result<_>>()?),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = match key {
                        Yaml::String(key) => key,
                        other => serde_json::to_string(&plain(other)?)?,
                    };
                    Ok((key, plain(value)?))
                })
                .collect::<Result<Map<_, _>>>()?,
        ),
        scalar => serde_json::to_value(scalar)?,
    })
}

/// The document with each reference to a parameter that has a default replaced by it.
pub(super) fn with_defaults(value: Value, parameters: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            if let (1, Some(Value::String(name))) = (entries.len(), entries.get("Ref"))
                && let Some(default) = parameters.get(name).and_then(|it| it.get("Default"))
            {
                return default.clone();
            }
            entries
                .into_iter()
                .map(|(key, value)| (key, with_defaults(value, parameters)))
                .collect()
        }
        Value::Array(items) => items
            .into_iter()
            .map(|item| with_defaults(item, parameters))
            .collect(),
        scalar => scalar,
    }
}

/// The logical id that `!Ref Queue` or `!GetAtt Queue.Arn` speaks of.
pub(super) fn referent(value: &Value) -> Option<String> {
    if let Some(id) = value.get("Ref").and_then(Value::as_str) {
        return Some(id.to_owned());
    }
    match value.get("Fn::GetAtt")? {
        Value::String(path) => path.split('.').next().map(str::to_owned),
        Value::Array(parts) => parts.first().and_then(Value::as_str).map(str::to_owned),
        _ => None,
    }
}
