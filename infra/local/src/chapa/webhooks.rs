//! Webhooks: signed, delivered, and delivered again for as long as nobody acknowledges them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::Timestamp;
use gateways::clock::Clock;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::ledger::{Delivery, Ledger};

/// How long after an unacknowledged delivery the next one follows, in seconds of the shop's time.
pub const RETRY_SECS: i64 = 10 * 60;
const ATTEMPTS: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(10);

/// Who delivers.
#[derive(Debug, Clone)]
pub struct Courier {
    http: reqwest::Client,
    secret: String,
    ledger: Ledger,
    clock: Clock,
    /// Deliveries under way: the ticker and a customer's click never carry the same one.
    carried: Arc<Mutex<HashSet<String>>>,
}

/// The two headers of a webhook.
#[derive(Debug, PartialEq, Eq)]
pub struct Signatures {
    /// `x-chapa-signature`: over the body, worth something.
    pub of_body: String,
    /// `chapa-signature`: over the secret itself, the same for ever and worth nothing.
    pub of_secret: String,
}

/// Signs a body as Chapa does: hex HMAC-SHA256, keyed with the merchant's secret hash.
pub fn sign(secret: &str, body: &[u8]) -> Signatures {
    let hex = |message: &[u8]| {
        // A key of any length is a key for HMAC: this never fails.
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_or_else(
            |_| String::new(),
            |mut mac| {
                mac.update(message);
                mac.finalize()
                    .into_bytes()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect()
            },
        )
    };
    Signatures {
        of_body: hex(body),
        of_secret: hex(secret.as_bytes()),
    }
}

impl Courier {
    /// A courier for the webhooks in a ledger, signed with the merchant's secret.
    ///
    /// # Errors
    /// If no HTTP client can be had.
    pub fn new(ledger: Ledger, secret: String, clock: Clock) -> anyhow::Result<Courier> {
        // reqwest wants TLS to be decided even for plain HTTP; somebody else may have done so.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // A callback that redirects has been called; the page behind is for people.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Courier {
            http,
            secret,
            ledger,
            clock,
            carried: Arc::default(),
        })
    }

    /// Sends one webhook now and tells the status of the answer; `None` if there was no answer, or
    /// it is gone or under way already. Anything but 200 brings it back in ten minutes.
    ///
    /// # Errors
    /// If the journal fails.
    pub async fn deliver(&self, id: &str) -> anyhow::Result<Option<u16>> {
        if !self.carried().insert(id.to_owned()) {
            return Ok(None);
        }
        let outcome = self.carry(id).await;
        self.carried().remove(id);
        outcome
    }

    /// Sends all webhooks that are due by the shop's clock, and tells how many.
    ///
    /// # Errors
    /// If the journal fails.
    pub async fn deliver_due(&self) -> anyhow::Result<usize> {
        let now = self.clock.now();
        let due: Vec<Delivery> = self
            .ledger
            .deliveries()?
            .into_iter()
            .filter(|delivery| delivery.due_at <= now)
            .collect();
        for delivery in &due {
            self.deliver(&delivery.id).await?;
        }
        Ok(due.len())
    }

    /// Watches the clock for ever.
    pub async fn run(self) {
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            seconds.tick().await;
            if let Err(error) = self.deliver_due().await {
                tracing::error!(%error, "webhooks cannot be delivered");
            }
        }
    }

    async fn carry(&self, id: &str) -> anyhow::Result<Option<u16>> {
        let Some(mut delivery) = self.ledger.delivery(id)? else {
            return Ok(None);
        };
        let signatures = sign(&self.secret, delivery.body.as_bytes());
        let answer = self
            .http
            .post(&delivery.url)
            .header("content-type", "application/json")
            .header("x-chapa-signature", signatures.of_body)
            .header("chapa-signature", signatures.of_secret)
            .body(delivery.body.clone())
            .send()
            .await;
        let status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        if status == Some(200) {
            self.ledger.strike(id)?;
            if let Some(callback) = &delivery.callback {
                // A hint that nobody waits for: whether it arrives changes nothing.
                let _ = self.http.get(callback).send().await;
            }
            return Ok(status);
        }
        delivery.attempts += 1;
        delivery.due_at = self.clock.now().plus_secs(RETRY_SECS);
        if delivery.attempts >= ATTEMPTS {
            tracing::warn!(
                attempts = delivery.attempts,
                "a webhook was never acknowledged and is given up"
            );
            self.ledger.strike(id)?;
        } else {
            tracing::info!(
                status,
                attempts = delivery.attempts,
                "a webhook was not acknowledged and will be sent again in 10 minutes"
            );
            self.ledger.keep(&delivery)?;
        }
        Ok(status)
    }

    fn carried(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// When a webhook that the customer asked to be late is due.
pub fn late(now: Timestamp) -> Timestamp {
    now.plus_secs(RETRY_SECS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_recorded_webhook() {
        // The recorded webhook of docs: its secret is `whsec_test_0123456789`.
        let body = include_bytes!("../../tests/data/chapa-webhook-vector.json");
        let signatures = sign("whsec_test_0123456789", body);
        assert_eq!(
            signatures.of_body,
            "b25bcb721dec3def0d99a7c0ffe0034224e54926e18493b0e201c8752a761970"
        );
        assert_eq!(
            signatures.of_secret,
            "ccffd07681491542b29e80e0fa77b67afe9c0c7276f1e429b6d15ebef5eb66dc"
        );
    }
}
