//! Which places an order takes its units from: one after the other, in the shop's order, and from
//! few rather than from many where a transaction could not hold them all.

use std::collections::HashMap;

use super::{Allocation, MAX_ORDER_LINES, Order, OrderLine};
use crate::{
    ProductId, VariantId,
    location::{Locations, MAX_PLACES},
    product::Product,
    stock::{Location, Shortage, StockLevel},
};

/// How often an order that a place refused is tried again after its units were counted: a crowd may
/// empty one place after the other in front of it.
pub const MAX_COUNTS: usize = MAX_PLACES + 2;

/// What there is of some products, place by place, as far as is known.
///
/// It only says where to try. Whether the units are there is decided by the transaction that takes
/// them; when that refuses, the products it names are counted, and the order is tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Supply {
    locations: Locations,
    shelves: HashMap<ProductId, Shelf>,
}

#[derive(Debug, Clone, PartialEq)]
struct Shelf {
    /// The units of each variant at each place, the place to take from first at the front.
    units: Vec<(VariantId, Location, u32)>,
    /// Whether they were counted, or are what lists say, which may be out of date.
    is_counted: bool,
}

/// Why no places could be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SupplyError {
    /// There are too few units at all places together; every line that is short.
    #[error("not enough stock")]
    Short(Vec<Shortage>),
    /// There are enough, but at more places than one transaction takes them from.
    #[error(
        "The units of this order lie in too many places. Please order fewer products at a time."
    )]
    TooSpread,
}

impl Supply {
    /// Knows only in which order places are taken from.
    pub fn new(locations: Locations) -> Supply {
        Supply {
            locations,
            shelves: HashMap::new(),
        }
    }

    /// Notes what lists say of a product. That may be out of date, so nothing is refused for it.
    pub fn note(&mut self, product: &Product) {
        let levels = product.shown_stock.levels.iter();
        let units = levels.map(|level| (level.variant, level.location.clone(), level.available));
        let units = units.collect();
        self.put(product.id, units, false);
    }

    /// Counts what the levels of a product say, which are all it has and were read freshly. If that
    /// is too little, then there is too little.
    pub fn count(&mut self, product: ProductId, levels: &[StockLevel]) {
        let levels = levels.iter();
        let units = levels.map(|level| (level.variant, level.location.clone(), level.available));
        let units = units.collect();
        self.put(product, units, true);
    }

    fn put(
        &mut self,
        product: ProductId,
        mut units: Vec<(VariantId, Location, u32)>,
        is_counted: bool,
    ) {
        units.sort_by(|(_, one, _), (_, other, _)| {
            let rank = |place| (self.locations.rank(place), place);
            rank(one).cmp(&rank(other))
        });
        self.shelves.insert(product, Shelf { units, is_counted });
    }

    /// Chooses places for the lines of an order. Lines of products that nothing is known of keep
    /// the places they have.
    ///
    /// # Errors
    /// [`SupplyError`].
    pub(super) fn allocate(&self, lines: &mut [OrderLine]) -> Result<(), SupplyError> {
        for fewest_places in [false, true] {
            let mut short = Vec::new();
            for line in lines.iter_mut() {
                let Some(shelf) = self.shelves.get(&line.product) else {
                    continue;
                };
                match shelf.take(line.variant, line.quantity, fewest_places) {
                    Ok(allocations) => line.allocations = allocations,
                    Err(available) => short.push(Shortage {
                        product: line.product,
                        variant: line.variant,
                        available,
                        requested: line.quantity,
                    }),
                }
            }
            if !short.is_empty() {
                return Err(SupplyError::Short(short));
            }
            let allocations: usize = lines.iter().map(|line| line.allocations.len()).sum();
            if allocations <= MAX_ORDER_LINES {
                return Ok(());
            }
        }
        Err(SupplyError::TooSpread)
    }
}

impl Shelf {
    /// Takes units of a variant from place after place, or from those first that have most. What
    /// seems to be missing is asked of the first place, unless the units were counted: then the
    /// error says how many there are.
    fn take(
        &self,
        variant: VariantId,
        quantity: u32,
        fewest_places: bool,
    ) -> Result<Vec<Allocation>, u32> {
        let units = self.units.iter();
        let mut places: Vec<_> = units.filter(|(of, ..)| *of == variant).collect();
        let first = places.first().map(|(_, place, _)| place.clone());
        if fewest_places {
            places.sort_by_key(|(_, _, units)| std::cmp::Reverse(*units));
        }
        let mut rest = quantity;
        let mut allocations: Vec<Allocation> = Vec::new();
        for (_, location, units) in places {
            let quantity = rest.min(*units);
            if quantity > 0 {
                allocations.push(Allocation {
                    location: location.clone(),
                    quantity,
                });
                rest -= quantity;
            }
        }
        if rest > 0 && self.is_counted {
            return Err(quantity - rest);
        }
        if rest > 0 {
            let location = first.unwrap_or_else(Location::main);
            let known = allocations.iter_mut().find(|a| a.location == location);
            match known {
                Some(allocation) => allocation.quantity += rest,
                None => allocations.push(Allocation {
                    location,
                    quantity: rest,
                }),
            }
        }
        Ok(allocations)
    }
}

