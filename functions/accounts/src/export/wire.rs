//! What is kept about a person, as the person gets it.

use std::{collections::HashMap, net::IpAddr};

use domain::{
    AddressId, OrderId, ProductId, SessionId, Timestamp, UserId, VariantId,
    address::AddressBook,
    cart::Cart,
    order::{CancelReason, DeliveryAddress, Order, OrderLine, OrderStatus},
    payment::{Mode, Payment, PaymentStatus, RefundReason, TxRef},
    user::{Device, Session, User},
};
use serde::Serialize;
use serde_json::Value;

use crate::addresses::AddressWire;

#[derive(Serialize)]
pub(super) struct ExportWire {
    user: UserWire,
    sessions: Vec<SessionWire>,
    devices: Vec<DeviceWire>,
    addresses: Vec<AddressWire>,
    /// `None` for a person who never used it.
    cart: Option<CartWire>,
    orders: Vec<OrderWire>,
}

#[derive(Serialize)]
struct UserWire {
    id: UserId,
    email: String,
    first_name: String,
    last_name: String,
    birth_date: Option<String>,
    profile_picture: String,
    preferences: Option<Value>,
    is_active: bool,
    is_staff: bool,
    is_superuser: bool,
    email_verified_at: Option<String>,
    created_at: String,
}

#[derive(Serialize)]
struct SessionWire {
    id: SessionId,
    created_at: String,
    expires_at: String,
    agent: String,
    ip: Option<IpAddr>,
}

#[derive(Serialize)]
struct DeviceWire {
    agent: String,
    network: Option<IpAddr>,
}

#[derive(Serialize)]
struct CartWire {
    created_at: String,
    updated_at: String,
    lines: Vec<CartLineWire>,
}

#[derive(Serialize)]
struct CartLineWire {
    product: ProductId,
    variant: VariantId,
    quantity: u32,
}

#[derive(Serialize)]
struct OrderWire {
    id: OrderId,
    order_number: String,
    status: OrderStatus,
    cancelled_because: Option<CancelReason>,
    customer: CustomerWire,
    address: DeliveryWire,
    lines: Vec<OrderLineWire>,
    total_amount: String,
    currency: String,
    placed_at: String,
    updated_at: String,
    /// Until when the units are kept for it, while they are.
    expires_at: Option<String>,
    paid_by: Option<TxRef>,
    payments: Vec<PaymentWire>,
}

#[derive(Serialize)]
struct CustomerWire {
    email: String,
    first_name: String,
    last_name: String,
}

#[derive(Serialize)]
struct DeliveryWire {
    address_id: AddressId,
    recipient: String,
    address_line_1: String,
    address_line_2: Option<String>,
    city: String,
    region: String,
    postal_code: Option<String>,
    country: String,
    location_pin: Option<Value>,
}

#[derive(Serialize)]
struct OrderLineWire {
    product: ProductId,
    variant: VariantId,
    product_name: String,
    variant_title: String,
    sku: Option<String>,
    quantity: u32,
    unit_price: String,
    total_price: String,
}

#[derive(Serialize)]
struct PaymentWire {
    tx_ref: TxRef,
    status: PaymentStatus,
    amount: String,
    currency: String,
    mode: Mode,
    checkout_url: Option<String>,
    gateway_reference: Option<String>,
    refund_due: Option<RefundReason>,
    created_at: String,
    updated_at: String,
}

impl ExportWire {
    /// `payments` are those of `orders`, in any order.
    pub(super) fn of(
        user: User,
        book: AddressBook,
        cart: Option<Cart>,
        orders: Vec<Order>,
        payments: Vec<Payment>,
    ) -> ExportWire {
        let mut payments = by_order(payments);
        let orders = orders.into_iter().map(|order| {
            let attempts = payments.remove(&order.id).unwrap_or_default();
            OrderWire::of(order, attempts)
        });
        let addresses = book.listed().into_iter();
        ExportWire {
            orders: orders.collect(),
            addresses: addresses
                .map(|address| AddressWire::of(&book, address))
                .collect(),
            cart: cart.as_ref().map(CartWire::from),
            sessions: user.sessions.iter().map(SessionWire::from).collect(),
            devices: user.devices.iter().map(DeviceWire::from).collect(),
            user: user.into(),
        }
    }
}

