//! The outside world: AWS clients, Chapa, mail, order events, configuration, clock and entropy.
//!
//! What composes the outside with the table lives here too: [`relay`] empties the outbox into the
//! queue, [`finalizer`] asks Chapa and settles an order accordingly.

pub mod aws;
pub mod bucket;
pub mod bus;
pub mod chapa;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod finalizer;
pub mod mail;
pub mod metrics;
pub mod queue;
pub mod relay;
pub mod sections;
pub mod start;
pub mod telemetry;
