//! Beginning to pay: the attempt is written down, then Chapa is asked for a link.
//!
//! In this order, because there is no telling what became of a call that was not answered. An
//! attempt that got no answer stays pending and is asked about later; the customer begins a new one.

use axum::{Json, extract::State as Extract};
use domain::{
    Id, OrderId,
    order::{MAX_COUNTS, Order, PaymentRefused, SupplyError},
    payment::{FIRST_CHECK_SECS, Payment, PaymentStatus},
    user::User,
};
use gateways::{
    chapa::{ChapaError, Initialize},
    finalizer::Finalizer,
    sections::Paying,
};
use serde::Serialize;
use store::{AdvanceError, PaymentWrite};
use url::Url;
use web::{
    body::Payload,
    error::{Error, Result},
    fields::{Fields, key, url},
    identity::Verified,
    shop::Shop,
};

use crate::State;

/// How often it starts again because the order changed while it was read.
const MAX_TRIES: usize = 4;
/// What Chapa's page says is paid for.
const DESCRIPTION: &str = "Payment for goods";

/// The answer.
#[derive(Debug, Serialize)]
pub(crate) struct Initiated {
    payment_id: Id,
    tx_ref: String,
    checkout_url: String,
}

/// `POST /api/payments/initiate/`, for one's own unpaid order.
pub(crate) async fn initiate(
    Extract(state): Extract<State>,
    Verified(customer): Verified,
    payload: Payload,
) -> Result<Json<Initiated>> {
    let wanted = Wanted::read(payload, &state)?;
    let (order, payment) = begin(&state, &customer.user, &wanted).await?;
    let checkout_url = open_link(&state, &customer.user, &order, &payment, &wanted).await?;
    Ok(Json(Initiated {
        payment_id: payment.id,
        tx_ref: payment.tx_ref.to_string(),
        checkout_url,
    }))
}

struct Wanted {
    order: OrderId,
    return_url: String,
}

impl Wanted {
    fn read(payload: Payload, state: &State) -> Result<Wanted> {
        let mut fields = Fields::of(payload)?;
        // The original's field is `order_id`; its README says `order`.
        let name = if fields.has("order_id") || !fields.has("order") {
            "order_id"
        } else {
            "order"
        };
        let order = fields.required(name, key(OrderId));
        let return_url = match &state.paying.return_url {
            Some(default) => fields
                .optional("return_url", url())
                .unwrap_or_else(|| default.clone()),
            None => fields.required("return_url", url()),
        };
        if fields.is_clean() && !may_return_to(&return_url, &state.paying, &state.shop) {
            fields.refuse("return_url", "This host is not allowed.");
        }
        fields.finish()?;
        Ok(Wanted { order, return_url })
    }
}

/// Whether customers may be sent there: our own hosts, or one on the list. Otherwise our checkout
/// would lend its good name to anybody's page.
fn may_return_to(return_url: &str, paying: &Paying, shop: &Shop) -> bool {
    let host_of = |text: &str| Url::parse(text).ok()?.host_str().map(str::to_owned);
    let Ok(wanted) = Url::parse(return_url) else {
        return false;
    };
    let Some(host) = wanted.host_str() else {
        return false;
    };
    let is_web = matches!(wanted.scheme(), "http" | "https");
    let ours = host_of(&shop.settings.public_url).as_deref() == Some(host);
    let default = paying.return_url.as_deref().and_then(host_of);
    let listed = paying
        .return_url_hosts
        .iter()
        .any(|known| known.eq_ignore_ascii_case(host));
    is_web && (ours || default.as_deref() == Some(host) || listed)
}

