//! An order as clients see it.

use domain::order::{CancelReason, Customer, DeliveryAddress, Order, OrderLine, OrderStatus};
use serde::Serialize;
use serde_json::Value;

/// An order.
#[derive(Debug, Serialize)]
pub(crate) struct OrderWire {
    id: u64,
    order_number: String,
    status: OrderStatus,
    payment_status: &'static str,
    total_amount: String,
    currency: String,
    shipping_address_snapshot: AddressWire,
    created_at: String,
    updated_at: String,
    /// Until when the units are kept for it, while they are.
    expires_at: Option<String>,
    items: Vec<LineWire>,
    /// Only staff see who ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<CustomerWire>,
}

#[derive(Debug, Serialize)]
struct LineWire {
    id: u64,
    product: u64,
    variant: u64,
    variant_title: String,
    product_name: String,
    sku: Option<String>,
    quantity: u32,
    unit_price: String,
    total_price: String,
}

#[derive(Debug, Serialize)]
struct AddressWire {
    recipient: String,
    address_line_1: String,
    address_line_2: Option<String>,
    city: String,
    region: String,
    postal_code: Option<String>,
    country: String,
    location_pin: Option<Value>,
}

#[derive(Debug, Serialize)]
struct CustomerWire {
    id: u64,
    email: String,
    first_name: String,
    last_name: String,
}

impl OrderWire {
    /// The order as its owner sees it, or, with the customer, as staff do.
    pub(crate) fn of(order: Order, for_staff: bool) -> OrderWire {
        let customer = order.customer.clone();
        OrderWire {
            id: order.id.value(),
            order_number: order.id.number(),
            status: order.status,
            payment_status: payment_status(&order),
            total_amount: order.total.to_string(),
            currency: order.currency.clone(),
            created_at: order.placed_at.to_string(),
            updated_at: order.updated_at.to_string(),
            expires_at: order.held_until().map(|at| at.to_string()),
            customer: for_staff.then(|| CustomerWire::of(order.owner.value(), customer)),
            items: order.lines.into_iter().map(LineWire::from).collect(),
            shipping_address_snapshot: order.address.into(),
        }
    }
}

/// What has become of the money, as far as the order knows.
fn payment_status(order: &Order) -> &'static str {
    match (order.status, &order.paid_by) {
        (OrderStatus::Processing | OrderStatus::Completed, _) => "paid",
        (OrderStatus::Cancelled, Some(_)) => "refund_due",
        (OrderStatus::Cancelled, None)
            if order.cancelled_because == Some(CancelReason::SoldOut) =>
        {
            "refund_due"
        }
        (OrderStatus::PaymentFailed, _) => "failed",
        (OrderStatus::PendingPayment, _) if !order.attempts.is_empty() => "pending",
        (OrderStatus::PendingPayment | OrderStatus::Cancelled, _) => "unpaid",
    }
}

impl From<OrderLine> for LineWire {
    fn from(line: OrderLine) -> Self {
        LineWire {
            id: line.variant.value(),
            product: line.product.value(),
            variant: line.variant.value(),
            variant_title: line.variant_title,
            product_name: line.product_name,
            sku: line.sku,
            quantity: line.quantity,
            unit_price: line.unit_price.to_string(),
            total_price: line.total_price.to_string(),
        }
    }
}

impl From<DeliveryAddress> for AddressWire {
    fn from(address: DeliveryAddress) -> Self {
        AddressWire {
            recipient: address.recipient,
            address_line_1: address.address_line_1,
            address_line_2: address.address_line_2,
            city: address.city,
            region: address.region,
            postal_code: address.postal_code,
            country: address.country,
            location_pin: address.location_pin.map(|pin| pin.0),
        }
    }
}

impl CustomerWire {
    fn of(id: u64, customer: Customer) -> CustomerWire {
        CustomerWire {
            id,
            email: customer.email,
            first_name: customer.first_name,
            last_name: customer.last_name,
        }
    }
}
