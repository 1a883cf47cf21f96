//! Which figures of the shop an event adds to.

use domain::event::EventKind;
use gateways::metrics::{Figure, Unit};

/// The figures of one event of this kind. The dashboard and an alarm know them by these names.
pub(crate) fn of(kind: &EventKind) -> Vec<Figure> {
    match kind {
        EventKind::OrderPlaced { .. } => vec![one("OrdersPlaced")],
        EventKind::OrderPaid { amount, .. } => {
            let revenue = Figure {
                name: "RevenueSantim",
                value: amount.santim(),
                unit: Unit::None,
            };
            vec![one("OrdersPaid"), revenue]
        }
        EventKind::OrderCancelled { .. } => vec![one("OrdersCancelled")],
        EventKind::RefundDue { .. } => vec![one("RefundsDue")],
        EventKind::UserRegistered { .. }
        | EventKind::RegistrationRepeated { .. }
        | EventKind::PasswordResetRequested { .. }
        | EventKind::PasswordChanged { .. }
        | EventKind::SignedInAnew { .. }
        | EventKind::AccountDeleted { .. }
        | EventKind::Decoy
        | EventKind::HoldEnded { .. }
        | EventKind::HoldRenewed { .. }
        | EventKind::OrderCompleted { .. }
        | EventKind::StockAdjusted { .. } => Vec::new(),
    }
}

fn one(name: &'static str) -> Figure {
    Figure {
        name,
        value: 1,
        unit: Unit::Count,
    }
}
