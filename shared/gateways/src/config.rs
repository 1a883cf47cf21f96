//! Configuration: read once at start, complete or not at all.

use std::fmt;

use domain::payment::Mode;
use url::Url;

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(value.into())
    }

    /// The value itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// All that differs from one installation of the shop to another.
#[derive(Debug, Clone)]
pub struct Config {
    /// `TABLE_NAME`: the DynamoDB table.
    pub table_name: String,
    /// `ORDER_EVENTS_QUEUE_URL`: the SQS queue of events.
    pub queue_url: String,
    /// `EVENT_BUS_NAME`: the EventBridge bus that others listen to.
    pub event_bus: String,
    /// `SIGNING_SECRET`: what all tokens are signed with, at least 32 characters.
    pub signing_secret: Secret,
    /// `ADMIN_SETUP_TOKEN`: who knows it may make the first admin.
    pub admin_setup_token: Secret,
    /// `PUBLIC_URL`: where the shop is reached from outside, without a slash at the end.
    pub public_url: String,
    /// `SHOP_NAME`: what mails and pages call the shop.
    pub shop_name: String,
    /// `MAIL_FROM`: the sender of mails.
    pub mail_from: String,
    /// `ALLOWED_ORIGINS`: comma-separated origins of frontends that may call with cookies; an entry
    /// such as `http://localhost:*` means any port.
    pub allowed_origins: Vec<String>,
    /// `PUBLIC_CATALOG`: whether the catalogue may be read without a login; `true` unless said
    /// otherwise.
    pub public_catalog: bool,
    /// The payment gateway.
    pub chapa: ChapaConfig,
}

/// How to reach Chapa, and where customers go afterwards.
#[derive(Debug, Clone)]
pub struct ChapaConfig {
    /// `CHAPA_BASE_URL`: its API, `https://api.chapa.co/v1` unless said otherwise.
    pub base_url: String,
    /// `CHAPA_SECRET_KEY`: the merchant's key; it decides between play money and real.
    pub secret_key: Secret,
    /// `CHAPA_WEBHOOK_SECRET`: the secret hash entered in its dashboard; two, separated by a comma,
    /// while one replaces the other.
    pub webhook_secrets: Vec<Secret>,
    /// `RETURN_URL`: where customers go after paying when a frontend names nothing.
    pub return_url: Option<String>,
    /// `RETURN_URL_HOSTS`: comma-separated hosts that a frontend may name.
    pub return_url_hosts: Vec<String>,
}

impl ChapaConfig {
    /// Play money or real: what the key decides.
    pub fn mode(&self) -> Mode {
        if self.secret_key.reveal().starts_with("CHASECK_TEST") {
            Mode::Test
        } else {
            Mode::Live
        }
    }
}

/// Everything that is wrong with the configuration, not just the first thing.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is incomplete: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is missing or malformed.
    pub fn from_env() -> Result<Config, ConfigError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is where the environment is read"
        )]
        Config::read(|name| std::env::var(name).ok())
    }

    /// Reads configuration from wherever `lookup` looks a name up.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is missing or malformed.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let mut reader = Reader {
            lookup,
            problems: Vec::new(),
        };
        let config = Config {
            table_name: reader.required("TABLE_NAME"),
            queue_url: reader.required("ORDER_EVENTS_QUEUE_URL"),
            event_bus: reader.required("EVENT_BUS_NAME"),
            signing_secret: reader.long_secret("SIGNING_SECRET", 32),
            admin_setup_token: reader.long_secret("ADMIN_SETUP_TOKEN", 16),
            public_url: reader.url("PUBLIC_URL", None),
            shop_name: reader
                .optional("SHOP_NAME")
                .unwrap_or_else(|| "Merkato".to_owned()),
            mail_from: reader.required("MAIL_FROM"),
            allowed_origins: reader.list("ALLOWED_ORIGINS"),
            public_catalog: reader.boolean("PUBLIC_CATALOG", true),
            chapa: ChapaConfig {
                base_url: reader.url("CHAPA_BASE_URL", Some("https://api.chapa.co/v1")),
                secret_key: Secret(reader.required("CHAPA_SECRET_KEY")),
                webhook_secrets: reader.secrets("CHAPA_WEBHOOK_SECRET"),
                return_url: reader.optional("RETURN_URL"),
                return_url_hosts: reader.list("RETURN_URL_HOSTS"),
            },
        };
        if reader.problems.is_empty() {
            Ok(config)
        } else {
            Err(ConfigError(reader.problems))
        }
    }
}

