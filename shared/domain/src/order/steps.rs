//! What may become of an order once it is placed: paid, failed, cancelled, expired, completed.

use super::{CancelReason, Change, HOLD_SECS, Hold, HoldState, MAX_ATTEMPTS, Order, OrderStatus};
use crate::{
    Timestamp, Version,
    event::EventKind,
    payment::{RefundReason, TxRef},
    stock::MoveKind,
};

/// Who wants to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The customer whose order it is.
    Owner,
    /// Somebody of the shop.
    Staff,
}

/// Why one cannot begin to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefused {
    /// It was paid before.
    #[error("Order is already paid.")]
    AlreadyPaid,
    /// It was called off.
    #[error("Order is cancelled.")]
    Cancelled,
    /// It was tried [`MAX_ATTEMPTS`] times.
    #[error("Too many payment attempts for this order.")]
    TooManyAttempts,
}

/// Why an order cannot be cancelled. The messages are the API's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CancelRefused {
    /// It was handed over.
    #[error("Cannot cancel a completed order. Please request a return.")]
    Completed,
    /// It is paid, and only the shop may still call it off.
    #[error("Order is already processing. Contact support to cancel.")]
    Processing,
}

/// What money that has come does to an order.
#[derive(Debug, Clone, PartialEq)]
pub enum Settlement {
    /// It pays the order. If its units are no longer promised they are taken from stock in the same
    /// transaction, from where they were. Should they not be there, others are looked for
    /// ([`Order::reallocated`]); if there are none, [`Order::settle_without_stock`] is what follows.
    Pays(Box<Change>),
    /// It has paid the order before; nothing is to be done.
    AlreadyPaid,
    /// It cannot be kept.
    Refund(RefundReason),
}

impl Order {
    /// Begins an attempt to pay: the hold is renewed, or taken again where it had ended.
    ///
    /// # Errors
    /// See [`PaymentRefused`].
    pub fn begin_payment(
        &self,
        tx_ref: TxRef,
        now: Timestamp,
        version: Version,
    ) -> Result<Change, PaymentRefused> {
        match self.status {
            OrderStatus::Processing | OrderStatus::Completed => {
                return Err(PaymentRefused::AlreadyPaid);
            }
            OrderStatus::Cancelled => return Err(PaymentRefused::Cancelled),
            OrderStatus::PendingPayment | OrderStatus::PaymentFailed => {}
        }
        if self.attempts.len() >= MAX_ATTEMPTS {
            return Err(PaymentRefused::TooManyAttempts);
        }
        let mut change = self.step(now, version);
        if self.hold.state == HoldState::Released {
            change.moves = self.moves(MoveKind::Reserve);
            change.events.push(self.hold_renewed());
        }
        change.order.status = OrderStatus::PendingPayment;
        change.order.hold = Hold {
            state: HoldState::Held,
            expires_at: now.plus_secs(HOLD_SECS),
        };
        change.order.attempts.push(tx_ref);
        Ok(change)
    }

    /// What the money of a successful attempt does.
    pub fn settle(&self, tx_ref: &TxRef, now: Timestamp, version: Version) -> Settlement {
        match self.status {
            OrderStatus::PendingPayment | OrderStatus::PaymentFailed => {
                let mut change = self.step(now, version);
                change.order.status = OrderStatus::Processing;
                change.order.hold.state = HoldState::Committed;
                change.order.paid_by = Some(tx_ref.clone());
                change.events.push(EventKind::OrderPaid {
                    order: self.id,
                    user: self.owner,
                    tx_ref: tx_ref.clone(),
                    amount: self.total,
                });
                if self.hold.state == HoldState::Held {
                    change.moves = self.moves(MoveKind::Commit);
                } else {
                    change.moves = self.moves(MoveKind::Sell);
                    change.events.push(self.hold_renewed());
                }
                Settlement::Pays(Box::new(change))
            }
            _ if self.paid_by.as_ref() == Some(tx_ref) => Settlement::AlreadyPaid,
            OrderStatus::Processing | OrderStatus::Completed => {
                Settlement::Refund(RefundReason::PaidTwice)
            }
            OrderStatus::Cancelled => Settlement::Refund(RefundReason::OrderCancelled),
        }
    }

