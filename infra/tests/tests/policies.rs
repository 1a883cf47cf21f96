//! Least privilege, held against what the functions really do: a walk through the whole shop records
//! every right that was made use of, and each function's role in `template.yaml` must grant those
//! and no other.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use emulator::{Route, Template};
use reqwest::Method;
use serde_json::{Value, json};
use serde_yaml_ng::Value as Yaml;

use crate::shop::Shop;

const TEMPLATE: &str = include_str!("../../../template.yaml");

/// Rights by function: an action and what it is for, by its logical name.
type Rights = BTreeMap<String, BTreeSet<(String, String)>>;

#[tokio::test]
async fn each_role_grants_what_its_function_does_and_no_more() -> Result<()> {
    let shop = Shop::open().await?;
    walk(&shop).await?;
    assert_eq!(used(&shop).await?, granted()?);
    Ok(())
}

/// Calls every route and schedule in every way that makes it ask AWS for something else.
async fn walk(shop: &Shop) -> Result<()> {
    let phone = shop.goods("250.00", None, 50).await?;
    let admin = shop.admin().await?;
    let slug = admin.get("/api/categories/").await?.body[0]["slug"].clone();
    let slug = slug.as_str().context("a category")?.to_owned();
    admin.get("/api/products/").await?;
    admin
        .get(&format!("/api/products/?category={slug}"))
        .await?;

    let abebe = shop.shopper("abebe", &phone, 2).await?;
    abebe.register(&abebe.email(), "injera-and-wot-9").await?;
    let stranger = shop.fresh_email("stranger");
    shop.visitor()?
        .register(&stranger, "injera-and-wot-9")
        .await?;
    abebe
        .post(
            "/api/auth/registration/resend-email/",
            &json!({ "email": stranger }),
        )
        .await?;
    let csrf = abebe.cookie("csrftoken").unwrap_or_default();
    let headers = [("x-csrftoken", csrf.as_str())];
    let change = Some(json!({ "first_name": "Derartu" }).to_string());
    abebe
        .send(Method::PATCH, "/api/auth/user/", change, &headers)
        .await?;

    let address = abebe.get("/api/accounts/addresses/").await?.body[0]["id"].clone();
    let path = format!("/api/accounts/addresses/{address}/");
    let change = Some(json!({ "city": "Adama" }).to_string());
    abebe.send(Method::PATCH, &path, change, &headers).await?;
    let spare = abebe.add_address().await?;
    let path = format!("/api/accounts/addresses/{spare}/");
    abebe.send(Method::DELETE, &path, None, &headers).await?;

    abebe.get("/api/cart/my_cart/").await?;
    let line = abebe.get("/api/cart/items/").await?.body[0]["id"].clone();
    let path = format!("/api/cart/items/{line}/");
    let change = Some(json!({ "quantity": 1 }).to_string());
    abebe.send(Method::PATCH, &path, change, &headers).await?;

    let paid = abebe.order().await?;
    let (tx_ref, page) = abebe.begin_payment(&paid).await?;
    shop.check_out(&page, "success", "send").await?;
    abebe
        .get(&format!("/api/payments/verify/?tx_ref={tx_ref}"))
        .await?;
    abebe.get("/api/orders/").await?;
    admin.get("/api/orders/").await?;
    abebe.reload(&paid).await?;

    // One order is given up, one is found to be paid when its time is over.
    abebe.add_to_cart(&phone, 1).await?;
    let left = abebe.order().await?;
    abebe.begin_payment(&left).await?;
    abebe.add_to_cart(&phone, 1).await?;
    let late = abebe.order().await?;
    let (_, page) = abebe.begin_payment(&late).await?;
    shop.wait(700).await?;
    shop.tick("expire-reservations").await?;
    abebe.add_to_cart(&phone, 1).await?;
    let held = abebe.order().await?;
    shop.check_out(&page, "success", "drop").await?;
    shop.wait(1_900).await?;
    shop.tick("cancel-unpaid-orders").await?;
    assert_eq!(abebe.reload(&left).await?["status"], "cancelled");
    assert_eq!(abebe.reload(&held).await?["status"], "cancelled");
    assert_eq!(abebe.reload(&late).await?["status"], "processing");

    // Something is left in the outbox for the sweep.
    shop.fail("sqs", 1, "refused", 9).await?;
    let email = shop.fresh_email("left-behind");
    shop.visitor()?.register(&email, "injera-and-wot-9").await?;
    shop.visitor()?
        .send(Method::DELETE, "/_local/faults", None, &[])
        .await?;
    shop.wait(120).await?;
    assert_eq!(shop.tick("relay-outbox").await?["sent"], 1);
    abebe.post("/api/auth/logout/", &json!({})).await?;
    shop.settle().await
}

