//! Changing a keyring: compare-and-swap on the version stages of its secret.
//!
//! The version marked `AWSCURRENT` is read; the changed value is stored as a new version beside it,
//! marked [`NEXT`]; then `AWSCURRENT` is moved, from the version that was read, to the new one.
//! Secrets Manager refuses the move when somebody else moved the mark meanwhile; then everything is
//! done again with what is current now.
//!
//! A mark sits on one version at a time, so one fixed mark never needs cleaning up: the next change
//! takes it along. A mark of its own for each change would stay behind when a process ends in the
//! middle, and Secrets Manager never removes a version that is marked, while it takes about 100
//! versions only.
//!
//! Every change may be repeated without harm, so a caller that got no answer asks again.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::Keyrings;
use super::cache::lock;
use super::error::KeyringError;
use super::record::Record;
use super::ring::{Document, EMPTY, ENOUGH, Edit, End};
use crate::tenant_id::TenantId;
use crate::token::{KeyId, KeyringId};

/// The mark of a version that is to become the current one.
const NEXT: &str = "muster-next";

/// How often a change is tried when others change the keyring too.
const ATTEMPTS: u32 = 8;

/// The shortest pause after the first attempt, in milliseconds; it doubles with each attempt: about
/// 3 to 6 seconds in all.
const PAUSE: u64 = 25;

impl<R: Record> Keyrings<R> {
    /// Puts a key into a keyring. It works at once, in all processes.
    ///
    /// # Errors
    /// `Missing`, `Taken`, `Full` and `Worn` (use another keyring), `Contended`, and those of
    /// [`Self::find`].
    pub async fn add(
        &self,
        keyring: &KeyringId,
        record: &R,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| ring.add(record)).await
    }

    /// Puts a key into a keyring whose owner may have `room` live keys in it. New keys leave room for
    /// changes that end keys.
    ///
    /// # Errors
    /// `TooMany`, and those of [`Self::add`].
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

    /// Puts a key in that takes the place of one in the same keyring, which ends at the instant given
    /// with its id, or sooner if it was to end sooner: both or neither.
    ///
    /// # Errors
    /// `NoSuchKey`, also for one that ended before, and those of [`Self::place`].
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

    /// Sets the instant from which a key is no longer accepted, where the keyring was changed less than `most`
    /// times in 24 hours. Other processes learn of it within 60 seconds.
    ///
    /// # Errors
    /// `Missing`, `NoSuchKey`, `Worn`, `Contended`, and those of [`Self::find`].
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

    /// Takes a key out as [`Self::revoke`] does, where the keyring was changed less than `most` times in 24
    /// hours.
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

    /// Does what was written down elsewhere about keys while the keyring took no change: takes them out, or
    /// sets their end. As long as new keys would be taken.
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

    /// Puts a key in and takes the one of an id out, whatever that is: one change.
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

    /// Takes a key out of its keyring; one that is not in it is revoked already. Other processes
    /// learn of it within 60 seconds, or 15 minutes while Secrets Manager is unavailable to them.
    ///
    /// # Errors
    /// `Missing`, `Worn`, `Contended`, and those of [`Self::find`].
    pub async fn revoke(
        &self,
        keyring: &KeyringId,
        key: KeyId,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.change(keyring, now, |ring| Ok(ring.remove(key))).await
    }

    /// Takes all keys of a tenant out of a keyring, as [`Self::revoke`] one.
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

    /// Makes an empty keyring, encrypted with the key that was named for keyrings or the account's
    /// default; one that exists is left as it is.
    ///
    /// # Errors
    /// Those of [`Self::find`].
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
        let result = self.swap(keyring, now, ATTEMPTS, edit).await;
        // After a failure as well: the change may have been made.
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
            // Each attempt leaves a version, also one that is lost to others.
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

    /// Stores a version beside the current one and tells its id, which the SDK made up.
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
                // Also the answer to the SDK's second try when the first went through; then the
                // edit turns out moot.
                Some(service) if service.is_invalid_parameter_exception() => Ok(Move::Lost),
                Some(service) if service.is_resource_not_found_exception() => Ok(Move::Lost),
                _ => Err(error.into()),
            },
        }
    }
}

/// Whether the mark of the current version was moved.
#[derive(PartialEq, Eq)]
enum Move {
    Made,
    Lost,
}

/// How long to wait after a lost attempt: once to twice [`PAUSE`] doubled per attempt. The
/// version's id, random and different for each competitor, says where between the two.
fn pause(attempt: u32, version: &str) -> Duration {
    let base = PAUSE << attempt;
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
    async fn a_key_ends_here_as_soon_as_it_is_revoked() {
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
    async fn an_expiry_is_set_on_a_key_that_exists() {
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
        // While ours is between reading and moving the mark, theirs makes a whole change.
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
        for attempt in 0..ATTEMPTS {
            let base = Duration::from_millis(PAUSE << attempt);
            for version in ["a", "b", "c"] {
                assert!((base..2 * base).contains(&pause(attempt, version)));
            }
        }
        assert_ne!(pause(7, "a"), pause(7, "b"));
    }

    #[tokio::test]
    async fn a_keyring_is_made_once_and_works_at_once() {
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
    async fn too_many_versions_are_told_apart_from_an_outage() {
        let stub = Stub::with_keyring(EMPTY);
        stub.next("PutSecretValue", Act::Fail(400, "LimitExceededException"));
        assert_eq!(
            stub.keyrings().add(&k1(), &key(1).1, at(0)).await,
            Err(KeyringError::Worn)
        );
    }

    #[tokio::test]
    async fn a_full_keyring_is_left_as_it_is() {
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
