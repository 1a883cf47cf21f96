//! The Lambda: `payments` as a process.

use gateways::{clock::Clock, start::start};
use payments::{Config, State, router};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let (config, clients) = start::<Config>().await?;
    let state = State::new(&config, &clients, Clock::system())?;
    lambda_http::run(router(state)).await
}
