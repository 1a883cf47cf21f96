//! The table and routes of template.yaml on an embedded DynamoDB, and a wire under the SDK that counts and fails.

mod table;
mod template;
mod wire;

pub use table::{Storage, Table, second_opinion};
pub use template::{
    Consumer, Index, Key, KeyKind, Projection, Queue, Route, Schedule, TableDefinition, Template,
};
pub use wire::{Access, Cost, Entry, Fault, FaultKind, Service, UNATTRIBUTED, Wire};
