//! The Lambda: `catalog` as a process.

use catalog::{Config, State, router};
use gateways::{clock::Clock, start::start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let (config, clients) = start::<Config>().await?;
    lambda_http::run(router(State::new(&config, &clients, Clock::system()))).await
}
