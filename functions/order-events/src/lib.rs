//! Consumes the shop's events from SQS: keeps lists in step with the stock, mails customers, feeds
//! the event bus, tells the figures, forgets those who left.
//!
//! An event may be delivered again, late, or twice at once. It is claimed before anything is done
//! and remembered afterwards, so that each has its effect once; a mail may go out twice only if the
//! process dies between SES's answer and the note of it. A message that fails, fails alone.

mod figures;
mod ledger;
mod mails;
mod shown_stock;
mod stripping;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use domain::{
    OrderId, UserId,
    event::{Event, EventKind},
    order::Order,
    user::User,
};
use gateways::{
    aws::Clients,
    bus::{BusError, EventBus},
    clock::Clock,
    config::{Reader, Section},
    entropy::Entropy,
    mail::{Mail, MailError, Mailer},
    metrics::Metrics,
    sections::{BusName, MailFrom, MetricsNamespace, SigningSecret, Site, TableName},
};
use store::{Claim, Store, StoreError};
use web::tokens::{self, RESET_SECS, Tokens};

use crate::mails::Letterhead;

/// What the consumer works with.
#[derive(Debug, Clone)]
pub struct Consumer {
    store: Store,
    mailer: Mailer,
    bus: EventBus,
    metrics: Metrics,
    tokens: Tokens,
    entropy: Entropy,
    clock: Clock,
    letterhead: Letterhead,
}

/// Why an event could not be handled now. It will be delivered again.
#[derive(Debug, thiserror::Error)]
enum HandleError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error("another consumer is at it")]
    Busy,
    #[error("a mail could not be written: {0}")]
    Template(#[from] askama::Error),
    #[error("a key could not be signed")]
    Key,
    #[error("not an event of ours: {0}")]
    Malformed(String),
}

/// What the consumer is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table.
    pub table: TableName,
    /// The bus that others listen to.
    pub bus: BusName,
    /// What keys in mails are signed with.
    pub signing: SigningSecret,
    /// What the shop is called and where it is.
    pub site: Site,
    /// The sender of mails.
    pub mail_from: MailFrom,
    /// What the figures are filed under.
    pub metrics: MetricsNamespace,
}

impl Section for Config {
    fn read(reader: &mut Reader<'_>) -> Self {
        Config {
            table: TableName::read(reader),
            bus: BusName::read(reader),
            signing: SigningSecret::read(reader),
            site: Site::read(reader),
            mail_from: MailFrom::read(reader),
            metrics: MetricsNamespace::read(reader),
        }
    }
}

impl Consumer {
    /// A consumer on the configured table, bus and sender.
    pub fn new(config: &Config, clients: &Clients, clock: Clock) -> Consumer {
        Consumer {
            store: Store::new(clients.dynamodb.clone(), &config.table.0),
            mailer: Mailer::new(clients.ses.clone(), &config.mail_from.0),
            bus: EventBus::new(clients.eventbridge.clone(), &config.bus.0),
            metrics: Metrics::new(&config.metrics),
            tokens: Tokens::new(config.signing.0.reveal().as_bytes()),
            entropy: Entropy::new(clock.clone()),
            clock,
            letterhead: Letterhead {
                shop: config.site.shop_name.clone(),
                url: config.site.public_url.clone(),
            },
        }
    }

    /// The same consumer with its figures told elsewhere.
    #[must_use]
    pub fn with_metrics(self, metrics: Metrics) -> Consumer {
        Consumer { metrics, ..self }
    }
}

