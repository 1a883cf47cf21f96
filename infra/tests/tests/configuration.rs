//! Template and code agree on the environment: no function reads what the template does not set for
//! it, none is given a secret that it does not read, and nothing is set that nobody reads.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use gateways::config::{Section, Variable, variables};
use serde_json::{Map, Value};

use crate::template::{Document, each};

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
    let document = Document::read()?;
    let functions = document.functions()?.into_iter();
    let own = functions.map(|function| {
        let names = function.variables().map(|(name, _)| name.clone());
        (function.package.to_owned(), names.collect())
    });
    let for_all = &document.0["Globals"]["Function"]["Environment"]["Variables"];
    let for_all = for_all.as_object().into_iter().flat_map(Map::keys);
    Ok(Set {
        for_all: for_all.cloned().collect(),
        own: own.collect(),
    })
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

#[test]
fn the_value_of_a_secret_goes_into_secrets_manager_and_nowhere_else() -> Result<()> {
    let document = Document::read()?;
    let parameters = document.0["Parameters"].as_object().context("parameters")?;
    let mut secret = BTreeSet::new();
    for (name, parameter) in parameters {
        let sounds_secret = ["Secret", "Password", "Token", "PrivateKey"]
            .iter()
            .any(|word| name.contains(word));
        let is_hidden = parameter["NoEcho"] == true;
        assert!(
            is_hidden || !sounds_secret,
            "{name} is shown by the console"
        );
        assert!(
            !is_hidden || parameter["Default"].is_null(),
            "{name} is no secret"
        );
        if is_hidden {
            secret.insert(name.as_str());
        }
    }
    assert!(!secret.is_empty());
    let mut rest = document.0.clone();
    for (id, stored) in document.of_type("AWS::SecretsManager::Secret")? {
        let value = &stored["SecretString"];
        let is_parameter = value["Ref"]
            .as_str()
            .is_some_and(|name| secret.contains(name));
        let is_generated = value.is_null() && stored["GenerateSecretString"].is_object();
        assert!(
            is_parameter || is_generated,
            "{id} has its value in the template"
        );
        rest["Resources"][id] = Value::Null;
    }
    each("", &rest, &mut |key, value| {
        let text = value.as_str().unwrap_or_default();
        assert!(!text.contains("{{resolve:"), "{text} in {key}");
        let named = |name: &&str| match key {
            "Ref" => text == *name,
            _ => text.contains(&format!("${{{name}}}")),
        };
        assert!(!secret.iter().any(named), "{text} in {key}");
    });
    Ok(())
}
