//! Chapa, the payment gateway: what we ask of it, and what its answers are worth.
//!
//! Its traps are known: an envelope that says "success" about a payment that failed, a 404 that
//! means "not paid yet", amounts as numbers here and strings there, error messages that are text or
//! an object. Nothing of its calls is logged: they hold personal data.

use std::{sync::Arc, time::Duration};

use domain::{
    Money,
    payment::{GatewayReport, GatewayStatus, Mode, TxRef},
};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::{config::Secret, sections::ChapaAccess};

/// How long one call may take: API Gateway gives up on us after 30 s.
const TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The gateway.
#[derive(Debug, Clone)]
pub struct Chapa {
    http: reqwest::Client,
    base_url: String,
    secret_key: Secret,
    mode: Mode,
}

/// What a customer is asked to pay.
#[derive(Debug, Serialize)]
pub struct Initialize<'a> {
    /// Birr with two places.
    pub amount: String,
    /// ISO 4217.
    pub currency: &'a str,
    /// The customer's e-mail address.
    pub email: &'a str,
    /// The customer's first name.
    pub first_name: &'a str,
    /// The customer's last name.
    pub last_name: &'a str,
    /// Our reference of this attempt.
    pub tx_ref: &'a str,
    /// Where the gateway calls when something happened.
    pub callback_url: &'a str,
    /// Where the customer goes afterwards.
    pub return_url: &'a str,
    /// At most 16 characters: letters, digits, `-`, `_`, `.` and space.
    #[serde(rename = "customization[title]")]
    pub title: &'a str,
    /// At most 50 characters of the same.
    #[serde(rename = "customization[description]")]
    pub description: &'a str,
}

/// Why the gateway did not do what we asked.
#[derive(Debug, thiserror::Error)]
pub enum ChapaError {
    /// It said no: a proven refusal, with its words.
    #[error("Chapa refused: {0}")]
    Refused(String),
    /// It did not answer, or not in a way that proves anything: what we asked may have happened.
    #[error("Chapa is unreachable: {0}")]
    Unreachable(String),
}

struct Answer {
    status: StatusCode,
    body: Value,
}

impl Chapa {
    /// The gateway, reached so.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(access: &ChapaAccess) -> Result<Chapa, ChapaError> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .tls_backend_preconfigured(tls()?)
            .build()
            .map_err(|error| ChapaError::Unreachable(error.to_string()))?;
        Ok(Chapa {
            http,
            base_url: access.base_url.clone(),
            secret_key: access.secret_key.clone(),
            mode: access.mode(),
        })
    }

    /// Play money or real.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Opens a transaction and gives the URL where the customer pays.
    ///
    /// # Errors
    /// [`ChapaError::Refused`] proves that there is no transaction; after
    /// [`ChapaError::Unreachable`] there may be one, and its reference is not to be used again.
    pub async fn initialize(&self, request: &Initialize<'_>) -> Result<String, ChapaError> {
        let body = serde_json::to_value(request)
            .map_err(|error| ChapaError::Refused(error.to_string()))?;
        let answer = self
            .call(Method::POST, "transaction/initialize", Some(&body))
            .await?;
        let url = answer
            .body
            .pointer("/data/checkout_url")
            .and_then(Value::as_str);
        match url {
            Some(url) if answer.status.is_success() => Ok(url.to_owned()),
            _ => Err(answer.refusal()),
        }
    }

    /// Asks how a transaction stands. A transaction that the gateway does not know, or that nobody
    /// has paid yet, is pending.
    ///
    /// # Errors
    /// [`ChapaError`]; nothing is known then.
    pub async fn verify(&self, tx_ref: &TxRef) -> Result<GatewayReport, ChapaError> {
        let answer = self
            .call(Method::GET, &format!("transaction/verify/{tx_ref}"), None)
            .await?;
        match answer.body.get("data").filter(|data| data.is_object()) {
            Some(data) if answer.status.is_success() => Ok(read_report(data)),
            _ if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND => {
                Ok(GatewayReport {
                    tx_ref: tx_ref.to_string(),
                    status: GatewayStatus::Pending,
                    amount: None,
                    currency: None,
                    mode: None,
                    reference: None,
                })
            }
            _ => Err(answer.refusal()),
        }
    }

    /// Makes a link unusable, so that nobody pays what is no longer for sale.
    ///
    /// # Errors
    /// [`ChapaError::Refused`] when there is no active link: it was paid, cancelled or never made.
    pub async fn cancel(&self, tx_ref: &TxRef) -> Result<(), ChapaError> {
        let answer = self
            .call(Method::PUT, &format!("transaction/cancel/{tx_ref}"), None)
            .await?;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(answer.refusal())
        }
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ChapaError> {
        let mut request = self
            .http
            .request(method, format!("{}/{path}", self.base_url))
            .bearer_auth(self.secret_key.reveal());
        if let Some(body) = body {
            request = request.json(body);
        }
        // The URL holds our reference, no secret; the error must not tell more than its kind.
        let unreachable =
            |error: reqwest::Error| ChapaError::Unreachable(error.without_url().to_string());
        let response = request.send().await.map_err(unreachable)?;
        let status = response.status();
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(ChapaError::Unreachable(format!("it answers {status}")));
        }
        let body = response.json().await.map_err(unreachable)?;
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// What a refusal says: `message` is a text, or an object of texts by field.
    fn refusal(&self) -> ChapaError {
        let text = match self.body.get("message") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Object(fields)) => {
                let parts: Vec<String> = fields
                    .iter()
                    .map(|(field, reasons)| format!("{field}: {reasons}"))
                    .collect();
                parts.join(", ")
            }
            _ => format!("answered {}", self.status),
        };
        ChapaError::Refused(text.chars().take(300).collect())
    }
}

