//! Connections to AWS, and what its answers ask for.
//!
//! A cold function does all of this before its first answer, so each choice was measured with `cold-start` (README), in CPU time
//! of initialisation, of which a function that does nothing has 2.1 ms:
//!
//! * TLS by rustls with `ring`: the other provider gathers entropy on its first use, which costs about 50 ms of CPU, most of
//!   a second at a small Lambda's share of one.
//! * Roots of trust that are compiled in, see [`connect`]: 4.8 ms instead of 5.6 ms.
//! * No `aws-config`: Lambda puts region and credentials into the environment, and what else it would look for (profiles,
//!   containers, instances, single sign-on) is not there. Together with a runtime of one thread 4.8 ms instead of 6.3 ms, and a
//!   binary of 7.7 MB instead of 8.5 MB.
//!
//! # What is repeated, and how often
//!
//! The SDK makes a call up to five times that met throttling, a status of 500, 502, 503 or 504, a time-out or a lost
//! connection; between two attempts it waits up to 50 ms, 100 ms, 200 ms and 400 ms, by chance. Each repetition is paid out
//! of a *quota*: 5 tokens after throttling, 10 after all else. By default the quota is one for all clients of a service in a
//! process; 500 tokens are in it; a repetition that succeeds gets its tokens back, a first attempt that succeeds brings
//! one token, and time brings none. So after some 50 failures of an outage "five attempts" are one, and ten
//! successes pay for one repetition.
//!
//! Here each client has a quota of its own ([`quota`]): whatever succeeds pays for one repetition, and time fills the
//! quota, 500 tokens in 20 s. In an outage a process repeats two or three calls a second. After it the first
//! requests are served as before. A request whose calls are not repeated any more is answered 503 or 429 with `Retry-After`.
//! Work that nobody waits for has a client with another quota (`Store::behind`): it can
//! use up none of what requests have, and is not kept from going on by their failures.
//!
//! Contention, and what a batch left undone, the SDK does not repeat: `directory::Store` does, outside of the quota.

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
pub use codes::{Asks, asks};

/// Where AWS is, and as whom it is called. It has no `Debug`: there is a secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// The region.
    pub region: String,
    /// The id of the access key.
    pub key: String,
    /// The access key.
    pub secret: String,
    /// What temporary keys come with.
    pub session: Option<String>,
    /// Another DynamoDB than that of AWS.
    pub dynamodb: Option<String>,
    /// Another Secrets Manager than that of AWS.
    pub secrets: Option<String>,
    /// Whose word is taken for who a server is.
    pub trust: Trust,
}

/// Whose word is taken for who a server is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// What suits the region and the endpoints: Amazon for its own, the system for others.
    Usual,
    /// The certificates of the system, or those that its environment names in their place.
    System,
}

/// The authorities of Amazon, PEM.
pub const AMAZON: &str = include_str!("aws/amazon.pem");

/// What clients of AWS, or of what stands in for it, have in common.
///
/// Servers of AWS are believed on the word of Amazon's own five authorities, others on that of the system's.
///
/// # Errors
///
/// When TLS has no roots of trust.
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

/// A quota of repetitions for one client.
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

/// The five authorities of Amazon for the endpoints of AWS in its public regions: the 140 or so of the system take a
/// millisecond to read. Other partitions (China, the sovereign and the secret ones) have authorities of their own,
/// and a server in the place of AWS has what its owner chose: for these it is the system's.
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

/// Whether a region is of the partition `aws`: those of others have four parts (`us-gov-west-1`), or are in China.
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
    fn amazon_is_taken_at_its_word_for_its_own_public_endpoints_only() {
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
    fn the_authorities_that_are_compiled_in_can_be_read() {
        assert_eq!(AMAZON.matches("BEGIN CERTIFICATE").count(), 5);
        // Reading them ends the process if one is broken.
        let access = Access::stand_ins("http://127.0.0.1:9", "http://127.0.0.1:9");
        assert!(config(&access).is_ok());
    }
}
