//! The function `events`; see `service::events`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    service::lambda::run_events().await
}
