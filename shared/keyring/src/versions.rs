//! Secrets of one kind under a common prefix, and the compare-and-swap on their version stages.
//!
//! A change stores the changed value as a new version with the stage [`NEXT`] and moves `AWSCURRENT` from the version that was
//! read to the new one. Secrets Manager rejects the move if another writer has moved the stage in the meantime.
//!
//! A stage is attached to one version at a time, so a fixed stage needs no clean-up: the next change moves it. A separate
//! stage per change would stay behind if a process ends during the change, and Secrets Manager never removes versions with
//! a stage but keeps only about 100 versions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_secretsmanager::config::timeout::TimeoutConfig;
use aws_sdk_secretsmanager::{Client, Config};

use crate::error::KeyringError;
use crate::limits::CHANGE_PAUSE_MILLIS;

/// The stage of a version that is to become current.
const NEXT: &str = "muster-next";

/// The secrets whose names begin with a prefix.
#[derive(Debug)]
pub(crate) struct VersionedSecrets {
    client: Client,
    prefix: String,
    encrypted_with: Option<String>,
    calls: AtomicU64,
}

/// A value and its version.
pub(crate) struct Current {
    pub version: String,
    pub text: String,
}

/// Whether the stage `AWSCURRENT` was moved.
#[derive(PartialEq, Eq)]
pub(crate) enum Move {
    Made,
    Lost,
}

impl VersionedSecrets {
    pub(crate) fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self {
            client,
            prefix: prefix.into(),
            encrypted_with: None,
            calls: AtomicU64::default(),
        }
    }

    /// The same, with a customer managed KMS key for new secrets.
    pub(crate) fn encrypted_with(self, kms_key: Option<String>) -> Self {
        Self {
            encrypted_with: kms_key,
            ..self
        }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The number of calls, without the SDK's retries.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Reads the current version of a secret; `None` if it does not exist.
    pub(crate) async fn read(&self, id: &str) -> Result<Option<Current>, KeyringError> {
        self.count();
        let call = self
            .client
            .get_secret_value()
            .secret_id(self.name(id))
            .customize();
        let limits = Config::builder().timeout_config(read_limits());
        match call.config_override(limits).send().await {
            Ok(value) => match (value.secret_string, value.version_id) {
                (Some(text), Some(version)) => Ok(Some(Current { version, text })),
                _ => Err(KeyringError::Unreadable),
            },
            Err(error) => match KeyringError::from(error) {
                KeyringError::Missing => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Creates a secret unless it exists, encrypted with the configured KMS key or the account's default.
    pub(crate) async fn create(&self, id: &str, text: &str) -> Result<(), KeyringError> {
        self.count();
        let call = self
            .client
            .create_secret()
            .name(self.name(id))
            .set_kms_key_id(self.encrypted_with.clone())
            .secret_string(text);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_resource_exists_exception() => Ok(()),
                _ => Err(error.into()),
            },
        }
    }

    /// Stores a version beside the current one and returns its id, which the SDK generates.
    pub(crate) async fn put(&self, id: &str, text: String) -> Result<String, KeyringError> {
        self.count();
        let call = self
            .client
            .put_secret_value()
            .secret_id(self.name(id))
            .secret_string(text)
            .version_stages(NEXT);
        let stored = call.send().await?;
        stored
            .version_id
            .ok_or_else(|| KeyringError::Unavailable("no version".to_owned()))
    }

    /// Makes `to` the current version if `from` still is.
    pub(crate) async fn promote(
        &self,
        id: &str,
        from: &str,
        to: &str,
    ) -> Result<Move, KeyringError> {
        self.count();
        let call = self
            .client
            .update_secret_version_stage()
            .secret_id(self.name(id))
            .version_stage("AWSCURRENT");
        match call
            .remove_from_version_id(from)
            .move_to_version_id(to)
            .send()
            .await
        {
            Ok(_) => Ok(Move::Made),
            Err(error) => match error.as_service_error() {
                // Also the answer to the SDK's retry if the first attempt succeeded; the next edit is then moot.
                Some(service) if service.is_invalid_parameter_exception() => Ok(Move::Lost),
                Some(service) if service.is_resource_not_found_exception() => Ok(Move::Lost),
                _ => Err(error.into()),
            },
        }
    }

    fn name(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    fn count(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }
}

/// Timeouts for reading a secret, in total and per attempt. They are short, because a request waits for it before its own
/// work.
fn read_limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .operation_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_millis(1200))
        .build()
}

/// The wait after a lost attempt: [`CHANGE_PAUSE_MILLIS`] doubled per attempt, plus jitter of up to the same time. The
/// version's id is random and different for each competitor, so it is the seed of the jitter.
pub(crate) fn pause(attempt: u32, version: &str) -> Duration {
    let base = CHANGE_PAUSE_MILLIS << attempt;
    let spread = u64::from(crc32fast::hash(version.as_bytes())) % base;
    Duration::from_millis(base + spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::CHANGE_ATTEMPTS;

    #[test]
    fn pauses_double_and_differ_between_competitors() {
        for attempt in 0..CHANGE_ATTEMPTS {
            let base = Duration::from_millis(CHANGE_PAUSE_MILLIS << attempt);
            for version in ["a", "b", "c"] {
                assert!((base..2 * base).contains(&pause(attempt, version)));
            }
        }
        assert_ne!(pause(7, "a"), pause(7, "b"));
    }
}
