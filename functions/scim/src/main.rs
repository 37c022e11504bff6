//! The functions `users`, `groups`, `bulk` and `discovery`; see `service`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    service::lambda::run().await
}
