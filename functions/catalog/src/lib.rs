//! Categories and products: /api/categories/, /api/products/.

mod categories;
mod images;
mod product_edits;
mod product_form;
mod product_wire;
mod products;
mod shelves;
mod uploads;
mod variant_form;
mod variants;

use axum::{Router, extract::FromRef};
use gateways::{
    aws::Clients,
    bucket::Bucket,
    clock::Clock,
    config::{Reader, Section},
    sections::ImageBucket,
};
use web::{
    Routes,
    identity::Staff,
    routes::{get, post, put},
    shop::{Shop, ShopConfig},
};

/// What the handlers work with.
#[derive(Debug, Clone, FromRef)]
pub struct State {
    /// What all functions work with.
    pub shop: Shop,
    /// Where uploaded images are.
    pub bucket: Bucket,
}

/// What the function is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// What all HTTP functions are configured with.
    pub shop: ShopConfig,
    /// Where uploaded images are.
    pub images: ImageBucket,
}

impl Section for Config {
    fn read(reader: &mut Reader<'_>) -> Self {
        Config {
            shop: ShopConfig::read(reader),
            images: ImageBucket::read(reader),
        }
    }
}

impl State {
    /// Puts the state together.
    pub fn new(config: &Config, clients: &Clients, clock: Clock) -> State {
        State {
            shop: Shop::new(&config.shop, clients, clock.clone()),
            bucket: Bucket::new(&config.images, clients.s3.clone(), clock),
        }
    }
}

/// For how many seconds an answer to nobody in particular may be kept: as long as a customer may see
/// a unit that is sold already, which checkout tells in time.
const MAX_AGE_SECS: u32 = 15;

/// The routes of the catalogue, as data: everybody reads, staff write.
pub fn routes() -> Routes<State> {
    Routes::new()
        .path::<Staff>(
            "/api/categories",
            get(categories::list)
                .kept_for(MAX_AGE_SECS)
                .post(categories::create),
        )
        .path::<Staff>(
            "/api/categories/{id}",
            get(categories::detail)
                .kept_for(MAX_AGE_SECS)
                .put(categories::replace)
                .patch(categories::change)
                .delete(categories::remove),
        )
        .path::<Staff>(
            "/api/products",
            get(products::list)
                .kept_for(MAX_AGE_SECS)
                .post(product_edits::create),
        )
        .path::<Staff>(
            "/api/products/{id}",
            get(products::detail)
                .kept_for(MAX_AGE_SECS)
                .put(product_edits::replace)
                .patch(product_edits::change)
                .delete(product_edits::remove),
        )
        .path::<Staff>(
            "/api/products/{id}/variants",
            get(variants::list)
                .kept_for(MAX_AGE_SECS)
                .post(variants::create),
        )
        .path::<Staff>(
            "/api/products/{id}/variants/{variant}",
            get(variants::detail)
                .kept_for(MAX_AGE_SECS)
                .patch(variants::change)
                .delete(variants::remove),
        )
        .path::<Staff>(
            "/api/products/{id}/images",
            get(images::list)
                .kept_for(MAX_AGE_SECS)
                .post(images::create),
        )
        .path::<Staff>("/api/products/{id}/images/order", put(images::order))
        .path::<Staff>("/api/products/{id}/images/upload", post(uploads::begin))
        .path::<Staff>(
            "/api/products/{id}/images/{image}",
            get(images::detail)
                .kept_for(MAX_AGE_SECS)
                .patch(images::change)
                .delete(images::remove),
        )
        .path::<Staff>(
            "/api/products/{id}/images/{image}/confirm",
            post(uploads::confirm),
        )
}

/// The function: its routes with the layers that all functions share.
pub fn router(state: State) -> Router {
    let shop = state.shop.clone();
    shop.finish(routes().with_state(state))
}

/// How often an id is drawn anew that turns out to be in use. With 12 random bits a millisecond,
/// even the second draw is rare.
const MAX_DRAWS: usize = 5;
