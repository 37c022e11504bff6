//! Keyrings: finds the key of a token, and changes the keys.
//!
//! A keyring is a secret of Secrets Manager, named prefix + keyring id, with the value `{"keys":{"<key id>":{…}}}` of at
//! most 64 KiB. It holds the keys of many tenants, because each secret is billed. It contains digests of tokens only.
//!
//! Finding a key takes no call in a warm process; `keyrings/cache.rs` has the rules. In short: a revoked key stops working
//! within 60 seconds, or within 15 minutes if Secrets Manager is unavailable to this process. A new key works within a
//! second, for which its request waits. A key that cannot be looked up is an error, never "no such key".
//!
//! Changes use compare-and-swap (`keyrings/change.rs`), so two administrators cannot overwrite each other's keys.
//!
//! Keys of tenants and of the admin API are different kinds ([`Record`]). Each kind has secrets under its own prefix, so
//! that a role can be granted one kind only.
//!
//! This module does not decide whether a found key is valid for a request ([`KeyRecord::admits`]), nor which keyring gets a
//! new key (`tenant_keys`). Retries and timeouts of changes are the client's configuration.

mod admin;
mod cache;
mod change;
mod document;
mod record;

use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_secretsmanager::Client;
use jiff::Timestamp;

pub use self::admin::{AdminKey, AdminKeyrings, AdminScope};
pub(crate) use self::cache::lock;
use self::cache::{Cache, LookUp, Slot, SoughtToken};
pub use self::document::End;
use self::document::Keyring;
pub use self::record::{KeyRecord, Record, Scope};
use crate::error::KeyringError;
use crate::tenant_id::TenantId;
use crate::token::{ImportedToken, KeyringId, Token};
use crate::versions::VersionedSecrets;

/// The keyrings for one kind of key, with the cache of one process. Created once per process and shared.
pub struct Keyrings<R = KeyRecord> {
    secrets: VersionedSecrets,
    cache: Mutex<Cache<R>>,
    /// Held during a change, so that changes of one process do not compete with each other.
    changing: tokio::sync::Mutex<()>,
    /// Held while a place among a tenant's live keys is reserved, for the same reason.
    pub reserving: tokio::sync::Mutex<()>,
}

impl<R: Record> Keyrings<R> {
    /// Keyrings whose secrets are named `prefix` + keyring id. The prefix includes the separator: `stack/keyring/`.
    #[must_use]
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        let (cache, changing, reserving) = Default::default();
        Self {
            secrets: VersionedSecrets::new(client, prefix),
            cache,
            changing,
            reserving,
        }
    }

    /// Encrypts new keyrings with a customer managed KMS key.
    #[must_use]
    pub fn encrypted_with(self, kms_key: Option<String>) -> Self {
        Self {
            secrets: self.secrets.encrypted_with(kms_key),
            ..self
        }
    }

    /// Finds the key of a token, or `None`. The caller must check whether the key is valid for the request.
    ///
    /// # Errors
    /// `Unavailable`, `Refused` or `Unreadable`: it is unknown whether the key exists.
    pub async fn find(
        &self,
        token: &Token,
        now: Timestamp,
    ) -> Result<Option<Arc<R>>, KeyringError> {
        let digest = token.digest();
        let asked = Some(SoughtToken::new(None, &digest));
        self.search(token.keyring(), asked, now, |ring| {
            ring.find(token.key(), &digest)
        })
        .await
    }

    /// Finds the owner's key of a token that names no keyring.
    async fn find_in(
        &self,
        keyring: &KeyringId,
        owner: Option<&TenantId>,
        token: &ImportedToken,
        now: Timestamp,
    ) -> LookUp<R> {
        let digest = token.digest();
        let asked = Some(SoughtToken::new(owner, &digest));
        self.search(keyring, asked, now, |ring| {
            ring.find_imported(owner, &digest)
        })
        .await
    }

    /// Reads the current keys of a keyring; empty if it does not exist.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn list(&self, keyring: &KeyringId) -> Result<Vec<R>, KeyringError> {
        let Some(current) = self.secrets.read(keyring.as_str()).await? else {
            return Ok(Vec::new());
        };
        let ring = Keyring::parse(&current.text).ok_or(KeyringError::Unreadable)?;
        Ok(ring.into_keys())
    }

    /// Reads a keyring before the first request, which also opens the connection.
    ///
    /// # Errors
    /// As [`Self::find`]. The process can ignore it, because the first request reads the keyring again.
    pub async fn warm(&self, keyring: &KeyringId, now: Timestamp) -> Result<(), KeyringError> {
        self.search(keyring, None, now, |_| None).await.map(|_| ())
    }

    /// The number of Secrets Manager calls, without the SDK's retries.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.secrets.calls()
    }

    async fn search(
        &self,
        keyring: &KeyringId,
        asked: Option<SoughtToken>,
        now: Timestamp,
        pick: impl Fn(&Keyring<R>) -> Option<Arc<R>>,
    ) -> LookUp<R> {
        let slot = lock(&self.cache).slot(keyring, now)?;
        let before = {
            let state = slot.state();
            match state.answer(asked.as_ref(), now, &pick) {
                Some(answer) => return answer,
                None => state.lookups(),
            }
        };
        let _place = slot.queue()?;
        let _turn = slot.turn.lock().await;
        if slot.state().lookups() > before {
            return slot.state().settle(asked, now, pick);
        }
        // A look-up that was in flight when the token arrived has completed and may have found the key.
        if let Some(answer) = slot.state().answer(asked.as_ref(), now, &pick) {
            return answer;
        }
        let begun = self.pause(&slot, now).await?;
        self.look_up(keyring, &slot, begun).await?;
        let answer = slot.state().settle(asked, now, pick);
        if begun != now && matches!(answer, Ok(Some(_))) {
            lock(&self.cache).waited_for_a_key();
        }
        answer
    }

    /// Waits until the keyring may be looked up again, and returns the time then.
    async fn pause(&self, slot: &Slot<R>, now: Timestamp) -> Result<Timestamp, KeyringError> {
        let left = slot.state().pause(now);
        let Some(left) = left else {
            return Ok(now);
        };
        lock(&self.cache).wait(now)?;
        tokio::time::sleep(left).await;
        Ok(now.checked_add(left).unwrap_or(now))
    }

    async fn look_up(
        &self,
        keyring: &KeyringId,
        slot: &Slot<R>,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        if slot.state().needs_grant() {
            lock(&self.cache).grant(now)?;
        }
        slot.state().begin();
        let result = match self.secrets.read(keyring.as_str()).await {
            Ok(Some(current)) => Keyring::parse(&current.text)
                .map(Some)
                .ok_or(KeyringError::Unreadable),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        slot.state().learn(result, now);
        Ok(())
    }
}

