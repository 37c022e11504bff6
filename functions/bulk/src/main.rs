//! The function `bulk`; see `service`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    service::lambda::run(service::Function::Bulk).await
}
