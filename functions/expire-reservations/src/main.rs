//! The Lambda: `expire-reservations` as a process.

use expire_reservations::{Config, Worker, handle};
use gateways::{clock::Clock, start::start};
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (config, clients) = start::<Config>().await?;
    let worker = Worker::new(&config, &clients, Clock::system());
    let tick = async |_: LambdaEvent<Value>| handle(&worker).await.map_err(Error::from);
    run(service_fn(tick)).await
}
