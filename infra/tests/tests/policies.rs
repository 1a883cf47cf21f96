//! Least privilege, held against what the functions really do: a walk through the whole shop records
//! every right that was made use of, and the roles in `template.yaml` must grant those and no other.
//! `infra/tests/translate.py` sees to it that SAM adds none.

mod needs;
mod roles;
mod walk;

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::template::{Document, each};

/// Resources that cannot be told here to let anybody do anything. One of another type has to be
/// thought about before it may stand in the template.
const GRANT_NOTHING: [&str; 14] = [
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

#[tokio::test]
async fn each_role_grants_what_is_done_in_it_and_no_more() -> Result<()> {
    let document = Document::read()?;
    let shop = Shop::open().await?;
    walk::walk(&shop).await?;
    let needed = needs::needed(&document, &shop).await?;
    let granted = roles::granted(&document)?;
    assert!(needed.keys().eq(granted.keys()), "{:?}", granted.keys());
    let mut wrong = Vec::new();
    for (role, granted) in &granted {
        let missing = needed[role].difference(granted);
        wrong.extend(missing.map(|right| format!("{role} lacks {right}")));
        let spare = granted.difference(&needed[role]);
        wrong.extend(spare.map(|right| format!("{role} has no use for {right}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn nothing_but_roles_and_permissions_grants_anything() -> Result<()> {
    let document = Document::read()?;
    for (id, resource) in document.resources()? {
        let kind = document.kind(id);
        if matches!(kind, "AWS::IAM::Role" | "AWS::Lambda::Permission") {
            continue;
        }
        assert!(
            GRANT_NOTHING.contains(&kind),
            "{id}: what does a {kind} grant?"
        );
        refuse_grants(id, &resource["Properties"]);
    }
    refuse_grants("Globals", &document.0["Globals"]);
    Ok(())
}

fn refuse_grants(id: &str, properties: &Value) {
    each(id, properties, &mut |key, value| {
        assert!(!GRANTING.contains(&key), "{id} has {key}");
        let text = value.as_str().unwrap_or_default();
        assert!(!text.contains("\"Statement\""), "{id}: a policy in {key}");
    });
}

#[test]
fn a_role_is_a_trust_and_policies_of_its_own() -> Result<()> {
    let document = Document::read()?;
    let trust = |service: &str, condition: Option<Value>| {
        let mut statement = json!({
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": "sts:AssumeRole",
        });
        if let Some(condition) = condition {
            statement["Condition"] = condition;
        }
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    let group =
        "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default";
    // Otherwise a schedule of another account could be told to start functions of this one.
    let ours = json!({ "StringEquals": {
        "aws:SourceAccount": { "Ref": "AWS::AccountId" },
        "aws:SourceArn": { "Fn::Sub": group },
    } });
    for (id, role) in document.of_type("AWS::IAM::Role")? {
        let words: Vec<_> = role.as_object().context("a role")?.keys().collect();
        assert_eq!(words, ["AssumeRolePolicyDocument", "Policies"], "{id}");
        let expected = match id {
            "ScheduleRole" => trust("scheduler.amazonaws.com", Some(ours.clone())),
            _ => trust("lambda.amazonaws.com", None),
        };
        assert_eq!(role["AssumeRolePolicyDocument"], expected, "{id}");
    }
    Ok(())
}

/// Who may invoke a function from outside its account's own roles: API Gateway, for our API.
#[test]
fn only_our_api_may_invoke_a_function_and_only_one_that_has_routes() -> Result<()> {
    let document = Document::read()?;
    let api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*";
    let mut permitted = BTreeSet::new();
    for (id, permission) in document.of_type("AWS::Lambda::Permission")? {
        let function = permission["FunctionName"]["Ref"].as_str();
        let function = function.with_context(|| format!("{id} names a function"))?;
        let expected = json!({
            "Action": "lambda:InvokeFunction",
            "FunctionName": { "Ref": function },
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": { "Fn::Sub": api },
        });
        assert_eq!(permission, &expected, "{id}");
        assert!(permitted.insert(function), "{function} is permitted twice");
    }
    let mut integrated = BTreeSet::new();
    for (id, integration) in document.of_type("AWS::ApiGatewayV2::Integration")? {
        let uri = integration["IntegrationUri"]["Fn::GetAtt"].as_str();
        let function = uri.and_then(|uri| uri.strip_suffix(".Arn"));
        integrated.insert(function.with_context(|| format!("{id} leads to a function"))?);
    }
    assert_eq!(permitted, integrated);
    Ok(())
}
