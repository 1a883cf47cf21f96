//! The Lambda: `orders` as a process.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::serve(orders::router).await
}
