//! What every HTTP function has in common: identity, bodies, errors, paging, headers.
//!
//! A function lists its [`Routes`] over a [`Shop`] (or over a state that gives one out by
//! `FromRef`), with paths in full and without a slash at their end, and hands their router to
//! [`Shop::finish`]. Handlers take who is asking ([`identity`]), which page ([`paging`]), which
//! object ([`request`]), the body ([`body`]) and read it field by field ([`fields`]); they fail with
//! an [`Error`].

pub mod body;
mod caching;
pub mod cookies;
pub mod csrf;
pub mod error;
pub mod fields;
pub mod identity;
mod json;
pub mod layers;
pub mod paging;
pub mod pictures;
pub mod request;
pub mod routes;
pub mod settings;
pub mod shop;
pub mod tokens;

pub use body::Payload;
pub use error::{Error, Result};
pub use fields::Fields;
pub use routes::Routes;
pub use shop::{Shop, serve};
