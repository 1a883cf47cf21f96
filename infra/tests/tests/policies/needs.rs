//! What functions need: the rights that a walk through the shop made use of, and those that AWS uses
//! in a function's name, which no call of its code shows.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use emulator::{Route, Template};
use serde_json::Value;

use crate::policies::roles::{EVERYTHING_WHILE_TRACED, Right, Rights};
use crate::shop::Shop;
use crate::template::{Document, Function};

/// Functions that read a key only in a shop that is older than the code, which no walk goes through:
/// its first administrator was made before there was a roster.
const READ_IN_OLD_SHOPS: [(&str, &str); 1] = [("accounts", "SINGLETON#")];

/// What functions sign for browsers to do: no call of theirs shows it, and S3 asks their roles for the
/// right all the same.
const SIGNED_FOR_BROWSERS: [(&str, &str, &str); 1] =
    [("catalog", "s3:PutObject", "ImagesBucket/uploads/*")];

/// What each role has to grant.
pub async fn needed(document: &Document, shop: &Shop) -> Result<Rights> {
    let mut rights = used(document, shop).await?;
    for (role, key_space) in READ_IN_OLD_SHOPS {
        let own = rights.remove(role).unwrap_or_default().into_iter();
        let widened = own.map(|mut right| {
            if right.on == "Table" && is_read(&right.action) {
                right.key_spaces.insert(key_space.to_owned());
            }
            right
        });
        rights.insert(role.to_owned(), widened.collect());
    }
    for (role, action, on) in SIGNED_FOR_BROWSERS {
        let own = rights.entry(role.to_owned()).or_default();
        own.insert(Right::new(action, on));
    }
    for (role, own) in used_by_aws(document)? {
        rights.entry(role).or_default().extend(own);
    }
    Ok(rights)
}

/// What AWS does in each role by itself.
pub fn used_by_aws(document: &Document) -> Result<Rights> {
    let mut rights = Rights::new();
    for function in document.functions()? {
        let own = rights.entry(function.package.to_owned()).or_default();
        own.extend(used_around(document, &function)?);
    }
    for (role, right) in used_by_schedules(document)? {
        rights.entry(role).or_default().insert(right);
    }
    Ok(rights)
}

/// The rights that were made use of, as the local shop recorded them.
async fn used(document: &Document, shop: &Shop) -> Result<Rights> {
    let template = Template::shop()?;
    let functions = document.functions()?;
    let packages: BTreeSet<&str> = functions.iter().map(|function| function.package).collect();
    let ledger = shop.visitor()?.get("/_local/capacity").await?;
    let mut calls: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entry in ledger.body.as_array().context("a ledger")? {
        let label = entry["label"].as_str().unwrap_or_default();
        let function = match label.split_once(' ') {
            Some((_, path)) => route_of(&template.routes, path).map(|route| &*route.function),
            // The control surface has entries of its own, which nobody is granted anything for.
            None => Some(label).filter(|label| packages.contains(label)),
        };
        let Some(function) = function else { continue };
        let accesses = entry["accesses"].as_array().cloned().unwrap_or_default();
        calls
            .entry(function.to_owned())
            .or_default()
            .extend(accesses);
    }
    let rights = |(function, accesses): (String, Vec<Value>)| (function, rights_for(&accesses));
    Ok(calls.into_iter().map(rights).collect())
}

/// The route that takes this path: the one of just this path before any with a variable, and of those
/// the longest.
fn route_of<'a>(routes: &'a [Route], path: &str) -> Option<&'a Route> {
    let takes = |route: &&Route| match route.path.strip_suffix("{proxy+}") {
        Some(prefix) => path.starts_with(prefix),
        None => route.path == path,
    };
    routes
        .iter()
        .filter(takes)
        .max_by_key(|route| (route.path == path, route.path.len()))
}

