//! Which shape rights may have in the template, so that none is granted where nobody looks.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::template::{Document, each};

/// Resources that cannot be told here to let anybody do anything. One of another type has to be
/// thought about before it may stand in the template.
const GRANT_NOTHING: [&str; 15] = [
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::ApiMapping",
    "AWS::ApiGatewayV2::DomainName",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
    "AWS::Serverless::Function",
];

/// Properties by which one of them could grant something all the same, and such as make SAM do so.
const GRANTING: [&str; 12] = [
    "AssumeRolePolicyDocument",
    "AuthType",
    "Connectors",
    "FunctionUrlConfig",
    "KeyPolicy",
    "ManagedPolicyArns",
    "PermissionsBoundary",
    "Policies",
    "Policy",
    "PolicyDocument",
    "ResourcePolicy",
    "Statement",
];

/// Nothing but roles and permissions grants anything, and those are of one shape.
pub fn check(document: &Document) -> Result<()> {
    for (id, resource) in document.resources()? {
        let kind = document.kind(id);
        if matches!(
            kind,
            "AWS::IAM::Role" | "AWS::Lambda::Permission" | "AWS::S3::BucketPolicy"
        ) {
            continue;
        }
        ensure!(
            GRANT_NOTHING.contains(&kind),
            "{id}: what does a {kind} grant?"
        );
        refuse_grants(id, &resource["Properties"])?;
    }
    refuse_grants("Globals", &document.0["Globals"])?;
    check_roles(document)?;
    check_buckets(document)?;
    check_permissions(document)
}

/// Everybody may read the images that were looked at, and neither list them nor anything else; and no
/// access list of an object says otherwise.
fn check_buckets(document: &Document) -> Result<()> {
    let expected = json!({
        "Bucket": { "Ref": "ImagesBucket" },
        "PolicyDocument": { "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": { "Fn::Sub": "${ImagesBucket.Arn}/images/*" },
        }] },
    });
    for (id, policy) in document.of_type("AWS::S3::BucketPolicy")? {
        ensure!(policy == &expected, "{id} permits {policy}");
    }
    for (id, bucket) in document.of_type("AWS::S3::Bucket")? {
        ensure!(bucket["AccessControl"].is_null(), "{id} has an access list");
        let block = &bucket["PublicAccessBlockConfiguration"];
        let lists_are_off = block["BlockPublicAcls"] == true && block["IgnorePublicAcls"] == true;
        let owner = &bucket["OwnershipControls"]["Rules"][0]["ObjectOwnership"];
        ensure!(
            lists_are_off && owner == "BucketOwnerEnforced",
            "access lists count in {id}"
        );
    }
    Ok(())
}

fn refuse_grants(id: &str, properties: &Value) -> Result<()> {
    let mut found = None;
    each(id, properties, &mut |key, value| {
        let text = value.as_str().unwrap_or_default();
        if GRANTING.contains(&key) || text.contains("\"Statement\"") {
            found = Some(key);
        }
    });
    ensure!(found.is_none(), "{id} grants something by {found:?}");
    Ok(())
}

/// A role is a trust in one service, and policies of its own.
fn check_roles(document: &Document) -> Result<()> {
    for (id, role) in document.of_type("AWS::IAM::Role")? {
        let words: Vec<_> = role.as_object().context("a role")?.keys().collect();
        ensure!(
            words == ["AssumeRolePolicyDocument", "Policies"],
            "{id} has {words:?}"
        );
        let expected = match id {
            "ScheduleRole" => trust("scheduler.amazonaws.com", Some(our_schedules())),
            _ => trust("lambda.amazonaws.com", None),
        };
        let found = &role["AssumeRolePolicyDocument"];
        ensure!(found == &expected, "{id} trusts {found}");
    }
    Ok(())
}

fn trust(service: &str, condition: Option<Value>) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// Without it the scheduler could be talked by another account into working in our role.
fn our_schedules() -> Value {
    let group =
        "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default";
    json!({ "StringEquals": {
        "aws:SourceAccount": { "Ref": "AWS::AccountId" },
        "aws:SourceArn": { "Fn::Sub": group },
    } })
}

/// Our API may invoke the functions that it has routes to, and nobody else may invoke any.
fn check_permissions(document: &Document) -> Result<()> {
    let api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*";
    let mut permitted = BTreeSet::new();
    for (id, permission) in document.of_type("AWS::Lambda::Permission")? {
        let function = permission["FunctionName"]["Ref"].as_str();
        let function = function.with_context(|| format!("{id} names no function"))?;
        let expected = json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": { "Ref": function },
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": { "Fn::Sub": api },
        });
        ensure!(permission == &expected, "{id} permits {permission}");
        ensure!(permitted.insert(function), "{function} is permitted twice");
    }
    let mut integrated = BTreeSet::new();
    for (id, integration) in document.of_type("AWS::ApiGatewayV2::Integration")? {
        let uri = integration["IntegrationUri"]["Fn::GetAtt"].as_str();
        let function = uri.and_then(|uri| uri.strip_suffix(".Arn"));
        integrated.insert(function.with_context(|| format!("{id} leads to no function"))?);
    }
    ensure!(
        permitted == integrated,
        "{permitted:?} are permitted, {integrated:?} have routes"
    );
    Ok(())
}
