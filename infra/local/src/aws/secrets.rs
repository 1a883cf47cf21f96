//! The protocol of Secrets Manager: the secrets of this shop, to be read by functions elsewhere.

use std::{collections::BTreeMap, fmt, sync::Arc};

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{ACCOUNT, REGION, answer};

const VERSION: &str = "1.1";

/// Secrets by their names, which are those of the variables that they stand for. They are the
/// settings of this process and are not written anywhere. Clones share them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<BTreeMap<String, String>>);

impl Secrets {
    /// These names and values.
    pub fn new<N: Into<String>>(secrets: impl IntoIterator<Item = (N, String)>) -> Secrets {
        let named = secrets
            .into_iter()
            .map(|(name, value)| (name.into(), value));
        Secrets(Arc::new(named.collect()))
    }

    /// The secret of this name or ARN.
    fn find(&self, id: &str) -> Option<(&str, &str)> {
        let name = id.rsplit(':').next()?;
        let (name, value) = self.0.get_key_value(name)?;
        Some((name, value))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The ARN of a secret. Real ones end in six random characters more.
pub fn arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Request {
    secret_id: String,
}

/// Answers one call.
pub(super) fn answer(secrets: &Secrets, operation: &str, body: &[u8]) -> Response {
    if operation != "GetSecretValue" {
        return answer::unknown_operation(operation);
    }
    let Ok(Request { secret_id }) = serde_json::from_slice(body) else {
        return answer::error(
            VERSION,
            StatusCode::BAD_REQUEST,
            "InvalidParameterException",
            "SecretId is missing.",
        );
    };
    match secrets.find(&secret_id) {
        Some((name, value)) => answer::json(
            VERSION,
            &json!({
                "ARN": arn(name),
                "Name": name,
                "SecretString": value,
                "VersionId": "00000000-0000-4000-8000-000000000000",
                "VersionStages": ["AWSCURRENT"],
            }),
        ),
        None => answer::error(
            VERSION,
            StatusCode::BAD_REQUEST,
            "ResourceNotFoundException",
            "Secrets Manager can't find the specified secret.",
        ),
    }
}
