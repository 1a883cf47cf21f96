//! The one function that settles a payment, whoever asks for it: webhook, customer, return page,
//! schedule.
//!
//! Nobody's word is taken for it. It asks Chapa, holds the answer against what was stored, and
//! writes all that follows in one transaction. It may run any number of times, also at once.

use domain::{
    event::EventKind,
    order::{MAX_COUNTS, Order, Settlement},
    payment::{GatewayReport, Payment, PaymentStatus, RefundReason, TxRef, Verdict},
};
use store::{AdvanceError, PaymentWrite, Store, StoreError};

use crate::{
    chapa::{Chapa, ChapaError},
    clock::Clock,
    entropy::Entropy,
    relay::Relay,
};

/// How often it starts again because the order or the payment moved meanwhile.
const MAX_TRIES: usize = 8;

/// Settles payments.
#[derive(Debug, Clone)]
pub struct Finalizer {
    /// The table.
    pub store: Store,
    /// Who knows whether money came.
    pub chapa: Chapa,
    /// Where events go after the commit.
    pub relay: Relay,
    /// The time.
    pub clock: Clock,
    /// Versions and event ids.
    pub entropy: Entropy,
}

/// How an attempt stands after all that could be known was acted upon.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// There is no such attempt.
    Unknown,
    /// Nobody has paid, as far as anybody knows.
    Undecided(Box<Payment>),
    /// The try failed; the customer may try again.
    Failed(Box<Payment>),
    /// The order is paid by it.
    Paid(Box<Payment>),
    /// Money came that cannot be kept.
    RefundDue(Box<Payment>),
}

/// Why it could not be settled now. Nothing is lost: the next call begins where this one ended.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
    /// A fault of the table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of the gateway.
    #[error(transparent)]
    Chapa(#[from] ChapaError),
}

/// What one try to write gave.
enum Written {
    Done(Payment),
    StartAgain,
}

impl Finalizer {
    /// Settles an attempt.
    ///
    /// # Errors
    /// [`FinalizeError`].
    pub async fn finalize(&self, tx_ref: &TxRef) -> Result<Outcome, FinalizeError> {
        let Some(payment) = self.store.find_payment(tx_ref).await? else {
            return Ok(Outcome::Unknown);
        };
        if payment.is_settled() {
            return Ok(outcome(payment));
        }
        let report = self.chapa.verify(tx_ref).await?;
        let mut payment = payment;
        for _ in 0..MAX_TRIES {
            if payment.is_settled() {
                return Ok(outcome(payment));
            }
            let written = match payment.judge(&report) {
                Verdict::Undecided => return Ok(outcome(payment)),
                Verdict::Failed => self.record_failure(&payment).await?,
                Verdict::Mismatch => self.record_mismatch(&payment, &report).await?,
                Verdict::Paid => self.record_success(&payment, &report).await?,
            };
            match written {
                Written::Done(payment) => return Ok(outcome(payment)),
                Written::StartAgain => {
                    let again = self.store.find_payment(tx_ref).await?;
                    payment = again.ok_or_else(|| broken(tx_ref, "vanished"))?;
                }
            }
        }
        Err(StoreError::Contention(format!("settling {tx_ref}")).into())
    }

    /// The try failed: the order waits for another one. A failure is not final.
    async fn record_failure(&self, payment: &Payment) -> Result<Written, FinalizeError> {
        if payment.status != PaymentStatus::Pending {
            return Ok(Written::Done(payment.clone()));
        }
        let now = self.clock.now();
        let failed = payment.concluded(
            PaymentStatus::Failed,
            None,
            None,
            now,
            self.entropy.version(),
        );
        let order = self.order_of(payment).await?;
        match order.fail_payment(&payment.tx_ref, now, self.entropy.version()) {
            Some(change) => {
                let write = write(payment, &failed);
                let sent = self.store.advance_order(&change, &[write], &[]).await;
                done_or_again(sent, failed)
            }
            None => self.save(payment, failed, &[]).await,
        }
    }

    /// Money came, but not what was asked for: it buys nothing and must go back.
    async fn record_mismatch(
        &self,
        payment: &Payment,
        report: &GatewayReport,
    ) -> Result<Written, FinalizeError> {
        tracing::error!(tx_ref = %payment.tx_ref, "paid, but not what was asked for");
        self.owe_back(
            payment,
            PaymentStatus::Failed,
            RefundReason::Mismatch,
            report,
        )
        .await
    }

