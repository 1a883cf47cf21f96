//! The pure rules of the shop: no AWS, no HTTP, no async, no clock, no randomness.
//!
//! Time, ids and random bytes come in as arguments; effects go out as values. What is decided here
//! is written by `store` and shown by `web` and the functions.

pub mod address;
pub mod cart;
pub mod category;
pub mod choices;
pub mod event;
pub mod gallery;
pub mod ids;
pub mod image;
pub mod json;
pub mod ledger;
pub mod location;
pub mod money;
pub mod order;
pub mod password;
pub mod payment;
pub mod product;
pub mod slug;
pub mod staff;
pub mod stock;
pub mod throttle;
pub mod time;
pub mod user;

pub use ids::{
    AddressId, AuditEntryId, CategoryId, EventId, Id, ImageId, MovementId, OrderId, ProductId,
    SessionId, UserId, VariantId, Version,
};
pub use money::Money;
pub use time::Timestamp;
