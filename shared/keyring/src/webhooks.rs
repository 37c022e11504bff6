//! The secrets that sign webhooks (Standard Webhooks, symmetric signatures).
//!
//! One secret of Secrets Manager, `prefix` + `1`, holds those of all destinations, because each secret is billed:
//! `{"destinations":{"<id>":[{"secret":"whsec_…","until":1900000000}]}}`, the newest first. It contains the secrets
//! themselves, so only functions that sign or replace them may read it.
//!
//! Changes are those of a keyring: compare-and-swap, and idempotent if the caller repeats them with the same secret. A process
//! remembers what it read for [`FRESH`]; a destination that it does not know is looked up at once, at most every [`PAUSE`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

use aws_sdk_secretsmanager::Client;
use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::KeyringError;
use crate::keyrings::lock;
use crate::limits::{CHANGE_ATTEMPTS, FRESH, PAUSE, WEBHOOK_SECRETS};
use crate::versions::{Move, VersionedSecrets, pause};

/// The end of the secret's name.
const ID: &str = "1";
/// A value without secrets.
const EMPTY: &str = r#"{"destinations":{}}"#;

/// A secret of a webhook as the receiver gets it: `whsec_` and the padded base64 of 24 random bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WebhookSecret(String);

impl WebhookSecret {
    #[must_use]
    pub fn from_bytes(random: [u8; 24]) -> Self {
        Self(format!("whsec_{}", BASE64.encode(&random)))
    }

    /// The text. Only the receiver's owner and the signature may get it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Prints no part of the secret.
impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Issued {
    secret: WebhookSecret,
    /// Until when it signs, in seconds since 1970, if another one has replaced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

impl Issued {
    fn is_live(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| until > now.as_second())
    }
}

#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct SecretsByDestination {
    destinations: BTreeMap<String, Vec<Issued>>,
}

impl SecretsByDestination {
    fn parse(text: &str) -> Result<Self, KeyringError> {
        serde_json::from_str(text).map_err(|_| KeyringError::Unreadable)
    }

    fn live(&self, destination: &str, now: Timestamp) -> Vec<WebhookSecret> {
        let issued = self.destinations.get(destination).into_iter().flatten();
        issued
            .filter(|issued| issued.is_live(now))
            .map(|issued| issued.secret.clone())
            .collect()
    }

    /// Makes a secret the newest one of its destination. The one before signs until `overlap`, earlier ones no longer.
    fn add(&mut self, destination: &str, secret: &WebhookSecret, overlap: Timestamp) {
        let issued = self.destinations.entry(destination.to_owned()).or_default();
        if issued
            .first()
            .is_some_and(|newest| newest.secret == *secret)
        {
            return;
        }
        if let Some(before) = issued.first_mut() {
            before.until = Some(overlap.as_second());
        }
        let newest = Issued {
            secret: secret.clone(),
            until: None,
        };
        issued.insert(0, newest);
        issued.truncate(WEBHOOK_SECRETS);
    }
}

struct RememberedSecrets {
    read: Timestamp,
    document: SecretsByDestination,
}

/// The secrets of all destinations, with the cache of one process. Created once per process and shared.
pub struct WebhookSecrets {
    secrets: VersionedSecrets,
    remembered: Mutex<Option<RememberedSecrets>>,
    /// Held during a change, so that changes of one process do not compete with each other.
    changing: tokio::sync::Mutex<()>,
}

