//! The customer's cart: /api/cart/.

mod change;
mod lines;
mod my_cart;
mod pricing;
mod shopper;

use axum::Router;
use web::{Routes, Shop, identity::Customer, routes::get};

/// The routes of the cart, as data: everybody has one, and sees no other.
pub fn routes() -> Routes<Shop> {
    Routes::new()
        .path::<Customer>("/api/cart/my_cart", get(my_cart::show))
        .path::<Customer>("/api/cart/items", get(lines::list).post(lines::add))
        .path::<Customer>(
            "/api/cart/items/{id}",
            get(lines::detail)
                .put(lines::replace)
                .patch(lines::edit)
                .delete(lines::remove),
        )
}

/// The function: its routes with the layers that all functions share.
pub fn router(shop: Shop) -> Router {
    shop.finish(routes().with_state(shop.clone()))
}
