//! Units that are promised to orders now: /api/inventory/reservations/.

use axum::{extract::State, response::Response};
use domain::{
    Id, OrderId, ProductId, Timestamp, UserId, VariantId,
    order::{Order, OrderLine},
    stock::Location,
};
use serde::Serialize;
use store::Page;
use web::{Result, Shop, identity::Staff, paging::Paging};

/// An order that nobody has paid yet, and the units it keeps from being sold.
#[derive(Serialize)]
struct ReservationWire {
    order: OrderId,
    order_number: String,
    customer: CustomerWire,
    /// Until when; a hold that is over ends when the schedule comes by.
    expires_at: String,
    items: Vec<LineWire>,
}

#[derive(Serialize)]
struct CustomerWire {
    id: UserId,
    email: String,
}

#[derive(Serialize)]
struct LineWire {
    product: ProductId,
    product_name: String,
    variant: VariantId,
    variant_title: String,
    sku: Option<String>,
    quantity: u32,
    places: Vec<PlaceWire>,
}

#[derive(Serialize)]
struct PlaceWire {
    location: Location,
    quantity: u32,
}

/// `GET /api/inventory/reservations/`: the first to end first. A page is cut at a whole
/// second: it may be short, and is longer than `limit` where more end in one.
pub(crate) async fn list(State(shop): State<Shop>, _: Staff, paging: Paging) -> Result<Response> {
    let request = paging.request();
    // The cursor is the second from which to go on.
    let from = request.after.map_or(0, Id::value);
    let from = Timestamp(i64::try_from(from).unwrap_or(i64::MAX));
    let (orders, next) = shop.store.list_holds(from, request.limit).await?;
    let next = next.and_then(|at| Id::try_from(u64::try_from(at.unix_secs()).ok()?).ok());
    let items = orders.into_iter().map(ReservationWire::from).collect();
    Ok(paging.answer(Page { items, next }))
}

impl From<Order> for ReservationWire {
    fn from(order: Order) -> Self {
        ReservationWire {
            order: order.id,
            order_number: order.id.number(),
            customer: CustomerWire {
                id: order.owner,
                email: order.customer.email,
            },
            expires_at: order.hold.expires_at.to_string(),
            items: order.lines.into_iter().map(LineWire::from).collect(),
        }
    }
}

impl From<OrderLine> for LineWire {
    fn from(line: OrderLine) -> Self {
        let places = line.allocations.into_iter();
        LineWire {
            product: line.product,
            product_name: line.product_name,
            variant: line.variant,
            variant_title: line.variant_title,
            sku: line.sku,
            quantity: line.quantity,
            places: places
                .map(|place| PlaceWire {
                    location: place.location,
                    quantity: place.quantity,
                })
                .collect(),
        }
    }
}
