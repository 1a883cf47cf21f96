//! Nobody runs unseen: each function of the template has a log of its own that ends some day, an
//! alarm, and its lines on the dashboard.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::template::{Document, listed};

#[test]
fn nobody_runs_unseen() -> Result<()> {
    check(&Document::read()?)
}

#[test]
fn a_function_that_runs_unseen_is_found() -> Result<()> {
    let refused = |what: &str, change: &dyn Fn(&mut Value)| -> Result<()> {
        let mut document = Document::read()?;
        change(&mut document.0["Resources"]);
        let error = check(&document).err();
        ensure!(error.is_some(), "{what} was not seen");
        Ok(())
    };
    refused("a missing log group", &|resources| {
        resources["CartFunction"]["Properties"]["LoggingConfig"] = Value::Null;
    })?;
    refused("a log that is kept for ever", &|resources| {
        resources["CartLogs"]["Properties"]["RetentionInDays"] = Value::Null;
    })?;
    refused("two functions in one log", &|resources| {
        resources["CartFunction"]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] =
            "OrdersLogs".into();
    })?;
    refused("a missing alarm", &|resources| {
        resources["CartAlarm"]["Type"] = "AWS::SQS::Queue".into();
    })?;
    refused("an alarm that tells nobody", &|resources| {
        resources["CartAlarm"]["Properties"]["AlarmActions"] = json!([]);
    })?;
    refused("a missing line on the dashboard", &|resources| {
        let body = &mut resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"];
        let text = body.as_str().unwrap_or_default();
        let line = r#"[ "...", "${CartFunction}", { "label": "cart" } ],"#;
        *body = text.replacen(line, "", 1).into();
    })
}

fn check(document: &Document) -> Result<()> {
    check_logs(document)?;
    check_alarms(document)?;
    check_dashboard(document)
}

/// Each function has a log of its own, and none is kept for ever.
fn check_logs(document: &Document) -> Result<()> {
    let mut logs = BTreeSet::new();
    for function in document.functions()? {
        let id = function.id;
        let log = function.properties["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        let log = log.with_context(|| format!("{id} has no log group"))?;
        ensure!(logs.insert(log), "{log} is the log of two functions");
        let expected = json!({
            "LogGroupName": {
                "Fn::Sub": format!("/aws/lambda/${{AWS::StackName}}/{}", function.package),
            },
            "RetentionInDays": { "Ref": "LogRetentionDays" },
        });
        ensure!(
            document.properties(log) == &expected,
            "{log} is not {expected}"
        );
    }
    for (id, log) in document.of_type("AWS::Logs::LogGroup")? {
        ensure!(!log["RetentionInDays"].is_null(), "{id} is kept for ever");
    }
    Ok(())
}

/// Each function has an alarm for its errors and throttles, and alarms tell somebody.
fn check_alarms(document: &Document) -> Result<()> {
    let alarms = document.of_type("AWS::CloudWatch::Alarm")?;
    for function in document.functions()? {
        let watched = |alarm: &&Value, name: &str| {
            let metrics = listed(&alarm["Metrics"]).iter();
            let metrics = metrics.map(|metric| &metric["MetricStat"]["Metric"]);
            let expected = json!({
                "Namespace": "AWS/Lambda",
                "MetricName": name,
                "Dimensions": [{ "Name": "FunctionName", "Value": { "Ref": function.id } }],
            });
            metrics.into_iter().any(|metric| metric == &expected)
        };
        let own: Vec<_> = alarms
            .iter()
            .filter(|(_, alarm)| watched(alarm, "Errors") && watched(alarm, "Throttles"))
            .collect();
        let [(id, alarm)] = own[..] else {
            bail!("{} has {} alarms", function.id, own.len());
        };
        let name = format!("${{AWS::StackName}}-{}", function.package);
        ensure!(
            alarm["AlarmName"] == json!({ "Fn::Sub": name }),
            "{id} has another name"
        );
    }
    for (id, alarm) in alarms {
        let told = &alarm["AlarmActions"];
        ensure!(
            told == &json!([{ "Ref": "AlarmTopicArn" }]),
            "{id} tells {told}"
        );
        ensure!(
            document.0["Resources"][id]["Condition"] == "HasAlarms",
            "{id} is there always"
        );
    }
    Ok(())
}

/// Each function has a line for its errors and one for its durations.
fn check_dashboard(document: &Document) -> Result<()> {
    let functions = document.functions()?;
    let expected: BTreeSet<(String, String)> = functions
        .iter()
        .map(|function| (format!("${{{}}}", function.id), function.package.to_owned()))
        .collect();
    let body = &document.properties("Dashboard")["DashboardBody"]["Fn::Sub"];
    let body: Value = serde_json::from_str(body.as_str().context("a dashboard")?)?;
    for metric in ["Errors", "Duration"] {
        let shows = |widget: &&Value| {
            let first = &widget["properties"]["metrics"][0];
            first[0] == "AWS/Lambda" && first[1] == metric && first[2] == "FunctionName"
        };
        let widgets: Vec<_> = listed(&body["widgets"]).iter().filter(shows).collect();
        let [widget] = widgets[..] else {
            bail!("{} widgets show {metric}", widgets.len());
        };
        let mut shown = BTreeSet::new();
        for line in listed(&widget["properties"]["metrics"]) {
            // The first line names the metric, the others follow it: `["...", function, label]`.
            if let [.., Value::String(function), label] = listed(line) {
                let label = label["label"].as_str().unwrap_or_default();
                shown.insert((function.clone(), label.to_owned()));
            }
        }
        ensure!(shown == expected, "{metric}: {shown:?}");
    }
    Ok(())
}
