//! All that is kept about a person, for that person: /api/accounts/export/.
//!
//! Everything the account holds is on every page; only the orders, with their payments, go page by
//! page. Left out are the password's hash, which would only help a thief; the audit log, which is
//! listed by time, not by person, and holds no more than ids and words like `staff_granted`; and
//! counters of attempts, which are kept for hours under digests that do not lead back to anybody.

mod wire;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use domain::payment::TxRef;
use web::{Result, Shop, identity::Credentials, paging::Paging};

use wire::ExportWire;

pub(crate) async fn download(
    State(shop): State<Shop>,
    credentials: Credentials,
    paging: Paging,
) -> Result<Response> {
    let paging = paging.largest();
    let id = credentials.user();
    let (account, orders) = tokio::try_join!(
        shop.store.find_account(id),
        shop.store.list_orders_of(id, paging.request())
    )?;
    let customer = credentials.admit(account.user, shop.clock.now())?;
    let attempts: Vec<TxRef> = orders
        .items
        .iter()
        .flat_map(|order| order.attempts.iter().cloned())
        .collect();
    let payments = shop.store.find_payments(&attempts).await?;
    let export = ExportWire::of(
        customer.user,
        account.addresses,
        account.cart,
        orders.items,
        payments,
    );
    let mut response = paging.link(Json(export), orders.next);
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"account.json\""),
    );
    Ok(response)
}
