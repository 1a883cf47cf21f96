//! Payment attempts: by reference, by order, and by when they are next to be asked about.

use domain::{
    OrderId, Version,
    event::Event,
    payment::{Payment, TxRef},
};

use crate::{
    AdvanceError, Store, StoreError,
    edit::PutOutcome,
    item::{self, Item},
    keys::{Index, IndexKey, Key, order_pk},
    outbox,
    read::{Consistency, Range, Run},
    transaction::{CommitError, Transaction},
};

/// A payment to be written, and the version it must still bear; `None`: it must be new.
#[derive(Debug, Clone)]
pub struct PaymentWrite {
    /// The version it was read at.
    pub from: Option<Version>,
    /// As it shall be.
    pub payment: Payment,
}

impl Store {
    /// An attempt by its reference. GetItem `PAYMENT#tx_ref / PAYMENT`, fresh.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_payment(&self, tx_ref: &TxRef) -> Result<Option<Payment>, StoreError> {
        self.get(&Key::payment(tx_ref)).await
    }

    /// All attempts on an order, at most as many as it may have. Query gsi1 `ORDER#id`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn payments_of(&self, order: OrderId) -> Result<Vec<Payment>, StoreError> {
        let run = Run {
            index: Some(Index::Gsi1),
            pk: order_pk(order),
            range: Range::All,
            newest_first: true,
            limit: domain::order::MAX_ATTEMPTS,
            consistency: Consistency::Eventual,
            description: "payments of an order",
        };
        let (items, _) = self.run(run).await?;
        items.into_iter().map(item::parse).collect()
    }

    /// Attempts by their references, as they may be a moment ago, in no order. BatchGetItem
    /// `PAYMENT#tx_ref / PAYMENT`, up to 100 at a time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_payments(&self, references: &[TxRef]) -> Result<Vec<Payment>, StoreError> {
        let keys: Vec<Key> = references.iter().map(Key::payment).collect();
        let found = self.get_all(&keys, Consistency::Eventual).await?;
        found.into_iter().map(item::parse).collect()
    }

    /// Writes an attempt alone, where the order stays as it is, with its events. One PutItem on
    /// condition of the version, or a transaction where there are events.
    ///
    /// # Errors
    /// [`AdvanceError::Changed`] when it is no longer what was read, or the table's fault.
    pub async fn save_payment(
        &self,
        write: &PaymentWrite,
        events: &[Event],
    ) -> Result<(), AdvanceError> {
        let item = compose(&write.payment)?;
        if events.is_empty() {
            return match self
                .put_version(item, write.from, write.payment.version)
                .await?
            {
                PutOutcome::Written => Ok(()),
                PutOutcome::Stale => Err(AdvanceError::Changed),
            };
        }
        let mut transaction = Transaction::new();
        transaction.replace(&self.table, item, write.from, ())?;
        for event in events {
            transaction.put(&self.table, outbox::entry(event)?)?;
        }
        transaction.commit(self).await.map_err(|error| match error {
            CommitError::Store(fault) => AdvanceError::Store(fault),
            CommitError::Refused(_) => AdvanceError::Changed,
        })
    }
}

pub(crate) fn compose(payment: &Payment) -> Result<Item, StoreError> {
    let check = payment
        .next_check
        .map(|next_check| IndexKey::payment_to_check(payment.order, next_check));
    let places = check
        .into_iter()
        .chain([IndexKey::payment_by_order(payment.order, &payment.tx_ref)]);
    item::compose(&Key::payment(&payment.tx_ref), places, payment)
}
