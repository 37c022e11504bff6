//! The function `bulk`; see `service`.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    service::lambda::run(service::Function::Bulk).await
}
