//! The function `admin`; see `service::admin`.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    service::lambda::run_admin().await
}
