//! What may become an order, and random lives of orders.

mod lives;

use super::{Change, Checkout, MAX_ATTEMPTS, MAX_ORDER_LINES, PlaceError, Supply, place};
use crate::{
    Id, Money, OrderId, ProductId, Timestamp, UserId, VariantId, Version,
    address::Address,
    cart::Cart,
    location::Locations,
    product::{Price, Product},
    stock::{Location, ShownStock},
    user::{Profile, User},
};

fn id(number: u64) -> Id {
    Id::try_from(number).unwrap()
}

fn product() -> Product {
    let price = Price::new(Money::from_santim(10_000), Some(Money::from_santim(7_550))).unwrap();
    Product {
        id: ProductId(id(1)),
        category: crate::CategoryId(id(1)),
        name: "Coffee".into(),
        slug: "coffee".into(),
        description: String::new(),
        sku: None,
        price,
        currency: "ETB".into(),
        specifications: crate::json::Json::default(),
        weight_grams: None,
        low_stock_threshold: None,
        is_featured: false,
        is_active: true,
        options: Vec::new(),
        variants: vec![Product::default_variant(ProductId(id(1)), None)],
        images: Vec::new(),
        shown_stock: ShownStock::default(),
        created_at: Timestamp(0),
        updated_at: Timestamp(0),
        version: Version(id(1)),
    }
}

fn customer() -> User {
    User {
        id: UserId(id(5)),
        email: "abebe@example.com".into(),
        first_name: "Abebe".into(),
        last_name: String::new(),
        password_hash: String::new(),
        is_active: true,
        is_staff: false,
        is_superuser: false,
        email_verified_at: Some(Timestamp(0)),
        profile: Profile::default(),
        sessions: Vec::new(),
        devices: Vec::new(),
        created_at: Timestamp(0),
        version: Version(id(1)),
    }
}

fn address() -> Address {
    Address {
        id: crate::AddressId(id(3)),
        address_line_1: "Bole Road 1".into(),
        address_line_2: Some("House 7".into()),
        city: "Addis Ababa".into(),
        region: "AA".into(),
        postal_code: Some("1000".into()),
        country: "ET".into(),
        location_pin: None,
    }
}

/// Orders take from the annex first.
fn locations() -> Locations {
    let mut locations = Locations::default();
    locations.add(annex(), "Annex".into()).unwrap();
    locations.reorder(&annex(), 0).unwrap();
    locations
}

fn annex() -> Location {
    Location::parse("annex").unwrap()
}

fn checkout(
    number: u64,
    quantity: u32,
    product: &Product,
    now: Timestamp,
) -> Result<Change, PlaceError> {
    let mut supply = Supply::new(locations());
    supply.note(product);
    checkout_from(number, quantity, product, &supply, now)
}

fn checkout_from(
    number: u64,
    quantity: u32,
    product: &Product,
    supply: &Supply,
    now: Timestamp,
) -> Result<Change, PlaceError> {
    let mut cart = Cart::empty(UserId(id(5)), now);
    if quantity > 0 {
        cart.add(product.id, VariantId(id(1)), quantity, 999, now)
            .unwrap();
    }
    place(&Checkout {
        id: OrderId(id(number)),
        version: Version(id(number)),
        customer: &customer(),
        cart: &cart,
        products: std::slice::from_ref(product),
        supply,
        address: &address(),
        now,
    })
}

#[test]
fn the_discount_is_what_is_charged() {
    let order = checkout(9, 2, &product(), Timestamp(0)).unwrap().order;
    assert_eq!(order.lines[0].unit_price, Money::from_santim(7_550));
    assert_eq!(order.total, Money::from_santim(15_100));
}

#[test]
fn the_whole_address_is_kept() {
    let order = checkout(9, 2, &product(), Timestamp(0)).unwrap().order;
    assert_eq!(order.address.address_line_2.as_deref(), Some("House 7"));
    assert_eq!(order.address.postal_code.as_deref(), Some("1000"));
    assert_eq!(order.address.region, "AA");
    assert_eq!(order.address.recipient, "Abebe");
}

#[test]
fn a_cart_that_cannot_be_sold_is_refused() {
    let refused = |change: fn(&mut Product), quantity| {
        let mut product = product();
        change(&mut product);
        checkout(9, quantity, &product, Timestamp(0)).unwrap_err()
    };
    assert_eq!(refused(|_| {}, 0), PlaceError::EmptyCart);
    let vanished = refused(|p| p.is_active = false, 1);
    assert!(matches!(vanished, PlaceError::Vanished(lines) if lines[0].name.is_some()));
    assert_eq!(
        refused(|p| p.price = Price::new(Money::ZERO, None).unwrap(), 1),
        PlaceError::NothingToPay
    );
    assert_eq!(
        refused(|p| p.price = Price::new(Money::MAX, None).unwrap(), 2),
        PlaceError::TotalTooLarge
    );
}

#[test]
fn an_order_takes_so_many_lines_and_no_more() {
    let crowded = |lines: u64| {
        let mut cart = Cart::empty(UserId(id(5)), Timestamp(0));
        for number in 0..lines {
            let (product, variant) = (ProductId(id(number)), VariantId(id(number)));
            cart.add(product, variant, 1, 9, Timestamp(0)).unwrap();
        }
        let checkout = Checkout {
            id: OrderId(id(9)),
            version: Version(id(9)),
            customer: &customer(),
            cart: &cart,
            products: &[],
            supply: &Supply::new(Locations::default()),
            address: &address(),
            now: Timestamp(0),
        };
        place(&checkout).unwrap_err()
    };
    assert_eq!(
        crowded(MAX_ORDER_LINES as u64 + 1),
        PlaceError::TooManyLines
    );
    let most = crowded(MAX_ORDER_LINES as u64);
    assert!(matches!(most, PlaceError::Vanished(lines) if lines.len() == MAX_ORDER_LINES));
    // The order, its events and all its payments are written with its stock when it is cancelled.
    const { assert!(1 + 2 + MAX_ATTEMPTS + MAX_ORDER_LINES <= 100) };
}
