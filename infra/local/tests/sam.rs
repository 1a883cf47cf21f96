//! `sam-env.json` is what `sam local` needs beside `cargo local -- --backends-only`, and no more.

use std::collections::{BTreeMap, BTreeSet};

use clap::Parser as _;
use local::flags::Flags;
use serde_yaml_ng::Value as Yaml;

use crate::bench::Bench;

const TEMPLATE: &str = include_str!("../../../template.yaml");
const SAM_ENV: &str = include_str!("../sam-env.json");

/// Where a container finds this machine.
const HOST: &str = "http://host.docker.internal";

fn given() -> BTreeMap<String, String> {
    let file: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_str(SAM_ENV).unwrap();
    let mut sections = file.into_iter();
    let (section, given) = sections.next().unwrap();
    // This section is for every function that has a variable of the name; SAM knows sections for
    // single functions besides, of which there is no need.
    assert_eq!((section.as_str(), sections.next()), ("Parameters", None));
    given
}

fn declared(of: &Yaml) -> BTreeSet<String> {
    let variables = of["Environment"]["Variables"].as_mapping();
    let names = variables.into_iter().flat_map(|variables| variables.keys());
    names
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// SAM drops what the template does not declare, without a word.
#[test]
fn the_template_declares_what_sam_is_given_and_sam_is_given_what_it_declares() {
    let template: Yaml = serde_yaml_ng::from_str(TEMPLATE).unwrap();
    let mut all = declared(&template["Globals"]["Function"]);
    for resource in template["Resources"].as_mapping().unwrap().values() {
        if resource["Type"].as_str() == Some("AWS::Serverless::Function") {
            all.append(&mut declared(&resource["Properties"]));
        }
    }
    let given: BTreeSet<String> = given().into_keys().collect();
    assert_eq!(given, all);
}

/// With the ports that `cargo local -- --backends-only` has when nobody says otherwise.
#[tokio::test]
async fn sam_is_given_what_the_stand_ins_ask_for() {
    let port = Flags::parse_from(["merkato", "--backends-only"]).port;
    let bench = Bench::backends().await;
    let mut asked: BTreeMap<&str, String> = bench
        .shop
        .environment
        .iter()
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name, value.trim_matches('\'').to_owned()))
        .collect();
    let ports = [
        (asked["AWS_ENDPOINT_URL"].clone(), port + 1),
        (asked["AWS_ENDPOINT_URL_DYNAMODB"].clone(), port + 2),
        (bench.shop.url.clone(), port),
    ];
    // SAM sets these itself.
    for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        asked.remove(name).unwrap();
    }
    let mut given = given();
    for (name, mut value) in asked {
        // Who looks at images does so from this machine, and not from a container.
        let host = match name {
            "IMAGES_URL" => "http://127.0.0.1",
            _ => HOST,
        };
        for (url, port) in &ports {
            value = value.replace(url, &format!("{host}:{port}"));
        }
        assert_eq!(given.remove(name), Some(value), "{name}");
    }
    // The rest is where SAM serves the API, and where CloudWatch would file its figures.
    let rest: Vec<_> = given.into_iter().collect();
    assert_eq!(
        rest,
        [
            ("METRICS_NAMESPACE", "Merkato/local"),
            ("PUBLIC_URL", "http://127.0.0.1:3000"),
            ("RETURN_URL", "http://127.0.0.1:3000/api/payments/webhook/"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    bench.shop.close().await;
}
