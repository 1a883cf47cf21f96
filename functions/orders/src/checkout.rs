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
    location::Locations,
    order::{self, Checkout, MAX_COUNTS, Order, PlaceError, Supply, VanishedLine},
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

/// `POST /api/orders/`. Identity, cart, addresses and the places that hold stock are read in one
/// round trip, then the products; one transaction writes, one call tells the queue.
pub(crate) async fn create(
    State(shop): State<Shop>,
    credentials: Credentials,
    payload: Result<Payload>,
) -> Result<Response> {
    let owner = credentials.user();
    let (mut account, mut locations) = shop.store.find_checkout(owner).await?;
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
        let address = &account.addresses;
        if let Some(order) = place(&shop, &customer, &cart, address, locations, &wanted).await? {
            let is_staff = customer.is_staff;
            return Ok((StatusCode::CREATED, Json(OrderWire::of(order, is_staff))).into_response());
        }
        (account, locations) = shop.store.find_checkout(owner).await?;
    }
    Err(Error::unavailable("the cart kept changing during checkout"))
}

/// Tries to place this cart as an order; `None` when it changed meanwhile or the id was in use.
///
/// What the products say of their stock only tells where to try first. Where a place refuses, the
/// units of those products are counted, and the order is tried again with them; nobody is told that
/// there is too little before that.
async fn place(
    shop: &Shop,
    customer: &User,
    cart: &Cart,
    addresses: &AddressBook,
    locations: Locations,
    wanted: &WantedAddress,
) -> Result<Option<Order>> {
    let Some(cart_version) = cart.version.filter(|_| !cart.lines().is_empty()) else {
        return Err(refusal(&PlaceError::EmptyCart, &[]));
    };
    let address = wanted.choose(addresses)?;
    let ids: Vec<_> = cart.lines().iter().map(|line| line.product).collect();
    let products = shop.store.find_products(&ids).await?;
    let mut supply = Supply::new(locations);
    for product in &products {
        supply.note(product);
    }
    for _ in 0..=MAX_COUNTS {
        let now = shop.clock.now();
        let change = order::place(&Checkout {
            id: OrderId(shop.entropy.id()),
            version: shop.entropy.version(),
            customer,
            cart,
            products: &products,
            supply: &supply,
            address,
            now,
        })
        .map_err(|error| refusal(&error, &products))?;
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
                return Ok(Some(change.order));
            }
            Err(PlaceOrderError::CartChanged | PlaceOrderError::IdTaken) => return Ok(None),
            Err(PlaceOrderError::Short(short)) => {
                shop.store.count_supply(&mut supply, &short).await?;
            }
            Err(PlaceOrderError::Store(fault)) => return Err(fault.into()),
        }
    }
    Err(Error::unavailable("the stock kept moving during checkout"))
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

fn refusal(error: &PlaceError, products: &[Product]) -> Error {
    match error {
        PlaceError::Short(short) => {
            Error::details(short.iter().map(|line| describe(line, products)))
        }
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
