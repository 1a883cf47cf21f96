//! The whole cart at once.

use axum::{Json, extract::State};
use domain::{Money, UserId};
use serde::Serialize;
use serde_json::{Number, Value};
use web::{error::Result, shop::Shop};

use crate::{
    pricing::{LineWire, Pricing, number},
    shopper::Shopper,
};

/// A cart as clients see it.
#[derive(Debug, Serialize)]
pub(crate) struct CartWire {
    /// The owner's: everybody has one cart.
    id: UserId,
    user: UserId,
    user_email: String,
    items: Vec<LineWire>,
    grand_total: Value,
    created_at: String,
    updated_at: String,
}

/// `GET /api/cart/my_cart/`.
pub(crate) async fn show(State(shop): State<Shop>, shopper: Shopper) -> Result<Json<CartWire>> {
    let Shopper { user, cart } = shopper;
    let pricing = Pricing::read(&shop.store, cart.lines()).await?;
    let lines = cart.lines().iter();
    let total: Money = lines.clone().map(|line| pricing.total(line)).sum();
    Ok(Json(CartWire {
        id: user.id,
        user: user.id,
        user_email: user.email,
        items: lines.map(|line| pricing.wire(&cart, line)).collect(),
        grand_total: grand_total(total, cart.lines().is_empty()),
        created_at: cart.created_at.to_string(),
        updated_at: cart.updated_at.to_string(),
    }))
}

/// The sum as a number with a point, and as a plain 0 for an empty cart: so the original has it.
fn grand_total(total: Money, is_empty: bool) -> Value {
    if is_empty {
        return Value::from(0);
    }
    Number::from_f64(number(total)).map_or(Value::from(0), Value::Number)
}
