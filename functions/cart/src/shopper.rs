//! Who is shopping, with their cart: user and cart are read side by side.

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::{
    VariantId,
    cart::{Cart, CartLine},
    user::User,
};
use web::{
    error::{Error, Result},
    identity::Credentials,
    request::PathId,
    shop::Shop,
};

/// Somebody who is logged in, and their cart as it is now.
#[derive(Debug)]
pub(crate) struct Shopper {
    pub(crate) user: User,
    pub(crate) cart: Cart,
}

impl FromRequestParts<Shop> for Shopper {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self> {
        let credentials = Credentials::from_request_parts(parts, shop).await?;
        let id = credentials.user();
        let (user, cart) = tokio::try_join!(
            Box::pin(shop.store.find_user(id)),
            Box::pin(shop.store.find_cart(id)),
        )?;
        let user = credentials.admit(user, shop.clock.now())?.user;
        // Reading writes nothing: a cart that was never used is as old as its owner's account.
        let cart = cart.unwrap_or_else(|| Cart::empty(user.id, user.created_at));
        Ok(Shopper { user, cart })
    }
}

impl Shopper {
    /// A line of this cart; whatever stands in another's is not there.
    pub(crate) fn line(&self, id: PathId) -> Result<CartLine> {
        let id = id.of(CART_ITEM, VariantId)?;
        let line = self.cart.line(id).cloned();
        line.ok_or_else(no_such_line)
    }
}

/// What a line is called in a 404, as in the original.
pub(crate) const CART_ITEM: &str = "CartItem";

/// 404 for a line that is not in this cart.
pub(crate) fn no_such_line() -> Error {
    Error::not_found(CART_ITEM)
}
