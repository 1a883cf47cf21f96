//! What one request on the wire is: its service, its operation, and what it touches.

use std::collections::BTreeSet;

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fault::Service;
use super::ledger::Access;

/// The attribute by which the table is partitioned.
const PARTITION_KEY: &str = "pk";

/// One request, understood.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) service: Service,
    pub(super) operation: String,
    pub(super) accesses: BTreeSet<Access>,
    /// For a transaction, how many operations it has; 0 for every other call.
    positions: usize,
}

/// Whether an operation's capacity is spent on reading or on writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spending {
    Reads,
    Writes,
}

impl Call {
    /// Reads a request, and asks DynamoDB for the capacity that it is going to take.
    ///
    /// `None` for a request to a service this wire knows nothing about; it passes untouched.
    pub(super) fn read(request: &mut HttpRequest) -> Option<Self> {
        let Some(target) = request.headers().get("x-amz-target") else {
            return Self::read_object(request).or_else(|| Self::read_form(request));
        };
        let (prefix, operation) = target.split_once('.')?;
        let service = match prefix {
            "DynamoDB_20120810" => Service::Dynamodb,
            "AmazonSQS" => Service::Sqs,
            "AWSEvents" => Service::Eventbridge,
            _ => return None,
        };
        let operation = operation.to_owned();
        let mut body: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let mut call = Self {
            service,
            operation,
            accesses: BTreeSet::new(),
            positions: 0,
        };
        match service {
            Service::Dynamodb => {
                call.note_items(&body);
                if call.spending().is_some() {
                    body["ReturnConsumedCapacity"] = "INDEXES".into();
                    let text = body.to_string();
                    request
                        .headers_mut()
                        .insert("content-length", text.len().to_string());
                    *request.body_mut() = SdkBody::from(text);
                }
            }
            Service::Sqs => call.note("sqs", body["QueueUrl"].as_str()),
            _ => call.note(
                "events",
                body.pointer("/Entries/0/EventBusName")
                    .and_then(Value::as_str),
            ),
        }
        Some(call)
    }

    /// S3 says in method and path what is meant, and is the one service that wants the hash of a body
    /// in a header. Buckets are expected in the path, as where the stand-in is.
    fn read_object(request: &HttpRequest) -> Option<Self> {
        request.headers().get("x-amz-content-sha256")?;
        let source = request.headers().get("x-amz-copy-source");
        let operation = match (request.method(), source) {
            ("GET", _) => "GetObject",
            ("PUT", None) => "PutObject",
            ("PUT", Some(_)) => "CopyObject",
            ("DELETE", _) => "DeleteObject",
            _ => return None,
        };
        let uri: http::Uri = request.uri().parse().ok()?;
        let mut call = Self {
            service: Service::S3,
            operation: operation.to_owned(),
            accesses: BTreeSet::new(),
            positions: 0,
        };
        match source {
            // A copy needs the rights to read the one object and to write the other.
            Some(source) => {
                call.note_object("GetObject", source);
                call.note_object("PutObject", uri.path());
            }
            None => call.note_object(operation, uri.path()),
        }
        Some(call)
    }

    /// Notes an object by its bucket and the first part of its name: `pictures/uploads/*`.
    fn note_object(&mut self, action: &str, path: &str) {
        let mut parts = path.trim_start_matches('/').split('/');
        let (bucket, part) = (parts.next(), parts.next());
        let (bucket, part) = (bucket.unwrap_or_default(), part.unwrap_or_default());
        self.accesses.insert(Access {
            action: format!("s3:{action}"),
            resource: format!("{bucket}/{part}/*"),
            key_space: None,
        });
    }

