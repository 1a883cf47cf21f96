//! Categories and products: /api/categories/, /api/products/.

mod categories;
mod images;
mod new_product;
mod products;
mod shelves;

use axum::Router;
use web::{Routes, Shop, identity::Staff, routes::get};

/// The routes of the catalogue, as data: everybody reads, staff write.
pub fn routes() -> Routes<Shop> {
    Routes::new()
        .path::<Staff>(
            "/api/categories",
            get(categories::list).post(categories::create),
        )
        .path::<Staff>(
            "/api/categories/{id}",
            get(categories::detail)
                .put(categories::replace)
                .patch(categories::change)
                .delete(categories::remove),
        )
        .path::<Staff>("/api/products", get(products::list).post(products::create))
        .path::<Staff>("/api/products/{id}", get(products::detail))
}

/// The function: its routes with the layers that all functions share.
pub fn router(shop: Shop) -> Router {
    shop.finish(routes().with_state(shop.clone()))
}

/// How often an id is drawn anew that turns out to be in use. With 12 random bits a millisecond,
/// even the second draw is rare.
const MAX_DRAWS: usize = 5;
