//! The Lambda: `order-events` as a process.

use gateways::{aws::Clients, clock::Clock, config::Config, telemetry};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use order_events::{Consumer, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::from_env()?;
    let consumer = Consumer::new(&config, &Clients::connect().await, Clock::system());
    run(service_fn(|batch: LambdaEvent<_>| {
        handle(&consumer, batch.payload)
    }))
    .await
}
