//! Categories and products: /api/categories/, /api/products/.

mod categories;
mod new_product;
mod products;
mod shelves;

use axum::{Router, routing::get};
use web::{
    identity::{Staff, method_not_allowed},
    shop::Shop,
};

/// The routes of the catalogue: everybody reads, staff write.
pub fn router(shop: Shop) -> Router {
    let routes = Router::new()
        .route(
            "/api/categories",
            get(categories::list)
                .post(categories::create)
                .fallback(method_not_allowed::<Staff>),
        )
        .route(
            "/api/categories/{id}",
            get(categories::detail).fallback(method_not_allowed::<Staff>),
        )
        .route(
            "/api/products",
            get(products::list)
                .post(products::create)
                .fallback(method_not_allowed::<Staff>),
        )
        .route(
            "/api/products/{id}",
            get(products::detail).fallback(method_not_allowed::<Staff>),
        )
        .with_state(shop.clone());
    shop.finish(routes)
}

/// How often an id is drawn anew that turns out to be in use. With 12 random bits a millisecond,
/// even the second draw is rare.
const MAX_DRAWS: usize = 5;