impl Keyrings {
    /// Finds the tenant's key of an imported token in a keyring.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub async fn find_imported(
        &self,
        keyring: &KeyringId,
        tenant: &TenantId,
        token: &ImportedToken,
        now: Timestamp,
    ) -> Result<Option<Arc<KeyRecord>>, KeyringError> {
        self.find_in(keyring, Some(tenant), token, now).await
    }
}

impl<R> fmt::Debug for Keyrings<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyrings")
            .field("prefix", &self.secrets.prefix())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::document::{Document, EMPTY};
    use super::record::tests::{at, key, record, tenant};
    use super::*;
    use crate::stub::{Act, Stub};
    use crate::token::{KeyId, Presented};

    fn ring(numbers: impl IntoIterator<Item = u16>) -> String {
        let mut document = Document::parse(EMPTY).unwrap();
        for number in numbers {
            document.add(&key(number).1).unwrap();
        }
        document.to_text()
    }

    fn stranger(keyring: &str) -> Token {
        Token::issue(
            &KeyringId::parse(keyring).unwrap(),
            KeyId::from_bytes([9; 6]),
            [9; 32],
        )
    }

    #[tokio::test]
    async fn a_warm_process_makes_no_call() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        keyrings
            .warm(&KeyringId::parse("k1").unwrap(), at(0))
            .await
            .unwrap();
        let (token, record) = key(1);
        for second in 0..60 {
            assert_eq!(
                keyrings.find(&token, at(second)).await.unwrap().as_deref(),
                Some(&record)
            );
        }
        assert_eq!(keyrings.calls(), 1);
        assert!(keyrings.find(&token, at(60)).await.unwrap().is_some());
        assert_eq!(keyrings.calls(), 2);
    }

    #[tokio::test]
    async fn concurrent_requests_wait_for_one_look_up() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        let ((good, _), bad) = (key(1), stranger("k1"));
        let both = (0..50).flat_map(|_| [keyrings.find(&good, at(0)), keyrings.find(&bad, at(0))]);
        let answers = futures_util::future::join_all(both).await;
        assert_eq!(
            answers
                .iter()
                .filter(|answer| matches!(answer, Ok(Some(_))))
                .count(),
            50
        );
        assert_eq!(
            answers
                .iter()
                .filter(|answer| matches!(answer, Ok(None)))
                .count(),
            50
        );
        // Requests with wrong tokens wait for a look-up that began after they arrived.
        assert_eq!(keyrings.calls(), 2);
    }

    #[tokio::test]
    async fn a_key_added_a_moment_after_a_look_up_is_waited_for() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        assert!(keyrings.find(&key(1).0, at(0)).await.unwrap().is_some());
        let (token, record) = key(2);
        stub.keyrings()
            .add(token.keyring(), &record, at(0))
            .await
            .unwrap();
        assert!(keyrings.find(&token, at(0)).await.unwrap().is_some());
        assert_eq!(keyrings.calls(), 2);
    }

    #[tokio::test]
    async fn a_key_added_during_a_look_up_is_waited_for() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        let ((known, _), (token, record)) = (key(1), key(2));
        let gate = stub.hold_after("GetSecretValue");
        let (first, second) = tokio::join!(keyrings.find(&known, at(0)), async {
            gate.reached().await;
            stub.keyrings()
                .add(token.keyring(), &record, at(0))
                .await
                .unwrap();
            let found = keyrings.find(&token, at(0));
            gate.open();
            found.await
        });
        assert!(first.unwrap().is_some());
        assert!(second.unwrap().is_some());
        assert_eq!(keyrings.calls(), 2);
    }

    #[tokio::test]
    async fn a_flood_of_wrong_tokens_costs_one_look_up_a_second_and_does_not_block_new_tokens() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        assert!(keyrings.find(&key(1).0, at(0)).await.unwrap().is_some());
        let (token, record) = key(2);
        stub.keyrings()
            .add(token.keyring(), &record, at(0))
            .await
            .unwrap();
        let wrong: Vec<Token> = (100..300).map(|number| key(number).0).collect();
        let flood = wrong.iter().map(|token| keyrings.find(token, at(0)));
        let (answers, found) = tokio::join!(
            futures_util::future::join_all(flood),
            keyrings.find(&token, at(0))
        );
        assert!(answers.iter().all(|answer| *answer == Ok(None)));
        assert_eq!(found.unwrap().as_deref(), Some(&record));
        assert_eq!(keyrings.calls(), 2);
    }

    #[tokio::test]
    async fn a_wait_that_finds_a_key_does_not_count() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        assert!(keyrings.find(&key(1).0, at(0)).await.unwrap().is_some());
        for _ in 1..crate::limits::WAITS {
            lock(&keyrings.cache).wait(at(0)).unwrap();
        }
        for (second, number) in [(0, 2), (1, 3)] {
            let (token, record) = key(number);
            let other = stub.keyrings();
            other.add(token.keyring(), &record, at(0)).await.unwrap();
            let found = keyrings.find(&token, at(second)).await;
            assert!(found.unwrap().is_some(), "{number}");
        }
    }

    #[tokio::test]
    async fn a_process_without_waits_left_makes_new_tokens_retry() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        let ((known, _), (token, record)) = (key(1), key(2));
        assert!(keyrings.find(&known, at(0)).await.unwrap().is_some());
        while lock(&keyrings.cache).wait(at(0)).is_ok() {}
        stub.keyrings()
            .add(token.keyring(), &record, at(0))
            .await
            .unwrap();
        assert!(matches!(
            keyrings.find(&token, at(0)).await,
            Err(KeyringError::Unavailable(_))
        ));
        assert!(keyrings.find(&known, at(0)).await.unwrap().is_some());
        assert_eq!(keyrings.calls(), 1);
        assert!(keyrings.find(&token, at(1)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn random_tokens_cause_one_call_a_second() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        for second in [0, 0, 0, 1, 1, 2, 2, 2] {
            assert_eq!(
                keyrings.find(&stranger("k1"), at(second)).await.unwrap(),
                None
            );
        }
        assert_eq!(keyrings.calls(), 3);
    }

    #[tokio::test]
    async fn a_key_added_by_another_process_works_at_once() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        let (token, record) = key(2);
        assert!(keyrings.find(&key(1).0, at(0)).await.unwrap().is_some());
        stub.keyrings()
            .add(token.keyring(), &record, at(0))
            .await
            .unwrap();
        assert!(keyrings.find(&token, at(1)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_key_revoked_by_another_process_ends_within_60_seconds() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        let (token, record) = key(1);
        assert!(keyrings.find(&token, at(0)).await.unwrap().is_some());
        stub.keyrings()
            .revoke(token.keyring(), record.id, at(0))
            .await
            .unwrap();
        assert!(keyrings.find(&token, at(59)).await.unwrap().is_some());
        assert_eq!(keyrings.find(&token, at(60)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn an_absent_keyring_is_cached_and_found_once_created() {
        let stub = Stub::empty();
        let keyrings = stub.keyrings();
        let (token, record) = key(1);
        for _ in 0..5 {
            assert_eq!(keyrings.find(&token, at(0)).await.unwrap(), None);
        }
        assert_eq!(keyrings.calls(), 1);
        let other = stub.keyrings();
        other.create(token.keyring()).await.unwrap();
        other.add(token.keyring(), &record, at(0)).await.unwrap();
        assert!(keyrings.find(&token, at(1)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_flood_of_keyring_names_costs_ten_calls_a_second_and_does_not_affect_known_keys() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        assert!(keyrings.find(&key(1).0, at(0)).await.unwrap().is_some());
        let mut unavailable = 0;
        for number in 0..50 {
            let answer = keyrings
                .find(&stranger(&format!("x{number}")), at(10))
                .await;
            unavailable += usize::from(matches!(answer, Err(KeyringError::Unavailable(_))));
        }
        assert_eq!((keyrings.calls(), unavailable), (11, 40));
        assert!(keyrings.find(&key(1).0, at(10)).await.unwrap().is_some());
        assert!(
            keyrings
                .find(&stranger("x49"), at(11))
                .await
                .unwrap()
                .is_none()
        );
    }

    #[tokio::test]
    async fn an_outage_leaves_known_keys_working_for_15_minutes() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        let (token, _) = key(1);
        assert!(keyrings.find(&token, at(0)).await.unwrap().is_some());
        for failure in [
            (500, "InternalServiceError"),
            (503, ""),
            (400, "ThrottlingException"),
        ] {
            stub.always("GetSecretValue", Act::Fail(failure.0, failure.1));
            assert!(
                keyrings.find(&token, at(100)).await.unwrap().is_some(),
                "{failure:?}"
            );
            assert!(matches!(
                keyrings.find(&stranger("k1"), at(200)).await,
                Err(KeyringError::Unavailable(_))
            ));
            assert!(matches!(
                keyrings.find(&token, at(900)).await,
                Err(KeyringError::Unavailable(_))
            ));
        }
    }

    /// The gate stays closed, so the call ends by its timeout.
    #[tokio::test]
    async fn a_read_without_an_answer_times_out_as_an_outage() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        let (token, _) = key(1);
        assert!(keyrings.find(&token, at(0)).await.unwrap().is_some());
        let _gate = stub.hold_at("GetSecretValue");
        assert!(keyrings.find(&token, at(60)).await.unwrap().is_some());
        assert!(keyrings.find(&token, at(69)).await.unwrap().is_some());
        assert_eq!(keyrings.calls(), 2);
    }

    #[tokio::test]
    async fn a_process_without_connection_says_unavailable() {
        let keyrings = Stub::unreachable();
        let answer = keyrings.find(&key(1).0, at(0)).await;
        assert!(
            matches!(answer, Err(KeyringError::Unavailable(_))),
            "{answer:?}"
        );
    }

    #[tokio::test]
    async fn a_rejection_is_not_an_outage() {
        let stub = Stub::with_keyring(&ring([1]));
        let keyrings = stub.keyrings();
        assert!(keyrings.find(&key(1).0, at(0)).await.unwrap().is_some());
        for code in [
            "AccessDeniedException",
            "DecryptionFailure",
            "InvalidRequestException",
        ] {
            stub.always("GetSecretValue", Act::Fail(400, code));
            let answer = stub.keyrings().find(&key(1).0, at(60)).await;
            assert_eq!(answer, Err(KeyringError::Refused(code.to_owned())));
        }
        assert!(matches!(
            keyrings.find(&key(1).0, at(60)).await,
            Err(KeyringError::Refused(_))
        ));
    }

    #[tokio::test]
    async fn a_value_that_is_not_a_keyring_is_an_error() {
        let stub = Stub::with_keyring("[]");
        assert_eq!(
            stub.keyrings().find(&key(1).0, at(0)).await,
            Err(KeyringError::Unreadable)
        );
    }

    #[tokio::test]
    async fn an_imported_token_opens_its_tenant() {
        let stub = Stub::with_keyring(EMPTY);
        let keyrings = stub.keyrings();
        let k1 = KeyringId::parse("k1").unwrap();
        let Presented::Imported(token) = Token::parse(&"old-token".repeat(5)) else {
            panic!("not taken")
        };
        let find = |name| {
            let (keyrings, k1, token, tenant) = (&keyrings, &k1, &token, tenant(name));
            async move {
                keyrings
                    .find_imported(k1, &tenant, token, at(0))
                    .await
                    .unwrap()
            }
        };
        let record = record(KeyId::from_bytes([7; 6]), token.digest());
        assert_eq!(find("acme").await, None);
        keyrings.add(&k1, &record, at(0)).await.unwrap();
        assert_eq!(find("acme").await.as_deref(), Some(&record));
        assert_eq!(find("globex").await, None);
    }

    #[test]
    fn answers_can_be_awaited_on_any_thread() {
        fn sendable(_: impl Send) {}
        let keyrings = Stub::unreachable();
        let (token, record) = key(1);
        sendable(keyrings.find(&token, at(0)));
        sendable(keyrings.add(token.keyring(), &record, at(0)));
    }
}