/// The rights that were made use of, as the local shop recorded them.
async fn used(shop: &Shop) -> Result<Rights> {
    let template = Template::shop()?;
    let ledger = shop.visitor()?.get("/_local/capacity").await?;
    // The control surface has entries of its own, which nobody is granted anything for.
    let functions: BTreeSet<String> = granted()?.into_keys().collect();
    let mut rights = Rights::new();
    for entry in ledger.body.as_array().context("a ledger")? {
        let label = entry["label"].as_str().unwrap_or_default();
        let function = match label.split_once(' ') {
            Some((_, path)) => route_of(&template.routes, path).map(|route| route.function.clone()),
            None => Some(label.to_owned()).filter(|label| functions.contains(label)),
        };
        let Some(function) = function else { continue };
        let accesses = entry["accesses"].as_array().cloned().unwrap_or_default();
        let own = rights.entry(function).or_default();
        own.extend(accesses.iter().map(right));
    }
    Ok(rights)
}

/// The longest route that takes this path.
fn route_of<'a>(routes: &'a [Route], path: &str) -> Option<&'a Route> {
    let takes = |route: &&Route| match route.path.strip_suffix("{proxy+}") {
        Some(prefix) => path.starts_with(prefix),
        None => route.path == path,
    };
    routes
        .iter()
        .filter(takes)
        .max_by_key(|route| route.path.len())
}

fn right(access: &Value) -> (String, String) {
    let action = access["action"].as_str().unwrap_or_default();
    let resource = access["resource"].as_str().unwrap_or_default();
    let name = match (action.split(':').next(), resource.split_once("/index/")) {
        (Some("dynamodb"), Some((_, index))) => format!("Table/index/{index}"),
        (Some("dynamodb"), None) => "Table".to_owned(),
        (Some("sqs"), _) => "OrderEventsQueue".to_owned(),
        (Some("events"), _) => "EventBus".to_owned(),
        (Some("ses"), _) => "MailIdentity".to_owned(),
        _ => resource.to_owned(),
    };
    // A batch is sent with the right to send.
    (action.replace("SendMessageBatch", "SendMessage"), name)
}

/// The rights that the roles grant, as the template says. Which secrets a function may read is not
/// seen by calling it, since none is fetched on one machine: they must be those of its environment.
fn granted() -> Result<Rights> {
    let template: Yaml = serde_yaml_ng::from_str(TEMPLATE)?;
    let resources = template["Resources"].as_mapping().context("resources")?;
    let mut rights = Rights::new();
    for resource in resources.values() {
        if resource["Type"].as_str() != Some("AWS::Serverless::Function") {
            continue;
        }
        let binary = &resource["Metadata"]["BuildProperties"]["Binary"];
        let own = rights
            .entry(binary.as_str().context("a binary")?.to_owned())
            .or_default();
        for policy in resource["Properties"]["Policies"]
            .as_sequence()
            .context("policies")?
        {
            for statement in policy["Statement"].as_sequence().context("statements")? {
                assert_eq!(statement["Effect"].as_str(), Some("Allow"));
                if texts(&statement["Action"]) == ["secretsmanager:GetSecretValue"] {
                    let named = &resource["Properties"]["Environment"]["Variables"];
                    let named = named.as_mapping().context("secrets in the environment")?;
                    let named: BTreeSet<String> = named.values().flat_map(texts).collect();
                    let readable: BTreeSet<String> =
                        texts(&statement["Resource"]).into_iter().collect();
                    assert_eq!(readable, named, "{binary:?}");
                    continue;
                }
                for action in texts(&statement["Action"]) {
                    for resource in texts(&statement["Resource"]) {
                        assert!(!action.contains('*') && !resource.contains('*'), "{action}");
                        own.insert((action.clone(), resource));
                    }
                }
            }
        }
    }
    Ok(rights)
}

/// One text or several; of an ARN the logical name.
fn texts(value: &Yaml) -> Vec<String> {
    match value {
        Yaml::Sequence(values) => values.iter().flat_map(texts).collect(),
        Yaml::Tagged(tagged) => texts(&tagged.value),
        Yaml::String(text) => {
            let name = match text.rsplit_once("identity/") {
                Some((_, identity)) => identity.to_owned(),
                None => text.replace(".Arn", ""),
            };
            vec![name.replace("${", "").replace('}', "")]
        }
        _ => Vec::new(),
    }
}
