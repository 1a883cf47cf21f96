//! The page that Chapa's callback and returning customers see.
//!
//! It believes nothing that its URL says: it asks Chapa, then shows what is so.

use askama::Template;
use axum::{
    extract::{Query, State as Extract},
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use domain::payment::{Payment, TxRef};
use gateways::finalizer::Outcome;
use serde::Deserialize;
use web::error::{Error, Result};

use crate::State;

/// The page runs nothing and loads nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

#[derive(Debug, Deserialize)]
pub(crate) struct Told {
    trx_ref: Option<String>,
    tx_ref: Option<String>,
}

#[derive(Template)]
#[template(path = "returning.html")]
struct Page {
    title: &'static str,
    text: String,
}

/// `GET /api/payments/webhook/?trx_ref=&status=`. The status is not even read.
pub(crate) async fn page(
    Extract(state): Extract<State>,
    Query(told): Query<Told>,
) -> Result<Response> {
    let tx_ref = told
        .trx_ref
        .or(told.tx_ref)
        .and_then(|text| TxRef::parse(&text));
    let outcome = match &tx_ref {
        None => Outcome::Unknown,
        Some(tx_ref) => match state.finalizer.finalize(tx_ref).await {
            Ok(outcome) => outcome,
            Err(error) => {
                tracing::warn!(%error, "a returning customer's payment could not be settled yet");
                Outcome::Unknown
            }
        },
    };
    let number = |payment: &Payment| payment.order.number();
    let page = match outcome {
        Outcome::Paid(payment) => Page {
            title: "Payment Successful!",
            text: format!("Order {} is being processed.", number(&payment)),
        },
        Outcome::RefundDue(payment) => Page {
            title: "Payment received",
            text: format!(
                "Order {} can no longer be served. We will refund you.",
                number(&payment)
            ),
        },
        Outcome::Unknown | Outcome::Undecided(_) | Outcome::Failed(_) => Page {
            title: "Payment Pending",
            text: "We are verifying your payment.".to_owned(),
        },
    };
    let html = page.render().map_err(Error::internal)?;
    let policy = [(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    )];
    Ok((policy, Html(html)).into_response())
}
