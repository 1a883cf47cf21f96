//! The protocol of SQS: `AmazonSQS.*` in JSON 1.0.

mod limits;

use std::time::Duration;

use axum::response::Response;
use emulator::Queue;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::queues::{Outgoing, Queues, Received, arn, system_attributes};
use super::{ACCOUNT, answer, digest};
use limits::{
    Refusal, check_body, check_bytes, check_delay, check_ids, check_number, check_receipt,
    check_timeout, check_wait,
};

const VERSION: &str = "1.0";

enum Failure {
    Refused(Refusal),
    Broken(anyhow::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

type Outcome = Result<Value, Failure>;

/// Answers one call.
pub(super) async fn answer(queues: &Queues, operation: &str, body: &[u8], host: &str) -> Response {
    let outcome = match operation {
        "SendMessage" => send(queues, body),
        "SendMessageBatch" => send_batch(queues, body),
        "ReceiveMessage" => receive(queues, body).await,
        "DeleteMessage" => delete(queues, body),
        "DeleteMessageBatch" => delete_batch(queues, body),
        "ChangeMessageVisibility" => change_visibility(queues, body),
        "GetQueueUrl" => queue_url(queues, body, host),
        "GetQueueAttributes" => queue_attributes(queues, body),
        "PurgeQueue" => purge(queues, body),
        _ => return answer::unknown_operation(operation),
    };
    match outcome {
        Ok(value) => answer::json(VERSION, &value),
        Err(Failure::Refused(refusal)) => {
            let kind = format!("com.amazonaws.sqs#{}", refusal.shape);
            let mut response =
                answer::error(VERSION, StatusCode::BAD_REQUEST, &kind, &refusal.message);
            // SQS spoke another protocol once, and the SDKs still go by the codes of that time.
            if let Ok(code) = HeaderValue::from_str(&format!("{};Sender", refusal.code)) {
                response.headers_mut().insert("x-amzn-query-error", code);
            }
            response
        }
        Err(Failure::Broken(error)) => {
            tracing::error!(
                operation,
                error = format!("{error:#}"),
                "the stand-in for SQS failed"
            );
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            answer::error(
                VERSION,
                status,
                "com.amazonaws.sqs#InternalError",
                "internal error",
            )
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Send {
    queue_url: String,
    #[serde(flatten)]
    message: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    #[serde(default)]
    id: String,
    message_body: String,
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: Map<String, Value>,
}

fn send(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Send = read(body)?;
    let queue = queue(queues, &request.queue_url)?;
    let message = outgoing(request.message)?;
    let ids = queues.send(queue, std::slice::from_ref(&message))?;
    let mut sent = receipt(&message);
    sent.insert("MessageId".to_owned(), ids.into_iter().next().into());
    Ok(sent.into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<T> {
    queue_url: String,
    entries: Vec<T>,
}

fn send_batch(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Batch<Entry> = read(body)?;
    let queue = queue(queues, &request.queue_url)?;
    check_ids(request.entries.iter().map(|entry| entry.id.as_str()))?;
    let bytes: usize = request
        .entries
        .iter()
        .map(|entry| entry.message_body.len())
        .sum();
    check_bytes(bytes)?;
    let mut good = Vec::new();
    let mut names = Vec::new();
    let mut failed = Vec::new();
    for entry in request.entries {
        let name = entry.id.clone();
        match outgoing(entry) {
            Ok(message) => {
                names.push(name);
                good.push(message);
            }
            Err(refusal) => failed.push(json!({
                "Id": name,
                "SenderFault": true,
                "Code": refusal.code,
                "Message": refusal.message,
            })),
        }
    }
    let ids = queues.send(queue, &good)?;
    let successful: Vec<_> = names
        .into_iter()
        .zip(&good)
        .zip(ids)
        .map(|((name, message), id)| {
            let mut sent = receipt(message);
            sent.insert("Id".to_owned(), name.into());
            sent.insert("MessageId".to_owned(), id.into());
            Value::from(sent)
        })
        .collect();
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receive {
    queue_url: String,
    max_number_of_messages: Option<usize>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<u64>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

async fn receive(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Receive = read(body)?;
    let queue = queue(queues, &request.queue_url)?;
    let max = check_number(request.max_number_of_messages.unwrap_or(1))?;
    let wait = check_wait(request.wait_time_seconds.unwrap_or(0))?;
    let visibility = request.visibility_timeout.map(check_timeout).transpose()?;
    let visibility = visibility
        .and_then(|secs| u64::try_from(secs).ok())
        .map(Duration::from_secs);
    let messages = queues.receive_within(queue, max, visibility, wait).await?;
    let mut wanted = request.message_system_attribute_names.clone();
    wanted.extend(request.attribute_names.iter().cloned());
    let messages: Vec<_> = messages
        .iter()
        .map(|message| shown(message, &wanted, &request.message_attribute_names))
        .collect();
    Ok(json!({ "Messages": messages }))
}

fn shown(message: &Received, system: &[String], named: &[String]) -> Value {
    let mut shown = Map::from_iter([
        ("MessageId".to_owned(), message.id.clone().into()),
        ("ReceiptHandle".to_owned(), message.receipt.clone().into()),
        ("Body".to_owned(), message.body.clone().into()),
        (
            "MD5OfBody".to_owned(),
            digest::of_body(&message.body).into(),
        ),
    ]);
    let mut attributes = system_attributes(message);
    attributes.retain(|name, _| {
        system
            .iter()
            .any(|wanted| wanted == "All" || wanted == name)
    });
    if !attributes.is_empty() {
        shown.insert("Attributes".to_owned(), attributes.into());
    }
    let mut attributes = message.attributes.as_object().cloned().unwrap_or_default();
    attributes.retain(|name, _| {
        named.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == "All" || wanted == name,
        })
    });
    if let Some(md5) = digest::of_attributes(&attributes) {
        shown.insert("MD5OfMessageAttributes".to_owned(), md5.into());
        shown.insert("MessageAttributes".to_owned(), attributes.into());
    }
    shown.into()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Delete {
    queue_url: String,
    receipt_handle: String,
}

fn delete(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Delete = read(body)?;
    let queue = queue(queues, &request.queue_url)?;
    check_receipt(&request.receipt_handle)?;
    queues.delete(queue, &[request.receipt_handle])?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Deletion {
    id: String,
    receipt_handle: String,
}

fn delete_batch(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Batch<Deletion> = read(body)?;
    let queue = queue(queues, &request.queue_url)?;
    check_ids(request.entries.iter().map(|entry| entry.id.as_str()))?;
    let mut receipts = Vec::new();
    let mut successful = Vec::new();
    let mut failed = Vec::new();
    for entry in request.entries {
        match check_receipt(&entry.receipt_handle) {
            Ok(()) => {
                receipts.push(entry.receipt_handle);
                successful.push(json!({ "Id": entry.id }));
            }
            Err(refusal) => failed.push(json!({
                "Id": entry.id,
                "SenderFault": true,
                "Code": refusal.code,
                "Message": refusal.message,
            })),
        }
    }
    queues.delete(queue, &receipts)?;
    Ok(json!({ "Successful": successful, "Failed": failed }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Visibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: i64,
}

fn change_visibility(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Visibility = read(body)?;
    let queue = queue(queues, &request.queue_url)?;
    check_receipt(&request.receipt_handle)?;
    if !queues.hide(
        queue,
        &request.receipt_handle,
        check_timeout(request.visibility_timeout)?,
    )? {
        return Err(Refusal::new(
            "MessageNotInflight",
            "AWS.SimpleQueueService.MessageNotInflight",
            "The message referred to isn't in flight.",
        )
        .into());
    }
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    queue_name: String,
}

fn queue_url(queues: &Queues, body: &[u8], host: &str) -> Outcome {
    let request: Name = read(body)?;
    let queue = queue(queues, &request.queue_name)?;
    Ok(json!({ "QueueUrl": format!("http://{host}/{ACCOUNT}/{}", queue.name) }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

fn queue_attributes(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Attributes = read(body)?;
    let queue = queue(queues, &request.queue_url)?;
    let depths = queues.depths()?;
    let depth = depths.iter().find(|depth| depth.queue == queue.name);
    let count =
        |read: fn(&super::queues::Depth) -> u64| depth.map(read).unwrap_or_default().to_string();
    let mut attributes = Map::from_iter(
        [
            ("QueueArn", arn(&queue.name)),
            (
                "VisibilityTimeout",
                queue.visibility_timeout.as_secs().to_string(),
            ),
            ("ApproximateNumberOfMessages", count(|depth| depth.visible)),
            (
                "ApproximateNumberOfMessagesNotVisible",
                count(|depth| depth.in_flight),
            ),
            (
                "ApproximateNumberOfMessagesDelayed",
                count(|depth| depth.delayed),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), Value::from(value))),
    );
    if let (Some(most), Some(dead_letters)) = (queue.max_receive_count, &queue.dead_letters) {
        let policy = json!({ "deadLetterTargetArn": arn(dead_letters), "maxReceiveCount": most });
        attributes.insert("RedrivePolicy".to_owned(), policy.to_string().into());
    }
    let wanted = &request.attribute_names;
    attributes.retain(|name, _| {
        wanted
            .iter()
            .any(|wanted| wanted == "All" || wanted == name)
    });
    Ok(json!({ "Attributes": attributes }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Purge {
    queue_url: String,
}

fn purge(queues: &Queues, body: &[u8]) -> Outcome {
    let request: Purge = read(body)?;
    queues.purge(queue(queues, &request.queue_url)?)?;
    Ok(json!({}))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        Refusal::new(
            "MissingRequiredParameterException",
            "MissingParameter",
            error.to_string(),
        )
    })
}

/// The queue that a URL or a name means: what counts is the last part.
fn queue<'a>(queues: &'a Queues, url: &str) -> Result<&'a Queue, Refusal> {
    let name = url.rsplit('/').next().unwrap_or(url);
    queues.named(name).ok_or_else(|| {
        Refusal::new(
            "QueueDoesNotExist",
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist.",
        )
    })
}

fn outgoing(entry: Entry) -> Result<Outgoing, Refusal> {
    check_body(&entry.message_body)?;
    Ok(Outgoing {
        delay_secs: check_delay(entry.delay_seconds.unwrap_or(0))?,
        body: entry.message_body,
        attributes: entry.message_attributes.into(),
    })
}

fn receipt(message: &Outgoing) -> Map<String, Value> {
    let mut receipt = Map::new();
    receipt.insert(
        "MD5OfMessageBody".to_owned(),
        digest::of_body(&message.body).into(),
    );
    if let Some(md5) = message
        .attributes
        .as_object()
        .and_then(digest::of_attributes)
    {
        receipt.insert("MD5OfMessageAttributes".to_owned(), md5.into());
    }
    receipt
}
