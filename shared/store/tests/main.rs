//! The store on the embedded table, through the real SDK: each pattern with its failing twin, races,
//! and what each costs.

mod accounts;
mod catalogue;
mod costs;
mod events;
mod orders;
mod samples;
mod stored;
