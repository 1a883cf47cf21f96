//! The catalogue as a file, in and out: /api/products/import/, /api/products/export/.
//!
//! The file is CSV in the layout of Shopify's product export, which other shops and tools know as
//! well. A few columns of our own stand behind theirs, so that what is exported and imported again
//! changes nothing.

mod columns;
mod exporting;
mod formulas;
mod goods;
mod importing;
mod matching;
mod reading;
mod shelving;
mod writing;

use axum::Router;
use web::{
    Routes, Shop,
    identity::Staff,
    routes::{get, post},
};

/// The routes of this function, as data.
pub fn routes() -> Routes<Shop> {
    Routes::new()
        .path::<Staff>(
            "/api/products/import",
            post(importing::import).with_bodies_up_to(importing::MAX_FILE_BYTES),
        )
        .path::<Staff>("/api/products/export", get(exporting::export))
}

/// The function: its routes with the layers that all functions share.
pub fn router(shop: Shop) -> Router {
    shop.finish(routes().with_state(shop.clone()))
}