    /// What follows when an order is paid whose promise had ended and whose units are gone: it is
    /// cancelled, and the money goes back.
    pub fn settle_without_stock(&self, now: Timestamp, version: Version) -> Option<Change> {
        (self.is_unpaid() && self.hold.state == HoldState::Released)
            .then(|| self.cancelled(CancelReason::SoldOut, now, version))
    }

    /// The newest attempt failed; another may follow. `None` where that says nothing new: an older
    /// attempt failed, or the order is past waiting for money.
    pub fn fail_payment(&self, tx_ref: &TxRef, now: Timestamp, version: Version) -> Option<Change> {
        let newest = self.attempts.last() == Some(tx_ref);
        (newest && self.status == OrderStatus::PendingPayment).then(|| {
            let mut change = self.step(now, version);
            change.order.status = OrderStatus::PaymentFailed;
            change
        })
    }

    /// Calls the order off. `None` if it is called off already.
    ///
    /// # Errors
    /// See [`CancelRefused`].
    pub fn cancel(
        &self,
        actor: Actor,
        now: Timestamp,
        version: Version,
    ) -> Result<Option<Change>, CancelRefused> {
        match (self.status, actor) {
            (OrderStatus::Cancelled, _) => Ok(None),
            (OrderStatus::Completed, _) => Err(CancelRefused::Completed),
            (OrderStatus::Processing, Actor::Owner) => Err(CancelRefused::Processing),
            (_, Actor::Owner) => Ok(Some(self.cancelled(CancelReason::Customer, now, version))),
            (_, Actor::Staff) => Ok(Some(self.cancelled(CancelReason::Staff, now, version))),
        }
    }

    /// Ends the promise if its time is over. `None` if there is nothing to end.
    pub fn release_hold(&self, now: Timestamp, version: Version) -> Option<Change> {
        let over = self
            .held_until()
            .is_some_and(|held_until| held_until <= now);
        over.then(|| {
            let mut change = self.step(now, version);
            change.moves = self.moves(MoveKind::Release);
            change.order.hold.state = HoldState::Released;
            change.events.push(EventKind::HoldEnded {
                order: self.id,
                user: self.owner,
            });
            change
        })
    }

    /// Calls the order off if nobody paid it in time. `None` if its time has not come.
    pub fn cancel_unpaid(&self, now: Timestamp, version: Version) -> Option<Change> {
        let over = self.cancelled_at().is_some_and(|deadline| deadline <= now);
        over.then(|| self.cancelled(CancelReason::Unpaid, now, version))
    }

    fn cancelled(&self, reason: CancelReason, now: Timestamp, version: Version) -> Change {
        let mut change = self.step(now, version);
        match self.hold.state {
            HoldState::Held => change.moves = self.moves(MoveKind::Release),
            HoldState::Committed => change.moves = self.moves(MoveKind::Restock),
            HoldState::Released => {}
        }
        change.order.status = OrderStatus::Cancelled;
        change.order.hold.state = HoldState::Released;
        change.order.cancelled_because = Some(reason);
        change.events.push(EventKind::OrderCancelled {
            order: self.id,
            user: self.owner,
            reason,
        });
        if let Some(tx_ref) = &self.paid_by {
            change.events.push(EventKind::RefundDue {
                order: self.id,
                user: self.owner,
                tx_ref: tx_ref.clone(),
                amount: self.total,
                reason: RefundReason::OrderCancelled,
            });
        }
        change
    }

    fn hold_renewed(&self) -> EventKind {
        EventKind::HoldRenewed {
            order: self.id,
            user: self.owner,
        }
    }

    fn step(&self, now: Timestamp, version: Version) -> Change {
        let mut order = self.clone();
        order.updated_at = now;
        order.version = version;
        Change {
            from: self.version,
            order,
            moves: Vec::new(),
            events: Vec::new(),
        }
    }
}
