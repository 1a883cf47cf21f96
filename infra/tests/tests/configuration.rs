//! Template and code agree on the environment: no function reads what the template does not set for
//! it, none is given a secret that it does not read, and nothing is set that nobody reads.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use gateways::config::{Section, Variable, variables};
use serde_yaml_ng::Value as Yaml;

const TEMPLATE: &str = include_str!("../../../template.yaml");

type Names = BTreeMap<&'static str, BTreeSet<String>>;

fn names<C: Section>() -> BTreeSet<String> {
    variables::<C>()
        .iter()
        .map(Variable::deployed_name)
        .collect()
}

/// What each function reads.
fn read() -> Names {
    BTreeMap::from([
        ("auth", names::<auth::Config>()),
        ("accounts", names::<web::shop::ShopConfig>()),
        ("catalog", names::<web::shop::ShopConfig>()),
        ("cart", names::<web::shop::ShopConfig>()),
        ("orders", names::<web::shop::ShopConfig>()),
        ("payments", names::<payments::Config>()),
        ("order-events", names::<order_events::Config>()),
        (
            "expire-reservations",
            names::<gateways::sections::TableName>(),
        ),
        (
            "cancel-unpaid-orders",
            names::<cancel_unpaid_orders::Config>(),
        ),
        ("relay-outbox", names::<relay_outbox::Config>()),
    ])
}

/// What the template sets for all functions, and for each one besides.
struct Set {
    for_all: BTreeSet<String>,
    own: BTreeMap<String, BTreeSet<String>>,
}

fn set() -> Result<Set> {
    let template: Yaml = serde_yaml_ng::from_str(TEMPLATE)?;
    let keys = |value: &Yaml| -> BTreeSet<String> {
        let variables = value["Environment"]["Variables"].as_mapping();
        let keys = variables.into_iter().flat_map(|variables| variables.keys());
        keys.filter_map(|key| key.as_str().map(str::to_owned))
            .collect()
    };
    let mut own = BTreeMap::new();
    for resource in template["Resources"]
        .as_mapping()
        .context("resources")?
        .values()
    {
        if resource["Type"].as_str() == Some("AWS::Serverless::Function") {
            let binary = &resource["Metadata"]["BuildProperties"]["Binary"];
            let binary = binary.as_str().context("a binary")?.to_owned();
            own.insert(binary, keys(&resource["Properties"]));
        }
    }
    let for_all = keys(&template["Globals"]["Function"]);
    Ok(Set { for_all, own })
}

#[test]
fn each_function_finds_what_it_reads_and_is_given_no_other_secret() -> Result<()> {
    let Set { for_all, own } = set()?;
    let is_secret = |name: &&String| name.ends_with("_ARN");
    assert!(
        for_all.iter().all(|name| !is_secret(&name)),
        "a secret for all: {for_all:?}"
    );
    let read = read();
    assert!(
        own.keys().eq(read.keys()),
        "a function is missing here or there"
    );
    for (function, read) in &read {
        let own = &own[*function];
        let missing: Vec<_> = read
            .iter()
            .filter(|name| !(for_all.contains(*name) || own.contains(*name)))
            .collect();
        assert!(
            missing.is_empty(),
            "{function} reads {missing:?}, which nobody sets"
        );
        let spare: Vec<_> = own.difference(read).collect();
        assert!(
            spare.is_empty(),
            "{function} is given {spare:?} and does not read it"
        );
    }
    Ok(())
}

#[test]
fn nothing_is_set_that_nobody_reads() -> Result<()> {
    let Set { for_all, .. } = set()?;
    let read: BTreeSet<String> = read().into_values().flatten().collect();
    let spare: Vec<_> = for_all.difference(&read).collect();
    assert!(spare.is_empty(), "{spare:?}");
    Ok(())
}