    /// SES speaks the older query protocol: a form whose field `Action` is the operation.
    fn read_form(request: &HttpRequest) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Form {
            action: String,
            source: Option<String>,
        }
        let form: Form = serde_urlencoded::from_bytes(request.body().bytes()?).ok()?;
        let mut call = Self {
            service: Service::Ses,
            operation: form.action,
            accesses: BTreeSet::new(),
            positions: 0,
        };
        call.note("ses", form.source.as_deref());
        Some(call)
    }

    /// The service and the operation: `dynamodb.GetItem`.
    pub(super) fn name(&self) -> String {
        let service = match self.service {
            Service::Dynamodb => "dynamodb",
            Service::Sqs => "sqs",
            Service::Ses => "ses",
            Service::Eventbridge => "eventbridge",
            Service::S3 => "s3",
            Service::Chapa => "chapa",
        };
        format!("{service}.{}", self.operation)
    }

    pub(super) fn positions(&self) -> usize {
        self.positions
    }

    /// Whether DynamoDB may refuse this call because another transaction is under way.
    pub(super) fn can_conflict(&self) -> bool {
        self.service == Service::Dynamodb
            && (self.positions > 0
                || matches!(
                    self.operation.as_str(),
                    "PutItem" | "UpdateItem" | "DeleteItem"
                ))
    }

    /// Read and write units that the answer says were taken.
    ///
    /// A write whose condition failed costs units on AWS too, but no answer tells how many, so
    /// none are counted.
    pub(super) fn units(&self, answer: &[u8]) -> (f64, f64) {
        #[derive(Default, Deserialize)]
        #[serde(rename_all = "PascalCase", default)]
        struct Answer {
            consumed_capacity: Option<OneOrMany>,
        }
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(Consumed),
            Many(Vec<Consumed>),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Consumed {
            capacity_units: f64,
        }
        let Some(spending) = self.spending() else {
            return (0.0, 0.0);
        };
        let answer: Answer = serde_json::from_slice(answer).unwrap_or_default();
        let units = match answer.consumed_capacity {
            None => 0.0,
            Some(OneOrMany::One(consumed)) => consumed.capacity_units,
            Some(OneOrMany::Many(tables)) => tables.iter().map(|table| table.capacity_units).sum(),
        };
        match spending {
            Spending::Reads => (units, 0.0),
            Spending::Writes => (0.0, units),
        }
    }

    fn spending(&self) -> Option<Spending> {
        match (self.service, self.operation.as_str()) {
            (
                Service::Dynamodb,
                "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems",
            ) => Some(Spending::Reads),
            (
                Service::Dynamodb,
                "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems",
            ) => Some(Spending::Writes),
            _ => None,
        }
    }

    fn note(&mut self, prefix: &str, resource: Option<&str>) {
        self.accesses.insert(Access {
            action: format!("{prefix}:{}", self.operation),
            resource: resource.unwrap_or_default().to_owned(),
            key_space: None,
        });
    }

    fn note_item(&mut self, action: &str, resource: &str, key_space: Option<String>) {
        self.accesses.insert(Access {
            action: format!("dynamodb:{action}"),
            resource: resource.to_owned(),
            key_space,
        });
    }

    /// Notes what IAM would ask for: a transaction needs the rights of its parts.
    fn note_items(&mut self, body: &Value) {
        let operation = self.operation.clone();
        if let Some(parts) = body["TransactItems"].as_array() {
            self.positions = parts.len();
            for (kind, part) in parts.iter().filter_map(Value::as_object).flatten() {
                let action = match kind.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    other => format!("{other}Item"),
                };
                let table = part["TableName"].as_str().unwrap_or_default();
                self.note_item(&action, table, key_space(part));
            }
        } else if let Some(tables) = body["RequestItems"].as_object() {
            for (table, requests) in tables {
                let gets = requests["Keys"].as_array().into_iter().flatten();
                let writes = requests.as_array().into_iter().flatten();
                let writes = writes.filter_map(Value::as_object).flat_map(Map::values);
                let spaces = gets.map(key_space_of).chain(writes.map(key_space));
                for space in spaces {
                    self.note_item(&operation, table, space);
                }
            }
        } else {
            let table = body["TableName"].as_str().unwrap_or_default();
            let resource = match body["IndexName"].as_str() {
                Some(index) => format!("{table}/index/{index}"),
                None => table.to_owned(),
            };
            self.note_item(&operation, &resource, key_space(body));
        }
    }
}

/// The key space of the item that a request puts or names, or of the partition that it queries.
fn key_space(request: &Value) -> Option<String> {
    let item = request.get("Item").or_else(|| request.get("Key"));
    if let Some(item) = item {
        return key_space_of(item);
    }
    // The store has one way to write a query, and it begins with the partition key.
    let (_, rest) = request["KeyConditionExpression"]
        .as_str()?
        .split_once('=')?;
    let placeholder = rest.split_whitespace().next()?;
    space(&request["ExpressionAttributeValues"][placeholder])
}

fn key_space_of(item: &Value) -> Option<String> {
    space(&item[PARTITION_KEY])
}

fn space(key: &Value) -> Option<String> {
    let key = key["S"].as_str()?;
    Some(match key.split_once('#') {
        Some((space, _)) => format!("{space}#"),
        None => key.to_owned(),
    })
}
