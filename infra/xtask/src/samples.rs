//! The samples of `events/`: which function each is for, and what that function answers to it in a shop
//! that is empty.

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::root;

/// An event of `events/`.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its file, without `.json`.
    pub file: &'static str,
    /// The function it is sent to.
    pub function: &'static str,
    /// What the function must answer.
    pub expected: Expected,
}

/// What a function must answer.
#[derive(Clone, Debug)]
pub enum Expected {
    /// A response for API Gateway, with this status.
    Status(u64),
    /// The messages of the batch that are no events, and no others, failed.
    PoisonFails,
    /// What a schedule did: nothing, under these names.
    Nothing(&'static [&'static str]),
}

use Expected::{Nothing, PoisonFails, Status};

/// All samples. The events themselves stay as AWS sends them, so what to expect of them is here.
/// Sessions in them are none, hence 403.
pub const SAMPLES: &[Sample] = &[
    sample("accounts", "accounts", Status(403)),
    sample("accounts-get", "accounts", Status(403)),
    sample("auth", "auth", Status(400)),
    sample("auth-get", "auth", Status(403)),
    sample(
        "cancel-unpaid-orders",
        "cancel-unpaid-orders",
        Nothing(&["cancelled", "moved_on", "waiting"]),
    ),
    sample("cart", "cart", Status(403)),
    sample("cart-get", "cart", Status(403)),
    sample("catalog", "catalog", Status(403)),
    sample("catalog-files", "catalog-files", Status(403)),
    sample("catalog-files-get", "catalog-files", Status(403)),
    sample("catalog-get", "catalog", Status(404)),
    sample("catalog-list", "catalog", Status(200)),
    sample(
        "expire-reservations",
        "expire-reservations",
        Nothing(&["moved_on", "released"]),
    ),
    sample("inventory", "inventory", Status(200)),
    sample("inventory-get", "inventory", Status(403)),
    sample("order-events", "order-events", PoisonFails),
    sample("orders", "orders", Status(403)),
    sample("orders-get", "orders", Status(403)),
    sample("payments", "payments", Status(403)),
    sample("payments-get", "payments", Status(403)),
    sample("payments-webhook", "payments", Status(200)),
    sample("relay-outbox", "relay-outbox", Nothing(&["sent"])),
];

const fn sample(file: &'static str, function: &'static str, expected: Expected) -> Sample {
    Sample {
        file,
        function,
        expected,
    }
}

impl Sample {
    /// The event, as it is sent.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn event(&self) -> Result<String> {
        let path = root().join("events").join(format!("{}.json", self.file));
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }

    /// Checks an answer to the event, and says it in a word.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn check(&self, event: &str, answer: &str) -> Result<String> {
        let answer: Value =
            serde_json::from_str(answer).with_context(|| format!("no JSON: {answer}"))?;
        match self.expected {
            Status(status) => check_status(status, &answer),
            PoisonFails => check_failures(event, &answer),
            Nothing(names) => check_summary(names, &answer),
        }
    }
}

fn check_status(expected: u64, answer: &Value) -> Result<String> {
    let is_response = answer["headers"].is_object()
        && answer["isBase64Encoded"].is_boolean()
        && answer["body"].is_string();
    let Some(status) = answer["statusCode"].as_u64().filter(|_| is_response) else {
        bail!("no response for API Gateway: {answer}");
    };
    if status != expected {
        bail!("{status} instead of {expected}: {}", answer["body"]);
    }
    Ok(status.to_string())
}

fn check_failures(event: &str, answer: &Value) -> Result<String> {
    let event: Value = serde_json::from_str(event)?;
    let is_poison = |record: &&Value| {
        let body = record["body"].as_str().unwrap_or_default();
        serde_json::from_str::<Value>(body).is_err()
    };
    let texts = |list: &Value, is_wanted: &dyn Fn(&&Value) -> bool, name: &str| -> Vec<String> {
        let items = list.as_array().into_iter().flatten().filter(is_wanted);
        items
            .map(|item| item[name].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let poison = texts(&event["Records"], &is_poison, "messageId");
    let failed = texts(&answer["batchItemFailures"], &|_| true, "itemIdentifier");
    if failed != poison {
        bail!("failed: {failed:?} instead of {poison:?}");
    }
    Ok(format!("{} failed", failed.len()))
}

fn check_summary(names: &[&str], answer: &Value) -> Result<String> {
    let counted = answer.as_object();
    let is_complete = counted.is_some_and(|counts| {
        counts.len() == names.len()
            && names
                .iter()
                .all(|name| counts.get(*name) == Some(&0.into()))
    });
    if !is_complete {
        bail!("{answer} instead of zeros for {}", names.join(", "));
    }
    Ok("nothing to do".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::functions;

    fn of(file: &str) -> &'static Sample {
        SAMPLES.iter().find(|sample| sample.file == file).unwrap()
    }

    fn check(file: &str, answer: &str) -> Result<String> {
        let sample = of(file);
        sample.check(&sample.event().unwrap(), answer)
    }

    #[test]
    fn each_sample_is_expected_to_be_answered_and_each_function_has_one() {
        let mut files: Vec<String> = fs::read_dir(root().join("events"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
            .collect();
        files.sort();
        let expected: Vec<&str> = SAMPLES.iter().map(|sample| sample.file).collect();
        assert_eq!(files, expected);

        let mut sampled: Vec<&str> = SAMPLES.iter().map(|sample| sample.function).collect();
        // Files of `catalog-files` stand between those of `catalog`.
        sampled.sort_unstable();
        sampled.dedup();
        assert_eq!(functions().unwrap(), sampled);
    }

    #[test]
    fn an_http_function_answers_for_api_gateway_with_the_status_expected() {
        let answer = |status: u16| {
            format!(
                r#"{{"statusCode":{status},"headers":{{}},"body":"[]","isBase64Encoded":false}}"#
            )
        };
        assert_eq!(check("catalog-list", &answer(200)).unwrap(), "200");
        assert!(check("catalog-list", &answer(500)).is_err());
        assert!(check("catalog-list", r#"{"statusCode":200}"#).is_err());
        assert!(check("catalog-list", r#"{"errorType":"panic"}"#).is_err());
        assert!(check("catalog-list", "").is_err());
    }

    #[test]
    fn only_the_poison_message_of_the_batch_may_fail() {
        let failed = |ids: &[&str]| {
            let items: Vec<String> = ids
                .iter()
                .map(|id| format!(r#"{{"itemIdentifier":"00000000-0000-4000-8000-{id}"}}"#))
                .collect();
            format!(r#"{{"batchItemFailures":[{}]}}"#, items.join(","))
        };
        assert!(check("order-events", &failed(&["000000000002"])).is_ok());
        assert!(check("order-events", &failed(&[])).is_err());
        assert!(check("order-events", &failed(&["000000000001", "000000000002"])).is_err());
        assert!(check("order-events", "null").is_err());
    }

    #[test]
    fn a_schedule_of_an_empty_shop_does_nothing() {
        assert!(check("relay-outbox", r#"{"sent":0}"#).is_ok());
        assert!(check("relay-outbox", r#"{"sent":1}"#).is_err());
        assert!(check("relay-outbox", r#"{"sent":0,"lost":0}"#).is_err());
        assert!(check("relay-outbox", "null").is_err());
    }
}
