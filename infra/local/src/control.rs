//! The control surface under `/_local/`: the shop's mailbox, clock, schedules, queues, figures and
//! faults, as pages for people and as JSON for tests.

mod capacity;
mod clock;
mod faults;
mod images;
mod mail;
mod queues;
mod start;

use std::sync::Arc;

use axum::{
    Router, middleware,
    routing::{get, post},
};
use emulator::Wire;

use crate::{
    aws::{eventbridge::Bus, queues::Queues, s3::Objects, ses::Mailbox},
    backlog::Backlog,
    chapa::Sandbox,
    hand::Hand,
    input::Refusal,
    pages,
    schedules::Schedules,
};

/// What can be looked at and moved. Clones share everything.
#[derive(Clone)]
pub struct Control(Arc<Parts>);

/// What the control surface is made of.
pub struct Parts {
    /// Where the shop is, without a slash at the end.
    pub public_url: String,
    /// What the shop is opened with, for the start page.
    pub facts: Vec<Fact>,
    /// Pages of the shop itself that the start page leads to.
    pub doors: Vec<Door>,
    /// What is still to be done.
    pub backlog: Backlog,
    /// The queues themselves.
    pub queues: Queues,
    /// Caught mail.
    pub mailbox: Mailbox,
    /// Events for others.
    pub bus: Bus,
    /// Uploaded files.
    pub objects: Objects,
    /// The shop's clock.
    pub hand: Hand,
    /// The scheduled functions.
    pub schedules: Schedules,
    /// Calls, figures and faults.
    pub wire: Wire,
    /// The payment gateway.
    pub sandbox: Sandbox,
    /// Whether only the stand-ins run, and not the shop.
    pub backends_only: bool,
    /// Whether the demonstration catalogue was asked for.
    pub has_demo: bool,
}

/// One line about how the shop was opened.
#[derive(Debug, Clone)]
pub struct Fact {
    /// `Data`
    pub name: &'static str,
    /// `.local`, or several lines.
    pub value: String,
}

impl Fact {
    /// The value, line by line.
    fn values(&self) -> impl Iterator<Item = &str> {
        self.value.lines()
    }
}

/// A page elsewhere.
#[derive(Debug, Clone)]
pub struct Door {
    /// Its name.
    pub name: &'static str,
    /// Where it is.
    pub path: &'static str,
    /// What is behind it.
    pub about: &'static str,
}

impl Control {
    /// A control surface over all these.
    pub fn new(parts: Parts) -> Control {
        Control(Arc::new(parts))
    }

    /// Everything under `/_local`, the payment gateway included, without slashes at the end; and
    /// the start page at `/`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", get(start::page))
            .route("/_local", get(start::page))
            .route("/_local/style.css", get(pages::style))
            .route("/_local/icon.svg", get(pages::icon))
            .route("/_local/mail", get(mail::list).delete(mail::empty))
            .route("/_local/mail/{id}", get(mail::view))
            .route("/_local/images/{*name}", get(images::show))
            .route("/_local/clock", get(clock::show).post(clock::advance))
            .route("/_local/schedules", get(clock::schedules))
            .route("/_local/schedules/{function}", post(clock::run))
            .route("/_local/queues", get(queues::show))
            .route("/_local/dead-letters", get(queues::dead_letters))
            .route("/_local/events", get(queues::events))
            .route("/_local/settle", post(queues::settle))
            .route(
                "/_local/capacity",
                get(capacity::show).delete(capacity::reset),
            )
            .route(
                "/_local/faults",
                get(faults::show).post(faults::inject).delete(faults::clear),
            )
            .with_state(self.clone())
            .merge(self.0.sandbox.router())
            .fallback(async || Refusal::not_found())
            .layer(middleware::from_fn(pages::for_people))
    }
}
