//! Random lives of orders over one shelf: whatever happens, units and money balance.

use proptest::prelude::*;

use super::{
    Actor, Change, Checkout, HoldState, Order, OrderStatus, PlaceError, Settlement, UNPAID_SECS,
    place,
};
use crate::{
    Id, Money, OrderId, ProductId, Timestamp, UserId, VariantId, Version,
    address::Address,
    cart::Cart,
    payment::TxRef,
    product::{Price, Product},
    stock::{MoveKind, ShownStock, StockMove},
    user::{Profile, User},
};

const UNITS: u32 = 7;

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

fn checkout(
    number: u64,
    quantity: u32,
    product: &Product,
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
        address: &address(),
        now,
    })
}

/// The shelf, and what left it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shelf {
    available: u32,
    reserved: u32,
    sold: u32,
}

impl Shelf {
    /// All moves, or none: as the table does it.
    fn moved(mut self, moves: &[StockMove]) -> Option<Shelf> {
        for StockMove { quantity, kind, .. } in moves {
            let (from, to) = match kind {
                MoveKind::Reserve => (&mut self.available, &mut self.reserved),
                MoveKind::Release => (&mut self.reserved, &mut self.available),
                MoveKind::Commit => (&mut self.reserved, &mut self.sold),
                MoveKind::Sell => (&mut self.available, &mut self.sold),
                MoveKind::Restock => (&mut self.sold, &mut self.available),
            };
            *from = from.checked_sub(*quantity)?;
            *to += quantity;
        }
        Some(self)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Place(u32),
    BeginPayment(usize),
    Pay(usize, usize),
    FailPayment(usize),
    Cancel(usize, bool),
    ReleaseHold(usize),
    CancelUnpaid(usize),
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let order = 0usize..6;
    let step = prop_oneof![
        3 => (1u32..5).prop_map(Step::Place),
        3 => order.clone().prop_map(Step::BeginPayment),
        3 => (order.clone(), 0usize..3).prop_map(|(o, a)| Step::Pay(o, a)),
        1 => order.clone().prop_map(Step::FailPayment),
        1 => (order.clone(), any::<bool>()).prop_map(|(o, s)| Step::Cancel(o, s)),
        3 => order.clone().prop_map(Step::ReleaseHold),
        1 => order.prop_map(Step::CancelUnpaid),
        2 => (0i64..1_200).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..80)
}

struct World {
    shelf: Shelf,
    orders: Vec<Order>,
    now: Timestamp,
    drawn: u64,
    /// Attempts whose money came, and whether it is kept.
    money: Vec<(TxRef, bool)>,
}

impl World {
    fn version(&mut self) -> Version {
        self.drawn += 1;
        Version(id(self.drawn))
    }

    /// Writes a change as the store does: all of it, if there are enough units.
    fn write(&mut self, which: usize, change: Change) -> bool {
        let before = &self.orders[which];
        assert_eq!(change.from, before.version);
        let (from, to) = (before.status, change.order.status);
        assert!(from == to || from.may_become(to), "{from} became {to}");
        let Some(shelf) = self.shelf.moved(&change.moves) else {
            return false;
        };
        self.shelf = shelf;
        self.orders[which] = change.order;
        true
    }

