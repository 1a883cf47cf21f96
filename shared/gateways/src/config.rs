//! Configuration: read once at start, complete or not at all.

use std::{collections::HashMap, fmt};

use url::Url;

use crate::aws::Aws;

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

/// A part of the configuration, read as a whole. A function's configuration is the sections it needs:
/// what it does not need it neither gets nor sees.
pub trait Section: Sized {
    /// Reads the section's variables, and leaves with the reader what is wrong with them.
    fn read(reader: &mut Reader<'_>) -> Self;
}

/// Everything that is wrong with the configuration, not just the first thing.
#[derive(Debug, thiserror::Error)]
#[error("the configuration is incomplete: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);

/// A variable that a section reads.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Its name in the environment.
    pub name: &'static str,
    /// Whether it is a secret, which on AWS is not in the environment itself: there, the variable
    /// of this name with `_ARN` behind it tells which secret of Secrets Manager holds it.
    pub is_secret: bool,
}

impl Variable {
    /// The name under which a deployed function finds it in its environment.
    pub fn deployed_name(&self) -> String {
        if self.is_secret {
            format!("{}_ARN", self.name)
        } else {
            self.name.to_owned()
        }
    }
}

/// Reads a section from wherever `lookup` looks a name up.
///
/// # Errors
/// [`ConfigError`] with all that is missing or malformed.
pub fn read<S: Section>(lookup: impl Fn(&str) -> Option<String>) -> Result<S, ConfigError> {
    let mut reader = Reader::new(&lookup);
    let section = S::read(&mut reader);
    if reader.problems.is_empty() {
        Ok(section)
    } else {
        Err(ConfigError(reader.problems))
    }
}

/// The variables that a section reads.
pub fn variables<S: Section>() -> Vec<Variable> {
    let mut reader = Reader::new(&|_| None);
    S::read(&mut reader);
    reader.asked.sort();
    reader.asked.dedup();
    reader.asked
}

/// Reads a section from the process's environment, and its secrets from Secrets Manager where the
/// environment only names them.
///
/// # Errors
/// [`ConfigError`] with all that is missing, malformed or could not be fetched.
pub async fn load<S: Section>(aws: &Aws) -> Result<S, ConfigError> {
    let named: Vec<(&'static str, String)> = variables::<S>()
        .into_iter()
        .filter(|variable| variable.is_secret && environment(variable.name).is_none())
        .filter_map(|variable| Some((variable.name, environment(&variable.deployed_name())?)))
        .collect();
    let fetched = fetch(aws, &named).await?;
    read(|name| fetched.get(name).cloned().or_else(|| environment(name)))
}

/// A variable of the process's environment.
pub(crate) fn environment(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the environment is read"
    )]
    let value = std::env::var(name);
    value.ok()
}

