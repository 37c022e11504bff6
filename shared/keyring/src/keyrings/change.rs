//! Changes a keyring by compare-and-swap on the version stages of its secret.
//!
//! A change reads the version with the stage `AWSCURRENT`, stores the changed value as a new version with the stage
//! [`NEXT`], and moves `AWSCURRENT` from the version that it read to the new one. Secrets Manager rejects the move if
//! another writer has moved the stage in the meantime; the change is then retried on the new current version.
//!
//! A stage is attached to one version at a time, so a fixed stage needs no clean-up: the next change moves it. A separate
//! stage per change would stay behind if a process ends during the change, and Secrets Manager never removes versions with
//! a stage but keeps only about 100 versions.
//!
//! Every change is idempotent, so a caller that got no answer can retry.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Keyrings;
use super::cache::lock;
use super::document::{Document, EMPTY, Edit, End};
use super::error::KeyringError;
use super::record::Record;
use crate::limits::{CHANGE_ATTEMPTS, CHANGE_PAUSE_MILLIS, ENOUGH};
use crate::tenant_id::TenantId;
use crate::token::{KeyId, KeyringId};

/// The stage of a version that is to become current.
const NEXT: &str = "muster-next";

impl<R: Record> Keyrings<R> {
    /// Adds a key to a keyring. It works at once in all processes.
    ///
    /// # Errors
    /// `Missing`, `Taken`, `Full` and `Worn` (use another keyring), `Contended`, and the errors of [`Self::find`].
    pub async fn add(
        &self,
        keyring: &KeyringId,
        record: &R,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| ring.add(record)).await
    }

    /// Adds a key to a keyring in which its owner may have `room` live keys. New keys leave some of the day's changes for
    /// revocations.
    ///
    /// # Errors
    /// `TooMany`, and the errors of [`Self::add`].
    pub async fn place(
        &self,
        keyring: &KeyringId,
        record: &R,
        room: usize,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| ring.place(record, room, now))
            .await
    }

    /// Adds a key that replaces another one in the same keyring. The old key expires at the given instant, or earlier if it
    /// would expire earlier. Both changes happen or neither.
    ///
    /// # Errors
    /// `NoSuchKey`, also for an expired key, and the errors of [`Self::place`].
    pub async fn rotate(
        &self,
        keyring: &KeyringId,
        record: &R,
        old: (KeyId, Timestamp),
        room: usize,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| ring.rotate(record, old, room, now))
            .await
    }

    /// Sets the expiry of a key, if the keyring was changed less than `most` times in 24 hours. Other processes notice
    /// within 60 seconds.
    ///
    /// # Errors
    /// `Missing`, `NoSuchKey`, `Worn`, `Contended`, and the errors of [`Self::find`].
    pub async fn expire(
        &self,
        keyring: &KeyringId,
        (key, end): (KeyId, Timestamp),
        most: u64,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| {
            ring.spare(most, now)?;
            ring.expire(key, end)
        })
        .await
    }

    /// Like [`Self::revoke`], if the keyring was changed less than `most` times in 24 hours.
    ///
    /// # Errors
    /// As [`Self::revoke`].
    pub async fn revoke_within(
        &self,
        keyring: &KeyringId,
        key: KeyId,
        most: u64,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| {
            ring.spare(most, now)?;
            Ok(ring.remove(key))
        })
        .await
    }

    /// Applies revocations and expiries that were recorded elsewhere while the keyring accepted no change. Only while the
    /// keyring would also accept new keys.
    ///
    /// # Errors
    /// As [`Self::revoke`].
    pub async fn settle(
        &self,
        keyring: &KeyringId,
        ends: &BTreeMap<KeyId, End>,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| {
            ring.spare(ENOUGH, now)?;
            Ok(ring.settle(ends))
        })
        .await
    }

    /// Replaces the key with an id, if it exists, by another key in one change.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub async fn replace(
        &self,
        keyring: &KeyringId,
        old: KeyId,
        record: &R,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| {
            ring.remove(old);
            ring.add(record)
        })
        .await
    }

    /// Removes a key from its keyring; a key that is not in it counts as revoked. Other processes notice within 60 seconds,
    /// or within 15 minutes while Secrets Manager is unavailable to them.
    ///
    /// # Errors
    /// `Missing`, `Worn`, `Contended`, and the errors of [`Self::find`].
    pub async fn revoke(
        &self,
        keyring: &KeyringId,
        key: KeyId,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| Ok(ring.remove(key))).await
    }

    /// Removes all keys of a tenant from a keyring, like [`Self::revoke`].
    ///
    /// # Errors
    /// As [`Self::revoke`].
    pub async fn remove_all(
        &self,
        keyring: &KeyringId,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| Ok(ring.remove_all(tenant)))
            .await
    }

    /// Creates an empty keyring unless it exists, encrypted with the configured KMS key or the account's default.
    ///
    /// # Errors
    /// The errors of [`Self::find`].
    pub async fn create(&self, keyring: &KeyringId) -> Result<(), KeyringError> {
        self.count();
        let call = self
            .client
            .create_secret()
            .name(self.name(keyring))
            .set_kms_key_id(self.encrypted_with.clone())
            .secret_string(EMPTY);
        let result = match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(service) if service.is_resource_exists_exception() => Ok(()),
                _ => Err(error.into()),
            },
        };
        lock(&self.cache).forget(keyring);
        result
    }

    async fn change(
        &self,
        keyring: &KeyringId,
        now: Timestamp,
        edit: impl Fn(&mut Document) -> Result<Edit, KeyringError>,
    ) -> Result<(), KeyringError> {
        let _turn = self.changing.lock().await;
        let result = self.swap(keyring, now, CHANGE_ATTEMPTS, edit).await;
        // Also after a failure, because the change may have been made.
        lock(&self.cache).forget(keyring);
        result
    }

    async fn swap(
        &self,
        keyring: &KeyringId,
        now: Timestamp,
        attempts: u32,
        edit: impl Fn(&mut Document) -> Result<Edit, KeyringError>,
    ) -> Result<(), KeyringError> {
        for attempt in 0..attempts {
            let current = self.read(keyring).await?.ok_or(KeyringError::Missing)?;
            let mut document = Document::parse(&current.text).ok_or(KeyringError::Unreadable)?;
            if edit(&mut document)? == Edit::Moot {
                return Ok(());
            }
            // Each attempt leaves a version, also a lost one.
            for _ in 0..=attempt {
                document.count_change(now);
            }
            let next = self.put(keyring, document.to_text()).await?;
            if self.promote(keyring, &current.version, &next).await? == Move::Made {
                return Ok(());
            }
            if attempt + 1 < attempts {
                tokio::time::sleep(pause(attempt, &next)).await;
            }
        }
        Err(KeyringError::Contended)
    }

    /// Stores a version beside the current one and returns its id, which the SDK generates.
    async fn put(&self, keyring: &KeyringId, text: String) -> Result<String, KeyringError> {
        self.count();
        let call = self
            .client
            .put_secret_value()
            .secret_id(self.name(keyring))
            .secret_string(text)
            .version_stages(NEXT);
        let stored = call.send().await?;
        stored
            .version_id
            .ok_or_else(|| KeyringError::Unavailable("no version".to_owned()))
    }

    /// Makes `to` the current version if `from` still is.
    async fn promote(
        &self,
        keyring: &KeyringId,
        from: &str,
        to: &str,
    ) -> Result<Move, KeyringError> {
        self.count();
        let call = self
            .client
            .update_secret_version_stage()
            .secret_id(self.name(keyring))
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
}