/// Handles a batch, and names the messages that must come again.
///
/// # Errors
/// None so far: each message fails alone.
pub async fn handle(
    consumer: &Consumer,
    batch: SqsEvent,
) -> Result<SqsBatchResponse, lambda_runtime::Error> {
    let parsed: Vec<(SqsMessage, Result<Event, HandleError>)> = batch
        .records
        .into_iter()
        .map(|message| (parse(&message), message))
        .map(|(e, m)| (m, e))
        .collect();
    acknowledge(consumer, &parsed).await;
    let handled =
        futures::future::join_all(parsed.into_iter().map(|(message, event)| async move {
            let handled = match event {
                Ok(event) => handle_once(consumer, &event).await,
                Err(error) => Err(error),
            };
            (message.message_id.unwrap_or_default(), handled)
        }))
        .await;
    let mut response = SqsBatchResponse::default();
    for (message_id, handled) in handled {
        if let Err(error) = handled {
            tracing::warn!(%error, message_id, "an event will be delivered again");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = message_id;
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

fn parse(message: &SqsMessage) -> Result<Event, HandleError> {
    let body = message.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|error| HandleError::Malformed(error.to_string()))
}

/// The queue has these events, so the outbox need not keep them. Should that fail, the sweep sends
/// them again, and they are found to be done.
async fn acknowledge(consumer: &Consumer, parsed: &[(SqsMessage, Result<Event, HandleError>)]) {
    let ids: Vec<_> = parsed
        .iter()
        .filter_map(|(_, event)| Some(event.as_ref().ok()?.id.clone()))
        .collect();
    if let Err(error) = consumer.store.forget_waiting(&ids).await {
        tracing::warn!(%error, "received events stay in the outbox for now");
    }
}

/// Does what an event calls for, unless that was done before.
///
/// Its figures are told once it is noted as done, so that nothing counts twice however often the
/// event is delivered. What remains is that the process dies, or never hears of the note's success,
/// between the two: then the event is done and its figures are missing. The table is what counts in
/// the end; a dashboard may be short by one, and must not grow by repetition.
async fn handle_once(consumer: &Consumer, event: &Event) -> Result<(), HandleError> {
    if event.kind == EventKind::Decoy {
        // It calls for nothing, and others must not learn that it was there.
        return Ok(());
    }
    match consumer
        .store
        .claim_event(&event.id, consumer.clock.now())
        .await?
    {
        Claim::Done => return Ok(()),
        Claim::Busy => return Err(HandleError::Busy),
        Claim::Ours => {}
    }
    let effects = perform(consumer, event).await;
    let now = consumer.clock.now();
    match effects {
        Ok(()) => {
            consumer.store.finish_event(&event.id, now).await?;
            consumer.metrics.put(&figures::of(&event.kind), event, now);
            Ok(())
        }
        Err(error) => {
            if let Err(fault) = consumer.store.release_event(&event.id, now).await {
                tracing::warn!(%fault, "the claim on a failed event runs out by itself");
            }
            Err(error)
        }
    }
}

async fn perform(consumer: &Consumer, event: &Event) -> Result<(), HandleError> {
    // What may be done twice comes before the mail, which may not.
    stripping::follow(consumer, event).await?;
    shown_stock::follow(consumer, event).await?;
    ledger::follow(consumer, event).await?;
    if let Some(mail) = compose(consumer, event).await? {
        consumer.mailer.send(&mail).await?;
    }
    if !stripping::carries_on(&event.kind) {
        consumer.bus.put(event).await?;
    }
    Ok(())
}

/// The mail that an event calls for, from what the table says by now.
async fn compose(consumer: &Consumer, event: &Event) -> Result<Option<Mail>, HandleError> {
    let letterhead = &consumer.letterhead;
    Ok(match &event.kind {
        EventKind::UserRegistered { user } => match find_user(consumer, *user).await? {
            Some(user) if !user.is_verified() => {
                Some(letterhead.verification(&user, &key(consumer, &user, event)?)?)
            }
            _ => None,
        },
        EventKind::RegistrationRepeated { user } => match find_user(consumer, *user).await? {
            Some(user) if user.is_verified() => Some(letterhead.already_registered(&user)?),
            Some(user) => Some(letterhead.verification(&user, &key(consumer, &user, event)?)?),
            None => None,
        },
        EventKind::OrderPlaced { order, .. } => match find_order(consumer, *order).await? {
            Some(order) => Some(letterhead.order_placed(&order)?),
            None => None,
        },
        EventKind::OrderPaid { order, .. } => match find_order(consumer, *order).await? {
            Some(order) => Some(letterhead.order_paid(&order)?),
            None => None,
        },
        EventKind::PasswordResetRequested { user } => match find_user(consumer, *user).await? {
            Some(user) => reset(consumer, &user, event)?,
            None => None,
        },
        EventKind::PasswordChanged { user } => match find_user(consumer, *user).await? {
            Some(user) => Some(letterhead.password_changed(&user, event.occurred_at)?),
            None => None,
        },
        EventKind::SignedInAnew { user, session } => match find_user(consumer, *user).await? {
            Some(user) => {
                // Whoever logged out at once is to be told of as well. A program calls itself what its
                // user likes, so its name stays out of mails to addresses that nobody proved.
                let mut known = user.sessions.iter().filter(|_| user.is_verified());
                let session = known.find(|live| live.id == *session);
                let origin = session.map(|session| &session.origin);
                Some(letterhead.signed_in_anew(&user, event.occurred_at, origin)?)
            }
            None => None,
        },
        EventKind::AccountDeleted { .. }
        | EventKind::Decoy
        | EventKind::HoldEnded { .. }
        | EventKind::HoldRenewed { .. }
        | EventKind::OrderCancelled { .. }
        | EventKind::OrderCompleted { .. }
        | EventKind::RefundDue { .. }
        | EventKind::StockAdjusted { .. } => None,
    })
}

/// The key is as old as the event, so that a repeated delivery sends the same one.
fn key(consumer: &Consumer, user: &User, event: &Event) -> Result<String, HandleError> {
    let signed = consumer
        .tokens
        .email_key(user.id, &user.email, event.occurred_at);
    signed.map_err(|_| HandleError::Key)
}

/// The mail with the link to choose a new password. Its token is as old as the event, as a key is.
/// None goes to whom the shop has shut out, nor when the link would be dead on arrival.
fn reset(consumer: &Consumer, user: &User, event: &Event) -> Result<Option<Mail>, HandleError> {
    let expires_at = event.occurred_at.plus_secs(RESET_SECS);
    if !user.is_active || expires_at <= consumer.clock.now() {
        tracing::warn!(user = %user.id, "a link to choose a password is not sent");
        return Ok(None);
    }
    let token = consumer.tokens.reset_token(user, event.occurred_at);
    let mail = consumer
        .letterhead
        .password_reset(user, &tokens::uid(user.id), &token)?;
    Ok(Some(mail))
}

async fn find_user(consumer: &Consumer, id: UserId) -> Result<Option<User>, StoreError> {
    let user = consumer.store.find_user(id).await?;
    if user.is_none() {
        tracing::warn!(user = %id, "an event names a user who is gone");
    }
    Ok(user)
}

/// The order, if there is still somebody to write to about it.
async fn find_order(consumer: &Consumer, id: OrderId) -> Result<Option<Order>, StoreError> {
    let order = consumer.store.find_order(id).await?;
    if order.is_none() {
        tracing::error!(order = %id, "an event names an order that is not there");
    }
    Ok(order.filter(|order| !order.is_stripped()))
}
