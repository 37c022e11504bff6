//! The AWS clients of a process. `keyring::aws` documents their configuration.

use aws_sdk_dynamodb::Client;
use keyring::aws::{Access, HttpClientError, SecretsManager, config, quota, secrets};

/// The AWS clients.
#[derive(Clone, Debug)]
pub struct Clients {
    /// For the table.
    pub dynamodb: Client,
    /// For the keyrings.
    pub secrets: SecretsManager,
}

/// Creates the clients for AWS or stand-ins. This sends nothing.
///
/// # Errors
///
/// When there are no root certificates.
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

/// Creates clients for stand-ins, with placeholder credentials.
///
/// # Errors
///
/// As [`connect`].
pub fn to_stand_ins(dynamodb: &str, secrets: &str) -> Result<Clients, HttpClientError> {
    connect(&Access::stand_ins(dynamodb, secrets))
}
