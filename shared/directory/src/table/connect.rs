//! The clients of a process; `keyring::aws` says how they are configured, and why.

use aws_sdk_dynamodb::Client;
use keyring::aws::{Access, HttpClientError, SecretsManager, config, quota, secrets};

/// What is used of AWS.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The table.
    pub dynamodb: Client,
    /// The keyrings.
    pub secrets: SecretsManager,
}

/// Connects to AWS, or what stands in for it. Nothing is sent yet.
///
/// # Errors
///
/// When TLS has no roots of trust.
pub fn connect(access: &Access) -> Result<Clients, HttpClientError> {
    let config = config(access)?;
    let mut dynamodb = aws_sdk_dynamodb::config::Builder::from(&config);
    dynamodb.set_endpoint_url(access.dynamodb.clone());
    dynamodb.set_retry_partition(Some(quota()));
    Ok(Clients {
        dynamodb: Client::from_conf(dynamodb.build()),
        secrets: secrets(&config, access),
    })
}

/// Connects to stand-ins, with credentials that mean nothing.
///
/// # Errors
///
/// As [`connect`].
pub fn to_stand_ins(dynamodb: &str, secrets: &str) -> Result<Clients, HttpClientError> {
    connect(&Access::stand_ins(dynamodb, secrets))
}
