//! A transaction of the sandbox: what was asked for, what the customer did, what may still happen.

use domain::{Money, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How often a customer may try again after a failure.
const RETRIES: u32 = 10;
/// For how long after the first failure a customer may try again, in seconds.
const RETRY_SECS: i64 = 60 * 60;

/// What a merchant asked for, after the checks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The merchant's reference, unique for ever.
    pub tx_ref: String,
    /// How much.
    pub amount: Money,
    /// `ETB` or `USD`.
    pub currency: String,
    /// The customer's address, if told.
    pub email: Option<String>,
    /// The customer's name, if told.
    pub first_name: Option<String>,
    /// The customer's name, if told.
    pub last_name: Option<String>,
    /// The customer's telephone, if told.
    pub phone_number: Option<String>,
    /// Where the unsigned hint goes after a payment.
    pub callback_url: Option<String>,
    /// Where the customer's browser goes after a payment.
    pub return_url: Option<String>,
    /// What the checkout page is headed with.
    pub title: Option<String>,
    /// What the checkout page says below.
    pub description: Option<String>,
    /// Whatever the merchant wants to see again in webhooks.
    pub meta: Value,
}

/// How a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has paid yet.
    Pending,
    /// Paid. Final, but for a refund.
    Success,
    /// The last try failed; the customer may try again.
    Failed,
    /// Called off; the link is dead.
    Cancelled,
    /// Paid and given back in full.
    Refunded,
}

impl Status {
    /// As verify and webhooks write it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Success => "success",
            Status::Failed => "failed",
            Status::Cancelled => "failed/cancelled",
            Status::Refunded => "refunded",
        }
    }
}

/// What a customer does on the checkout page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Pays.
    Success,
    /// Tries to pay, and fails.
    Failed,
    /// Gives up.
    Cancelled,
}

/// Why a transaction does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Final {
    /// It is paid.
    #[error("This payment has been made already.")]
    Paid,
    /// Its link is dead.
    #[error("This checkout link is no longer active.")]
    Dead,
}

/// One transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    /// What was asked for.
    pub request: Request,
    /// The last part of the checkout page's address: who knows it may pay.
    pub token: String,
    /// The gateway's own reference, shown once somebody paid.
    pub reference: String,
    /// How it stands.
    pub status: Status,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When the first try failed, if one did.
    pub first_failure: Option<Timestamp>,
    /// How many tries failed.
    pub failures: u32,
}

impl Transaction {
    /// A new transaction, with a token and a reference drawn for it.
    pub fn begin(
        request: Request,
        token: String,
        reference: String,
        now: Timestamp,
    ) -> Transaction {
        Transaction {
            request,
            token,
            reference,
            status: Status::Pending,
            created_at: now,
            updated_at: now,
            first_failure: None,
            failures: 0,
        }
    }

    /// Whether a customer can still do something on its page.
    ///
    /// # Errors
    /// Why not.
    pub fn open(&self, now: Timestamp) -> Result<(), Final> {
        match self.status {
            Status::Success | Status::Refunded => Err(Final::Paid),
            Status::Cancelled => Err(Final::Dead),
            Status::Pending => Ok(()),
            Status::Failed => {
                let too_late = self
                    .first_failure
                    .is_some_and(|first| now > first.plus_secs(RETRY_SECS));
                if too_late || self.failures > RETRIES {
                    Err(Final::Dead)
                } else {
                    Ok(())
                }
            }
        }
    }

    /// What the customer did.
    ///
    /// # Errors
    /// If nothing can be done any more.
    pub fn conclude(&mut self, outcome: Outcome, now: Timestamp) -> Result<(), Final> {
        self.open(now)?;
        self.status = match outcome {
            Outcome::Success => Status::Success,
            Outcome::Cancelled => Status::Cancelled,
            Outcome::Failed => {
                self.failures += 1;
                self.first_failure.get_or_insert(now);
                Status::Failed
            }
        };
        self.updated_at = now;
        Ok(())
    }

    /// The merchant calls it off.
    ///
    /// # Errors
    /// If it is paid or dead already.
    pub fn cancel(&mut self, now: Timestamp) -> Result<(), Final> {
        self.conclude(Outcome::Cancelled, now)
    }

    /// What the gateway keeps of the amount: 3 %, as in its own samples.
    pub fn charge(&self) -> Money {
        Money::from_santim(self.request.amount.santim().saturating_mul(3) / 100)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::chapa) fn transaction() -> Transaction {
        let request = Request {
            tx_ref: "TX-1".to_owned(),
            amount: Money::from_santim(40_000),
            currency: "ETB".to_owned(),
            email: Some("abebe@example.com".to_owned()),
            first_name: Some("Abebe".to_owned()),
            last_name: None,
            phone_number: Some("0912345678".to_owned()),
            callback_url: Some("http://127.0.0.1:1/callback".to_owned()),
            return_url: None,
            title: None,
            description: None,
            meta: Value::Null,
        };
        Transaction::begin(
            request,
            "token".to_owned(),
            "APabcdefghij".to_owned(),
            Timestamp(1_000),
        )
    }

    #[test]
    fn a_success_is_final() {
        let mut transaction = transaction();
        transaction
            .conclude(Outcome::Success, Timestamp(1_001))
            .unwrap();
        for outcome in [Outcome::Success, Outcome::Failed, Outcome::Cancelled] {
            assert_eq!(
                transaction.conclude(outcome, Timestamp(1_002)),
                Err(Final::Paid)
            );
        }
        assert_eq!(transaction.cancel(Timestamp(1_003)), Err(Final::Paid));
        assert_eq!(transaction.charge(), Money::from_santim(1_200));
    }

    #[test]
    fn a_failure_may_be_tried_again_ten_times_within_an_hour() {
        let mut transaction = transaction();
        for _ in 0..=RETRIES {
            transaction
                .conclude(Outcome::Failed, Timestamp(2_000))
                .unwrap();
        }
        assert_eq!(
            transaction.conclude(Outcome::Success, Timestamp(2_000)),
            Err(Final::Dead)
        );
        transaction.failures = 1;
        assert_eq!(
            transaction.open(Timestamp(2_000 + RETRY_SECS + 1)),
            Err(Final::Dead)
        );
        transaction
            .conclude(Outcome::Success, Timestamp(2_000 + RETRY_SECS))
            .unwrap();
    }

    #[test]
    fn a_link_nobody_used_outlives_every_reservation() {
        let mut transaction = transaction();
        transaction
            .conclude(Outcome::Success, Timestamp(1_000 + 7 * 86_400))
            .unwrap();
    }

    #[test]
    fn a_cancelled_link_is_dead() {
        let mut transaction = transaction();
        transaction.cancel(Timestamp(1_001)).unwrap();
        assert_eq!(
            transaction.conclude(Outcome::Success, Timestamp(1_002)),
            Err(Final::Dead)
        );
        assert_eq!(transaction.cancel(Timestamp(1_002)), Err(Final::Dead));
    }
}