impl WebhookSecrets {
    /// The secrets in the secret named `prefix` + `1`. The prefix includes the separator: `stack/webhook/`.
    #[must_use]
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        let (remembered, changing) = Default::default();
        Self {
            secrets: VersionedSecrets::new(client, prefix),
            remembered,
            changing,
        }
    }

    /// Encrypts the secret with a customer managed KMS key.
    #[must_use]
    pub fn encrypted_with(self, kms_key: Option<String>) -> Self {
        Self {
            secrets: self.secrets.encrypted_with(kms_key),
            ..self
        }
    }

    /// The secrets that sign requests to a destination, the newest first; none if the destination has no secret.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Unreadable`: it is unknown which secrets there are.
    pub async fn live(
        &self,
        destination: &str,
        now: Timestamp,
    ) -> Result<Vec<WebhookSecret>, KeyringError> {
        if let Some(live) = self.remembered(destination, now) {
            return Ok(live);
        }
        let current = self.secrets.read(ID).await?;
        let document = match current {
            Some(current) => SecretsByDestination::parse(&current.text)?,
            None => SecretsByDestination::default(),
        };
        let live = document.live(destination, now);
        *lock(&self.remembered) = Some(RememberedSecrets {
            read: now,
            document,
        });
        Ok(live)
    }

    /// Gives a destination a secret. The one that it had signs requests too until `overlap`, so that receivers can change
    /// over; earlier ones no longer.
    ///
    /// # Errors
    /// `Full`, `Worn`, `Contended`, and the errors of [`Self::live`].
    pub async fn add(
        &self,
        destination: &str,
        secret: &WebhookSecret,
        overlap: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(|document| document.add(destination, secret, overlap))
            .await
    }

    /// Removes all secrets of a destination. Other processes may use them for another minute.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn remove(&self, destination: &str) -> Result<(), KeyringError> {
        self.change(|document| {
            document.destinations.remove(destination);
        })
        .await
    }

    /// What this process knows of a destination, unless it should look again.
    fn remembered(&self, destination: &str, now: Timestamp) -> Option<Vec<WebhookSecret>> {
        let remembered = lock(&self.remembered);
        let known = remembered.as_ref()?;
        let live = known.document.live(destination, now);
        // A clock that was set back makes no look-up last longer.
        let age = now.duration_since(known.read).unsigned_abs();
        let limit = if live.is_empty() { PAUSE } else { FRESH };
        (age < limit).then_some(live)
    }

    async fn change(&self, edit: impl Fn(&mut SecretsByDestination)) -> Result<(), KeyringError> {
        let _turn = self.changing.lock().await;
        let result = self.swap(edit).await;
        // Also after a failure, because the change may have been made.
        *lock(&self.remembered) = None;
        result
    }

    async fn swap(&self, edit: impl Fn(&mut SecretsByDestination)) -> Result<(), KeyringError> {
        for attempt in 0..CHANGE_ATTEMPTS {
            let Some(current) = self.secrets.read(ID).await? else {
                self.secrets.create(ID, EMPTY).await?;
                continue;
            };
            let before = SecretsByDestination::parse(&current.text)?;
            let mut after = before.clone();
            edit(&mut after);
            if after == before {
                return Ok(());
            }
            let text = serde_json::to_string(&after).map_err(|_| KeyringError::Unreadable)?;
            let next = self.secrets.put(ID, text).await?;
            if self.secrets.promote(ID, &current.version, &next).await? == Move::Made {
                return Ok(());
            }
            tokio::time::sleep(pause(attempt, &next)).await;
        }
        Err(KeyringError::Contended)
    }
}

