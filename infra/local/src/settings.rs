//! The shop's configuration for development: the environment where it speaks, defaults where it is
//! silent.

use std::collections::BTreeMap;

use emulator::Template;
use gateways::{
    config::{self, Section},
    entropy::Entropy,
};

use crate::{
    aws::{
        ACCOUNT, REGION,
        s3::BUCKET,
        secrets::{self, Secrets},
    },
    clients::Endpoints,
    data::Data,
};

const ADMIN_SETUP_TOKEN: &str = "ADMIN_SETUP_TOKEN";
const CHAPA_SECRET_KEY: &str = "CHAPA_SECRET_KEY";
const CHAPA_WEBHOOK_SECRET: &str = "CHAPA_WEBHOOK_SECRET";
const SIGNING_SECRET: &str = "SIGNING_SECRET";

/// What a deployed function is not given but told where to fetch.
const SECRETS: [&str; 4] = [
    ADMIN_SETUP_TOKEN,
    CHAPA_SECRET_KEY,
    CHAPA_WEBHOOK_SECRET,
    SIGNING_SECRET,
];

/// What a developer may set in the environment, and what holds otherwise.
const DEFAULTS: [(&str, &str); 8] = [
    (ADMIN_SETUP_TOKEN, "local-admin-token"),
    (CHAPA_WEBHOOK_SECRET, "local-webhook-secret"),
    (CHAPA_SECRET_KEY, "CHASECK_TEST-local"),
    ("SHOP_NAME", "Merkato"),
    ("MAIL_FROM", "shop@merkato.example"),
    // A frontend under development, on whatever port its tool chose.
    ("ALLOWED_ORIGINS", "http://localhost:*,http://127.0.0.1:*"),
    ("RETURN_URL_HOSTS", "localhost,127.0.0.1"),
    ("PUBLIC_CATALOG", "true"),
];

/// The names and values that a function would find in its environment.
#[derive(Debug, Clone)]
pub struct Settings {
    values: BTreeMap<&'static str, String>,
    /// Names that are at their defaults and are secrets elsewhere.
    unguarded: Vec<&'static str>,
}

impl Settings {
    /// Gathers everything. A signing secret is made on the first start and kept with the data.
    ///
    /// # Errors
    /// If the data directory cannot be used, or the template has no queue for events.
    pub fn gather(
        url: &str,
        endpoints: &Endpoints,
        table: &str,
        template: &Template,
        data: Option<&Data>,
        entropy: &Entropy,
    ) -> anyhow::Result<Settings> {
        let drawn: String = entropy
            .bytes::<32>()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let signing_secret = match data {
            Some(data) => data.signing_secret(&drawn)?,
            None => drawn,
        };
        let queue = template
            .consumers
            .first()
            .map(|consumer| consumer.queue.as_str())
            .ok_or_else(|| anyhow::anyhow!("the template has no function that reads a queue"))?;
        let mut values = BTreeMap::from([
            ("TABLE_NAME", table.to_owned()),
            (
                "ORDER_EVENTS_QUEUE_URL",
                format!("{}/{ACCOUNT}/{queue}", endpoints.others),
            ),
            ("EVENT_BUS_NAME", "merkato".to_owned()),
            (SIGNING_SECRET, signing_secret),
            ("PUBLIC_URL", url.to_owned()),
            ("CHAPA_BASE_URL", format!("{url}/_local/chapa/v1")),
            ("IMAGES_BUCKET", BUCKET.to_owned()),
            // Not where the stand-in for S3 is: that is on another port every time.
            ("IMAGES_URL", format!("{url}/_local")),
        ]);
        let mut unguarded = Vec::new();
        for (name, default) in DEFAULTS {
            let value = environment(name).unwrap_or_else(|| default.to_owned());
            if value == default && matches!(name, ADMIN_SETUP_TOKEN | CHAPA_WEBHOOK_SECRET) {
                unguarded.push(name);
            }
            values.insert(name, value);
        }
        // Without a frontend, customers come back to the page that Chapa's callback sees.
        let own_page = format!("{url}/api/payments/webhook/");
        values.insert("RETURN_URL", environment("RETURN_URL").unwrap_or(own_page));
        Ok(Settings { values, unguarded })
    }

    /// A function's configuration, as these make it.
    ///
    /// # Errors
    /// If the environment set something to nonsense; all of it is named.
    pub fn read<C: Section>(&self) -> anyhow::Result<C> {
        Ok(config::read(|name| self.values.get(name).cloned())?)
    }

    /// The secret that the sandbox signs webhooks with: the first, if one is being replaced.
    pub fn webhook_secret(&self) -> String {
        let all = self
            .values
            .get(CHAPA_WEBHOOK_SECRET)
            .map(String::as_str)
            .unwrap_or_default();
        all.split(',').next().unwrap_or_default().trim().to_owned()
    }

    /// What functions elsewhere fetch from the stand-in for Secrets Manager.
    pub fn secrets(&self) -> Secrets {
        let secret = |(name, value): (&&'static str, &String)| {
            SECRETS.contains(name).then(|| (*name, value.clone()))
        };
        Secrets::new(self.values.iter().filter_map(secret))
    }

    /// A sentence for each secret that everybody knows.
    pub fn warnings(&self) -> Vec<String> {
        let sentence = |name: &&'static str| {
            let value = self
                .values
                .get(name)
                .map(String::as_str)
                .unwrap_or_default();
            let what = match *name {
                ADMIN_SETUP_TOKEN => "the setup token of the first administrator",
                _ => "the secret of payment webhooks",
            };
            format!("{what} is the development default `{value}`; set {name} to change it")
        };
        self.unguarded.iter().map(sentence).collect()
    }

    /// What a shop that runs elsewhere needs in its environment to use these stand-ins. Secrets are
    /// named, not told, as on AWS.
    pub fn environment(&self, endpoints: &Endpoints) -> Vec<String> {
        let mut lines = vec![
            format!("AWS_ENDPOINT_URL={}", endpoints.others),
            format!("AWS_ENDPOINT_URL_DYNAMODB={}", endpoints.dynamodb),
            format!("AWS_REGION={REGION}"),
            "AWS_ACCESS_KEY_ID=local".to_owned(),
            "AWS_SECRET_ACCESS_KEY=local".to_owned(),
        ];
        for (name, value) in &self.values {
            match *name {
                // Where that shop is, is its own affair.
                "PUBLIC_URL" | "RETURN_URL" => {}
                _ if value.is_empty() => {}
                _ if SECRETS.contains(name) => {
                    lines.push(format!("{name}_ARN={}", secrets::arn(name)))
                }
                // Quoted, because lists hold asterisks and a shop's name may hold spaces.
                _ => lines.push(format!("{name}='{}'", value.replace('\'', "'\\''"))),
            }
        }
        lines
    }
}

fn environment(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "gateways::config reads what is complete; here a developer overrides single defaults"
    )]
    std::env::var(name).ok()
}
