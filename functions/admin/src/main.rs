//! The function `admin`; see the crate `vendor`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    vendor::run().await
}
