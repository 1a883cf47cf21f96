//! A customer asks whether a payment has come.

use axum::{
    Json,
    extract::{Query, State as Extract},
    http::StatusCode,
};
use domain::payment::TxRef;
use gateways::finalizer::{FinalizeError, Outcome};
use serde::{Deserialize, Serialize};
use web::{
    error::{Error, Result},
    identity::Verified,
};

use crate::State;

#[derive(Debug, Deserialize)]
pub(crate) struct Asked {
    tx_ref: Option<String>,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Standing {
    status: &'static str,
}

/// `GET /api/payments/verify/?tx_ref=`: one's own payment, for staff anybody's.
pub(crate) async fn verify(
    Extract(state): Extract<State>,
    Verified(customer): Verified,
    Query(asked): Query<Asked>,
) -> Result<Json<Standing>> {
    let text = asked
        .tx_ref
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Error::detail(StatusCode::BAD_REQUEST, "tx_ref required"))?;
    let tx_ref = TxRef::parse(&text).ok_or_else(|| Error::not_found("Payment"))?;
    let payment = state.finalizer.store.find_payment(&tx_ref).await?;
    payment
        .filter(|payment| customer.user.is_staff || payment.owner == customer.user.id)
        .ok_or_else(|| Error::not_found("Payment"))?;
    let status = match state.finalizer.finalize(&tx_ref).await.map_err(fault)? {
        Outcome::Paid(_) => "success",
        Outcome::RefundDue(_) => "refund_due",
        Outcome::Undecided(_) | Outcome::Failed(_) => "pending_or_failed",
        Outcome::Unknown => return Err(Error::not_found("Payment")),
    };
    Ok(Json(Standing { status }))
}

/// A payment that cannot be settled now can be later: nothing is lost.
pub(crate) fn fault(error: FinalizeError) -> Error {
    match error {
        FinalizeError::Store(fault) => fault.into(),
        FinalizeError::Chapa(fault) => Error::unavailable(fault),
    }
}