    fn take(&mut self, step: Step) {
        let (now, version) = (self.now, self.version());
        match step {
            Step::Wait(secs) => self.now = now.plus_secs(secs),
            Step::Place(quantity) => {
                let change = checkout(self.drawn, quantity, &product(), now).unwrap();
                if let Some(shelf) = self.shelf.moved(&change.moves) {
                    self.shelf = shelf;
                    self.orders.push(change.order);
                }
            }
            Step::BeginPayment(which) => {
                let Some(order) = self.orders.get(which) else {
                    return;
                };
                let tx_ref = TxRef::compose(order.id, self.drawn as u32);
                if let Ok(change) = order.begin_payment(tx_ref, now, version) {
                    self.write(which, change);
                }
            }
            Step::Pay(which, attempt) => self.pay(which, attempt),
            Step::FailPayment(which) => {
                let Some(order) = self.orders.get(which) else {
                    return;
                };
                let failed = order
                    .attempts
                    .last()
                    .and_then(|t| order.fail_payment(t, now, version));
                if let Some(change) = failed {
                    assert!(self.write(which, change));
                }
            }
            Step::Cancel(which, by_staff) => {
                let Some(order) = self.orders.get(which) else {
                    return;
                };
                let actor = if by_staff { Actor::Staff } else { Actor::Owner };
                if let Ok(Some(change)) = order.cancel(actor, now, version) {
                    for (tx_ref, kept) in &mut self.money {
                        *kept &= order.paid_by.as_ref() != Some(tx_ref);
                    }
                    assert!(self.write(which, change), "giving back never fails");
                }
            }
            Step::ReleaseHold(which) => {
                let change = self
                    .orders
                    .get(which)
                    .and_then(|o| o.release_hold(now, version));
                if let Some(change) = change {
                    assert!(self.write(which, change), "giving back never fails");
                }
            }
            Step::CancelUnpaid(which) => {
                let change = self
                    .orders
                    .get(which)
                    .and_then(|o| o.cancel_unpaid(now, version));
                if let Some(change) = change {
                    assert!(change.order.placed_at.plus_secs(UNPAID_SECS) <= now);
                    assert!(self.write(which, change), "giving back never fails");
                }
            }
        }
    }

    /// Money comes for one of an order's attempts, perhaps long after.
    fn pay(&mut self, which: usize, attempt: usize) {
        let (now, version) = (self.now, self.version());
        let Some(order) = self.orders.get(which).cloned() else {
            return;
        };
        let Some(tx_ref) = order.attempts.get(attempt).cloned() else {
            return;
        };
        if self.money.iter().any(|(known, _)| *known == tx_ref) {
            return;
        }
        let kept = match order.settle(&tx_ref, now, version) {
            Settlement::Pays(change) => {
                let paid = self.write(which, *change);
                if !paid {
                    let version = self.version();
                    let change = order.settle_without_stock(now, version).unwrap();
                    assert!(self.write(which, change));
                }
                paid
            }
            Settlement::AlreadyPaid => panic!("this attempt brought money once"),
            Settlement::Refund(_) => false,
        };
        self.money.push((tx_ref, kept));
    }

    fn check(&self) {
        let Shelf {
            available,
            reserved,
            sold,
        } = self.shelf;
        assert_eq!(
            available + reserved + sold,
            UNITS,
            "no unit is made or lost"
        );
        let units = |state: HoldState| -> u32 {
            let orders = self.orders.iter().filter(|order| order.hold.state == state);
            orders
                .flat_map(|order| &order.lines)
                .map(|line| line.quantity)
                .sum()
        };
        assert_eq!(
            reserved,
            units(HoldState::Held),
            "what is promised is set aside"
        );
        assert_eq!(
            sold,
            units(HoldState::Committed),
            "what is sold was paid for"
        );
        for order in &self.orders {
            let paid = matches!(
                order.status,
                OrderStatus::Processing | OrderStatus::Completed
            );
            assert_eq!(paid, order.hold.state == HoldState::Committed);
            let kept = self
                .money
                .iter()
                .filter(|(tx_ref, kept)| *kept && tx_ref.order() == Some(order.id));
            assert_eq!(
                kept.count(),
                usize::from(paid),
                "an order is paid once, or not at all"
            );
            assert_eq!(order.due().is_some(), order.is_unpaid());
        }
    }
}

proptest! {
    #[test]
    fn units_and_money_balance_whatever_happens(steps in steps()) {
        let shelf = Shelf { available: UNITS, reserved: 0, sold: 0 };
        let mut world =
            World { shelf, orders: Vec::new(), now: Timestamp(0), drawn: 1_000, money: Vec::new() };
        for step in steps {
            world.take(step);
            world.check();
        }
    }
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
fn an_order_takes_ninety_lines_and_no_more() {
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
            address: &address(),
            now: Timestamp(0),
        };
        place(&checkout).unwrap_err()
    };
    assert_eq!(crowded(91), PlaceError::TooManyLines);
    assert!(matches!(crowded(90), PlaceError::Vanished(lines) if lines.len() == 90));
}
