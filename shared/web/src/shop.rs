//! What every HTTP function works with, and how it is put to work.

use std::sync::Arc;

use axum::Router;
use gateways::{
    aws::Clients,
    clock::Clock,
    config::{Reader, Section},
    entropy::Entropy,
    queue::OrderEventQueue,
    relay::Relay,
    sections::{QueueUrl, SigningSecret, Site, TableName, Visitors},
    start::start,
};
use store::Store;

use crate::{
    layers::{self, FreshRequestId},
    settings::Settings,
    tokens::Tokens,
};

/// The shop as a handler sees it. Cheap to clone; a function that needs more has a state of its own
/// and gives this one out by `FromRef`.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Ids, versions, events, random bytes.
    pub entropy: Entropy,
    /// What is signed.
    pub tokens: Tokens,
    /// Sends committed events to the queue.
    pub relay: Relay,
    /// What is configured.
    pub settings: Arc<Settings>,
}

/// What every HTTP function is configured with.
#[derive(Clone, Debug)]
pub struct ShopConfig {
    /// The table.
    pub table: TableName,
    /// The queue of events.
    pub queue: QueueUrl,
    /// What tokens are signed with.
    pub signing: SigningSecret,
    /// What the shop is called and where it is.
    pub site: Site,
    /// Who may read and call what.
    pub visitors: Visitors,
}

impl Section for ShopConfig {
    fn read(reader: &mut Reader<'_>) -> Self {
        ShopConfig {
            table: TableName::read(reader),
            queue: QueueUrl::read(reader),
            signing: SigningSecret::read(reader),
            site: Site::read(reader),
            visitors: Visitors::read(reader),
        }
    }
}

impl Shop {
    /// Puts the shop together.
    pub fn new(config: &ShopConfig, clients: &Clients, clock: Clock) -> Self {
        let store = Store::new(clients.dynamodb.clone(), &config.table.0);
        let queue = OrderEventQueue::new(clients.sqs.clone(), &config.queue.0);
        Self {
            entropy: Entropy::new(clock.clone()),
            tokens: Tokens::new(config.signing.0.reveal().as_bytes()),
            relay: Relay::new(store.clone(), queue),
            settings: Arc::new(Settings::new(config)),
            store,
            clock,
        }
    }

    /// Puts the layers that all functions share around a function's routes.
    pub fn finish(&self, router: Router) -> Router {
        let entropy = self.entropy.clone();
        let fresh_request_id: FreshRequestId =
            Arc::new(move || format!("{:032x}", u128::from_be_bytes(entropy.bytes())));
        layers::finish(router, Arc::clone(&self.settings), fresh_request_id)
    }
}

/// The `main` of a function that needs nothing but the shop.
///
/// # Errors
/// When the configuration is incomplete or the Lambda runtime ends.
pub async fn serve(router: impl FnOnce(Shop) -> Router) -> Result<(), lambda_http::Error> {
    let (config, clients) = start::<ShopConfig>().await?;
    let shop = Shop::new(&config, &clients, Clock::system());
    lambda_http::run(router(shop)).await
}
