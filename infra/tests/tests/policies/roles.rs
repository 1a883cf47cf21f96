//! What the roles of the template grant, read so strictly that what is not understood is refused.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::template::{Document, Function, listed};

/// One action on one thing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// As IAM calls it: `dynamodb:PutItem`.
    pub action: String,
    /// What it is about, by its logical name: `Table`, `Table/index/gsi1`, `OrderEventsQueue`.
    pub on: String,
    /// For items, the beginnings of the partition keys that they may have.
    pub key_spaces: BTreeSet<String>,
}

impl Right {
    pub fn new(action: impl Into<String>, on: impl Into<String>) -> Right {
        Right {
            action: action.into(),
            on: on.into(),
            key_spaces: BTreeSet::new(),
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.on)?;
        let spaces: Vec<&str> = self.key_spaces.iter().map(String::as_str).collect();
        match spaces[..] {
            [] => Ok(()),
            _ => write!(f, " under {}", spaces.join(", ")),
        }
    }
}

/// Rights by whose they are: a function's package, or the logical id of another role.
pub type Rights = BTreeMap<String, BTreeSet<Right>>;

/// Everything, where AWS knows no ARN, and only while a trace is wanted.
pub const EVERYTHING_WHILE_TRACED: &str = "* while traced";

/// What the roles grant, each under its function's package, or its own logical id if it is no
/// function's.
pub fn granted(document: &Document) -> Result<Rights> {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for function in document.functions()? {
        let role = role_of(&function)?;
        let other = owners.insert(role.clone(), function.package);
        ensure!(other.is_none(), "{role} is the role of two functions");
    }
    let mut rights = Rights::new();
    for (id, role) in document.of_type("AWS::IAM::Role")? {
        let owner = owners.remove(id).unwrap_or(id);
        let own = statements(document, role).with_context(|| id.to_owned())?;
        rights.insert(owner.to_owned(), own);
    }
    ensure!(owners.is_empty(), "no roles in this template: {owners:?}");
    Ok(rights)
}

/// The logical id of a function's role.
fn role_of(function: &Function<'_>) -> Result<String> {
    let role = function.properties["Role"]["Fn::GetAtt"].as_str();
    let role = role.and_then(|role| role.strip_suffix(".Arn"));
    Ok(role
        .with_context(|| format!("{} names no role", function.id))?
        .to_owned())
}

fn statements(document: &Document, role: &Value) -> Result<BTreeSet<Right>> {
    let mut rights = BTreeSet::new();
    for policy in listed(&role["Policies"]) {
        let words: Vec<_> = policy.as_object().context("a policy")?.keys().collect();
        ensure!(words == ["PolicyDocument", "PolicyName"], "{words:?}");
        for statement in listed(&policy["PolicyDocument"]["Statement"]) {
            match &statement["Fn::If"] {
                Value::Null => add(document, statement, false, &mut rights)?,
                choice => {
                    let [condition, statement, otherwise] = listed(choice) else {
                        bail!("not a choice: {choice}");
                    };
                    ensure!(condition == "IsTraced", "a right under {condition}");
                    ensure!(
                        otherwise == &json!({ "Ref": "AWS::NoValue" }),
                        "{otherwise}"
                    );
                    add(document, statement, true, &mut rights)?;
                }
            }
        }
    }
    Ok(rights)
}

fn add(
    document: &Document,
    statement: &Value,
    is_traced: bool,
    rights: &mut BTreeSet<Right>,
) -> Result<()> {
    let words = statement.as_object().context("a statement")?;
    let known = ["Effect", "Action", "Resource", "Condition"];
    for word in words.keys() {
        ensure!(known.contains(&word.as_str()), "{word} in {statement}");
    }
    ensure!(statement["Effect"] == "Allow", "{statement}");
    let key_spaces = key_spaces(&statement["Condition"])?;
    for action in listed(&statement["Action"]) {
        let action = action.as_str().context("an action")?;
        ensure!(!action.contains('*'), "{action} has a star");
        for resource in listed(&statement["Resource"]) {
            let on = match (resource.as_str(), is_traced) {
                (Some("*"), true) => EVERYTHING_WHILE_TRACED.to_owned(),
                (_, true) => bail!("{resource} while traced"),
                (_, false) => name(document, resource)?,
            };
            ensure!(
                on.starts_with("Table") != key_spaces.is_empty(),
                "rights on items, and no others, are bound to their keys: {statement}"
            );
            let right = Right {
                key_spaces: key_spaces.clone(),
                ..Right::new(action, on)
            };
            ensure!(
                rights.insert(right),
                "granted twice: {action} on {resource}"
            );
        }
    }
    Ok(())
}

/// The beginnings of keys that a condition names. Another condition is refused.
fn key_spaces(condition: &Value) -> Result<BTreeSet<String>> {
    if condition.is_null() {
        return Ok(BTreeSet::new());
    }
    let patterns = &condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let expected = json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": patterns } });
    ensure!(condition == &expected, "{condition}");
    let space = |pattern: &Value| {
        let pattern = pattern.as_str().context("a pattern")?;
        // With a star and without a `#` before it, `ORDER*` would let `ORDERS#` in.
        let space = match pattern.split_once('*') {
            None => pattern,
            Some((space, "")) if space.ends_with('#') => space,
            Some(_) => bail!("{pattern} is no beginning of keys"),
        };
        Ok(space.to_owned())
    };
    listed(patterns).iter().map(space).collect()
}

/// The logical name of what an ARN is of. Whatever is not known to be one exact ARN is refused.
fn name(document: &Document, resource: &Value) -> Result<String> {
    let words = resource
        .as_object()
        .with_context(|| format!("{resource} is no reference"))?;
    ensure!(words.len() == 1, "{resource}");
    if let Some(name) = resource["Fn::GetAtt"].as_str() {
        let id = name.strip_suffix(".Arn").with_context(|| name.to_owned())?;
        return Ok(id.to_owned());
    }
    if let Some(id) = resource["Ref"].as_str() {
        // Of most resources this is the name, of secrets the ARN.
        ensure!(
            document.kind(id) == "AWS::SecretsManager::Secret",
            "{id} is no ARN"
        );
        return Ok(id.to_owned());
    }
    match resource["Fn::Sub"].as_str() {
        Some("${Table.Arn}/index/gsi1") => Ok("Table/index/gsi1".to_owned()),
        Some("${Table.Arn}/index/gsi2") => Ok("Table/index/gsi2".to_owned()),
        Some("${ImagesBucket.Arn}/uploads/*") => Ok("ImagesBucket/uploads/*".to_owned()),
        Some("${ImagesBucket.Arn}/images/*") => Ok("ImagesBucket/images/*".to_owned()),
        Some(
            "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/${MailIdentity}",
        ) => Ok("MailIdentity".to_owned()),
        _ => bail!("{resource} is not known to be exact"),
    }
}
