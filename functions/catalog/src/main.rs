//! The Lambda: `catalog` as a process.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::shop::serve(catalog::router).await
}
