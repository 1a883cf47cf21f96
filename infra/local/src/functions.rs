//! The functions, each made as its own `main.rs` makes it, under the name the template gives it.

use std::collections::HashMap;

use anyhow::Context as _;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use domain::event::Event;
use emulator::{Consumer, Template, Wire};
use gateways::{aws::Clients, clock::Clock};
use serde::Serialize;
use store::Store;
use tokio::sync::watch;
use web::shop::Shop;

use crate::{
    aws::{poller, queues::Queues},
    schedules::{Rhythm, Run, Schedules},
    settings::Settings,
};

/// The HTTP functions' routers by package.
///
/// # Errors
/// If one of them cannot be made.
pub fn routers(
    settings: &Settings,
    clients: &Clients,
    clock: &Clock,
) -> anyhow::Result<HashMap<String, Router>> {
    let shop = Shop::new(&settings.read()?, clients, clock.clone());
    let auth = auth::State::new(&settings.read()?, clients, clock.clone());
    let catalog = catalog::State::new(&settings.read()?, clients, clock.clone());
    let payments = payments::State::new(&settings.read()?, clients, clock.clone())?;
    let all = [
        ("auth", auth::router(auth)),
        ("accounts", accounts::router(shop.clone())),
        ("catalog", catalog::router(catalog)),
        ("catalog-files", catalog_files::router(shop.clone())),
        ("inventory", inventory::router(shop.clone())),
        ("cart", cart::router(shop.clone())),
        ("orders", orders::router(shop)),
        ("payments", payments::router(payments)),
    ];
    Ok(all
        .into_iter()
        .map(|(name, router)| (name.to_owned(), router))
        .collect())
}

/// The scheduled functions, at the template's rhythm.
///
/// # Errors
/// If the template schedules a function that is not built in, or one cannot be made.
pub fn schedules(
    template: &Template,
    settings: &Settings,
    clients: &Clients,
    clock: &Clock,
    wire: Wire,
) -> anyhow::Result<Schedules> {
    let mut schedules = Schedules::new(wire);
    for schedule in &template.schedules {
        let rhythm = Rhythm {
            function: schedule.function.clone(),
            every: schedule.every,
        };
        schedules = match schedule.function.as_str() {
            "expire-reservations" => {
                let worker =
                    expire_reservations::Worker::new(&settings.read()?, clients, clock.clone());
                schedules.with(rhythm, move || {
                    let worker = worker.clone();
                    run(async move { expire_reservations::handle(&worker).await })
                })
            }
            "cancel-unpaid-orders" => {
                let worker =
                    cancel_unpaid_orders::Worker::new(&settings.read()?, clients, clock.clone())?;
                schedules.with(rhythm, move || {
                    let worker = worker.clone();
                    run(async move { cancel_unpaid_orders::handle(&worker).await })
                })
            }
            "relay-outbox" => {
                let worker = relay_outbox::Worker::new(&settings.read()?, clients, clock.clone());
                schedules.with(rhythm, move || {
                    let worker = worker.clone();
                    run(async move { relay_outbox::handle(&worker).await })
                })
            }
            other => anyhow::bail!("the template schedules {other}, which is not built in"),
        };
    }
    Ok(schedules)
}

/// Gives back what the process before this one had claimed of these messages: whoever handled them
/// is gone, and nobody waits for the end of the claims.
///
/// # Errors
/// If the table cannot be written.
pub async fn release_claims(
    store: &Store,
    messages: &[String],
    clock: &Clock,
) -> anyhow::Result<()> {
    // What is no event was claimed by nobody.
    let events = messages
        .iter()
        .filter_map(|body| serde_json::from_str::<Event>(body).ok());
    for event in events {
        store.release_event(&event.id, clock.now()).await?;
    }
    Ok(())
}

/// Feeds the queue's consumer until `stop` turns true.
///
/// # Errors
/// If the template names a consumer that is not built in, or a queue that is not there.
pub async fn consume(
    consumer: Consumer,
    queues: Queues,
    config: order_events::Config,
    clients: Clients,
    clock: Clock,
    wire: Wire,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    if consumer.function != "order-events" {
        anyhow::bail!(
            "the template feeds {}, which is not built in",
            consumer.function
        );
    }
    let function = order_events::Consumer::new(&config, &clients, clock);
    let label = consumer.function.clone();
    poller::poll::<SqsEvent, SqsBatchResponse, _, _>(queues, &consumer, stop, |batch| {
        wire.metered(&label, order_events::handle(&function, batch))
    })
    .await
}

/// A scheduled run whose summary is JSON, whatever its type.
fn run<T, E>(work: impl Future<Output = Result<T, E>> + Send + 'static) -> Run
where
    T: Serialize,
    E: std::error::Error + Send + Sync + 'static,
{
    Box::pin(async move { serde_json::to_value(work.await?).context("the summary is not JSON") })
}
