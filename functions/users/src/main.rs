//! The function `users`; see `service`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    service::lambda::run(service::Function::Users).await
}