/// Only `data.status` counts. What is not known to be a success is none.
fn read_report(data: &Value) -> GatewayReport {
    let text = |name: &str| data.get(name).and_then(Value::as_str);
    let amount = match data.get("amount") {
        Some(Value::String(amount)) => Money::parse_gateway(amount),
        Some(Value::Number(amount)) => Money::parse_gateway(&amount.to_string()),
        _ => None,
    };
    GatewayReport {
        tx_ref: text("tx_ref").unwrap_or_default().to_owned(),
        status: match text("status") {
            Some("success") => GatewayStatus::Success,
            Some("failed" | "cancelled" | "failed/cancelled") => GatewayStatus::Failed,
            _ => GatewayStatus::Pending,
        },
        amount,
        currency: text("currency").map(str::to_owned),
        mode: match text("mode") {
            Some("test") => Some(Mode::Test),
            Some("live") => Some(Mode::Live),
            _ => None,
        },
        reference: text("reference").map(str::to_owned),
    }
}

/// TLS on ring with Mozilla's roots, so that no system bundle is parsed at start.
fn tls() -> Result<rustls::ClientConfig, ChapaError> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ChapaError::Unreachable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_inner_status_counts_and_an_unknown_one_is_no_success() {
        for (status, read) in [
            ("success", GatewayStatus::Success),
            ("failed", GatewayStatus::Failed),
            ("cancelled", GatewayStatus::Failed),
            ("failed/cancelled", GatewayStatus::Failed),
            ("pending", GatewayStatus::Pending),
            ("refunded", GatewayStatus::Pending),
            ("SUCCESS", GatewayStatus::Pending),
        ] {
            assert_eq!(
                read_report(&json!({ "status": status })).status,
                read,
                "{status}"
            );
        }
        assert_eq!(read_report(&json!({})).status, GatewayStatus::Pending);
    }

    #[test]
    fn amounts_are_read_whether_number_or_text() {
        let santim = Some(Money::from_santim(40_050));
        for amount in [json!(400.5), json!("400.50"), json!("400.500")] {
            assert_eq!(read_report(&json!({ "amount": amount })).amount, santim);
        }
        assert_eq!(
            read_report(&json!({ "amount": 400 })).amount,
            Some(Money::from_santim(40_000))
        );
        assert_eq!(read_report(&json!({ "amount": null })).amount, None);
    }

    #[test]
    fn a_refusal_is_read_whether_text_or_object() {
        let refusal = |message: Value| {
            let answer = Answer {
                status: StatusCode::BAD_REQUEST,
                body: json!({ "message": message }),
            };
            answer.refusal().to_string()
        };
        assert_eq!(
            refusal(json!("Invalid currency")),
            "Chapa refused: Invalid currency"
        );
        assert_eq!(
            refusal(json!({ "email": ["validation.email"] })),
            r#"Chapa refused: email: ["validation.email"]"#
        );
    }
}