/// The rights for these accesses. Keys are those of all that a function reads there, or of all that
/// it writes: the template says why they are not told apart further.
fn rights_for(accesses: &[Value]) -> BTreeSet<Right> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let of = |access: &Value| {
        let action = text(&access["action"]);
        let resource = text(&access["resource"]);
        let on = match (action.split(':').next(), resource.split_once("/index/")) {
            (Some("dynamodb"), Some((_, index))) => format!("Table/index/{index}"),
            (Some("dynamodb"), None) => "Table".to_owned(),
            (Some("sqs"), _) => "OrderEventsQueue".to_owned(),
            (Some("events"), _) => "EventBus".to_owned(),
            (Some("ses"), _) => "MailIdentity".to_owned(),
            (Some("s3"), _) => {
                let part = resource.split_once('/').map_or("", |(_, part)| part);
                format!("ImagesBucket/{part}")
            }
            _ => resource,
        };
        // A batch is sent with the right to send.
        (action.replace("SendMessageBatch", "SendMessage"), on)
    };
    let mut key_spaces: BTreeMap<(String, bool), BTreeSet<String>> = BTreeMap::new();
    for access in accesses {
        let (action, on) = of(access);
        let spaces = key_spaces.entry((on, is_read(&action))).or_default();
        spaces.extend(access["key_space"].as_str().map(str::to_owned));
    }
    let right = |access: &Value| {
        let (action, on) = of(access);
        let key_spaces = key_spaces.get(&(on.clone(), is_read(&action)));
        Right {
            key_spaces: key_spaces.cloned().unwrap_or_default(),
            ..Right::new(action, on)
        }
    };
    accesses.iter().map(right).collect()
}

fn is_read(action: &str) -> bool {
    matches!(
        action,
        "dynamodb:GetItem" | "dynamodb:BatchGetItem" | "dynamodb:Query" | "dynamodb:Scan"
    )
}

/// What Lambda does in the name of a function: it writes its log and its traces, and takes messages
/// for it. And what a function does that is not seen here, because nobody fetches secrets on one
/// machine: it reads those that its environment names.
fn used_around(document: &Document, function: &Function<'_>) -> Result<Vec<Right>> {
    let logs = function.properties["LoggingConfig"]["LogGroup"]["Ref"].as_str();
    let logs = logs.with_context(|| format!("{} has no log group", function.id))?;
    let mut rights = vec![
        Right::new("logs:CreateLogStream", logs),
        Right::new("logs:PutLogEvents", logs),
        Right::new("xray:PutTraceSegments", EVERYTHING_WHILE_TRACED),
        Right::new("xray:PutTelemetryRecords", EVERYTHING_WHILE_TRACED),
    ];
    for (kind, event) in function.events() {
        match kind {
            "SQS" => {
                let queue = event["Queue"]["Fn::GetAtt"].as_str();
                let queue = queue.and_then(|queue| queue.strip_suffix(".Arn"));
                let queue = queue.context("a queue of this template")?;
                let actions = ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
                rights.extend(actions.map(|action| Right::new(format!("sqs:{action}"), queue)));
            }
            "ScheduleV2" => {}
            other => bail!("{} is started by {other}: who may do that?", function.id),
        }
    }
    let named = function
        .variables()
        .filter_map(|(_, value)| value["Ref"].as_str());
    let secrets = named.filter(|id| document.kind(id) == "AWS::SecretsManager::Secret");
    rights.extend(secrets.map(|id| Right::new("secretsmanager:GetSecretValue", id)));
    Ok(rights)
}

/// What EventBridge Scheduler does for each schedule: it starts the function, or puts the tick aside.
fn used_by_schedules(document: &Document) -> Result<Vec<(String, Right)>> {
    let arn_of = |value: &Value| {
        let name = value["Fn::GetAtt"].as_str();
        let name = name.and_then(|name| name.strip_suffix(".Arn"));
        name.map(str::to_owned)
    };
    let mut rights = Vec::new();
    for function in document.functions()? {
        for (_, schedule) in function
            .events()
            .iter()
            .filter(|(kind, _)| *kind == "ScheduleV2")
        {
            let role = arn_of(&schedule["RoleArn"]);
            let role = role.with_context(|| format!("{}'s schedule has no role", function.id))?;
            let letters = arn_of(&schedule["DeadLetterConfig"]["Arn"]);
            let letters = letters.with_context(|| format!("{}'s dead letters", function.id))?;
            rights.push((
                role.clone(),
                Right::new("lambda:InvokeFunction", function.id),
            ));
            rights.push((role, Right::new("sqs:SendMessage", letters)));
        }
    }
    Ok(rights)
}
