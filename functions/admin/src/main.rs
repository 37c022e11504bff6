//! The function `admin`; see `service::admin`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    service::lambda::run_admin().await
}
