//! The sandbox's books, kept in the journal so that a payment survives a restart of the shop.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::{Money, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::transaction::{Status, Transaction};
use crate::aws::journal::Journal;

const TRANSACTION: &str = "chapa-transaction";
/// Token → reference of the merchant.
const TOKEN: &str = "chapa-token";
/// Reference of the gateway → reference of the merchant.
const REFERENCE: &str = "chapa-reference";
const REFUND: &str = "chapa-refund";
const DELIVERY: &str = "chapa-delivery";

/// Money that went back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// The gateway's name for it.
    pub ref_id: String,
    /// The gateway's reference of the payment.
    pub reference: String,
    /// The merchant's name for it, unique if given.
    pub merchant_reference: Option<String>,
    /// How much.
    pub amount: Money,
    /// Why, in the merchant's words.
    pub reason: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// A webhook that is not yet acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Drawn for it.
    pub id: String,
    /// Where it goes.
    pub url: String,
    /// The exact body, which is what the signature is over.
    pub body: String,
    /// The unsigned call that follows once it is acknowledged.
    pub callback: Option<String>,
    /// When it is to be sent, by the shop's clock.
    pub due_at: Timestamp,
    /// How often it was sent in vain.
    pub attempts: u32,
}

/// The books. Clones share them.
#[derive(Debug, Clone)]
pub struct Ledger {
    journal: Journal,
    /// Held from reading to writing, so that of two payments of one link one is refused.
    writing: Arc<Mutex<()>>,
}

impl Ledger {
    /// The books in a journal.
    pub fn new(journal: Journal) -> Ledger {
        Ledger {
            journal,
            writing: Arc::default(),
        }
    }

    /// Enters a new transaction; false if its reference was ever used before.
    ///
    /// # Errors
    /// If the journal cannot be read or written.
    pub fn begin(&self, transaction: &Transaction) -> anyhow::Result<bool> {
        let _writing = self.lock();
        let tx_ref = &transaction.request.tx_ref;
        if self.read::<Transaction>(TRANSACTION, tx_ref)?.is_some() {
            return Ok(false);
        }
        // The ways to find it first: one that leads nowhere is harmless.
        self.write(TOKEN, &transaction.token, tx_ref)?;
        self.write(REFERENCE, &transaction.reference, tx_ref)?;
        self.write(TRANSACTION, tx_ref, transaction)?;
        Ok(true)
    }

    /// By the merchant's reference.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn transaction(&self, tx_ref: &str) -> anyhow::Result<Option<Transaction>> {
        self.read(TRANSACTION, tx_ref)
    }

    /// By the last part of the checkout page's address.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn by_token(&self, token: &str) -> anyhow::Result<Option<Transaction>> {
        self.through(TOKEN, token)
    }

    /// By the gateway's own reference.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn by_reference(&self, reference: &str) -> anyhow::Result<Option<Transaction>> {
        self.through(REFERENCE, reference)
    }

    /// All, the newest first.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn transactions(&self) -> anyhow::Result<Vec<Transaction>> {
        let mut all: Vec<Transaction> = self.all(TRANSACTION)?;
        all.sort_by(|a, b| {
            (b.created_at, &b.request.tx_ref).cmp(&(a.created_at, &a.request.tx_ref))
        });
        Ok(all)
    }

    /// Changes a transaction, if the change is allowed; nobody else changes it meanwhile.
    ///
    /// # Errors
    /// The outer one if the journal fails; the inner one is the change's own.
    pub fn change<E>(
        &self,
        tx_ref: &str,
        change: impl FnOnce(&mut Transaction) -> Result<(), E>,
    ) -> anyhow::Result<Option<Result<Transaction, E>>> {
        let _writing = self.lock();
        let Some(mut transaction) = self.transaction(tx_ref)? else {
            return Ok(None);
        };
        Ok(Some(match change(&mut transaction) {
            Ok(()) => {
                self.write(TRANSACTION, tx_ref, &transaction)?;
                Ok(transaction)
            }
            Err(refused) => Err(refused),
        }))
    }

    /// Enters the refund that `decide` makes of a payment and what is left of it; a payment of
    /// which nothing is left then counts as refunded. Two refunds of one payment follow each other.
    ///
    /// # Errors
    /// The outer one if the journal fails; the inner one says why there is no refund.
    pub fn refund(
        &self,
        reference: &str,
        decide: impl FnOnce(&Transaction, Money) -> Result<Refund, &'static str>,
    ) -> anyhow::Result<Option<Result<Refund, &'static str>>> {
        let _writing = self.lock();
        let Some(mut transaction) = self.by_reference(reference)? else {
            return Ok(None);
        };
        let known = self.refunds()?;
        let gone: Money = known
            .iter()
            .filter(|known| known.reference == reference)
            .map(|known| known.amount)
            .sum();
        let left = Money::from_santim(
            transaction
                .request
                .amount
                .santim()
                .saturating_sub(gone.santim()),
        );
        let refund = match decide(&transaction, left) {
            Ok(refund) => refund,
            Err(refused) => return Ok(Some(Err(refused))),
        };
        let used = refund.merchant_reference.is_some()
            && known
                .iter()
                .any(|known| known.merchant_reference == refund.merchant_reference);
        if used {
            return Ok(Some(Err("Refund reference has been used before")));
        }
        self.write(REFUND, &refund.ref_id, &refund)?;
        if refund.amount == left {
            transaction.status = Status::Refunded;
            transaction.updated_at = refund.created_at;
            self.write(TRANSACTION, &transaction.request.tx_ref, &transaction)?;
        }
        Ok(Some(Ok(refund)))
    }

    /// All refunds.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn refunds(&self) -> anyhow::Result<Vec<Refund>> {
        self.all(REFUND)
    }

    /// Enters a webhook, or how it stands now.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn keep(&self, delivery: &Delivery) -> anyhow::Result<()> {
        self.write(DELIVERY, &delivery.id, delivery)
    }

    /// Strikes out a webhook that was acknowledged, or given up.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn strike(&self, id: &str) -> anyhow::Result<()> {
        self.journal.remove(DELIVERY, id)
    }

    /// A webhook that is not yet acknowledged.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn delivery(&self, id: &str) -> anyhow::Result<Option<Delivery>> {
        self.read(DELIVERY, id)
    }

    /// All webhooks that are not yet acknowledged.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn deliveries(&self) -> anyhow::Result<Vec<Delivery>> {
        self.all(DELIVERY)
    }

    fn through(&self, kind: &str, key: &str) -> anyhow::Result<Option<Transaction>> {
        match self.read::<String>(kind, key)? {
            Some(tx_ref) => self.transaction(&tx_ref),
            None => Ok(None),
        }
    }

    fn read<T: DeserializeOwned>(&self, kind: &str, key: &str) -> anyhow::Result<Option<T>> {
        Ok(self
            .journal
            .get(kind, key)?
            .map(serde_json::from_value)
            .transpose()?)
    }

    fn write<T: Serialize>(&self, kind: &str, key: &str, value: &T) -> anyhow::Result<()> {
        self.journal.put(kind, key, &serde_json::to_value(value)?)
    }

    fn all<T: DeserializeOwned>(&self, kind: &str) -> anyhow::Result<Vec<T>> {
        self.journal
            .list(kind)?
            .into_iter()
            .map(|(_, value)| Ok(serde_json::from_value(value)?))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
