//! Nobody runs unseen: each function of the template has a log of its own that ends some day, an
//! alarm, and its lines on the dashboard.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::template::{Document, listed};

#[test]
fn each_function_has_a_log_of_its_own_that_ends_some_day() -> Result<()> {
    let document = Document::read()?;
    let mut logs = BTreeSet::new();
    for function in document.functions()? {
        let id = function.id;
        let log = function.properties["LoggingConfig"]["LogGroup"]["Ref"].as_str();
        let log = log.with_context(|| format!("{id} has no log group"))?;
        assert!(logs.insert(log), "{log} is the log of two functions");
        let expected = json!({
            "LogGroupName": {
                "Fn::Sub": format!("/aws/lambda/${{AWS::StackName}}/{}", function.package),
            },
            "RetentionInDays": { "Ref": "LogRetentionDays" },
        });
        assert_eq!(document.properties(log), &expected, "{log}");
    }
    for (id, log) in document.of_type("AWS::Logs::LogGroup")? {
        assert!(!log["RetentionInDays"].is_null(), "{id} is kept for ever");
    }
    Ok(())
}

#[test]
fn each_function_has_an_alarm_for_errors_and_throttles() -> Result<()> {
    let document = Document::read()?;
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
            anyhow::bail!("{} has {} alarms", function.id, own.len());
        };
        let name = format!("${{AWS::StackName}}-{}", function.package);
        assert_eq!(alarm["AlarmName"], json!({ "Fn::Sub": name }), "{id}");
    }
    for (id, alarm) in alarms {
        assert_eq!(
            alarm["AlarmActions"],
            json!([{ "Ref": "AlarmTopicArn" }]),
            "{id} tells nobody"
        );
        assert_eq!(
            document.0["Resources"][id]["Condition"], "HasAlarms",
            "{id}"
        );
    }
    Ok(())
}

#[test]
fn each_function_has_its_lines_on_the_dashboard() -> Result<()> {
    let document = Document::read()?;
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
            anyhow::bail!("{} widgets show {metric}", widgets.len());
        };
        let mut shown = BTreeSet::new();
        for line in listed(&widget["properties"]["metrics"]) {
            // The first line names the metric, the others follow it: `["...", function, label]`.
            if let [.., Value::String(function), label] = listed(line) {
                let label = label["label"].as_str().unwrap_or_default();
                shown.insert((function.clone(), label.to_owned()));
            }
        }
        assert_eq!(shown, expected, "{metric}");
    }
    Ok(())
}
