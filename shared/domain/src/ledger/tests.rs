use proptest::prelude::*;

use super::*;
use crate::Id;

fn level(place: &str, available: u32, reserved: u32) -> StockLevel {
    let id = ProductId(Id::compose(0, 1));
    let location = Location::parse(place).unwrap();
    let level = StockLevel::new(id, id.into(), location, available, Timestamp(0));
    StockLevel { reserved, ..level }
}

fn places() -> Locations {
    let mut locations = Locations::default();
    let store = Location::parse("store").unwrap();
    locations.add(store, "Store".into()).unwrap();
    locations
}

fn entry() -> Entry {
    Entry {
        actor: UserId(Id::compose(0, 2)),
        at: Timestamp(60),
        kind: MovementKind::Counted,
        reason: "stocktaking".into(),
    }
}

fn id(number: u16) -> MovementId {
    MovementId(Id::compose(0, number))
}

fn adjusted(level: &StockLevel, correction: Correction) -> Result<(u32, i64), StockRefused> {
    adjust(level, correction, &places(), id(3), &entry())
        .map(|(after, movement)| (after.available, movement.delta))
}

#[test]
fn what_is_counted_is_on_hand_promised_units_among_it() {
    let level = level("main", 5, 2);
    assert_eq!(adjusted(&level, Correction::Counted(7)), Ok((5, 0)));
    assert_eq!(adjusted(&level, Correction::Counted(2)), Ok((0, -5)));
    let refused = adjusted(&level, Correction::Counted(1));
    assert_eq!(refused, Err(StockRefused::BelowReserved { reserved: 2 }));
}

#[test]
fn promised_units_cannot_be_taken_and_a_place_is_bounded() {
    let level = level("main", 5, 2);
    assert_eq!(adjusted(&level, Correction::By(-5)), Ok((0, -5)));
    let refused = adjusted(&level, Correction::By(-6)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Not enough stock. Available: 5, Requested: 6"
    );
    let most = i64::from(MAX_UNITS) - 7;
    assert!(adjusted(&level, Correction::By(most)).is_ok());
    assert_eq!(
        adjusted(&level, Correction::By(most + 1)),
        Err(StockRefused::Full)
    );
    assert!(adjusted(&level, Correction::By(i64::MIN)).is_err());
    assert!(adjusted(&level, Correction::By(i64::MAX)).is_err());
}

#[test]
fn nothing_is_brought_where_no_place_is_but_what_is_there_can_be_taken() {
    let level = level("gone", 5, 0);
    assert_eq!(adjusted(&level, Correction::By(-5)), Ok((0, -5)));
    let refused = adjusted(&level, Correction::By(1));
    assert_eq!(refused, Err(StockRefused::Closed(level.location)));
}

#[test]
fn a_product_is_low_below_its_threshold() {
    let mut product: Product = serde_json::from_value(serde_json::json!({
        "id": 1, "category": 1, "name": "", "slug": "", "description": "", "sku": null,
        "price": { "list": 100, "discounted": null }, "currency": "ETB", "specifications": "{}",
        "is_featured": false, "is_active": true, "options": [], "variants": [],
        "created_at": 0, "updated_at": 0, "version": 1,
    }))
    .unwrap();
    assert!(!is_low(&product), "nobody asked to be told");
    product.low_stock_threshold = Some(5);
    assert!(is_low(&product));
    let levels = [level("main", 3, 0), level("store", 2, 9)];
    product.shown_stock = crate::stock::ShownStock::of(&levels, 0);
    assert!(!is_low(&product));
}

proptest! {
    #[test]
    fn a_transfer_keeps_the_sum_and_its_entries_balance(
        here in 0u32..50, promised in 0u32..50, there in 0u32..50, quantity in 1u32..60,
    ) {
        let (from, to) = (level("main", here, promised), level("store", there, 0));
        let moved = transfer(&from, &to, quantity, &places(), [id(3), id(4)], &entry());
        match moved {
            Ok(([taken, brought], [out, into])) => {
                prop_assert_eq!(out.delta + into.delta, 0);
                prop_assert_eq!(on_hand(&taken) + on_hand(&brought), here + promised + there);
                prop_assert_eq!(taken.reserved, promised);
                prop_assert_eq!(into.after, Some(there + quantity));
            }
            Err(refused) => {
                prop_assert!(quantity > here);
                let text = format!("Not enough stock. Available: {here}, Requested: {quantity}");
                prop_assert_eq!(refused.to_string(), text);
            }
        }
    }
}
