//! The Lambda: `cancel-unpaid-orders` as a process.

use cancel_unpaid_orders::{Worker, handle};
use gateways::{aws::Clients, clock::Clock, config::Config, telemetry};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    telemetry::init();
    let config = Config::from_env()?;
    let worker = Worker::new(&config, &Clients::connect().await, Clock::system())?;
    let tick = async |_: LambdaEvent<Value>| handle(&worker).await.map_err(Error::from);
    run(service_fn(tick)).await
}
