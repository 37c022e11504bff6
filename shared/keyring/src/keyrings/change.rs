//! Changes a keyring by compare-and-swap on the version stages of its secret (`versions.rs`). A change that lost against
//! another writer is retried on the new current version.
//!
//! Every change is idempotent, so a caller that got no answer can retry.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Keyrings;
use super::cache::lock;
use super::document::{Document, EMPTY, Edit, End};
use super::record::Record;
use crate::error::KeyringError;
use crate::limits::{CHANGE_ATTEMPTS, ENOUGH};
use crate::tenant_id::TenantId;
use crate::token::{KeyId, KeyringId};
use crate::versions::{Move, pause};

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
        let result = self.secrets.create(keyring.as_str(), EMPTY).await;
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
            let current = self.secrets.read(keyring.as_str()).await?;
            let current = current.ok_or(KeyringError::Missing)?;
            let mut document = Document::parse(&current.text).ok_or(KeyringError::Unreadable)?;
            if edit(&mut document)? == Edit::Moot {
                return Ok(());
            }
            // Each attempt leaves a version, also a lost one.
            for _ in 0..=attempt {
                document.count_change(now);
            }
            let (id, from) = (keyring.as_str(), &current.version);
            let next = self.secrets.put(id, document.to_text()).await?;
            if self.secrets.promote(id, from, &next).await? == Move::Made {
                return Ok(());
            }
            if attempt + 1 < attempts {
                tokio::time::sleep(pause(attempt, &next)).await;
            }
        }
        Err(KeyringError::Contended)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{at, key, tenant};
    use super::*;
    use crate::stub::{Act, Stub};

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
