//! What calls cost, request by request and summed up by label.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::call::Call;

/// One right that was made use of: an IAM action on a table, an index, a queue, a bus or a sender.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Access {
    /// As IAM calls it: `dynamodb:PutItem`.
    pub action: String,
    /// `table`, `table/index/gsi1`, a queue's URL, a bus's name, a sender's address.
    pub resource: String,
    /// Where items were read or written, the beginning of their partition key up to and with the
    /// first `#`: `USER#`. In an index it is the index's own partition key.
    pub key_space: Option<String>,
}

/// What one request cost.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Attempts by service and operation: `dynamodb.GetItem`.
    pub calls: BTreeMap<String, u64>,
    /// The longest chain of calls of which each began after the one before had ended.
    pub round_trips: u64,
    /// Read units that DynamoDB charged.
    pub read_units: f64,
    /// Write units that DynamoDB charged.
    pub write_units: f64,
    /// The rights that were made use of.
    pub accesses: BTreeSet<Access>,
}

impl Cost {
    /// All attempts, whatever the service.
    #[must_use]
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Attempts of one operation, named like `dynamodb.GetItem`.
    #[must_use]
    pub fn calls_of(&self, operation: &str) -> u64 {
        self.calls.get(operation).copied().unwrap_or_default()
    }
}

/// What all requests under one label cost since the last reset.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Entry {
    /// The route or function.
    pub label: String,
    /// How many requests there were.
    pub requests: u64,
    /// Attempts of AWS calls.
    pub aws_calls: u64,
    /// The same by service and operation: `dynamodb.GetItem`.
    pub calls: BTreeMap<String, u64>,
    /// Round trips in sequence of the worst request.
    pub round_trips: u64,
    /// Round trips in sequence of all requests together.
    pub round_trips_total: u64,
    /// Read units of all requests together.
    pub read_units: f64,
    /// Write units of all requests together.
    pub write_units: f64,
    /// The rights that the requests made use of.
    pub accesses: BTreeSet<Access>,
}

impl Entry {
    pub(super) fn add(&mut self, cost: &Cost) {
        for (operation, count) in &cost.calls {
            *self.calls.entry(operation.clone()).or_default() += count;
        }
        self.aws_calls += cost.total_calls();
        self.round_trips = self.round_trips.max(cost.round_trips);
        self.round_trips_total += cost.round_trips;
        add_units(&mut self.read_units, cost.read_units);
        add_units(&mut self.write_units, cost.write_units);
        self.accesses.extend(cost.accesses.iter().cloned());
    }
}

/// The running account of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope(Arc<Mutex<Account>>);

#[derive(Debug, Default)]
struct Account {
    cost: Cost,
    /// The greatest depth among the calls that have ended.
    ended: u64,
}

impl Scope {
    /// Enters a call that begins now and gives its depth.
    pub(super) fn begin(&self, call: &Call) -> u64 {
        self.with(|account| {
            let depth = account.ended + 1;
            account.cost.round_trips = account.cost.round_trips.max(depth);
            *account.cost.calls.entry(call.name()).or_default() += 1;
            account.cost.accesses.extend(call.accesses.iter().cloned());
            depth
        })
    }

    /// Enters the end of a call of that depth, with what it took.
    pub(super) fn end(&self, depth: u64, (reads, writes): (f64, f64)) {
        self.with(|account| {
            account.ended = account.ended.max(depth);
            add_units(&mut account.cost.read_units, reads);
            add_units(&mut account.cost.write_units, writes);
        });
    }

    pub(super) fn cost(&self) -> Cost {
        self.with(|account| account.cost.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[expect(
    clippy::float_arithmetic,
    reason = "AWS reports units as halves in floats; these sums are exact"
)]
fn add_units(sum: &mut f64, units: f64) {
    *sum += units;
}
