//! The checker has to see what it is there for: rights slipped into the template, one at a time.

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{form, needs, roles};
use crate::template::Document;

/// What the checks make of the template as it is changed here: an error or, of what the template
/// alone tells, the rights that a role has without use or lacks.
fn is_seen(change: impl FnOnce(&mut Value)) -> Result<bool> {
    let untouched = Document::read()?;
    let mut document = Document::read()?;
    change(&mut document.0["Resources"]);
    if form::check(&document).is_err() {
        return Ok(true);
    }
    let granted = (roles::granted(&document), needs::used_by_aws(&document));
    Ok(match granted {
        // What functions use by themselves is what the template grants them as it is: see the walk.
        (Ok(granted), Ok(used)) => {
            granted != roles::granted(&untouched)? || used != needs::used_by_aws(&untouched)?
        }
        _ => true,
    })
}

fn first_statement(resources: &mut Value) -> &mut Value {
    &mut resources["AuthRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
}

#[test]
fn the_template_as_it_is_raises_no_alarm() -> Result<()> {
    ensure!(!is_seen(|_| {})?, "a checker that always barks");
    Ok(())
}

#[test]
fn a_statement_that_says_more_is_seen() -> Result<()> {
    let keys =
        |pattern: &str| json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [pattern] } });
    let changes = [
        ("Action", json!("dynamodb:*")),
        ("Action", json!(["dynamodb:GetItem", "dynamodb:Scan"])),
        ("Resource", json!("*")),
        ("Resource", json!({ "Fn::Sub": "${Table.Arn}/index/*" })),
        ("Resource", json!({ "Ref": "Table" })),
        ("Condition", Value::Null),
        ("Condition", keys("*")),
        ("Condition", keys("USER*")),
        (
            "Condition",
            json!({ "StringLike": { "dynamodb:LeadingKeys": ["USER#*"] } }),
        ),
        ("Effect", json!("Deny")),
        ("NotResource", json!({ "Fn::GetAtt": "EventBus.Arn" })),
    ];
    for (word, value) in changes {
        let told = format!("{word}: {value}");
        let seen = is_seen(|resources| first_statement(resources)[word] = value)?;
        ensure!(seen, "{told} was not seen");
    }
    Ok(())
}

#[test]
fn a_star_is_for_traces_only() -> Result<()> {
    let seen = is_seen(|resources| {
        *first_statement(resources) = json!({
            "Effect": "Allow",
            "Action": "xray:PutTraceSegments",
            "Resource": "*",
        });
    })?;
    ensure!(seen, "a star without a condition was not seen");
    let seen = is_seen(|resources| {
        let statement = first_statement(resources).take();
        *first_statement(resources) =
            json!({ "Fn::If": ["HasAlarms", statement, { "Ref": "AWS::NoValue" }] });
    })?;
    ensure!(seen, "a right under another condition was not seen");
    Ok(())
}

#[test]
fn a_property_that_grants_is_seen() -> Result<()> {
    let policy = json!({ "Statement": [{ "Effect": "Allow", "Action": "s3:*" }] });
    let managed = json!(["arn:aws:iam::aws:policy/AdministratorAccess"]);
    let changes = [
        ("AuthRole", "ManagedPolicyArns", managed),
        ("AuthFunction", "Policies", json!("AdministratorAccess")),
        (
            "AuthFunction",
            "FunctionUrlConfig",
            json!({ "AuthType": "NONE" }),
        ),
        ("AuthFunction", "Role", Value::Null),
        (
            "AuthFunction",
            "Role",
            json!({ "Fn::GetAtt": "CartRole.Arn" }),
        ),
        (
            "AuthFunction",
            "Role",
            json!("arn:aws:iam::123456789012:role/admin"),
        ),
        ("AuthPermission", "Principal", json!("*")),
        ("AuthPermission", "SourceArn", Value::Null),
        (
            "Table",
            "ResourcePolicy",
            json!({ "PolicyDocument": policy }),
        ),
        ("EventBus", "Policy", policy.clone()),
        ("Dashboard", "DashboardBody", policy.to_string().into()),
        ("ImagesBucket", "AccessControl", json!("PublicRead")),
        ("ImagesBucket", "OwnershipControls", Value::Null),
        ("ImagesBucketPolicy", "PolicyDocument", policy.clone()),
        (
            "ImagesBucketPolicy",
            "PolicyDocument",
            json!({ "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                "Resource": { "Fn::Sub": "${ImagesBucket.Arn}/*" },
            }] }),
        ),
    ];
    for (id, property, value) in changes {
        let told = format!("{id}.{property}: {value}");
        let seen = is_seen(|resources| resources[id]["Properties"][property] = value)?;
        ensure!(seen, "{told} was not seen");
    }
    Ok(())
}

#[test]
fn a_role_that_trusts_more_is_seen() -> Result<()> {
    for (role, word, value) in [
        ("AuthRole", "Principal", json!("*")),
        (
            "AuthRole",
            "Principal",
            json!({ "Service": "ec2.amazonaws.com" }),
        ),
        ("ScheduleRole", "Condition", Value::Null),
    ] {
        let seen = is_seen(|resources| {
            let trust = &mut resources[role]["Properties"]["AssumeRolePolicyDocument"];
            trust["Statement"][0][word] = value;
        })?;
        ensure!(seen, "another {word} of {role} was not seen");
    }
    Ok(())
}

#[test]
fn a_resource_that_grants_is_seen() -> Result<()> {
    for kind in [
        "AWS::IAM::Policy",
        "AWS::IAM::RolePolicy",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Role",
        "AWS::IAM::User",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Events::EventBusPolicy",
        "AWS::Logs::ResourcePolicy",
        "AWS::SecretsManager::ResourcePolicy",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Url",
        "AWS::Serverless::Connector",
    ] {
        let properties = json!({ "PolicyName": "slipped-in" });
        let resource = json!({ "Type": kind, "Properties": properties });
        let seen = is_seen(|resources| resources["SlippedIn"] = resource)?;
        ensure!(seen, "a {kind} was not seen");
    }
    Ok(())
}

#[test]
fn a_trigger_that_nobody_vouches_for_is_seen() -> Result<()> {
    let seen = is_seen(|resources| {
        let function = &mut resources["RelayOutboxFunction"]["Properties"];
        function["Events"]["Schedule"]["Properties"]["RoleArn"] = Value::Null;
    })?;
    ensure!(seen, "a schedule without a role was not seen");
    let seen = is_seen(|resources| {
        resources["CartFunction"]["Properties"]["Events"] =
            json!({ "Any": { "Type": "S3", "Properties": {} } });
    })?;
    ensure!(seen, "an event of a new type was not seen");
    Ok(())
}
