//! The vendor's side of the service: the JSON API under `/admin/v1`, and the pages under `/console`, of which some are for
//! a customer's administrator behind a setup link.
//!
//! Both are served by [`Admin`], in `http` types. SCIM itself is in the crate `service`, which knows nothing of this one.

use std::error::Error;
use std::sync::Arc;

use service::{Config, config, lambda};

pub mod api;
pub mod pages;

pub use api::Admin;

/// Runs the function `admin`: connects while Lambda gives full CPU to initialisation, then answers events.
///
/// # Errors
///
/// What is missing in the environment, or the end of the runtime API.
pub async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    lambda::start_log();
    let config = Config::from_environment()?;
    let clients = directory::connect(&config::access()?)?;
    let prefix = config.admin_prefix.clone();
    let service = Arc::new(config.service(clients.clone()));
    let admin = Arc::new(Admin::new(service, &clients, &prefix));
    admin.warm().await;
    lambda::serve(move |request, origin| {
        let admin = Arc::clone(&admin);
        async move { admin.handle(request, origin).await }
    })
    .await
}
