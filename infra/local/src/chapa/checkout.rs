//! What a customer sees and does: the checkout page, and the list of all payments.

use axum::{
    extract::{Path, State},
    response::{IntoResponse as _, Redirect, Response},
};
use domain::Timestamp;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::{
    Sandbox, answers,
    ledger::Delivery,
    transaction::{Outcome, Status, Transaction},
    webhooks,
};
use crate::{
    input::{Input, Refusal, prefers_html},
    pages,
};

/// What becomes of the webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Webhook {
    /// It arrives before the customer's page does.
    Send,
    /// It never arrives, nor does the callback.
    Drop,
    /// It arrives twice at once.
    Twice,
    /// It arrives ten minutes of the shop's time later.
    Delay,
}

impl Webhook {
    fn word(self) -> &'static str {
        match self {
            Webhook::Send => "send",
            Webhook::Drop => "drop",
            Webhook::Twice => "twice",
            Webhook::Delay => "delay",
        }
    }
}

/// The page of one payment.
#[derive(askama::Template)]
#[template(path = "checkout.html")]
struct CheckoutPage<'a> {
    title: &'a str,
    description: &'a str,
    amount: String,
    currency: &'a str,
    tx_ref: &'a str,
    customer: String,
    email: &'a str,
    status: &'static str,
    failed_before: bool,
    /// Why nothing can be done here any more.
    closed: Option<String>,
    return_url: Option<String>,
}

/// One line in the list of payments.
struct Line {
    tx_ref: String,
    amount: String,
    currency: String,
    status: &'static str,
    created_at: String,
    checkout_url: String,
}

/// All payments.
#[derive(askama::Template)]
#[template(path = "payments.html")]
struct PaymentsPage {
    payments: Vec<Line>,
    waiting: usize,
}

pub async fn page(
    State(sandbox): State<Sandbox>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let transaction = find(&sandbox, &token)?;
    if !prefers_html(&headers) {
        return Ok(axum::Json(shown(&sandbox, &transaction)).into_response());
    }
    let request = &transaction.request;
    let names = [request.first_name.as_deref(), request.last_name.as_deref()];
    Ok(pages::show(&CheckoutPage {
        title: request.title.as_deref().unwrap_or("Checkout"),
        description: request.description.as_deref().unwrap_or(""),
        amount: request.amount.to_string(),
        currency: &request.currency,
        tx_ref: &request.tx_ref,
        customer: names.into_iter().flatten().collect::<Vec<_>>().join(" "),
        email: request.email.as_deref().unwrap_or(""),
        status: transaction.status.word(),
        failed_before: transaction.status == Status::Failed,
        closed: transaction
            .open(sandbox.now())
            .err()
            .map(|reason| reason.to_string()),
        return_url: destination(&transaction),
    }))
}

pub async fn conclude(
    State(sandbox): State<Sandbox>,
    Path(token): Path<String>,
    headers: HeaderMap,
    mut input: Input,
) -> Result<Response, Refusal> {
    let outcome = input.choice(
        "outcome",
        &[
            ("success", Outcome::Success),
            ("failed", Outcome::Failed),
            ("cancelled", Outcome::Cancelled),
        ],
        None,
    );
    let webhook = input.choice(
        "webhook",
        &[
            ("send", Webhook::Send),
            ("drop", Webhook::Drop),
            ("twice", Webhook::Twice),
            ("delay", Webhook::Delay),
        ],
        Some(Webhook::Send),
    );
    input.finish()?;

    let now = sandbox.now();
    let tx_ref = find(&sandbox, &token)?.request.tx_ref;
    let transaction = sandbox
        .0
        .ledger
        .change(&tx_ref, |transaction| transaction.conclude(outcome, now))
        .map_err(Refusal::broken)?
        .ok_or_else(Refusal::not_found)?
        .map_err(|reason| Refusal::detail(StatusCode::CONFLICT, reason.to_string()))?;
    let statuses = deliver(&sandbox, &transaction, webhook, now)
        .await
        .map_err(Refusal::broken)?;

    if prefers_html(&headers) {
        let target = destination(&transaction);
        // A try that failed may be repeated, so that customer stays on the page.
        return Ok(match target {
            Some(target) if outcome != Outcome::Failed => Redirect::to(&target).into_response(),
            _ => Redirect::to(&sandbox.checkout_url(&token)).into_response(),
        });
    }
    Ok(axum::Json(json!({
        "status": transaction.status.word(),
        "tx_ref": transaction.request.tx_ref,
        "webhook": { "choice": webhook.word(), "answers": statuses },
        "return_url": transaction.request.return_url,
    }))
    .into_response())
}

