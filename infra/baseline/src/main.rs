//! The bare hello world of `lambda_http`: what the cold starts of our functions are compared with.

use lambda_http::{Error, Request, run, service_fn};

async fn greet(_: Request) -> Result<&'static str, Error> {
    Ok("hello, world")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(greet)).await
}
