//! Attempts to pay an order through the gateway, and what its word is worth.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Id, Money, OrderId, Timestamp, UserId, Version};

/// How long after an attempt began it is first asked about again, in seconds.
pub const FIRST_CHECK_SECS: i64 = 60;

/// Our reference of one attempt, unique for ever: `TX-`, the order's id in base 32, and five random
/// characters. 20 characters, the most that either version of the gateway's API takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TxRef(String);

impl TxRef {
    /// A new reference for an order, from 25 random bits.
    pub fn compose(order: OrderId, random: u32) -> TxRef {
        let tail = Id::compose(0, 0).crockford().len() - 5;
        let random = Id::try_from(u64::from(random & 0x1ff_ffff)).map(Id::crockford);
        let random = random.unwrap_or_default();
        TxRef(format!(
            "TX-{}-{}",
            order.0.crockford(),
            random.get(tail..).unwrap_or_default()
        ))
    }

    /// Reads a reference that came from outside; `None` for what cannot be one of ours.
    pub fn parse(text: &str) -> Option<TxRef> {
        let (order, random) = text.strip_prefix("TX-")?.split_once('-')?;
        Id::from_crockford(order)?;
        let plausible =
            random.len() == 5 && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plausible.then(|| TxRef(text.to_owned()))
    }

    /// The order that the attempt was for. A hint from outside: what counts is the stored payment.
    pub fn order(&self) -> Option<OrderId> {
        let (order, _) = self.0.strip_prefix("TX-")?.split_once('-')?;
        Id::from_crockford(order).map(OrderId)
    }

    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TxRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One attempt to pay an order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Which attempt.
    pub tx_ref: TxRef,
    /// The attempt's number on the wire.
    pub id: Id,
    /// The order it is for.
    pub order: OrderId,
    /// Whose order.
    pub owner: UserId,
    /// What is to be paid.
    pub amount: Money,
    /// ISO 4217, `ETB`.
    pub currency: String,
    /// Play money or real.
    pub mode: Mode,
    /// How it stands.
    pub status: PaymentStatus,
    /// Where the customer pays, once the gateway has told.
    pub checkout_url: Option<String>,
    /// The gateway's own reference, once it has told. Refunds need it.
    pub gateway_reference: Option<String>,
    /// Set when money came that must go back.
    pub refund_due: Option<RefundReason>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it is next asked about; `None` once that is over.
    pub next_check: Option<Timestamp>,
    /// Drawn anew at every write.
    pub version: Version,
}

/// Play money or real; the gateway's key decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Play money.
    Test,
    /// Real money.
    Live,
}

/// How an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nothing is known yet, or nobody has paid yet.
    Pending,
    /// The money came. Final.
    Success,
    /// The gateway refused, or the customer's try failed. Not final: a customer may try again
    /// behind the same link.
    Failed,
    /// Called off. Money may still come, if the gateway was not told in time.
    Cancelled,
}

/// Why money cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The order had been cancelled.
    OrderCancelled,
    /// The order had been paid by another attempt.
    PaidTwice,
    /// The promise had ended and the units were gone.
    SoldOut,
    /// Not the amount, currency or mode that was asked for.
    Mismatch,
}

/// What the gateway says about an attempt when asked.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayReport {
    /// The reference it speaks of.
    pub tx_ref: String,
    /// What it says of the money.
    pub status: GatewayStatus,
    /// How much; `None` if it does not say, or not as an amount.
    pub amount: Option<Money>,
    /// In what currency.
    pub currency: Option<String>,
    /// Play money or real.
    pub mode: Option<Mode>,
    /// The gateway's own reference.
    pub reference: Option<String>,
}

/// The gateway's states as far as they matter. A state that is not known is never a success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GatewayStatus {
    /// The money came.
    Success,
    /// Nobody has paid yet, or the gateway says something that is not known.
    Pending,
    /// The try failed or was called off. Not final.
    Failed,
}

/// What a report is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the money that was asked for.
    Paid,
    /// Nothing is decided.
    Undecided,
    /// The try failed; nothing came.
    Failed,
    /// Money came, but not what was asked for: it must go back.
    Mismatch,
}

