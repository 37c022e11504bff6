//! Connections to DynamoDB and Secrets Manager.
//!
//! TLS by rustls with `ring`: the other provider gathers entropy on its first use, which costs about
//! 50 ms of CPU, most of a second at a small Lambda's share of one.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::{Builder, tls};

/// What is used of AWS.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The table.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The keyrings.
    pub secrets: aws_sdk_secretsmanager::Client,
}

/// Connects as the environment says: region, credentials, and endpoints other than those of AWS
/// (`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL_SECRETS_MANAGER`).
pub async fn from_environment() -> Clients {
    Clients::of(&base().load().await)
}

/// Connects to stand-ins on this machine, with credentials that mean nothing.
pub async fn to_stand_ins(dynamodb: &str, secrets: &str) -> Clients {
    let credentials =
        aws_sdk_dynamodb::config::Credentials::new("local", "local", None, None, "local");
    let config = base()
        .region("us-east-1")
        .credentials_provider(credentials)
        .load()
        .await;
    Clients {
        dynamodb: aws_sdk_dynamodb::Client::from_conf(
            aws_sdk_dynamodb::config::Builder::from(&config)
                .endpoint_url(dynamodb)
                .build(),
        ),
        secrets: aws_sdk_secretsmanager::Client::from_conf(
            aws_sdk_secretsmanager::config::Builder::from(&config)
                .endpoint_url(secrets)
                .build(),
        ),
    }
}

fn base() -> aws_config::ConfigLoader {
    let http = Builder::new()
        .tls_provider(tls::Provider::Rustls(
            tls::rustls_provider::CryptoMode::Ring,
        ))
        .build_https();
    aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(5)
                .with_initial_backoff(Duration::from_millis(50))
                .with_max_backoff(Duration::from_secs(1)),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(2))
                .operation_attempt_timeout(Duration::from_secs(5))
                .operation_timeout(Duration::from_secs(12))
                .build(),
        )
}

impl Clients {
    fn of(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            secrets: aws_sdk_secretsmanager::Client::new(config),
        }
    }
}
