//! Hands the routes of catalogue files to the Lambda runtime.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    web::serve(catalog_files::router).await
}
