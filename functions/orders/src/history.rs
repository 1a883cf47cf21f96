//! Orders that were placed: one's own, or for staff everybody's.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::OrderId;
use web::{
    error::{Error, Result},
    identity::Verified,
    paging::Paging,
    request::{PathId, etag},
    shop::Shop,
};

use crate::wire::OrderWire;

/// `GET /api/orders/`: newest first.
pub(crate) async fn list(
    State(shop): State<Shop>,
    Verified(customer): Verified,
    paging: Paging,
) -> Result<Response> {
    let is_staff = customer.user.is_staff;
    let page = if is_staff {
        shop.store
            .list_orders(paging.request(), shop.clock.now())
            .await?
    } else {
        shop.store
            .list_orders_of(customer.user.id, paging.request())
            .await?
    };
    Ok(paging.answer(page.map(|order| OrderWire::of(order, is_staff))))
}

/// `GET /api/orders/{id}/`: somebody else's is not there.
pub(crate) async fn detail(
    State(shop): State<Shop>,
    Verified(customer): Verified,
    id: PathId,
) -> Result<Response> {
    let id = id.of("Order", OrderId)?;
    let is_staff = customer.user.is_staff;
    let found = shop.store.find_order(id).await?;
    let order = found
        .filter(|order| is_staff || order.owner == customer.user.id)
        .ok_or_else(|| Error::not_found("Order"))?;
    let tag = [(axum::http::header::ETAG, etag(order.version))];
    Ok((tag, Json(OrderWire::of(order, is_staff))).into_response())
}
