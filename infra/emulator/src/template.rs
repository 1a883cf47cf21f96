//! What template.yaml says of the table, the routes, the schedules and the queues.
//!
//! The local stack and the tests take these from the file that is deployed, so that a key, a path
//! or a time-out cannot be one thing here and another on AWS.

mod intrinsics;
mod resources;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use intrinsics::{plain, read, referent, with_defaults};
use resources::{
    Event, FunctionProperties, QueueProperties, Resource, RouteProperties, ScheduleEvent, SqsEvent,
    TableProperties, interval,
};

const SHOP: &str = include_str!("../../../template.yaml");

/// What the stack needs to know of a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// The one DynamoDB table.
    pub table: TableDefinition,
    /// The HTTP API's routes, by the logical ids of their resources.
    pub routes: Vec<Route>,
    /// What runs by the clock.
    pub schedules: Vec<Schedule>,
    /// The queues, dead-letter queues among them. Not the ones for ticks that EventBridge Scheduler
    /// could not deliver: where these definitions are used, a tick is a call that always arrives.
    pub queues: Vec<Queue>,
    /// Who is handed the messages of which queue.
    pub consumers: Vec<Consumer>,
}

/// A table as CreateTable and UpdateTimeToLive want it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableDefinition {
    /// The name, or `merkato` where the template gives none.
    pub name: String,
    /// The primary key.
    pub keys: Vec<Key>,
    /// Key attributes and their types: `S`, `N` or `B`.
    pub attributes: Vec<(String, String)>,
    /// The global secondary indexes.
    pub indexes: Vec<Index>,
    /// The attribute that holds the epoch second of an item's expiry.
    pub ttl_attribute: Option<String>,
}

/// A global secondary index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The index's name.
    pub name: String,
    /// Its key.
    pub keys: Vec<Key>,
    /// What it carries of each item.
    pub projection: Projection,
}

/// What an index carries of each item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Projection {
    /// The whole item.
    All,
    /// The keys of table and index.
    KeysOnly,
    /// The keys and these attributes.
    Include(Vec<String>),
}

/// One attribute of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The attribute's name.
    pub attribute: String,
    /// Its part in the key.
    pub kind: KeyKind,
}

/// The part an attribute has in a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// The partition key.
    Hash,
    /// The sort key.
    Range,
}

/// A route of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The function's package, which is also its binary.
    pub function: String,
    /// An upper-case method, or `ANY`.
    pub method: String,
    /// As API Gateway writes it: `/api/auth/{proxy+}`, or `$default`.
    pub path: String,
}

/// A function that runs by the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The function's package.
    pub function: String,
    /// The time from one run to the next.
    pub every: Duration,
}

/// An SQS queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The resource's logical id: queues are named by CloudFormation on AWS, and by this here.
    pub name: String,
    /// How long a received message stays hidden.
    pub visibility_timeout: Duration,
    /// How often a message is handed out before it goes to the dead letters.
    pub max_receive_count: Option<u32>,
    /// The queue that takes what was received too often.
    pub dead_letters: Option<String>,
}

/// An event source mapping from a queue to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The function's package.
    pub function: String,
    /// The queue's name.
    pub queue: String,
    /// The most messages in one invocation.
    pub batch_size: usize,
}

impl Template {
    /// The template at the root of the repository, read once per process.
    ///
    /// # Errors
    /// When the file is not a template that [`Template::parse`] understands.
    pub fn shop() -> Result<&'static Self> {
        static PARSED: OnceLock<Result<Template, String>> = OnceLock::new();
        PARSED
            .get_or_init(|| Self::parse(SHOP).map_err(|error| format!("{error:#}")))
            .as_ref()
            .map_err(|message| anyhow!("template.yaml: {message}"))
    }

    /// The template at the root of the repository as it is written, for tests of what else it says.
    /// Short forms of intrinsic functions are written out, `!GetAtt Table.Arn` as
    /// `{"Fn::GetAtt": "Table.Arn"}`; parameters are left alone.
    ///
    /// # Errors
    /// When it is not YAML.
    pub fn document() -> Result<serde_json::Value> {
        plain(serde_yaml_ng::from_str(SHOP).context("not YAML")?)
    }

    /// Reads a SAM template.
    ///
    /// # Errors
    /// When it is not YAML, has not exactly one table, or when one of the properties used here is
    /// missing or depends on something that is known only on AWS.
    pub fn parse(text: &str) -> Result<Self> {
        let yaml: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).context("not YAML")?;
        let document = plain(yaml)?;
        let parameters = document.get("Parameters").cloned().unwrap_or_default();
        let document = with_defaults(document, &parameters);
        let resources: BTreeMap<String, Resource> = read(
            document.get("Resources").cloned().unwrap_or_default(),
            "Resources",
        )?;

        let mut tables = Vec::new();
        let mut undelivered_ticks = BTreeSet::new();
        let mut template = Self::default();
        for (id, resource) in &resources {
            let properties = resource.properties.clone();
            match resource.kind.as_str() {
                "AWS::DynamoDB::Table" => {
                    let properties: TableProperties = read(properties, id)?;
                    tables.push(properties.into_definition()?);
                }
                "AWS::SQS::Queue" => {
                    let properties: QueueProperties = read(properties, id)?;
                    template.queues.push(properties.into_queue(id.clone()));
                }
                "AWS::ApiGatewayV2::Route" => {
                    let route: RouteProperties = read(properties, id)?;
                    template
                        .routes
                        .push(route.into_route(&resources).context(id.clone())?);
                }
                "AWS::Serverless::Function" => {
                    let function = resource.package().with_context(|| id.clone())?;
                    let properties: FunctionProperties = read(properties, id)?;
                    for (name, event) in properties.events {
                        undelivered_ticks.extend(event.dead_letters());
                        template
                            .add_event(&function, event)
                            .with_context(|| format!("{id}.{name}"))?;
                    }
                }
                _ => {}
            }
        }
        template
            .queues
            .retain(|queue| !undelivered_ticks.contains(&queue.name));
        let [table] = <[TableDefinition; 1]>::try_from(tables)
            .map_err(|tables| anyhow!("{} tables where there should be one", tables.len()))?;
        template.table = table;
        Ok(template)
    }

    fn add_event(&mut self, function: &str, event: Event) -> Result<()> {
        let function = function.to_owned();
        match event.kind.as_str() {
            "Schedule" | "ScheduleV2" => {
                let event: ScheduleEvent = read(event.properties, "the schedule")?;
                self.schedules.push(Schedule {
                    function,
                    every: interval(&event.rate)?,
                });
            }
            "SQS" => {
                let event: SqsEvent = read(event.properties, "the mapping")?;
                self.consumers.push(Consumer {
                    function,
                    queue: referent(&event.queue).context("names no queue of this template")?,
                    batch_size: event.batch_size,
                });
            }
            // Left out it would be missing locally and nobody would know why.
            other => bail!("the local stack has no events of type {other}"),
        }
        Ok(())
    }
}
