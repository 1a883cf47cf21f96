//! The Lambda: `auth` as a process.

use auth::{Config, State, router};
use gateways::{clock::Clock, start::start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let (config, clients) = start::<Config>().await?;
    let state = State::new(&config, &clients, Clock::system());
    lambda_http::run(router(state)).await
}
