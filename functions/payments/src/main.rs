//! The Lambda: `payments` as a process.

use gateways::{aws::Clients, clock::Clock, config::Config, telemetry};
use payments::{State, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init();
    let config = Config::from_env()?;
    let state = State::new(&config, &Clients::connect().await, Clock::system())?;
    state.shop.warm().await;
    lambda_http::run(router(state)).await
}