/// Whether the stage `AWSCURRENT` was moved.
#[derive(PartialEq, Eq)]
enum Move {
    Made,
    Lost,
}

/// The wait after a lost attempt: [`CHANGE_PAUSE_MILLIS`] doubled per attempt, plus jitter of up to the same time. The version's id is
/// random and different for each competitor, so it is the seed of the jitter.
fn pause(attempt: u32, version: &str) -> Duration {
    let base = CHANGE_PAUSE_MILLIS << attempt;
    let spread = u64::from(crc32fast::hash(version.as_bytes())) % base;
    Duration::from_millis(base + spread)
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{at, key, tenant};
    use super::super::stub::{Act, Stub};
    use super::*;

    fn k1() -> KeyringId {
        KeyringId::parse("k1").unwrap()
    }

    #[tokio::test]
    async fn a_key_works_as_soon_as_it_is_added() {
        let stub = Stub::with_keyring(EMPTY);
        let keyrings = stub.keyrings();
        let (token, record) = key(1);
        assert_eq!(keyrings.find(&token, at(0)).await.unwrap(), None);
        keyrings.add(&k1(), &record, at(0)).await.unwrap();
        assert_eq!(
            keyrings.find(&token, at(0)).await.unwrap().as_deref(),
            Some(&record)
        );
    }

    #[tokio::test]
    async fn a_revoked_key_stops_working_here_at_once() {
        let stub = Stub::with_keyring(EMPTY);
        let keyrings = stub.keyrings();
        let (token, record) = key(1);
        keyrings.add(&k1(), &record, at(0)).await.unwrap();
        assert!(keyrings.find(&token, at(0)).await.unwrap().is_some());
        keyrings.revoke(&k1(), record.id, at(0)).await.unwrap();
        assert_eq!(keyrings.find(&token, at(0)).await.unwrap(), None);
        keyrings.revoke(&k1(), record.id, at(0)).await.unwrap();
    }

    #[tokio::test]
    async fn an_expiry_can_be_set_on_an_existing_key() {
        let stub = Stub::with_keyring(EMPTY);
        let keyrings = stub.keyrings();
        let (token, record) = key(1);
        assert_eq!(
            keyrings.expire(&k1(), (record.id, at(60)), 70, at(0)).await,
            Err(KeyringError::NoSuchKey)
        );
        keyrings.add(&k1(), &record, at(0)).await.unwrap();
        keyrings
            .expire(&k1(), (record.id, at(60)), 70, at(0))
            .await
            .unwrap();
        let found = keyrings.find(&token, at(0)).await.unwrap().unwrap();
        assert_eq!(found.expires, Some(at(60)));
    }

    #[tokio::test]
    async fn a_change_costs_three_calls() {
        let stub = Stub::with_keyring(EMPTY);
        stub.keyrings().add(&k1(), &key(1).1, at(0)).await.unwrap();
        assert_eq!(
            stub.operations(),
            [
                "GetSecretValue",
                "PutSecretValue",
                "UpdateSecretVersionStage"
            ]
        );
    }

    #[tokio::test]
    async fn two_processes_never_lose_each_others_key() {
        let stub = Stub::with_keyring(EMPTY);
        let (ours, theirs) = (stub.keyrings(), stub.keyrings());
        // Their complete change happens between our read and our move.
        let gate = stub.hold_at("UpdateSecretVersionStage");
        let (ring, one, two) = (k1(), key(0).1, key(1).1);
        let (first, second) = tokio::join!(ours.add(&ring, &one, at(0)), async {
            gate.reached().await;
            let result = theirs.add(&ring, &two, at(0)).await;
            gate.open();
            result
        });
        assert_eq!((first, second), (Ok(()), Ok(())));
        for number in [0, 1] {
            assert!(
                stub.keyrings()
                    .find(&key(number).0, at(0))
                    .await
                    .unwrap()
                    .is_some(),
                "{number}"
            );
        }
        assert_eq!((ours.calls(), theirs.calls()), (6, 3));
    }

    #[tokio::test]
    async fn parallel_changes_of_one_process_do_not_compete() {
        let stub = Stub::with_keyring(EMPTY);
        let keyrings = stub.keyrings();
        let ring = k1();
        let records: Vec<_> = (0..20).map(|number| key(number).1).collect();
        let all = futures_util::future::join_all(
            records
                .iter()
                .map(|record| keyrings.add(&ring, record, at(0))),
        )
        .await;
        assert!(all.iter().all(Result::is_ok));
        assert_eq!(keyrings.calls(), 60);
        for number in 0..20 {
            assert!(
                keyrings
                    .find(&key(number).0, at(0))
                    .await
                    .unwrap()
                    .is_some(),
                "{number}"
            );
        }
    }

    #[tokio::test]
    async fn a_move_whose_answer_was_lost_is_not_made_twice() {
        let stub = Stub::with_keyring(EMPTY);
        let keyrings = stub.keyrings();
        stub.next(
            "UpdateSecretVersionStage",
            Act::DoThenFail(400, "InvalidParameterException"),
        );
        keyrings.add(&k1(), &key(1).1, at(0)).await.unwrap();
        assert_eq!(keyrings.calls(), 4);
        assert!(keyrings.find(&key(1).0, at(0)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_keyring_that_is_always_changed_by_others_is_contended() {
        let stub = Stub::with_keyring(EMPTY);
        let keyrings = stub.keyrings();
        stub.always(
            "UpdateSecretVersionStage",
            Act::Fail(400, "InvalidParameterException"),
        );
        let record = key(1).1;
        assert_eq!(
            keyrings
                .swap(&k1(), at(0), 2, |ring| ring.add(&record))
                .await,
            Err(KeyringError::Contended)
        );
        assert_eq!(keyrings.calls(), 6);
        assert_eq!(keyrings.find(&key(1).0, at(0)).await.unwrap(), None);
    }

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

    #[tokio::test]
    async fn a_keyring_is_created_once_and_works_at_once() {
        let stub = Stub::empty();
        let keyrings = stub.keyrings();
        let (token, record) = key(1);
        assert_eq!(keyrings.find(&token, at(0)).await.unwrap(), None);
        assert_eq!(
            keyrings.add(&k1(), &record, at(0)).await,
            Err(KeyringError::Missing)
        );
        keyrings.create(&k1()).await.unwrap();
        keyrings.add(&k1(), &record, at(0)).await.unwrap();
        keyrings.create(&k1()).await.unwrap();
        assert!(keyrings.find(&token, at(0)).await.unwrap().is_some());
        assert!(keyrings.find(&token, at(0)).await.unwrap().unwrap().tenant == tenant("acme"));
    }

    #[tokio::test]
    async fn too_many_versions_are_not_an_outage() {
        let stub = Stub::with_keyring(EMPTY);
        stub.next("PutSecretValue", Act::Fail(400, "LimitExceededException"));
        assert_eq!(
            stub.keyrings().add(&k1(), &key(1).1, at(0)).await,
            Err(KeyringError::Worn)
        );
    }

    #[tokio::test]
    async fn a_full_keyring_is_not_changed() {
        let mut ring = Document::parse(EMPTY).unwrap();
        let ended = (0..1000)
            .find(|number| ring.add(&key(*number).1).is_err())
            .unwrap();
        ring.remove(key(ended).1.id);
        let stub = Stub::with_keyring(&ring.to_text());
        let keyrings = stub.keyrings();
        assert_eq!(
            keyrings.add(&k1(), &key(ended).1, at(0)).await,
            Err(KeyringError::Full)
        );
        assert_eq!(stub.operations(), ["GetSecretValue"]);
    }
}
