//! The resources of a template, as CloudFormation spells their properties.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::intrinsics::{read, referent};
use super::{Index, Key, KeyKind, Projection, Queue, Route, TableDefinition};

/// The table's name where the template leaves naming it to CloudFormation.
const UNNAMED_TABLE: &str = "merkato";

#[derive(Deserialize)]
pub(super) struct Resource {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    #[serde(rename = "Properties", default)]
    pub(super) properties: Value,
    #[serde(rename = "Metadata", default)]
    metadata: Value,
}

impl Resource {
    /// The package that a function is built from, which is also its binary.
    pub(super) fn package(&self) -> Result<String> {
        self.metadata
            .pointer("/BuildProperties/Binary")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .context("Metadata names no BuildProperties.Binary")
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TableProperties {
    table_name: Option<Value>,
    key_schema: Vec<KeyProperties>,
    attribute_definitions: Vec<AttributeProperties>,
    #[serde(default)]
    global_secondary_indexes: Vec<IndexProperties>,
    time_to_live_specification: Option<TtlProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyProperties {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeProperties {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexProperties {
    index_name: String,
    key_schema: Vec<KeyProperties>,
    projection: ProjectionProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProjectionProperties {
    projection_type: String,
    #[serde(default)]
    non_key_attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TtlProperties {
    attribute_name: String,
    enabled: bool,
}

impl TableProperties {
    pub(super) fn into_definition(self) -> Result<TableDefinition> {
        let indexes = self
            .global_secondary_indexes
            .into_iter()
            .map(|index| {
                Ok(Index {
                    name: index.index_name,
                    keys: index
                        .key_schema
                        .into_iter()
                        .map(Key::try_from)
                        .collect::<Result<_>>()?,
                    projection: match index.projection.projection_type.as_str() {
                        "ALL" => Projection::All,
                        "KEYS_ONLY" => Projection::KeysOnly,
                        "INCLUDE" => Projection::Include(index.projection.non_key_attributes),
                        other => bail!("unknown projection {other}"),
                    },
                })
            })
            .collect::<Result<_>>()?;
        Ok(TableDefinition {
            name: self
                .table_name
                .and_then(|name| name.as_str().map(str::to_owned))
                .unwrap_or_else(|| UNNAMED_TABLE.to_owned()),
            keys: self
                .key_schema
                .into_iter()
                .map(Key::try_from)
                .collect::<Result<_>>()?,
            attributes: self
                .attribute_definitions
                .into_iter()
                .map(|attribute| (attribute.attribute_name, attribute.attribute_type))
                .collect(),
            indexes,
            ttl_attribute: self
                .time_to_live_specification
                .filter(|ttl| ttl.enabled)
                .map(|ttl| ttl.attribute_name),
        })
    }
}

impl TryFrom<KeyProperties> for Key {
    type Error = anyhow::Error;

    fn try_from(key: KeyProperties) -> Result<Self> {
        let kind = match key.key_type.as_str() {
            "HASH" => KeyKind::Hash,
            "RANGE" => KeyKind::Range,
            other => bail!("unknown key type {other}"),
        };
        Ok(Self {
            attribute: key.attribute_name,
            kind,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct QueueProperties {
    visibility_timeout: Option<u64>,
    redrive_policy: Option<RedriveProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedriveProperties {
    dead_letter_target_arn: Value,
    max_receive_count: u32,
}

impl QueueProperties {
    pub(super) fn into_queue(self, name: String) -> Queue {
        Queue {
            name,
            // 30 s is what SQS takes when nothing is said.
            visibility_timeout: Duration::from_secs(self.visibility_timeout.unwrap_or(30)),
            max_receive_count: self
                .redrive_policy
                .as_ref()
                .map(|policy| policy.max_receive_count),
            dead_letters: self
                .redrive_policy
                .and_then(|policy| referent(&policy.dead_letter_target_arn)),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RouteProperties {
    route_key: String,
    target: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IntegrationProperties {
    integration_uri: Value,
}

impl RouteProperties {
    /// Follows the route to its integration, and that to its function.
    pub(super) fn into_route(self, resources: &BTreeMap<String, Resource>) -> Result<Route> {
        let target = self.target.get("Fn::Sub").unwrap_or(&self.target);
        let integration = target
            .as_str()
            .and_then(|target| target.strip_prefix("integrations/${"))
            .and_then(|target| target.strip_suffix('}'))
            .and_then(|id| resources.get(id))
            .with_context(|| format!("no integration behind {target}"))?;
        let integration: IntegrationProperties =
            read(integration.properties.clone(), "the integration")?;
        let function = referent(&integration.integration_uri)
            .and_then(|id| resources.get(&id))
            .with_context(|| format!("no function behind {}", integration.integration_uri))?
            .package()?;
        // `$default` stands for every method and every path that has no route of its own.
        let (method, path) = self
            .route_key
            .split_once(' ')
            .unwrap_or(("ANY", &self.route_key));
        Ok(Route {
            function,
            method: method.to_owned(),
            path: path.to_owned(),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct FunctionProperties {
    #[serde(rename = "Events", default)]
    pub(super) events: BTreeMap<String, Event>,
}

#[derive(Deserialize)]
pub(super) struct Event {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    #[serde(rename = "Properties", default)]
    pub(super) properties: Value,
}

impl Event {
    /// The queue for deliveries that failed for good, if the event has one.
    pub(super) fn dead_letters(&self) -> Option<String> {
        self.properties
            .pointer("/DeadLetterConfig/Arn")
            .and_then(referent)
    }
}

#[derive(Deserialize)]
pub(super) struct ScheduleEvent {
    #[serde(rename = "Schedule", alias = "ScheduleExpression")]
    pub(super) rate: String,
}

#[derive(Deserialize)]
pub(super) struct SqsEvent {
    #[serde(rename = "Queue")]
    pub(super) queue: Value,
    #[serde(rename = "BatchSize", default = "ten")]
    pub(super) batch_size: usize,
}

/// What Lambda takes when nothing is said.
fn ten() -> usize {
    10
}

/// The time between two runs of `rate(5 minutes)`; `cron(…)` is refused, no schedule here uses it.
pub(super) fn interval(expression: &str) -> Result<Duration> {
    let (count, unit) = expression
        .strip_prefix("rate(")
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rate| rate.split_once(' '))
        .context("not of the form rate(5 minutes)")?;
    let secs = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 60 * 60,
        "day" => 24 * 60 * 60,
        other => bail!("unknown unit {other}"),
    };
    Ok(Duration::from_secs(count.parse::<u64>()? * secs))
}
