//! What remains of an order when the person who placed it has deleted their account.

use super::{Customer, DeliveryAddress, Order, OrderStatus};
use crate::Version;

impl Order {
    /// The order without what only the person needed, if its course is over: name, e-mail address,
    /// street, postal code and point on the map are gone. What bookkeeping needs stays: lines,
    /// prices, dates, payment references, and the city, region and country of delivery.
    ///
    /// `None` while the order is still to be paid or delivered, and if there is nothing left to
    /// take away. Nothing else about the order changes, and it tells nobody, so this is no step: an
    /// order that was completed on a day is not changed by what was forgotten later.
    pub fn strip_personal_data(&self, version: Version) -> Option<Order> {
        if !matches!(self.status, OrderStatus::Completed | OrderStatus::Cancelled) {
            return None;
        }
        let mut stripped = Order {
            customer: Customer {
                email: String::new(),
                first_name: String::new(),
                last_name: String::new(),
            },
            address: DeliveryAddress {
                address_id: self.address.address_id,
                recipient: String::new(),
                address_line_1: String::new(),
                address_line_2: None,
                city: self.address.city.clone(),
                region: self.address.region.clone(),
                postal_code: None,
                country: self.address.country.clone(),
                location_pin: None,
            },
            ..self.clone()
        };
        if stripped == *self {
            return None;
        }
        stripped.version = version;
        Some(stripped)
    }

    /// Whether nobody can be written to about this order any more.
    pub fn is_stripped(&self) -> bool {
        self.customer.email.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        AddressId, Id, Money, OrderId, Timestamp, UserId,
        json::Json,
        order::{CancelReason, Hold, HoldState},
        payment::TxRef,
    };

    fn version(number: u64) -> Version {
        Version::try_from(number).unwrap()
    }

    fn order(status: OrderStatus) -> Order {
        let id = OrderId(Id::compose(0, 1));
        Order {
            id,
            owner: UserId(Id::compose(0, 2)),
            customer: Customer {
                email: "secret@example.com".into(),
                first_name: "secret".into(),
                last_name: "secret".into(),
            },
            status,
            lines: Vec::new(),
            total: Money::from_santim(10_000),
            currency: "ETB".into(),
            address: DeliveryAddress {
                address_id: AddressId(Id::compose(0, 3)),
                recipient: "secret".into(),
                address_line_1: "secret".into(),
                address_line_2: Some("secret".into()),
                city: "Addis Ababa".into(),
                region: "AA".into(),
                postal_code: Some("secret".into()),
                country: "ET".into(),
                location_pin: Some(Json(serde_json::json!({ "lat": "secret" }))),
            },
            hold: Hold {
                state: HoldState::Committed,
                expires_at: Timestamp(600),
            },
            attempts: vec![TxRef::compose(id, 1)],
            paid_by: Some(TxRef::compose(id, 1)),
            cancelled_because: Some(CancelReason::Staff),
            placed_at: Timestamp(0),
            updated_at: Timestamp(900),
            version: version(1),
        }
    }

    #[test]
    fn an_order_that_is_over_keeps_what_bookkeeping_needs() {
        for status in [OrderStatus::Completed, OrderStatus::Cancelled] {
            let before = order(status);
            let after = before.strip_personal_data(version(2)).unwrap();
            let text = serde_json::to_string(&after).unwrap();
            assert!(!text.contains("secret"), "{text}");
            assert!(after.is_stripped() && !before.is_stripped());
            // All else is as it was: put back what was taken, and it is the same order.
            let restored = Order {
                customer: before.customer.clone(),
                address: before.address.clone(),
                version: before.version,
                ..after.clone()
            };
            assert_eq!(restored, before);
            assert_eq!(after.address.city, "Addis Ababa");
            assert_eq!(after.version, version(2));
            // Once more there is nothing to write.
            assert_eq!(after.strip_personal_data(version(3)), None);
        }
    }

    #[test]
    fn an_order_that_is_to_be_paid_or_delivered_keeps_all() {
        for status in OrderStatus::ALL {
            let is_over = matches!(status, OrderStatus::Completed | OrderStatus::Cancelled);
            let stripped = order(status).strip_personal_data(version(2));
            assert_eq!(stripped.is_some(), is_over, "{status}");
        }
    }

    #[test]
    fn an_order_of_somebody_without_a_name_is_stripped_of_the_rest() {
        let mut order = order(OrderStatus::Completed);
        order.customer.email.clear();
        let after = order.strip_personal_data(version(2)).unwrap();
        assert_eq!(after.address.recipient, "");
    }
}
