//! The Lambda: `order-events` as a process.

use gateways::{clock::Clock, start::start};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use order_events::{Config, Consumer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (config, clients) = start::<Config>().await?;
    let consumer = Consumer::new(&config, &clients, Clock::system());
    run(service_fn(|batch: LambdaEvent<_>| {
        handle(&consumer, batch.payload)
    }))
    .await
}
