//! The customer's cart: /api/cart/.

mod change;
mod lines;
mod my_cart;
mod pricing;
mod shopper;

use axum::{Router, routing::get};
use web::{
    identity::{Customer, method_not_allowed},
    shop::Shop,
};

/// The routes of the cart: everybody has one, and sees no other.
pub fn router(shop: Shop) -> Router {
    let routes = Router::new()
        .route(
            "/api/cart/my_cart",
            get(my_cart::show).fallback(method_not_allowed::<Customer>),
        )
        .route(
            "/api/cart/items",
            get(lines::list)
                .post(lines::add)
                .fallback(method_not_allowed::<Customer>),
        )
        .route(
            "/api/cart/items/{id}",
            get(lines::detail)
                .put(lines::replace)
                .patch(lines::edit)
                .delete(lines::remove)
                .fallback(method_not_allowed::<Customer>),
        )
        .with_state(shop.clone());
    shop.finish(routes)
}
