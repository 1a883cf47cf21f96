//! The samples of `events/` have the shapes in which AWS sends them, and fit the template.
//!
//! What each function answers to its samples is for the tests of the function.

use std::{collections::BTreeSet, fs, path::Path};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use emulator::Template;
use http::Method;
use local::gateway::{Route, Routes};
use md5::{Digest as _, Md5};
use serde_json::Value;

/// Name, without `.json`, and content of each sample.
fn samples() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let samples = files.filter(|path| path.extension().is_some_and(|it| it == "json"));
    samples
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let event = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
            (name, event)
        })
        .collect()
}

fn names(of: &Value) -> BTreeSet<&str> {
    let fields = of.as_object().unwrap_or_else(|| panic!("no object: {of}"));
    fields.keys().map(String::as_str).collect()
}

#[test]
fn each_sample_is_of_a_trigger_that_its_function_has() {
    let template = Template::shop().unwrap();
    for (name, event) in samples() {
        if event["version"] == "2.0" {
            check_request(&name, &event, template);
        } else if event["source"] == "aws.scheduler" {
            check_tick(&name, &event, template);
        } else {
            check_batch(&name, &event, template);
        }
    }
}

/// Payload 2.0 of an HTTP API. What there is nothing to say of is left out.
fn check_request(name: &str, event: &Value, template: &Template) {
    let mut expected = BTreeSet::from([
        "version",
        "routeKey",
        "rawPath",
        "rawQueryString",
        "headers",
        "requestContext",
        "isBase64Encoded",
    ]);
    expected.extend(
        ["cookies", "queryStringParameters", "pathParameters", "body"]
            .into_iter()
            .filter(|field| !event[*field].is_null()),
    );
    assert_eq!(names(event), expected, "{name}");
    let context = &event["requestContext"];
    assert_eq!(
        names(context).into_iter().collect::<Vec<_>>(),
        [
            "accountId",
            "apiId",
            "domainName",
            "domainPrefix",
            "http",
            "requestId",
            "routeKey",
            "stage",
            "time",
            "timeEpoch"
        ],
        "{name}"
    );
    assert_eq!(
        names(&context["http"]).into_iter().collect::<Vec<_>>(),
        ["method", "path", "protocol", "sourceIp", "userAgent"],
        "{name}"
    );
    assert_eq!(context["stage"], "$default", "{name}");
    assert_eq!(context["http"]["path"], event["rawPath"], "{name}");

    let routes: Routes = template
        .routes
        .iter()
        .map(|route| Route::new(&route.method, &route.path, &route.function))
        .collect();
    let method: Method = context["http"]["method"].as_str().unwrap().parse().unwrap();
    let found = routes.find(&method, event["rawPath"].as_str().unwrap());
    let found = found.unwrap_or_else(|| panic!("{name} has no route"));
    assert_eq!(event["routeKey"], found.route.key, "{name}");
    assert_eq!(context["routeKey"], found.route.key, "{name}");
    assert!(name.starts_with(&found.route.function), "{name}");
    assert_eq!(
        event["pathParameters"].is_null(),
        found.parameters.is_empty()
    );

    let headers = event["headers"].as_object().unwrap();
    assert!(
        !headers.contains_key("cookie"),
        "{name}: cookies stand apart"
    );
    for header in headers.keys() {
        assert_eq!(*header, header.to_lowercase(), "{name}");
    }
    let body = event["body"].as_str().unwrap_or_default();
    let is_base64 = event["isBase64Encoded"].as_bool().unwrap();
    let length = if is_base64 {
        BASE64_STANDARD.decode(body).unwrap().len()
    } else {
        body.len()
    };
    assert_eq!(headers["content-length"], length.to_string(), "{name}");
    // API Gateway takes little for text; forms it does not.
    let is_text = headers.get("content-type").is_some_and(|content_type| {
        let content_type = content_type.as_str().unwrap();
        content_type.starts_with("text/") || content_type.starts_with("application/json")
    });
    assert_eq!(is_base64, !body.is_empty() && !is_text, "{name}");
}

/// What EventBridge Scheduler sends where the schedule has no input of its own.
fn check_tick(name: &str, event: &Value, template: &Template) {
    assert_eq!(
        names(event).into_iter().collect::<Vec<_>>(),
        [
            "account",
            "detail",
            "detail-type",
            "id",
            "region",
            "resources",
            "source",
            "time",
            "version"
        ],
        "{name}"
    );
    assert_eq!(event["detail-type"], "Scheduled Event", "{name}");
    assert_eq!(event["detail"], "{}", "{name}: a text, not an object");
    let schedule = event["resources"][0].as_str().unwrap();
    assert!(
        schedule.ends_with(&format!("/merkato-dev-{name}")),
        "{name}"
    );
    assert!(
        template.schedules.iter().any(|it| it.function == name),
        "{name}"
    );
}

/// What Lambda's poller makes of messages.
fn check_batch(name: &str, event: &Value, template: &Template) {
    assert!(
        template.consumers.iter().any(|it| it.function == name),
        "{name}"
    );
    for record in event["Records"].as_array().unwrap() {
        assert_eq!(
            names(record).into_iter().collect::<Vec<_>>(),
            [
                "attributes",
                "awsRegion",
                "body",
                "eventSource",
                "eventSourceARN",
                "md5OfBody",
                "messageAttributes",
                "messageId",
                "receiptHandle"
            ],
            "{name}"
        );
        assert_eq!(
            names(&record["attributes"]).into_iter().collect::<Vec<_>>(),
            [
                "ApproximateFirstReceiveTimestamp",
                "ApproximateReceiveCount",
                "SenderId",
                "SentTimestamp"
            ],
            "{name}"
        );
        let sum = Md5::digest(record["body"].as_str().unwrap());
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(record["md5OfBody"], sum, "{name}");
    }
}
