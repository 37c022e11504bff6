//! Connections to AWS, and the reaction to its error responses.
//!
//! A cold function does all of this before its first response, so each choice was measured with `cold-start` (README), in
//! CPU time of init; a function that does nothing takes 2.1 ms:
//!
//! * TLS by rustls with `ring`: the other provider, aws-lc, gathers entropy on first use, which takes about 50 ms of CPU,
//!   or most of a second at a small Lambda's CPU share.
//! * Compiled-in root certificates, see [`roots`]: 4.8 ms instead of 5.6 ms.
//! * No `aws-config`: Lambda provides region and credentials in the environment, and the other sources that `aws-config`
//!   checks (profiles, containers, instances, single sign-on) do not exist there. Together with a single-threaded runtime
//!   this takes 4.8 ms instead of 6.3 ms, and the binary has 7.7 MB instead of 8.5 MB.
//!
//! # Retries
//!
//! The SDK tries a call up to five times after throttling, a status of 500, 502, 503 or 504, a timeout or a lost
//! connection. Between two attempts it waits a random time of up to 50, 100, 200 and 400 ms. Each retry takes tokens from a
//! *quota*: five after throttling, otherwise ten. By default all clients of a service in a process share one quota of 500
//! tokens: a successful retry returns its tokens, a successful first attempt adds one token, and time adds none. After
//! about 50 failures in an outage, a call therefore gets only one attempt, and ten successes pay for one retry.
//!
//! Here each client has its own quota ([`quota`]): every success pays for one retry, and time refills the quota, 500 tokens
//! in 20 s. During an outage a process makes two or three retries a second, and after it the first requests have retries
//! again. A request without retries is answered 503 or 429 with `Retry-After`. Background work has a client with a separate
//! quota (`directory::Store::behind`), so it cannot use up the quota of requests, and their failures do not stop it.
//!
//! The SDK does not retry contention and the unprocessed items of a batch: `directory::Store` does, outside of the quota.

use std::time::Duration;

use aws_sdk_secretsmanager::config::Credentials;
use aws_sdk_secretsmanager::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

mod codes;

pub use aws_sdk_secretsmanager::Client as SecretsManager;
pub use aws_smithy_http_client::HttpClientError;
pub use aws_types::SdkConfig;
pub use codes::{Reaction, reaction_to};

/// Endpoints and credentials of AWS. It has no `Debug`, because it contains a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// The region.
    pub region: String,
    /// The id of the access key.
    pub key: String,
    /// The access key.
    pub secret: String,
    /// The session token of temporary credentials.
    pub session: Option<String>,
    /// The endpoint URL of another DynamoDB.
    pub dynamodb: Option<String>,
    /// The endpoint URL of another Secrets Manager.
    pub secrets: Option<String>,
    /// The root certificates for servers.
    pub trust: Trust,
}

/// The root certificates for servers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// By region and endpoints: Amazon's roots for its own endpoints, the system's for others.
    Usual,
    /// The certificates of the system, or those that its environment names.
    System,
}

/// Amazon's root certificates as PEM.
pub const AMAZON: &str = include_str!("aws/amazon.pem");

/// The common configuration of the clients of AWS or of stand-ins.
///
/// AWS endpoints are verified with Amazon's five root certificates, others with those of the system.
///
/// # Errors
///
/// When there are no root certificates.
pub fn config(access: &Access) -> Result<SdkConfig, HttpClientError> {
    let tls = TlsContext::builder()
        .with_trust_store(roots(access))
        .build()?;
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
    let (key, secret, session) = (&access.key, &access.secret, access.session.clone());
    let credentials = Credentials::new(key, secret, session, None, "environment");
    Ok(SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(access.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
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
        .build())
}

/// A client of Secrets Manager.
#[must_use]
pub fn secrets(config: &SdkConfig, access: &Access) -> SecretsManager {
    let mut secrets = aws_sdk_secretsmanager::config::Builder::from(config);
    secrets.set_endpoint_url(access.secrets.clone());
    secrets.set_retry_partition(Some(quota()));
    SecretsManager::from_conf(secrets.build())
}

/// A quota of retries for one client.
#[must_use]
pub fn quota() -> RetryPartition {
    let tokens = TokenBucket::builder()
        .capacity(500)
        .retry_cost(10)
        .timeout_retry_cost(10)
        .throttling_retry_cost(5)
        .success_reward(10.0)
        .refill_rate(25.0)
        .build();
    RetryPartition::custom("one client")
        .token_bucket(tokens)
        .build()
}

impl Access {
    /// Stand-ins, with credentials that mean nothing.
    #[must_use]
    pub fn stand_ins(dynamodb: &str, secrets: &str) -> Self {
        Self {
            region: "us-east-1".to_owned(),
            key: "local".to_owned(),
            secret: "local".to_owned(),
            session: None,
            dynamodb: Some(dynamodb.to_owned()),
            secrets: Some(secrets.to_owned()),
            trust: Trust::Usual,
        }
    }
}

/// Amazon's five root certificates for AWS endpoints in public regions, because parsing the system's 140 or so takes a
/// millisecond. Other partitions (China, sovereign and secret regions) have other roots, and stand-ins have those of their
/// owner; these use the system's.
fn roots(access: &Access) -> TrustStore {
    let is_other = |url: &Option<String>| url.as_ref().is_some_and(|url| url.starts_with("https:"));
    let is_usual = access.trust == Trust::Usual
        && is_public(&access.region)
        && !is_other(&access.dynamodb)
        && !is_other(&access.secrets);
    match is_usual {
        true => TrustStore::empty().with_pem_certificate(AMAZON),
        false => TrustStore::default(),
    }
}

/// Whether a region belongs to the partition `aws`: other regions have four parts (`us-gov-west-1`) or are in China.
fn is_public(region: &str) -> bool {
    region.split('-').count() == 3 && !region.starts_with("cn-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts_system(region: &str, dynamodb: Option<&str>, trust: Trust) -> bool {
        let access = Access {
            region: region.to_owned(),
            key: String::new(),
            secret: String::new(),
            session: None,
            dynamodb: dynamodb.map(str::to_owned),
            secrets: None,
            trust,
        };
        format!("{:?}", roots(&access)).contains("enable_native_roots: true")
    }

    #[test]
    fn amazons_roots_are_used_for_its_public_endpoints_only() {
        for (region, endpoint, trust, system) in [
            ("eu-central-1", None, Trust::Usual, false),
            ("ap-southeast-7", None, Trust::Usual, false),
            (
                "us-east-1",
                Some("http://127.0.0.1:8000"),
                Trust::Usual,
                false,
            ),
            (
                "us-east-1",
                Some("https://localhost:8000"),
                Trust::Usual,
                true,
            ),
            ("eu-central-1", None, Trust::System, true),
            ("cn-north-1", None, Trust::Usual, true),
            ("us-gov-west-1", None, Trust::Usual, true),
            ("us-iso-east-1", None, Trust::Usual, true),
            ("eusc-de-east-1", None, Trust::Usual, true),
        ] {
            assert_eq!(
                trusts_system(region, endpoint, trust),
                system,
                "{region} {endpoint:?}"
            );
        }
    }

    #[test]
    fn the_compiled_in_roots_can_be_parsed() {
        assert_eq!(AMAZON.matches("BEGIN CERTIFICATE").count(), 5);
        // A broken certificate makes this panic.
        let access = Access::stand_ins("http://127.0.0.1:9", "http://127.0.0.1:9");
        assert!(config(&access).is_ok());
    }
}
