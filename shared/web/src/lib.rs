//! What every HTTP function has in common: identity, bodies, errors, paging, headers.

pub mod body;
pub mod cookies;
pub mod csrf;
pub mod error;
pub mod fields;
mod json;
pub mod layers;
pub mod request;
pub mod settings;
pub mod tokens;
