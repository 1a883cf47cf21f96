//! What every HTTP function has in common: identity, bodies, errors, paging, headers.

pub mod body;
pub mod error;
pub mod fields;
mod json;
