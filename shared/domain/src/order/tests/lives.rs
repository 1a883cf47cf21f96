//! Random lives of orders over the shelves of two places: whatever happens, units and money balance,
//! and nobody is sent away while there are units anywhere.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{annex, checkout_from, id, locations, product};
use crate::{
    ProductId, Timestamp, VariantId, Version,
    event::EventKind,
    order::{
        Actor, Change, HoldState, Order, OrderStatus, PlaceError, Settlement, Supply, SupplyError,
        UNPAID_SECS,
    },
    payment::TxRef,
    stock::{Location, MoveKind, ShownStock, StockLevel, StockMove},
};

/// How many units there are at each place.
const UNITS: u32 = 4;

/// The shelf of a place, and what left it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shelf {
    available: u32,
    reserved: u32,
    sold: u32,
}

/// The shelves of the shop, by place.
#[derive(Debug, Clone, PartialEq)]
struct Shelves(BTreeMap<Location, Shelf>);

impl Shelves {
    fn stocked() -> Shelves {
        let full = Shelf {
            available: UNITS,
            reserved: 0,
            sold: 0,
        };
        Shelves(BTreeMap::from([(annex(), full), (Location::main(), full)]))
    }

    /// All moves, or none: as the table does it.
    fn moved(mut self, moves: &[StockMove]) -> Option<Shelves> {
        for movement in moves {
            let shelf = self.0.get_mut(&movement.location)?;
            let (from, to) = match movement.kind {
                MoveKind::Reserve => (&mut shelf.available, &mut shelf.reserved),
                MoveKind::Release => (&mut shelf.reserved, &mut shelf.available),
                MoveKind::Commit => (&mut shelf.reserved, &mut shelf.sold),
                MoveKind::Sell => (&mut shelf.available, &mut shelf.sold),
                MoveKind::Restock => (&mut shelf.sold, &mut shelf.available),
            };
            *from = from.checked_sub(movement.quantity)?;
            *to += movement.quantity;
        }
        Some(self)
    }

    fn available(&self) -> u32 {
        self.0.values().map(|shelf| shelf.available).sum()
    }

    /// What is to be known of the shelves when somebody counts them.
    fn counted(&self) -> Supply {
        let mut supply = Supply::new(locations());
        let level = |(place, shelf): (&Location, &Shelf)| {
            let variant = VariantId(id(1));
            let mut level = StockLevel::new(
                ProductId(id(1)),
                variant,
                place.clone(),
                shelf.available,
                Timestamp(0),
            );
            level.reserved = shelf.reserved;
            level
        };
        let levels: Vec<StockLevel> = self.0.iter().map(level).collect();
        supply.count(ProductId(id(1)), &levels);
        supply
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
    shelves: Shelves,
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
        let Some(shelves) = self.shelves.clone().moved(&change.moves) else {
            return false;
        };
        self.tell(&change);
        self.shelves = shelves;
        self.orders[which] = change.order;
        true
    }

    /// Whoever keeps a copy of the stock hears of it whenever there are more units to buy, or fewer.
    fn tell(&self, change: &Change) {
        let moves_available = |movement: &StockMove| movement.kind != MoveKind::Commit;
        let tells = |event: &EventKind| {
            matches!(
                event,
                EventKind::OrderPlaced { .. }
                    | EventKind::OrderCancelled { .. }
                    | EventKind::HoldEnded { .. }
                    | EventKind::HoldRenewed { .. }
            )
        };
        if change.moves.iter().any(moves_available) {
            assert!(change.events.iter().any(tells), "{:?}", change.events);
        }
    }

    /// Writes what takes units, from other places if need be; it fails only where there are too few
    /// at all places together.
    fn write_from_anywhere(&mut self, which: usize, decide: impl Fn(&Order) -> Change) -> bool {
        let order = self.orders[which].clone();
        if self.write(which, decide(&order)) {
            return true;
        }
        match order.reallocated(&self.shelves.counted()) {
            Ok(order) => {
                assert!(self.write(which, decide(&order)), "they were counted");
                true
            }
            Err(SupplyError::Short(short)) => {
                assert_eq!(short[0].available, self.shelves.available());
                assert!(short[0].requested > short[0].available);
                false
            }
            Err(SupplyError::TooSpread) => panic!("there are two places"),
        }
    }

    fn place(&mut self, quantity: u32) {
        let (now, product) = (self.now, product());
        // What lists say is as wrong as can be: the annex is full and has all there is.
        let mut supply = Supply::new(locations());
        let mut believed = product.clone();
        let level = StockLevel::new(product.id, VariantId(id(1)), annex(), 99, now);
        believed.shown_stock = ShownStock::of(&[level], 0);
        supply.note(&believed);
        for supply in [supply, self.shelves.counted()] {
            let change = match checkout_from(self.drawn, quantity, &product, &supply, now) {
                Ok(change) => change,
                Err(PlaceError::Short(short)) => {
                    assert_eq!(short[0].available, self.shelves.available());
                    assert!(quantity > short[0].available);
                    return;
                }
                Err(error) => panic!("{error:?}"),
            };
            if let Some(shelves) = self.shelves.clone().moved(&change.moves) {
                self.tell(&change);
                self.shelves = shelves;
                self.orders.push(change.order);
                return;
            }
        }
        panic!("they were counted");
    }

    fn take(&mut self, step: Step) {
        let (now, version) = (self.now, self.version());
        match step {
            Step::Wait(secs) => self.now = now.plus_secs(secs),
            Step::Place(quantity) => self.place(quantity),
            Step::BeginPayment(which) => {
                let Some(order) = self.orders.get(which) else {
                    return;
                };
                let tx_ref = TxRef::compose(order.id, self.drawn as u32);
                if order.begin_payment(tx_ref.clone(), now, version).is_ok() {
                    self.write_from_anywhere(which, |order| {
                        order.begin_payment(tx_ref.clone(), now, version).unwrap()
                    });
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
            Settlement::Pays(_) => {
                let paid = self.write_from_anywhere(which, |order| {
                    match order.settle(&tx_ref, now, version) {
                        Settlement::Pays(change) => *change,
                        other => panic!("{other:?}"),
                    }
                });
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
        for (place, shelf) in &self.shelves.0 {
            let Shelf {
                available,
                reserved,
                sold,
            } = *shelf;
            assert_eq!(
                available + reserved + sold,
                UNITS,
                "no unit is made or lost"
            );
            let units = |state: HoldState| -> u32 {
                let orders = self.orders.iter().filter(|order| order.hold.state == state);
                orders
                    .flat_map(|order| &order.lines)
                    .flat_map(|line| &line.allocations)
                    .filter(|allocation| allocation.location == *place)
                    .map(|allocation| allocation.quantity)
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
        }
        for line in self.orders.iter().flat_map(|order| &order.lines) {
            let allocated: u32 = line.allocations.iter().map(|a| a.quantity).sum();
            assert_eq!(allocated, line.quantity, "each unit comes from somewhere");
        }
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
        let shelves = Shelves::stocked();
        let mut world =
            World { shelves, orders: Vec::new(), now: Timestamp(0), drawn: 1_000, money: Vec::new() };
        for step in steps {
            world.take(step);
            world.check();
        }
    }
}