impl fmt::Debug for WebhookSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSecrets")
            .field("prefix", &self.secrets.prefix())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stub::{Act, Stub};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_900_000_000 + second).unwrap()
    }

    fn secret(number: u8) -> WebhookSecret {
        WebhookSecret::from_bytes([number; 24])
    }

    fn secrets(stub: &Stub) -> WebhookSecrets {
        WebhookSecrets::new(stub.client(), "test/webhook/")
    }

    #[test]
    fn a_secret_has_the_form_of_standard_webhooks_and_is_not_printed() {
        let secret = WebhookSecret::from_bytes([0xfb; 24]);
        assert_eq!(secret.reveal(), "whsec_+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7");
        assert!(!format!("{secret:?}").contains("v7"));
    }

    #[tokio::test]
    async fn the_first_change_creates_the_secret() {
        let stub = Stub::empty();
        let secrets = secrets(&stub);
        assert_eq!(secrets.live("dst_a", at(0)).await, Ok(Vec::new()));
        secrets.add("dst_a", &secret(1), at(0)).await.unwrap();
        let live = secrets.live("dst_a", at(0)).await.unwrap();
        assert_eq!(live, [secret(1)]);
        assert_eq!(
            stub.operations(),
            [
                "GetSecretValue",
                "GetSecretValue",
                "CreateSecret",
                "GetSecretValue",
                "PutSecretValue",
                "UpdateSecretVersionStage",
                "GetSecretValue"
            ]
        );
    }

    #[tokio::test]
    async fn a_replaced_secret_signs_until_the_end_of_the_overlap_and_earlier_ones_no_longer() {
        let stub = Stub::empty();
        let secrets = secrets(&stub);
        for (number, overlap) in [(1, 0), (2, 100), (3, 200)] {
            let secret = secret(number);
            secrets.add("dst_a", &secret, at(overlap)).await.unwrap();
        }
        let live = async |second| secrets.live("dst_a", at(second)).await.unwrap();
        assert_eq!(live(0).await, [secret(3), secret(2)]);
        assert_eq!(live(199).await, [secret(3), secret(2)]);
        assert_eq!(live(200).await, [secret(3)]);
        // Somebody who got no answer repeats the call.
        secrets.add("dst_a", &secret(3), at(300)).await.unwrap();
        assert_eq!(live(250).await, [secret(3)]);
    }

    #[tokio::test]
    async fn a_warm_process_makes_no_call_and_other_processes_learn_of_a_change_in_a_minute() {
        let stub = Stub::empty();
        let (ours, theirs) = (secrets(&stub), secrets(&stub));
        ours.add("dst_a", &secret(1), at(0)).await.unwrap();
        theirs.live("dst_a", at(0)).await.unwrap();
        let before = stub.operations().len();
        for second in 0..60 {
            assert_eq!(theirs.live("dst_a", at(second)).await, Ok(vec![secret(1)]));
        }
        assert_eq!(stub.operations().len(), before);
        ours.add("dst_b", &secret(2), at(60)).await.unwrap();
        // A destination that is new to a process is looked up at once, one that does not exist once a second.
        assert_eq!(theirs.live("dst_b", at(60)).await, Ok(vec![secret(2)]));
        let before = stub.operations().len();
        for second in [61, 61, 61, 62] {
            assert_eq!(theirs.live("dst_c", at(second)).await, Ok(Vec::new()));
        }
        assert_eq!(stub.operations().len(), before + 2);
        ours.remove("dst_a").await.unwrap();
        assert_eq!(theirs.live("dst_a", at(200)).await, Ok(Vec::new()));
        assert_eq!(theirs.live("dst_b", at(200)).await, Ok(vec![secret(2)]));
    }

    #[tokio::test]
    async fn two_processes_never_lose_each_others_secret() {
        let stub = Stub::empty();
        let (ours, theirs) = (secrets(&stub), secrets(&stub));
        ours.add("dst_a", &secret(1), at(0)).await.unwrap();
        let gate = stub.hold_at("UpdateSecretVersionStage");
        let (second, third) = (secret(2), secret(3));
        let (first, other) = tokio::join!(ours.add("dst_b", &second, at(0)), async {
            gate.reached().await;
            let result = theirs.add("dst_c", &third, at(0)).await;
            gate.open();
            result
        });
        assert_eq!((first, other), (Ok(()), Ok(())));
        for (id, number) in [("dst_a", 1), ("dst_b", 2), ("dst_c", 3)] {
            let live = secrets(&stub).live(id, at(0)).await;
            assert_eq!(live, Ok(vec![secret(number)]), "{id}");
        }
    }

    #[tokio::test]
    async fn a_lost_answer_changes_nothing_twice() {
        let stub = Stub::empty();
        let secrets = secrets(&stub);
        secrets.add("dst_a", &secret(1), at(0)).await.unwrap();
        stub.next(
            "UpdateSecretVersionStage",
            Act::DoThenFail(400, "InvalidParameterException"),
        );
        secrets.add("dst_a", &secret(2), at(100)).await.unwrap();
        let live = secrets.live("dst_a", at(0)).await;
        assert_eq!(live, Ok(vec![secret(2), secret(1)]));
    }

    #[tokio::test]
    async fn an_outage_is_an_error_and_never_no_secret() {
        let stub = Stub::empty();
        let secrets = secrets(&stub);
        secrets.add("dst_a", &secret(1), at(0)).await.unwrap();
        stub.next("GetSecretValue", Act::Fail(500, "InternalServiceError"));
        let failed = secrets.live("dst_a", at(0)).await;
        assert!(matches!(failed, Err(KeyringError::Unavailable(_))));
    }
}
