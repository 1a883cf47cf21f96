//! The lines of a cart: listed, put in, changed, taken out.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    VariantId,
    cart::{Added, Cart, CartError, CartLine},
    user::User,
};
use store::Page;
use web::{
    body::Payload, error::Result, fields::Fields, identity::Customer, paging::Paging,
    request::PathId, shop::Shop,
};

use crate::{
    change::{NewLine, read_quantity, refusal},
    pricing::{LineWire, Pricing},
    shopper::{CART_ITEM, Shopper, no_such_line},
};

/// `GET /api/cart/items/`: in the order in which they came in.
pub(crate) async fn list(
    State(shop): State<Shop>,
    Shopper { cart, .. }: Shopper,
    paging: Paging,
) -> Result<Response> {
    let lines = cart.lines().to_vec();
    let page = Page::cut(lines, paging.request(), |line| line.variant.0);
    let pricing = Pricing::read(&shop.store, &page.items).await?;
    Ok(paging.answer(page.map(|line| pricing.wire(&cart, &line))))
}

/// `GET /api/cart/items/{id}/`.
pub(crate) async fn detail(
    State(shop): State<Shop>,
    shopper: Shopper,
    id: PathId,
) -> Result<Json<LineWire>> {
    let line = shopper.line(id)?;
    let found = shop.store.find_product(line.product).await?;
    Ok(Json(Pricing::of(found).wire(&shopper.cart, &line)))
}

/// `POST /api/cart/items/`: 201 for a new line, 200 when its units were added to one.
pub(crate) async fn add(
    State(shop): State<Shop>,
    Customer { user, .. }: Customer,
    payload: Payload,
) -> Result<Response> {
    let wanted = NewLine::read(Fields::of(payload)?)?;
    let found = shop.store.find_product(wanted.product).await?;
    let variant = wanted.choose(found.as_ref().map(|found| &found.product))?;
    let available = found
        .as_ref()
        .map_or(0, |found| found.available_of(variant.id));
    let id = variant.id;
    let now = shop.clock.now();
    let (cart, added) = change(&shop, &user, |cart| {
        cart.add(wanted.product, id, wanted.quantity, available, now)
    })
    .await?;
    let line = cart.line(id).ok_or_else(no_such_line)?;
    let status = match added {
        Added::NewLine => StatusCode::CREATED,
        Added::ToExistingLine => StatusCode::OK,
    };
    let wire = Pricing::of(found).wire(&cart, line);
    Ok((status, Json(wire)).into_response())
}

/// `PUT /api/cart/items/{id}/`: names the product again; without a quantity that stays.
pub(crate) async fn replace(
    State(shop): State<Shop>,
    shopper: Shopper,
    id: PathId,
    payload: Payload,
) -> Result<Json<LineWire>> {
    let line = shopper.line(id)?;
    let quantity = read_quantity(Fields::of(payload)?, &line)?;
    set(&shop, shopper, line, quantity).await
}

/// `PATCH /api/cart/items/{id}/`.
pub(crate) async fn edit(
    State(shop): State<Shop>,
    shopper: Shopper,
    id: PathId,
    payload: Payload,
) -> Result<Json<LineWire>> {
    let line = shopper.line(id)?;
    let quantity = read_quantity(Fields::partial(payload)?, &line)?;
    set(&shop, shopper, line, quantity).await
}

/// `DELETE /api/cart/items/{id}/`.
pub(crate) async fn remove(
    State(shop): State<Shop>,
    Customer { user, .. }: Customer,
    id: PathId,
) -> Result<StatusCode> {
    let id = id.of(CART_ITEM, VariantId)?;
    let now = shop.clock.now();
    change(&shop, &user, |cart| cart.set(id, 0, 0, now)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a line a quantity, if one is named; 0 takes the line out, and it is shown as it went.
async fn set(
    shop: &Shop,
    shopper: Shopper,
    mut line: CartLine,
    quantity: Option<u32>,
) -> Result<Json<LineWire>> {
    let pricing = Pricing::of(shop.store.find_product(line.product).await?);
    let mut cart = shopper.cart;
    if let Some(quantity) = quantity {
        let (available, now) = (pricing.available(&line), shop.clock.now());
        (cart, ()) = change(shop, &shopper.user, |cart| {
            cart.set(line.variant, quantity, available, now)
        })
        .await?;
        line.quantity = quantity;
    }
    Ok(Json(pricing.wire(&cart, &line)))
}

/// Changes the customer's cart as it is by then.
async fn change<R>(
    shop: &Shop,
    owner: &User,
    how: impl FnMut(&mut Cart) -> Result<R, CartError>,
) -> Result<(Cart, R)> {
    let version = || shop.entropy.version();
    shop.store
        .edit_cart(owner.id, owner.created_at, version, how)
        .await
        .map_err(refusal)
}
