//! Template and code agree on the environment: no function reads what the template does not set for
//! it, none is given a secret that it does not read, and nothing is set that nobody reads.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use gateways::config::{Section, Variable, variables};
use serde_json::{Value, json};

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
        ("catalog", names::<catalog::Config>()),
        ("catalog-files", names::<web::shop::ShopConfig>()),
        ("inventory", names::<web::shop::ShopConfig>()),
        ("cart", names::<web::shop::ShopConfig>()),
        ("orders", names::<web::shop::ShopConfig>()),
        ("payments", names::<payments::Config>()),
        ("order-events", names::<order_events::Config>()),
        (
            "expire-reservations",
            names::<expire_reservations::Config>(),
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
    // What is set to nothing is not set; such names are there for `sam local`.
    let for_all = for_all.as_object().into_iter().flatten();
    let for_all = for_all.filter(|(_, value)| value["Ref"] != "AWS::NoValue");
    Ok(Set {
        for_all: for_all.map(|(name, _)| name.clone()).collect(),
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
fn no_frontend_may_call_a_deployed_shop_unless_it_is_named() -> Result<()> {
    let document = Document::read()?;
    assert_eq!(document.0["Parameters"]["AllowedOrigins"]["Default"], "");
    let variables = &document.0["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(variables["ALLOWED_ORIGINS"]["Ref"], "AllowedOrigins");
    for function in document.functions()? {
        let own = function
            .variables()
            .any(|(name, _)| name == "ALLOWED_ORIGINS");
        assert!(!own, "{} has a list of its own", function.package);
    }
    Ok(())
}

#[test]
fn the_value_of_a_secret_goes_into_secrets_manager_and_nowhere_else() -> Result<()> {
    check_secrets(&Document::read()?)
}

#[test]
fn a_secret_that_is_told_is_found() -> Result<()> {
    let told = |place: &str, value: Value| -> Result<()> {
        let mut document = Document::read()?;
        let target = document.0.pointer_mut(place).context("a place")?;
        *target = value;
        let error = check_secrets(&document).err();
        ensure!(error.is_some(), "nobody saw the secret in {place}");
        Ok(())
    };
    let own = "/Resources/PaymentsFunction/Properties/Environment/Variables/CHAPA_SECRET_KEY_ARN";
    told(own, json!({ "Ref": "ChapaSecretKey" }))?;
    told(own, json!({ "Fn::Sub": "key=${ChapaSecretKey}" }))?;
    told(own, json!("{{resolve:secretsmanager:x}}"))?;
    told("/Outputs/ApiUrl/Value", json!({ "Ref": "ChapaSecretKey" }))?;
    told(
        "/Resources/SigningSecret/Properties",
        json!({ "SecretString": "hunter2" }),
    )?;
    told("/Parameters/ChapaSecretKey/NoEcho", Value::Bool(false))
}

/// Values of secrets are typed in unseen or drawn by AWS, and go into Secrets Manager only.
fn check_secrets(document: &Document) -> Result<()> {
    let parameters = document.0["Parameters"].as_object().context("parameters")?;
    let mut hidden = BTreeSet::new();
    for (name, parameter) in parameters {
        let words = ["Secret", "Password", "Token", "PrivateKey"];
        let sounds_secret = words.iter().any(|word| name.contains(word));
        let is_hidden = parameter["NoEcho"] == true;
        ensure!(
            is_hidden || !sounds_secret,
            "{name} is shown by the console"
        );
        ensure!(
            !is_hidden || parameter["Default"].is_null(),
            "{name} has a default"
        );
        if is_hidden {
            hidden.insert(name.as_str());
        }
    }
    let mut rest = document.0.clone();
    for (id, secret) in document.of_type("AWS::SecretsManager::Secret")? {
        let value = &secret["SecretString"];
        let is_typed = value["Ref"]
            .as_str()
            .is_some_and(|name| hidden.contains(name));
        let is_drawn = value.is_null() && secret["GenerateSecretString"].is_object();
        ensure!(is_typed || is_drawn, "{id} has its value in the template");
        rest["Resources"][id] = Value::Null;
    }
    let mut told = None;
    each("", &rest, &mut |key, value| {
        let text = value.as_str().unwrap_or_default();
        let is_named = |name: &&str| match key {
            "Ref" => text == *name,
            _ => text.contains(&format!("${{{name}}}")),
        };
        if text.contains("{{resolve:") || hidden.iter().any(is_named) {
            told = Some(text);
        }
    });
    ensure!(told.is_none(), "a secret is told by {told:?}");
    Ok(())
}
