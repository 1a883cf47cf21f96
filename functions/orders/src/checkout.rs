//! Checkout: the cart becomes an order whose units are promised to it.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    AddressId, OrderId,
    address::{Address, AddressBook},
    cart::Cart,
    order::{self, Checkout, Order, PlaceError, VanishedLine},
    product::Product,
    stock::Shortage,
    user::User,
};
use serde_json::Value;
use store::PlaceOrderError;
use web::{
    body::Payload,
    error::{Error, Result},
    fields::Fields,
    identity::Credentials,
    shop::Shop,
};

use crate::wire::OrderWire;

/// How often a checkout starts again because the cart changed while it was read, or its id was in
/// use.
const MAX_TRIES: usize = 4;

/// `POST /api/orders/`. Identity, cart and addresses are read in one round trip, then the products;
/// one transaction writes, one call tells the queue.
pub(crate) async fn create(
    State(shop): State<Shop>,
    credentials: Credentials,
    payload: Result<Payload>,
) -> Result<Response> {
    let owner = credentials.user();
    let mut account = shop.store.find_account(owner).await?;
    let customer = credentials
        .admit(account.user, shop.clock.now())?
        .verified()?
        .0
        .user;
    let wanted = WantedAddress::read(payload?)?;
    for _ in 0..MAX_TRIES {
        let cart = account
            .cart
            .unwrap_or_else(|| Cart::empty(owner, shop.clock.now()));
        if let Some(order) = place(&shop, &customer, &cart, &account.addresses, &wanted).await? {
            let is_staff = customer.is_staff;
            return Ok((StatusCode::CREATED, Json(OrderWire::of(order, is_staff))).into_response());
        }
        account = shop.store.find_account(owner).await?;
    }
    Err(Error::unavailable("the cart kept changing during checkout"))
}

/// Tries to place the order once; `None` when the cart changed meanwhile or the id was in use.
async fn place(
    shop: &Shop,
    customer: &User,
    cart: &Cart,
    addresses: &AddressBook,
    wanted: &WantedAddress,
) -> Result<Option<Order>> {
    let Some(cart_version) = cart.version.filter(|_| !cart.lines().is_empty()) else {
        return Err(refusal(&PlaceError::EmptyCart));
    };
    let address = wanted.choose(addresses)?;
    let ids: Vec<_> = cart.lines().iter().map(|line| line.product).collect();
    let products = shop.store.find_products(&ids).await?;
    let now = shop.clock.now();
    let change = order::place(&Checkout {
        id: OrderId(shop.entropy.id()),
        version: shop.entropy.version(),
        customer,
        cart,
        products: &products,
        address,
        now,
    })
    .map_err(|error| refusal(&error))?;
    let mut emptied = cart.clone();
    emptied.clear(now);
    emptied.version = Some(shop.entropy.version());
    let events = shop.entropy.events(&change.events);
    match shop
        .store
        .place_order(&change, cart_version, &emptied, &events)
        .await
    {
        Ok(()) => {
            shop.relay.announce(&events).await;
            Ok(Some(change.order))
        }
        Err(PlaceOrderError::CartChanged | PlaceOrderError::IdTaken) => Ok(None),
        Err(PlaceOrderError::Short(short)) => Err(Error::details(
            short.iter().map(|line| describe(line, &products)),
        )),
        Err(PlaceOrderError::Store(fault)) => Err(fault.into()),
    }
}

/// Which address the client asked for.
enum WantedAddress {
    Default,
    Named(AddressId),
    Unknown,
}

impl WantedAddress {
    /// Reads `address_id`; whatever the original takes for false means the default address.
    fn read(payload: Payload) -> Result<WantedAddress> {
        let wanted = payload
            .value
            .get("address_id")
            .cloned()
            .unwrap_or(Value::Null);
        // Refuses a body that is no object, in the words of all other endpoints.
        Fields::of(payload)?.finish()?;
        let number = match &wanted {
            Value::Null | Value::Bool(false) => return Ok(WantedAddress::Default),
            Value::String(text) if text.trim().is_empty() => return Ok(WantedAddress::Default),
            Value::Number(number) if number.as_u64() == Some(0) => {
                return Ok(WantedAddress::Default);
            }
            Value::Number(number) => number.to_string().parse::<i128>().ok(),
            Value::String(text) => text.trim().parse::<i128>().ok(),
            Value::Bool(true) | Value::Array(_) | Value::Object(_) => None,
        };
        let Some(number) = number else {
            let shown = match wanted {
                Value::String(text) => format!("'{text}'"),
                other => other.to_string(),
            };
            let text = format!("Field 'id' expected a number but got {shown}.");
            return Err(Error::detail(StatusCode::BAD_REQUEST, text));
        };
        let id = u64::try_from(number)
            .ok()
            .and_then(|number| AddressId::try_from(number).ok());
        Ok(id.map_or(WantedAddress::Unknown, WantedAddress::Named))
    }

    fn choose<'a>(&self, book: &'a AddressBook) -> Result<&'a Address> {
        let (found, otherwise) = match self {
            WantedAddress::Default => (
                book.default_address(),
                "No shipping address provided and no default found.",
            ),
            WantedAddress::Named(id) => (book.find(*id), "Invalid shipping address ID."),
            WantedAddress::Unknown => (None, "Invalid shipping address ID."),
        };
        found.ok_or_else(|| Error::details([otherwise.to_owned()]))
    }
}

fn refusal(error: &PlaceError) -> Error {
    match error {
        PlaceError::Vanished(lines) => {
            let texts: Vec<String> = lines.iter().map(describe_vanished).collect();
            Error::json(
                StatusCode::CONFLICT,
                &serde_json::json!({ "detail": texts }),
            )
        }
        other => Error::details([other.to_string()]),
    }
}

fn describe_vanished(line: &VanishedLine) -> String {
    match &line.name {
        Some(name) => format!("{name} is no longer available."),
        None => format!("Product {} is no longer available.", line.product),
    }
}

fn describe(line: &Shortage, products: &[Product]) -> String {
    let name = products
        .iter()
        .find(|product| product.id == line.product)
        .map_or("a product", |product| product.name.as_str());
    format!(
        "Not enough stock for {name}. Available: {}, Requested: {}",
        line.available, line.requested
    )
}