pub async fn list(State(sandbox): State<Sandbox>, headers: HeaderMap) -> Result<Response, Refusal> {
    let transactions = sandbox.0.ledger.transactions().map_err(Refusal::broken)?;
    if !prefers_html(&headers) {
        let all: Vec<Value> = transactions
            .iter()
            .map(|transaction| shown(&sandbox, transaction))
            .collect();
        return Ok(axum::Json(all).into_response());
    }
    let waiting = sandbox
        .0
        .ledger
        .deliveries()
        .map_err(Refusal::broken)?
        .len();
    let payments = transactions
        .into_iter()
        .map(|transaction| Line {
            status: transaction.status.word(),
            checkout_url: sandbox.checkout_url(&transaction.token),
            created_at: transaction.created_at.to_string(),
            amount: transaction.request.amount.to_string(),
            currency: transaction.request.currency,
            tx_ref: transaction.request.tx_ref,
        })
        .collect();
    Ok(pages::show(&PaymentsPage { payments, waiting }))
}

fn find(sandbox: &Sandbox, token: &str) -> Result<Transaction, Refusal> {
    sandbox
        .0
        .ledger
        .by_token(token)
        .map_err(Refusal::broken)?
        .ok_or_else(Refusal::not_found)
}

fn shown(sandbox: &Sandbox, transaction: &Transaction) -> Value {
    json!({
        "tx_ref": transaction.request.tx_ref,
        "reference": transaction.reference,
        "status": transaction.status.word(),
        "amount": transaction.request.amount.to_string(),
        "currency": transaction.request.currency,
        "checkout_url": sandbox.checkout_url(&transaction.token),
        "return_url": transaction.request.return_url,
        "created_at": transaction.created_at.to_string(),
        "updated_at": transaction.updated_at.to_string(),
    })
}

/// Enters the webhooks, sends those that are to be sent now, and tells how they were answered.
async fn deliver(
    sandbox: &Sandbox,
    transaction: &Transaction,
    webhook: Webhook,
    now: Timestamp,
) -> anyhow::Result<Vec<Option<u16>>> {
    let (count, due_at) = match webhook {
        Webhook::Drop => return Ok(Vec::new()),
        Webhook::Send => (1, now),
        Webhook::Twice => (2, now),
        Webhook::Delay => (1, webhooks::late(now)),
    };
    let callback = callback(transaction);
    let Some(url) = sandbox
        .0
        .settings
        .webhook_url
        .clone()
        .or_else(|| transaction.request.callback_url.clone())
    else {
        return Ok(Vec::new());
    };
    let event = match transaction.status {
        Status::Success => "charge.success",
        Status::Refunded => "charge.refunded",
        // One name for both, slash included: so it is documented.
        Status::Failed | Status::Cancelled | Status::Pending => "charge.failed/cancelled",
    };
    let mut body = answers::webhook(transaction, event);
    if event == "charge.failed/cancelled" {
        body["status"] = json!("failed/cancelled");
    }
    let deliveries: Vec<Delivery> = (0..count)
        .map(|nth| Delivery {
            id: sandbox.draw(20),
            url: url.clone(),
            body: body.to_string(),
            callback: callback.clone().filter(|_| nth == 0),
            due_at,
            attempts: 0,
        })
        .collect();
    for delivery in &deliveries {
        sandbox.0.ledger.keep(delivery)?;
    }
    if due_at > now {
        return Ok(Vec::new());
    }
    // All at once: two that arrive one after the other prove less.
    futures::future::try_join_all(
        deliveries
            .iter()
            .map(|delivery| sandbox.0.courier.deliver(&delivery.id)),
    )
    .await
}

/// The unsigned call after a payment, with its parameters.
fn callback(transaction: &Transaction) -> Option<String> {
    let mut url = Url::parse(transaction.request.callback_url.as_deref()?).ok()?;
    url.query_pairs_mut()
        .append_pair("trx_ref", &transaction.request.tx_ref)
        .append_pair("ref_id", &transaction.reference)
        .append_pair("status", transaction.status.word());
    Some(url.into())
}

/// Where the customer's browser goes. A shop without a frontend names its callback page, which has
/// to be told which payment it is about.
fn destination(transaction: &Transaction) -> Option<String> {
    let request = &transaction.request;
    match &request.return_url {
        Some(return_url) if request.callback_url.as_ref() != Some(return_url) => {
            Some(return_url.clone())
        }
        _ => callback(transaction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chapa::transaction::tests::transaction;

    #[test]
    fn the_callback_carries_the_reference_under_its_other_name() {
        let mut transaction = transaction();
        transaction
            .conclude(Outcome::Success, Timestamp(1_001))
            .unwrap();
        assert_eq!(
            callback(&transaction).as_deref(),
            Some("http://127.0.0.1:1/callback?trx_ref=TX-1&ref_id=APabcdefghij&status=success")
        );
    }
}
