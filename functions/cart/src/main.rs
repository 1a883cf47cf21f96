//! The Lambda: `cart` as a process.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::serve(cart::router).await
}