struct Reader<F> {
    lookup: F,
    problems: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    fn optional(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problems.push(format!("{name} is missing"));
            String::new()
        })
    }

    fn long_secret(&mut self, name: &str, least: usize) -> Secret {
        let value = self.required(name);
        if !value.is_empty() && value.len() < least {
            self.problems
                .push(format!("{name} has fewer than {least} characters"));
        }
        Secret(value)
    }

    fn secrets(&mut self, name: &str) -> Vec<Secret> {
        let secrets: Vec<Secret> = self.list(name).into_iter().map(Secret).collect();
        if secrets.is_empty() {
            self.problems.push(format!("{name} is missing"));
        }
        secrets
    }

    fn url(&mut self, name: &str, default: Option<&str>) -> String {
        let value = match (self.optional(name), default) {
            (Some(value), _) => value,
            (None, Some(default)) => default.to_owned(),
            (None, None) => return self.required(name),
        };
        let is_web = Url::parse(&value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            self.problems
                .push(format!("{name} is no http or https URL"));
        }
        value.trim_end_matches('/').to_owned()
    }

    fn list(&self, name: &str) -> Vec<String> {
        let value = self.optional(name).unwrap_or_default();
        value
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect()
    }

    fn boolean(&mut self, name: &str, default: bool) -> bool {
        match self.optional(name).as_deref() {
            None => default,
            Some("true" | "1") => true,
            Some("false" | "0") => false,
            Some(_) => {
                self.problems
                    .push(format!("{name} is neither true nor false"));
                default
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "TABLE_NAME" => "shop",
            "ORDER_EVENTS_QUEUE_URL" => "http://localhost/queue",
            "EVENT_BUS_NAME" => "shop",
            "SIGNING_SECRET" => "0123456789abcdef0123456789abcdef",
            "ADMIN_SETUP_TOKEN" => "0123456789abcdef",
            "PUBLIC_URL" => "https://shop.example/",
            "MAIL_FROM" => "shop@example.com",
            "CHAPA_SECRET_KEY" => "CHASECK_TEST-x",
            "CHAPA_WEBHOOK_SECRET" => "new, old",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn reads_what_is_there_and_fills_in_the_rest() {
        let config = Config::read(complete).unwrap();
        assert_eq!(config.public_url, "https://shop.example");
        assert_eq!(config.chapa.base_url, "https://api.chapa.co/v1");
        assert_eq!(config.chapa.webhook_secrets.len(), 2);
        assert_eq!(config.chapa.mode(), Mode::Test);
        assert!(config.public_catalog);
    }

    #[test]
    fn reports_everything_that_is_missing_at_once() {
        let error = Config::read(|_| None).unwrap_err();
        assert_eq!(error.0.len(), 9, "{error}");
    }

    #[test]
    fn refuses_weak_secrets_and_odd_values() {
        let error = Config::read(|name| match name {
            "SIGNING_SECRET" => Some("short".into()),
            "PUBLIC_URL" => Some("shop.example".into()),
            "PUBLIC_CATALOG" => Some("perhaps".into()),
            _ => complete(name),
        })
        .unwrap_err();
        assert_eq!(error.0.len(), 3, "{error}");
    }

    #[test]
    fn secrets_do_not_show() {
        let text = format!("{:?}", Config::read(complete).unwrap());
        assert!(!text.contains("CHASECK"), "{text}");
    }
}