/// Fetches secrets side by side, by the names of their variables.
async fn fetch(
    aws: &Aws,
    named: &[(&'static str, String)],
) -> Result<HashMap<&'static str, String>, ConfigError> {
    if named.is_empty() {
        return Ok(HashMap::new());
    }
    let calls = named.iter().map(async |(name, arn)| {
        let value = aws.secret(arn).await;
        let value = value.map_err(|problem| format!("{name} could not be fetched: {problem}"))?;
        Ok::<_, String>((*name, value))
    });
    let mut problems = Vec::new();
    let mut values = HashMap::new();
    for answer in futures::future::join_all(calls).await {
        match answer {
            Ok((name, value)) => {
                values.insert(name, value);
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(values)
    } else {
        Err(ConfigError(problems))
    }
}

/// Looks variables up for sections, and collects what is wrong with them.
pub struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
    asked: Vec<Variable>,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Reader<'a> {
        Reader {
            lookup,
            problems: Vec::new(),
            asked: Vec::new(),
        }
    }

    fn look(&mut self, name: &'static str, is_secret: bool) -> Option<String> {
        self.asked.push(Variable { name, is_secret });
        (self.lookup)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    fn or_missing(&mut self, name: &str, value: Option<String>) -> String {
        value.unwrap_or_else(|| {
            self.problems.push(format!("{name} is missing"));
            String::new()
        })
    }

    /// A text that may be left out.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        self.look(name, false)
    }

    /// A text that must be there.
    pub fn required(&mut self, name: &'static str) -> String {
        let value = self.look(name, false);
        self.or_missing(name, value)
    }

    /// A secret of at least so many characters.
    pub fn secret(&mut self, name: &'static str, least: usize) -> Secret {
        let value = self.look(name, true);
        let value = self.or_missing(name, value);
        if !value.is_empty() && value.len() < least {
            self.problems
                .push(format!("{name} has fewer than {least} characters"));
        }
        Secret(value)
    }

    /// One secret or, separated by commas, several that are good at the same time.
    pub fn secrets(&mut self, name: &'static str) -> Vec<Secret> {
        let value = self.look(name, true);
        let secrets: Vec<Secret> = parts(value).into_iter().map(Secret).collect();
        if secrets.is_empty() {
            self.problems.push(format!("{name} is missing"));
        }
        secrets
    }

    /// An http or https URL, without a slash at the end.
    pub fn url(&mut self, name: &'static str, default: Option<&str>) -> String {
        let value = match (self.look(name, false), default) {
            (Some(value), _) => value,
            (None, Some(default)) => default.to_owned(),
            (None, None) => return self.or_missing(name, None),
        };
        let is_web = Url::parse(&value).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            self.problems
                .push(format!("{name} is no http or https URL"));
        }
        value.trim_end_matches('/').to_owned()
    }

    /// Texts separated by commas, perhaps none.
    pub fn list(&mut self, name: &'static str) -> Vec<String> {
        parts(self.look(name, false))
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &'static str, default: bool) -> bool {
        match self.look(name, false).as_deref() {
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

fn parts(value: Option<String>) -> Vec<String> {
    let value = value.unwrap_or_default();
    let parts = value
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Everything {
        public_url: String,
        base_url: String,
        secret: Secret,
        secrets: Vec<Secret>,
        is_public: bool,
    }

    impl Section for Everything {
        fn read(reader: &mut Reader<'_>) -> Self {
            Everything {
                public_url: reader.url("PUBLIC_URL", None),
                base_url: reader.url("CHAPA_BASE_URL", Some("https://api.chapa.co/v1")),
                secret: reader.secret("SIGNING_SECRET", 32),
                secrets: reader.secrets("CHAPA_WEBHOOK_SECRET"),
                is_public: reader.boolean("PUBLIC_CATALOG", true),
            }
        }
    }

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "SIGNING_SECRET" => "0123456789abcdef0123456789abcdef",
            "PUBLIC_URL" => "https://shop.example/",
            "CHAPA_WEBHOOK_SECRET" => "new, old",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn reads_what_is_there_and_fills_in_the_rest() {
        let config: Everything = read(complete).unwrap();
        assert_eq!(config.public_url, "https://shop.example");
        assert_eq!(config.base_url, "https://api.chapa.co/v1");
        assert_eq!(config.secrets, [Secret::new("new"), Secret::new("old")]);
        assert!(config.is_public);
    }

    #[test]
    fn reports_everything_that_is_missing_at_once() {
        let error = read::<Everything>(|_| None).unwrap_err();
        assert_eq!(error.0.len(), 3, "{error}");
    }

    #[test]
    fn refuses_weak_secrets_and_odd_values() {
        let error = read::<Everything>(|name| match name {
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
        let config: Everything = read(complete).unwrap();
        assert!(
            !format!("{:?}", config.secret).contains("0123"),
            "{config:?}"
        );
    }

    #[test]
    fn a_deployed_function_finds_secrets_by_their_arn() {
        let names: Vec<String> = variables::<Everything>()
            .iter()
            .map(Variable::deployed_name)
            .collect();
        assert_eq!(
            names,
            [
                "CHAPA_BASE_URL",
                "CHAPA_WEBHOOK_SECRET_ARN",
                "PUBLIC_CATALOG",
                "PUBLIC_URL",
                "SIGNING_SECRET_ARN",
            ]
        );
    }
}