    async fn record_success(
        &self,
        payment: &Payment,
        report: &GatewayReport,
    ) -> Result<Written, FinalizeError> {
        let order = self.order_of(payment).await?;
        // Where it takes its units from, should its promise have ended.
        let mut placed = order.clone();
        for _ in 0..=MAX_COUNTS {
            let now = self.clock.now();
            let change = match placed.settle(&payment.tx_ref, now, self.entropy.version()) {
                Settlement::Pays(change) => change,
                Settlement::AlreadyPaid => {
                    let paid = self.concluded(payment, PaymentStatus::Success, None, report);
                    return self.save(payment, paid, &[]).await;
                }
                Settlement::Refund(reason) => {
                    return self
                        .owe_back(payment, PaymentStatus::Success, reason, report)
                        .await;
                }
            };
            let paid = self.concluded(payment, PaymentStatus::Success, None, report);
            let events = self.entropy.events(&change.events);
            let sent = self
                .store
                .advance_order(&change, &[write(payment, &paid)], &events)
                .await;
            match sent {
                Ok(()) => {
                    self.relay.announce(&events).await;
                    return Ok(Written::Done(paid));
                }
                Err(AdvanceError::Short(short)) => {
                    match self.store.reallocate(&placed, &short).await? {
                        Ok(elsewhere) => placed = elsewhere,
                        Err(_) => return self.sell_out(&order, payment, report).await,
                    }
                }
                Err(error) => return done_or_again(Err(error), paid),
            }
        }
        Ok(Written::StartAgain)
    }

    /// The promise had ended and the units are gone, from all places or into too many of them: the
    /// order is cancelled, the money goes back.
    async fn sell_out(
        &self,
        order: &Order,
        payment: &Payment,
        report: &GatewayReport,
    ) -> Result<Written, FinalizeError> {
        let now = self.clock.now();
        let Some(change) = order.settle_without_stock(now, self.entropy.version()) else {
            return Err(broken(&payment.tx_ref, "promised units are not there").into());
        };
        let reason = RefundReason::SoldOut;
        let owed = self.concluded(payment, PaymentStatus::Success, Some(reason), report);
        let mut kinds = change.events.clone();
        kinds.push(refund_due(payment, reason, report));
        let events = self.entropy.events(&kinds);
        let sent = self
            .store
            .advance_order(&change, &[write(payment, &owed)], &events)
            .await;
        if sent.is_ok() {
            self.relay.announce(&events).await;
        }
        done_or_again(sent, owed)
    }

    async fn owe_back(
        &self,
        payment: &Payment,
        status: PaymentStatus,
        reason: RefundReason,
        report: &GatewayReport,
    ) -> Result<Written, FinalizeError> {
        let owed = self.concluded(payment, status, Some(reason), report);
        self.save(payment, owed, &[refund_due(payment, reason, report)])
            .await
    }

    async fn save(
        &self,
        before: &Payment,
        after: Payment,
        kinds: &[EventKind],
    ) -> Result<Written, FinalizeError> {
        let events = self.entropy.events(kinds);
        let sent = self
            .store
            .save_payment(&write(before, &after), &events)
            .await;
        if sent.is_ok() {
            self.relay.announce(&events).await;
        }
        done_or_again(sent, after)
    }

    fn concluded(
        &self,
        payment: &Payment,
        status: PaymentStatus,
        refund_due: Option<RefundReason>,
        report: &GatewayReport,
    ) -> Payment {
        let (now, version) = (self.clock.now(), self.entropy.version());
        payment.concluded(status, refund_due, report.reference.clone(), now, version)
    }

    async fn order_of(&self, payment: &Payment) -> Result<Order, FinalizeError> {
        let order = self.store.find_order(payment.order).await?;
        order.ok_or_else(|| broken(&payment.tx_ref, "has no order").into())
    }
}

fn write(before: &Payment, after: &Payment) -> PaymentWrite {
    PaymentWrite {
        from: Some(before.version),
        payment: after.clone(),
    }
}

fn done_or_again(
    sent: Result<(), AdvanceError>,
    payment: Payment,
) -> Result<Written, FinalizeError> {
    match sent {
        Ok(()) => Ok(Written::Done(payment)),
        Err(AdvanceError::Changed | AdvanceError::Short(_)) => Ok(Written::StartAgain),
        Err(AdvanceError::Store(fault)) => Err(fault.into()),
    }
}

/// What came is owed back, which is not always what was asked for.
fn refund_due(payment: &Payment, reason: RefundReason, report: &GatewayReport) -> EventKind {
    EventKind::RefundDue {
        order: payment.order,
        user: payment.owner,
        tx_ref: payment.tx_ref.clone(),
        amount: report.amount.unwrap_or(payment.amount),
        reason,
    }
}

fn outcome(payment: Payment) -> Outcome {
    let payment = Box::new(payment);
    match (payment.refund_due, payment.status) {
        (Some(_), _) => Outcome::RefundDue(payment),
        (None, PaymentStatus::Success) => Outcome::Paid(payment),
        (None, PaymentStatus::Failed) => Outcome::Failed(payment),
        (None, PaymentStatus::Pending | PaymentStatus::Cancelled) => Outcome::Undecided(payment),
    }
}

fn broken(tx_ref: &TxRef, what: &str) -> StoreError {
    StoreError::Corrupt(format!("payment {tx_ref}: {what}"))
}
