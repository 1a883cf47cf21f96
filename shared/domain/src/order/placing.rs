//! From cart to order: what is bought, at which price, and what is promised.

use super::{
    Change, Customer, DeliveryAddress, HOLD_SECS, Hold, HoldState, Order, OrderLine, OrderStatus,
    Supply, SupplyError,
};
use crate::{
    Money, OrderId, ProductId, Timestamp, Version,
    address::Address,
    cart::Cart,
    event::EventKind,
    product::Product,
    stock::{MoveKind, Shortage},
    user::User,
};

/// How many lines one order takes, each counted once for every place that its units come from. All
/// of a step is one transaction, and DynamoDB allows 100 operations in it: the longest one cancels
/// an order with all its [`super::MAX_ATTEMPTS`] to pay it.
pub const MAX_ORDER_LINES: usize = 75;

/// All that a checkout is decided on.
#[derive(Debug)]
pub struct Checkout<'a> {
    /// The new order's id.
    pub id: OrderId,
    /// The new order's version.
    pub version: Version,
    /// Who orders.
    pub customer: &'a User,
    /// What they order.
    pub cart: &'a Cart,
    /// The products of the cart, as far as they still exist.
    pub products: &'a [Product],
    /// Where there are units of them.
    pub supply: &'a Supply,
    /// Where it goes.
    pub address: &'a Address,
    /// When.
    pub now: Timestamp,
}

/// Why a cart cannot become an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// There is nothing in it.
    #[error("Cart is empty.")]
    EmptyCart,
    /// There is too much in it.
    #[error("An order takes at most {MAX_ORDER_LINES} lines.")]
    TooManyLines,
    /// These products can no longer be bought, by name where they are still known.
    #[error("no longer available")]
    Vanished(Vec<VanishedLine>),
    /// The total is beyond what the API can show.
    #[error("The order total is too large.")]
    TotalTooLarge,
    /// The total is zero: the payment gateway cannot take it.
    #[error("There is nothing to pay for this order.")]
    NothingToPay,
    /// There are too few units, as far as they were counted; every line that is short.
    #[error("not enough stock")]
    Short(Vec<Shortage>),
    /// The units are at more places than one order takes from.
    #[error("{}", SupplyError::TooSpread)]
    TooSpread,
    /// The products are priced in different currencies.
    #[error("All products of an order must have the same currency.")]
    MixedCurrencies,
}

impl From<SupplyError> for PlaceError {
    fn from(error: SupplyError) -> Self {
        match error {
            SupplyError::Short(short) => PlaceError::Short(short),
            SupplyError::TooSpread => PlaceError::TooSpread,
        }
    }
}

/// A line whose product can no longer be bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VanishedLine {
    /// The product.
    pub product: ProductId,
    /// Its name, if it still exists.
    pub name: Option<String>,
}

/// Turns a cart into an order whose units are promised for [`HOLD_SECS`]. Prices charged are the
/// final ones, as they are now.
///
/// # Errors
/// See [`PlaceError`]. Whether there is enough stock is decided by the transaction that writes the
/// change; here only what was counted after it refused.
pub fn place(checkout: &Checkout<'_>) -> Result<Change, PlaceError> {
    let lines = checkout.cart.lines();
    if lines.is_empty() {
        return Err(PlaceError::EmptyCart);
    }
    if lines.len() > MAX_ORDER_LINES {
        return Err(PlaceError::TooManyLines);
    }
    let mut order_lines = Vec::with_capacity(lines.len());
    let mut vanished = Vec::new();
    let mut total = Money::ZERO;
    let mut currency: Option<&str> = None;
    for line in lines {
        let product = checkout
            .products
            .iter()
            .find(|product| product.id == line.product);
        let sold = product.and_then(|product| {
            let variant = product.variant(line.variant)?;
            product.sells(variant).then_some((product, variant))
        });
        let Some((product, variant)) = sold else {
            vanished.push(VanishedLine {
                product: line.product,
                name: product.map(|product| product.name.clone()),
            });
            continue;
        };
        if *currency.get_or_insert(&product.currency) != product.currency {
            return Err(PlaceError::MixedCurrencies);
        }
        let unit_price = product.price_of(variant).final_price();
        let total_price = unit_price
            .checked_times(line.quantity)
            .ok_or(PlaceError::TotalTooLarge)?;
        total = total
            .checked_add(total_price)
            .ok_or(PlaceError::TotalTooLarge)?;
        order_lines.push(OrderLine {
            product: product.id,
            variant: variant.id,
            product_name: product.name.clone(),
            variant_title: product.title_of(variant),
            sku: variant.sku.clone(),
            quantity: line.quantity,
            unit_price,
            total_price,
            allocations: Vec::new(),
        });
    }
    if !vanished.is_empty() {
        return Err(PlaceError::Vanished(vanished));
    }
    if total == Money::ZERO {
        return Err(PlaceError::NothingToPay);
    }
    checkout.supply.allocate(&mut order_lines)?;
    let user = checkout.customer;
    let order = Order {
        id: checkout.id,
        owner: user.id,
        customer: Customer {
            email: user.email.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
        },
        status: OrderStatus::PendingPayment,
        lines: order_lines,
        total,
        currency: currency.unwrap_or("ETB").to_owned(),
        address: DeliveryAddress::snapshot(checkout.address, user.display_name()),
        hold: Hold {
            state: HoldState::Held,
            expires_at: checkout.now.plus_secs(HOLD_SECS),
        },
        attempts: Vec::new(),
        paid_by: None,
        cancelled_because: None,
        placed_at: checkout.now,
        updated_at: checkout.now,
        version: checkout.version,
    };
    let moves = order.moves(MoveKind::Reserve);
    let events = vec![EventKind::OrderPlaced {
        order: order.id,
        user: user.id,
    }];
    Ok(Change {
        from: order.version,
        order,
        moves,
        events,
    })
}