impl Payment {
    /// Weighs a report. Reference, amount, currency and mode must all be what was stored; a report
    /// about another attempt is worth nothing.
    pub fn judge(&self, report: &GatewayReport) -> Verdict {
        if report.tx_ref != self.tx_ref.as_str() {
            return Verdict::Undecided;
        }
        match report.status {
            GatewayStatus::Pending => Verdict::Undecided,
            GatewayStatus::Failed => Verdict::Failed,
            GatewayStatus::Success => {
                let as_asked = report.amount == Some(self.amount)
                    && report.currency.as_deref() == Some(self.currency.as_str())
                    && report.mode == Some(self.mode);
                if as_asked {
                    Verdict::Paid
                } else {
                    Verdict::Mismatch
                }
            }
        }
    }

    /// The attempt after a final or provisional answer.
    #[must_use]
    pub fn concluded(
        &self,
        status: PaymentStatus,
        refund_due: Option<RefundReason>,
        reference: Option<String>,
        now: Timestamp,
        version: Version,
    ) -> Payment {
        let mut payment = self.clone();
        payment.status = status;
        payment.refund_due = refund_due;
        payment.gateway_reference = reference.or(payment.gateway_reference);
        payment.updated_at = now;
        payment.version = version;
        if status == PaymentStatus::Success || refund_due.is_some() {
            payment.next_check = None;
        }
        payment
    }

    /// Whether the money's fate is sealed: it is kept, or owed back.
    pub fn is_settled(&self) -> bool {
        self.status == PaymentStatus::Success || self.refund_due.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u16) -> Id {
        Id::compose(1_800_000_000_000, number)
    }

    fn payment() -> Payment {
        Payment {
            tx_ref: TxRef::compose(OrderId(id(1)), 77),
            id: id(2),
            order: OrderId(id(1)),
            owner: UserId(id(3)),
            amount: Money::from_santim(40_000),
            currency: "ETB".into(),
            mode: Mode::Test,
            status: PaymentStatus::Pending,
            checkout_url: None,
            gateway_reference: None,
            refund_due: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            next_check: Some(Timestamp(60)),
            version: Version(id(4)),
        }
    }

    fn report() -> GatewayReport {
        GatewayReport {
            tx_ref: payment().tx_ref.to_string(),
            status: GatewayStatus::Success,
            amount: Some(Money::from_santim(40_000)),
            currency: Some("ETB".into()),
            mode: Some(Mode::Test),
            reference: Some("AP1".into()),
        }
    }

    #[test]
    fn a_reference_fits_the_gateway_and_names_its_order() {
        let tx_ref = payment().tx_ref;
        assert_eq!(tx_ref.as_str().len(), 20);
        assert_eq!(tx_ref.order(), Some(OrderId(id(1))));
        assert_eq!(TxRef::parse(tx_ref.as_str()), Some(tx_ref));
        for foreign in [
            "",
            "TX-",
            "TX-1-2",
            "<script>alert(1)</script>",
            "4FGFF4FFGD3",
        ] {
            assert_eq!(TxRef::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn only_the_very_money_asked_for_pays() {
        assert_eq!(payment().judge(&report()), Verdict::Paid);
        type Bend = fn(&mut GatewayReport);
        let bent: [(Bend, Verdict); 7] = [
            (|r| r.tx_ref = "TX-OTHER".into(), Verdict::Undecided),
            (
                |r| r.amount = Some(Money::from_santim(100)),
                Verdict::Mismatch,
            ),
            (|r| r.amount = None, Verdict::Mismatch),
            (|r| r.currency = Some("USD".into()), Verdict::Mismatch),
            (|r| r.mode = Some(Mode::Live), Verdict::Mismatch),
            (|r| r.status = GatewayStatus::Failed, Verdict::Failed),
            (|r| r.status = GatewayStatus::Pending, Verdict::Undecided),
        ];
        for (bend, verdict) in bent {
            let mut bent = report();
            bend(&mut bent);
            assert_eq!(payment().judge(&bent), verdict, "{bent:?}");
        }
    }
}