/// The payments of each order, oldest first.
fn by_order(mut payments: Vec<Payment>) -> HashMap<OrderId, Vec<Payment>> {
    payments.sort_by_key(|payment| payment.id);
    let mut sorted: HashMap<OrderId, Vec<Payment>> = HashMap::new();
    for payment in payments {
        sorted.entry(payment.order).or_default().push(payment);
    }
    sorted
}

impl From<User> for UserWire {
    fn from(user: User) -> Self {
        UserWire {
            id: user.id,
            email: user.email,
            first_name: user.first_name,
            last_name: user.last_name,
            birth_date: user.profile.birth_date,
            profile_picture: user.profile.profile_picture,
            preferences: user.profile.preferences.map(|preferences| preferences.0),
            is_active: user.is_active,
            is_staff: user.is_staff,
            is_superuser: user.is_superuser,
            email_verified_at: user.email_verified_at.as_ref().map(Timestamp::to_string),
            created_at: user.created_at.to_string(),
        }
    }
}

impl From<&Session> for SessionWire {
    fn from(session: &Session) -> Self {
        SessionWire {
            id: session.id,
            created_at: session.created_at.to_string(),
            expires_at: session.expires_at.to_string(),
            agent: session.origin.agent.clone(),
            ip: session.origin.ip,
        }
    }
}

impl From<&Device> for DeviceWire {
    fn from(device: &Device) -> Self {
        DeviceWire {
            agent: device.agent.clone(),
            network: device.network,
        }
    }
}

impl From<&Cart> for CartWire {
    fn from(cart: &Cart) -> Self {
        let lines = cart.lines().iter().map(|line| CartLineWire {
            product: line.product,
            variant: line.variant,
            quantity: line.quantity,
        });
        CartWire {
            created_at: cart.created_at.to_string(),
            updated_at: cart.updated_at.to_string(),
            lines: lines.collect(),
        }
    }
}

impl OrderWire {
    fn of(order: Order, payments: Vec<Payment>) -> OrderWire {
        OrderWire {
            id: order.id,
            order_number: order.id.number(),
            status: order.status,
            cancelled_because: order.cancelled_because,
            total_amount: order.total.to_string(),
            placed_at: order.placed_at.to_string(),
            updated_at: order.updated_at.to_string(),
            expires_at: order.held_until().map(|at| at.to_string()),
            customer: CustomerWire {
                email: order.customer.email,
                first_name: order.customer.first_name,
                last_name: order.customer.last_name,
            },
            address: order.address.into(),
            lines: order.lines.into_iter().map(OrderLineWire::from).collect(),
            currency: order.currency,
            paid_by: order.paid_by,
            payments: payments.into_iter().map(PaymentWire::from).collect(),
        }
    }
}

impl From<DeliveryAddress> for DeliveryWire {
    fn from(address: DeliveryAddress) -> Self {
        DeliveryWire {
            address_id: address.address_id,
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

impl From<OrderLine> for OrderLineWire {
    fn from(line: OrderLine) -> Self {
        OrderLineWire {
            product: line.product,
            variant: line.variant,
            product_name: line.product_name,
            variant_title: line.variant_title,
            sku: line.sku,
            quantity: line.quantity,
            unit_price: line.unit_price.to_string(),
            total_price: line.total_price.to_string(),
        }
    }
}

impl From<Payment> for PaymentWire {
    fn from(payment: Payment) -> Self {
        PaymentWire {
            tx_ref: payment.tx_ref,
            status: payment.status,
            amount: payment.amount.to_string(),
            currency: payment.currency,
            mode: payment.mode,
            checkout_url: payment.checkout_url,
            gateway_reference: payment.gateway_reference,
            refund_due: payment.refund_due,
            created_at: payment.created_at.to_string(),
            updated_at: payment.updated_at.to_string(),
        }
    }
}