/// Writes the attempt down and renews the hold, in one transaction.
async fn begin(state: &State, customer: &User, wanted: &Wanted) -> Result<(Order, Payment)> {
    let Finalizer {
        store,
        chapa,
        relay,
        clock,
        entropy,
    } = &state.finalizer;
    // The order as it was read, with other places to take its units from.
    let mut moved: Option<Order> = None;
    for _ in 0..MAX_TRIES + MAX_COUNTS {
        let found = match moved.take() {
            Some(order) => Some(order),
            None => store.find_order(wanted.order).await?,
        };
        let order = found
            .filter(|order| order.owner == customer.id)
            .ok_or_else(|| Error::field("order_id", "Order not found."))?;
        let now = clock.now();
        let tx_ref = entropy.tx_ref(order.id);
        let change = order
            .begin_payment(tx_ref.clone(), now, entropy.version())
            .map_err(|refused: PaymentRefused| Error::field("order_id", refused.to_string()))?;
        let payment = Payment {
            tx_ref,
            id: entropy.id(),
            order: order.id,
            owner: order.owner,
            amount: order.total,
            currency: order.currency.clone(),
            mode: chapa.mode(),
            status: PaymentStatus::Pending,
            checkout_url: None,
            gateway_reference: None,
            refund_due: None,
            created_at: now,
            updated_at: now,
            next_check: Some(now.plus_secs(FIRST_CHECK_SECS)),
            version: entropy.version(),
        };
        let write = PaymentWrite {
            from: None,
            payment,
        };
        let events = entropy.events(&change.events);
        match store
            .advance_order(&change, std::slice::from_ref(&write), &events)
            .await
        {
            Ok(()) => {
                relay.announce(&events).await;
                return Ok((change.order, write.payment));
            }
            Err(AdvanceError::Changed) => {}
            Err(AdvanceError::Short(short)) => match store.reallocate(&order, &short).await? {
                Ok(order) => moved = Some(order),
                Err(why) => return Err(no_longer_available(&order, &why)),
            },
            Err(AdvanceError::Store(fault)) => return Err(fault.into()),
        }
    }
    Err(Error::unavailable(
        "the order kept changing while its payment began",
    ))
}

/// The hold had ended and the units went to others.
fn no_longer_available(order: &Order, why: &SupplyError) -> Error {
    let texts: Vec<String> = match why {
        SupplyError::Short(short) => order
            .lines
            .iter()
            .filter(|line| short.iter().any(|short| short.variant == line.variant))
            .map(|line| format!("{} is no longer available.", line.product_name))
            .collect(),
        SupplyError::TooSpread => vec![why.to_string()],
    };
    Error::json(
        axum::http::StatusCode::CONFLICT,
        &serde_json::json!({ "detail": texts }),
    )
}

/// Asks Chapa for the link and notes it on the attempt.
async fn open_link(
    state: &State,
    customer: &User,
    order: &Order,
    payment: &Payment,
    wanted: &Wanted,
) -> Result<String> {
    let or = |name: &str, otherwise: &str| {
        if name.trim().is_empty() {
            otherwise.to_owned()
        } else {
            name.to_owned()
        }
    };
    let request = Initialize {
        amount: payment.amount.to_string(),
        currency: &payment.currency,
        email: &customer.email,
        first_name: &or(&customer.first_name, "User"),
        last_name: &or(&customer.last_name, "Customer"),
        tx_ref: payment.tx_ref.as_str(),
        callback_url: &state.shop.settings.link("/api/payments/webhook/"),
        return_url: &wanted.return_url,
        title: &order.id.number(),
        description: DESCRIPTION,
    };
    match state.finalizer.chapa.initialize(&request).await {
        Ok(checkout_url) => {
            note(state, payment, |payment| {
                payment.checkout_url = Some(checkout_url.clone())
            })
            .await?;
            Ok(checkout_url)
        }
        Err(ChapaError::Refused(message)) => {
            note(state, payment, |payment| {
                payment.status = PaymentStatus::Failed;
                payment.next_check = None;
            })
            .await?;
            let text = format!("Chapa Error: {message}");
            Err(Error::detail(axum::http::StatusCode::BAD_REQUEST, text))
        }
        Err(error @ ChapaError::Unreachable(_)) => Err(Error::unavailable(error)),
    }
}

/// Notes Chapa's answer. Whatever moved the attempt meanwhile, a webhook that was faster, knows
/// better: then nothing is noted.
async fn note(state: &State, payment: &Payment, change: impl FnOnce(&mut Payment)) -> Result<()> {
    let mut noted = payment.clone();
    noted.updated_at = state.shop.clock.now();
    noted.version = state.shop.entropy.version();
    change(&mut noted);
    let write = PaymentWrite {
        from: Some(payment.version),
        payment: noted,
    };
    match state.finalizer.store.save_payment(&write, &[]).await {
        Ok(()) | Err(AdvanceError::Changed | AdvanceError::Short(_)) => Ok(()),
        Err(AdvanceError::Store(fault)) => Err(fault.into()),
    }
}
