//! Orders: what was bought, by whom, for how much, and what has become of it.
//!
//! An order is never edited. Each step takes the order as it is and gives a [`Change`]: the order
//! as it shall be, the stock that moves with it and the events that tell of it. All of a change is
//! written in one transaction, or none. What is taken from an order that is over, when its owner
//! has left, is no step.

mod lifecycle;
mod placing;
mod steps;
mod stripping;
mod supply;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use lifecycle::{OrderStatus, TRANSITIONS};
pub use placing::{Checkout, MAX_ORDER_LINES, PlaceError, VanishedLine, place};
pub use steps::{Actor, CancelRefused, PaymentRefused, Settlement};
pub use supply::{MAX_COUNTS, Supply, SupplyError};

use crate::{
    AddressId, Money, OrderId, ProductId, Timestamp, UserId, VariantId, Version,
    address::Address,
    event::EventKind,
    json::Json,
    payment::TxRef,
    stock::{Location, MoveKind, StockMove},
};

/// How long an order's units stay promised to it without being paid, in seconds.
pub const HOLD_SECS: i64 = 10 * 60;
/// After how many seconds an order that nobody paid is cancelled.
pub const UNPAID_SECS: i64 = 30 * 60;
/// How often one may begin to pay the same order.
pub const MAX_ATTEMPTS: usize = 20;

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Which order.
    pub id: OrderId,
    /// Whose.
    pub owner: UserId,
    /// Who they were when they placed it.
    pub customer: Customer,
    /// Where it stands.
    pub status: OrderStatus,
    /// What was bought.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// ISO 4217, `ETB`.
    pub currency: String,
    /// Where it goes.
    pub address: DeliveryAddress,
    /// What was promised.
    pub hold: Hold,
    /// All attempts to pay it, oldest first, at most [`MAX_ATTEMPTS`].
    pub attempts: Vec<TxRef>,
    /// The attempt that paid it.
    pub paid_by: Option<TxRef>,
    /// Why it was cancelled, if it was.
    pub cancelled_because: Option<CancelReason>,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Drawn anew at every write.
    pub version: Version,
}

/// Who placed the order, as they were then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Their e-mail address.
    pub email: String,
    /// Their first name.
    pub first_name: String,
    /// Their last name.
    pub last_name: String,
}

/// One line of an order: a snapshot, untouched by what later becomes of the product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The product.
    pub product: ProductId,
    /// Its variant; the line's id on the wire.
    pub variant: VariantId,
    /// The product's name.
    pub product_name: String,
    /// What told the variant from its siblings: `red / XL`.
    pub variant_title: String,
    /// The stock keeping unit.
    pub sku: Option<String>,
    /// How many units.
    pub quantity: u32,
    /// What one unit costs, discount included.
    pub unit_price: Money,
    /// What the line costs.
    pub total_price: Money,
    /// Which places the units come from.
    pub allocations: Vec<Allocation>,
}

/// Units of a line that come from one place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Allocation {
    /// The place.
    pub location: Location,
    /// How many units.
    pub quantity: u32,
}

/// Where an order goes: the whole address as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryAddress {
    /// The entry of the address book it was taken from.
    pub address_id: AddressId,
    /// Who receives it.
    pub recipient: String,
    /// Street and house.
    pub address_line_1: String,
    /// More of it.
    pub address_line_2: Option<String>,
    /// City or town.
    pub city: String,
    /// Region or state.
    pub region: String,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country.
    pub country: String,
    /// A point on a map, in whatever form the frontend likes.
    pub location_pin: Option<Json>,
}

/// The promise of an order's units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hold {
    /// What has become of it.
    pub state: HoldState,
    /// Until when it stands, while it is held.
    pub expires_at: Timestamp,
}

/// What has become of the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// The units are set aside.
    Held,
    /// The units are sold.
    Committed,
    /// The units are back in stock.
    Released,
}

/// What a schedule has to do with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Give its units back.
    HoldEnds,
    /// Cancel it.
    Cancellation,
}

/// Why an order was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The customer did not want it.
    Customer,
    /// The shop could or would not serve it.
    Staff,
    /// Nobody paid in time.
    Unpaid,
    /// It was paid after the promise had ended, and the units were gone.
    SoldOut,
}

/// A step of an order, to be written whole or not at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The version that the step was decided on: the write is conditional on it.
    pub from: Version,
    /// The order as it shall be.
    pub order: Order,
    /// The stock that moves with it.
    pub moves: Vec<StockMove>,
    /// What it tells the world.
    pub events: Vec<EventKind>,
}

impl Order {
    /// Whether money is still awaited.
    pub fn is_unpaid(&self) -> bool {
        matches!(
            self.status,
            OrderStatus::PendingPayment | OrderStatus::PaymentFailed
        )
    }

    /// Until when the units are promised, while the order is unpaid and they are.
    pub fn held_until(&self) -> Option<Timestamp> {
        (self.is_unpaid() && self.hold.state == HoldState::Held).then_some(self.hold.expires_at)
    }

    /// When the order, left alone, is cancelled for want of payment: [`UNPAID_SECS`] after it was
    /// placed, but never while its units are promised.
    pub fn cancelled_at(&self) -> Option<Timestamp> {
        let deadline = self.placed_at.plus_secs(UNPAID_SECS);
        self.is_unpaid().then(|| {
            self.held_until()
                .map_or(deadline, |held_until| deadline.max(held_until))
        })
    }

    /// What a schedule has to do with the order next, and when: end its hold, then cancel it. `None`
    /// once it is paid or cancelled.
    pub fn due(&self) -> Option<(Due, Timestamp)> {
        let hold = self.held_until().map(|at| (Due::HoldEnds, at));
        hold.or_else(|| self.cancelled_at().map(|at| (Due::Cancellation, at)))
    }

    /// The stock that moves when all of the order's units go the same way.
    fn moves(&self, kind: MoveKind) -> Vec<StockMove> {
        self.lines
            .iter()
            .flat_map(|line| {
                line.allocations.iter().map(move |allocation| StockMove {
                    product: line.product,
                    variant: line.variant,
                    location: allocation.location.clone(),
                    quantity: allocation.quantity,
                    kind,
                })
            })
            .collect()
    }
}

impl DeliveryAddress {
    /// An address as it is now, for this recipient.
    pub fn snapshot(address: &Address, recipient: String) -> DeliveryAddress {
        DeliveryAddress {
            address_id: address.id,
            recipient,
            address_line_1: address.address_line_1.clone(),
            address_line_2: address.address_line_2.clone(),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
            location_pin: address.location_pin.clone(),
        }
    }
}