impl Order {
    /// The order, still as it was read, with other places to take its units from. For a hold that
    /// ended: its units are taken from where they were, and where they are no longer from here.
    ///
    /// # Errors
    /// [`SupplyError`].
    pub fn reallocated(&self, supply: &Supply) -> Result<Order, SupplyError> {
        let mut order = self.clone();
        supply.allocate(&mut order.lines)?;
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Id, Money, Timestamp};

    fn id(number: u64) -> Id {
        Id::try_from(number).unwrap()
    }

    fn place(code: &str) -> Location {
        Location::parse(code).unwrap()
    }

    fn locations() -> Locations {
        let mut locations = Locations::default();
        locations.add(place("bole"), "Bole".into()).unwrap();
        locations.add(place("piassa"), "Piassa".into()).unwrap();
        locations
    }

    fn level(product: u64, code: &str, available: u32) -> StockLevel {
        let (product, variant) = (ProductId(id(product)), VariantId(id(product)));
        StockLevel::new(product, variant, place(code), available, Timestamp(0))
    }

    fn line(product: u64, quantity: u32) -> OrderLine {
        OrderLine {
            product: ProductId(id(product)),
            variant: VariantId(id(product)),
            product_name: String::new(),
            variant_title: String::new(),
            sku: None,
            quantity,
            unit_price: Money::ZERO,
            total_price: Money::ZERO,
            allocations: Vec::new(),
        }
    }

    fn taken(line: &OrderLine) -> Vec<(&str, u32)> {
        let allocations = line.allocations.iter();
        allocations
            .map(|a| (a.location.name(), a.quantity))
            .collect()
    }

    fn counted(levels: &[StockLevel]) -> Supply {
        let mut supply = Supply::new(locations());
        supply.count(ProductId(id(1)), levels);
        supply
    }

    #[test]
    fn units_come_from_the_first_place_that_has_them_and_then_from_the_next() {
        let levels = [
            level(1, "piassa", 9),
            level(1, "bole", 2),
            level(1, "main", 3),
        ];
        let supply = counted(&levels);
        for (quantity, expected) in [
            (3, vec![("main", 3)]),
            (4, vec![("main", 3), ("bole", 1)]),
            (14, vec![("main", 3), ("bole", 2), ("piassa", 9)]),
        ] {
            let mut lines = [line(1, quantity)];
            supply.allocate(&mut lines).unwrap();
            assert_eq!(taken(&lines[0]), expected);
        }
        let short = supply.allocate(&mut [line(1, 15)]).unwrap_err();
        let SupplyError::Short(short) = short else {
            panic!("{short:?}")
        };
        assert_eq!((short[0].available, short[0].requested), (14, 15));
    }

    #[test]
    fn a_place_that_is_no_longer_listed_comes_last() {
        let supply = counted(&[level(1, "adama", 5), level(1, "piassa", 1)]);
        let mut lines = [line(1, 3)];
        supply.allocate(&mut lines).unwrap();
        assert_eq!(taken(&lines[0]), [("piassa", 1), ("adama", 2)]);
    }

    #[test]
    fn what_lists_say_refuses_nobody() {
        let mut supply = counted(&[level(1, "bole", 2), level(1, "main", 0)]);
        supply
            .shelves
            .get_mut(&ProductId(id(1)))
            .unwrap()
            .is_counted = false;
        let mut lines = [line(1, 5), line(2, 1)];
        lines[1].allocations = vec![Allocation {
            location: place("piassa"),
            quantity: 1,
        }];
        supply.allocate(&mut lines).unwrap();
        assert_eq!(taken(&lines[0]), [("bole", 2), ("main", 3)]);
        assert_eq!(taken(&lines[1]), [("piassa", 1)], "nothing is known of it");
        supply.shelves.clear();
        supply.put(ProductId(id(1)), Vec::new(), false);
        supply.allocate(&mut lines).unwrap();
        assert_eq!(taken(&lines[0]), [("main", 5)]);
    }

    #[test]
    fn an_order_that_would_take_from_too_many_places_takes_from_fewer() {
        let spread = |lines: u64, units: [u32; 2], quantity| {
            let mut supply = Supply::new(locations());
            let mut all = Vec::new();
            for number in 1..=lines {
                let levels = [
                    level(number, "main", units[0]),
                    level(number, "bole", units[1]),
                ];
                supply.count(ProductId(id(number)), &levels);
                all.push(line(number, quantity));
            }
            (supply.allocate(&mut all), all)
        };
        let most = MAX_ORDER_LINES as u64;
        let (allocated, lines) = spread(most, [1, 2], 2);
        assert_eq!(allocated, Ok(()));
        assert_eq!(taken(&lines[0]), [("bole", 2)]);
        let (allocated, lines) = spread(most / 2, [1, 2], 2);
        assert_eq!(allocated, Ok(()));
        assert_eq!(taken(&lines[0]), [("main", 1), ("bole", 1)]);
        let (refused, _) = spread(most, [1, 1], 2);
        assert_eq!(refused, Err(SupplyError::TooSpread));
    }
}
