//! What happened in the shop: the events of the outbox, the queue and the bus.

use serde::{Deserialize, Serialize};

use crate::{
    EventId, Money, OrderId, ProductId, SessionId, Timestamp, UserId,
    order::CancelReason,
    payment::{RefundReason, TxRef},
};

/// Something that happened, written in the transaction that caused it and sent on afterwards, at
/// least once. Consumers tell repetitions by `id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The same for every delivery of this event.
    pub id: EventId,
    /// When it was decided.
    pub occurred_at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened, with the ids of those concerned and no personal data: a consumer reads the rest
/// from the table, as it is by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventKind {
    /// Somebody registered and has to prove the address.
    UserRegistered {
        /// Who.
        user: UserId,
    },
    /// Somebody registered an address that already has an account; its owner is told by mail.
    RegistrationRepeated {
        /// Whose address it is.
        user: UserId,
    },
    /// The owner of an address asked for a link to choose a new password.
    PasswordResetRequested {
        /// Who.
        user: UserId,
    },
    /// A password was changed, with the old one or through a link.
    PasswordChanged {
        /// Whose.
        user: UserId,
    },
    /// Somebody logged in from a device or a network that the account does not know.
    SignedInAnew {
        /// Who.
        user: UserId,
        /// By which login.
        session: SessionId,
    },
    /// An account was deleted; what its orders say about the person is to go as well.
    AccountDeleted {
        /// Who it was.
        user: UserId,
        /// Only orders before this one are left to do: an account may have more orders than one
        /// event can see to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<OrderId>,
    },
    /// Nothing happened: it stands where another event would, so that nobody can tell by the time an
    /// answer takes whether an address is known.
    Decoy,
    /// An order was placed; its units are promised.
    OrderPlaced {
        /// Which order.
        order: OrderId,
        /// Whose.
        user: UserId,
    },
    /// An order was paid; its units are sold.
    OrderPaid {
        /// Which order.
        order: OrderId,
        /// Whose.
        user: UserId,
        /// The payment attempt that paid it.
        tx_ref: TxRef,
        /// What was paid.
        amount: Money,
    },
    /// The hold of an order ran out; its units can be bought again.
    HoldEnded {
        /// Which order.
        order: OrderId,
        /// Whose.
        user: UserId,
    },
    /// An order whose hold had run out has its units again: to be paid, or because it was.
    HoldRenewed {
        /// Which order.
        order: OrderId,
        /// Whose.
        user: UserId,
    },
    /// An order was cancelled; what was promised to it is free again.
    OrderCancelled {
        /// Which order.
        order: OrderId,
        /// Whose.
        user: UserId,
        /// Why.
        reason: CancelReason,
    },
    /// An order was handed over.
    OrderCompleted {
        /// Which order.
        order: OrderId,
        /// Whose.
        user: UserId,
    },
    /// Money came that the shop must give back.
    RefundDue {
        /// The order it was paid for.
        order: OrderId,
        /// Whose.
        user: UserId,
        /// The payment attempt that brought it.
        tx_ref: TxRef,
        /// How much.
        amount: Money,
        /// Why it cannot be kept.
        reason: RefundReason,
    },
    /// Staff changed the stock of a product: counted it, received units or moved them to another
    /// place.
    StockAdjusted {
        /// Which product.
        product: ProductId,
    },
}

impl EventKind {
    /// The name of the event, as on the bus: `OrderPaid`.
    pub fn name(&self) -> &'static str {
        match self {
            EventKind::UserRegistered { .. } => "UserRegistered",
            EventKind::RegistrationRepeated { .. } => "RegistrationRepeated",
            EventKind::PasswordResetRequested { .. } => "PasswordResetRequested",
            EventKind::PasswordChanged { .. } => "PasswordChanged",
            EventKind::SignedInAnew { .. } => "SignedInAnew",
            EventKind::AccountDeleted { .. } => "AccountDeleted",
            EventKind::Decoy => "Decoy",
            EventKind::OrderPlaced { .. } => "OrderPlaced",
            EventKind::OrderPaid { .. } => "OrderPaid",
            EventKind::HoldEnded { .. } => "HoldEnded",
            EventKind::HoldRenewed { .. } => "HoldRenewed",
            EventKind::OrderCancelled { .. } => "OrderCancelled",
            EventKind::OrderCompleted { .. } => "OrderCompleted",
            EventKind::RefundDue { .. } => "RefundDue",
            EventKind::StockAdjusted { .. } => "StockAdjusted",
        }
    }
}
