//! The states of an order and the table of steps between them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed; money is awaited.
    PendingPayment,
    /// The last attempt to pay failed; another may succeed.
    PaymentFailed,
    /// Paid; the shop is at work on it.
    Processing,
    /// Handed over.
    Completed,
    /// Called off.
    Cancelled,
}

use OrderStatus::{Cancelled, Completed, PaymentFailed, PendingPayment, Processing};

/// Every step an order may take. What is not here cannot happen.
pub const TRANSITIONS: &[(OrderStatus, OrderStatus)] = &[
    (PendingPayment, PaymentFailed),
    (PendingPayment, Processing),
    (PendingPayment, Cancelled),
    (PaymentFailed, PendingPayment),
    (PaymentFailed, Processing),
    (PaymentFailed, Cancelled),
    (Processing, Completed),
    (Processing, Cancelled),
];

impl OrderStatus {
    /// All of them.
    pub const ALL: [OrderStatus; 5] = [
        PendingPayment,
        PaymentFailed,
        Processing,
        Completed,
        Cancelled,
    ];

    /// Whether the step is in the table.
    pub fn may_become(self, next: OrderStatus) -> bool {
        TRANSITIONS.contains(&(self, next))
    }

    /// The name on the wire: `pending_payment`.
    pub fn name(self) -> &'static str {
        match self {
            PendingPayment => "pending_payment",
            PaymentFailed => "payment_failed",
            Processing => "processing",
            Completed => "completed",
            Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_can_be_reached_and_only_two_are_final() {
        for status in OrderStatus::ALL {
            let reached = TRANSITIONS.iter().any(|(_, to)| *to == status);
            assert!(reached, "{status} is never reached");
            let leaves = TRANSITIONS.iter().any(|(from, _)| *from == status);
            assert_eq!(leaves, !matches!(status, Completed | Cancelled), "{status}");
        }
    }

    #[test]
    fn nothing_comes_back_from_the_end() {
        for next in OrderStatus::ALL {
            assert!(!Completed.may_become(next));
            assert!(!Cancelled.may_become(next));
        }
    }
}
