//! The Lambda: `orders` as a process.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::shop::serve(orders::router).await
}
