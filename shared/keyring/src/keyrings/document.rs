//! The value of a keyring's secret, `{"keys":{"<key id>":{…}}}`: [`Keyring`] for finding keys, [`Document`] for changes.
//!
//! A document is changed as JSON, so that members, scopes and records that this build does not know survive the change.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::record::{KeyRecord, Record};
use crate::error::KeyringError;
use crate::limits::{CHANGES_ROOM, ENOUGH, EXPIRY_ROOM, LARGEST, MOST_ENDED};
use crate::tenant_id::TenantId;
use crate::token::{Digest, KeyId};

/// The value of an empty keyring, as in `infra/secrets.yaml`.
pub(super) const EMPTY: &str = r#"{"keys":{}}"#;

/// The member that counts changes: the number of changes for each hour since 1970.
const CHANGES: &str = "changes";

/// The keys of a keyring that this build can read.
pub(super) struct Keyring<R = KeyRecord> {
    keys: BTreeMap<KeyId, Arc<R>>,
}

impl<R: Record> Keyring<R> {
    /// Reads the value of a secret; `None` when it is not a keyring at all.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let records = match Document::parse(text) {
            Some(document) => document.records(),
            None => vec![R::whole(text)?],
        };
        let keys = records.into_iter();
        Some(Self {
            keys: keys.map(|record| (record.id(), Arc::new(record))).collect(),
        })
    }

    /// All of them.
    pub(super) fn into_keys(self) -> Vec<R> {
        let keys = self.keys.into_values();
        keys.map(Arc::unwrap_or_clone).collect()
    }

    /// The key of that id.
    pub(super) fn by_id(&self, id: KeyId) -> Option<Arc<R>> {
        self.keys.get(&id).cloned()
    }

    /// The key with this id, if its digest matches.
    pub(super) fn find(&self, id: KeyId, digest: &Digest) -> Option<Arc<R>> {
        self.keys
            .get(&id)
            .filter(|record| record.sha256() == digest)
            .cloned()
    }

    /// The owner's key with this digest. It compares all keys of the owner, so that the time does not reveal which one
    /// matched.
    pub(super) fn find_imported(
        &self,
        owner: Option<&TenantId>,
        digest: &Digest,
    ) -> Option<Arc<R>> {
        let mut found = None;
        for record in self.keys.values().filter(|record| record.tenant() == owner) {
            if record.sha256() == digest {
                found = Some(record);
            }
        }
        found.cloned()
    }
}

/// The end of a key that could not be written to its keyring yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum End {
    /// The key was revoked.
    Revoked,
    /// The key expires at this instant.
    At(Timestamp),
}

/// Whether an edit changed the document. An edit that was already made is moot, so that every change can be retried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edit {
    Made,
    Moot,
}

/// The value of a keyring's secret, for changes.
pub(super) struct Document {
    /// The members beside `keys`.
    others: Map<String, Value>,
    keys: Map<String, Value>,
}

impl Document {
    /// Reads the value of a secret; `None` when it is not a keyring at all.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let Ok(Value::Object(mut others)) = serde_json::from_str(text) else {
            return None;
        };
        let Some(Value::Object(keys)) = others.remove("keys") else {
            return None;
        };
        Some(Self { others, keys })
    }

    /// The value to store.
    pub(super) fn to_text(&self) -> String {
        let mut members = self.others.clone();
        members.insert("keys".to_owned(), Value::Object(self.keys.clone()));
        Value::Object(members).to_string()
    }

    /// The keys that this build can read.
    pub(super) fn records<R: Record>(&self) -> Vec<R> {
        let read = |(id, value): (&String, &Value)| R::from_json(id, value);
        self.keys.iter().filter_map(read).collect()
    }

    /// Adds a key.
    ///
    /// # Errors
    /// `Taken`: another key has this id, or the owner has the same token under another id. `Full`: the value would exceed
    /// its limit.
    pub(super) fn add<R: Record>(&mut self, record: &R) -> Result<Edit, KeyringError> {
        match self.twin(record) {
            Some(twin) if twin == record.id() => return Ok(Edit::Moot),
            Some(_) => return Err(KeyringError::Taken),
            None if self.keys.contains_key(record.id().as_str()) => {
                return Err(KeyringError::Taken);
            }
            None => self.keys.insert(record.id().to_string(), record.to_json()),
        };
        match self.to_text().len() + EXPIRY_ROOM * self.keys.len() + CHANGES_ROOM > LARGEST {
            true => Err(KeyringError::Full),
            false => Ok(Edit::Made),
        }
    }

    /// The owner's existing key with the same token.
    fn twin<R: Record>(&self, record: &R) -> Option<KeyId> {
        let same_token =
            |held: &R| held.tenant() == record.tenant() && held.sha256() == record.sha256();
        self.records()
            .iter()
            .find(|held| same_token(held))
            .map(R::id)
    }

    /// Adds a key of an owner who may have `room` live keys in this keyring. A few expired keys are kept for display.
    ///
    /// # Errors
    /// `TooMany`: the owner has the most live keys allowed. `Worn`: the remaining changes of the day are for ending keys.
    /// The errors of [`Self::add`].
    pub(super) fn place<R: Record>(
        &mut self,
        record: &R,
        room: usize,
        now: Timestamp,
    ) -> Result<Edit, KeyringError> {
        if self.twin(record) == Some(record.id()) {
            return Ok(Edit::Moot);
        }
        self.spare(ENOUGH, now)?;
        self.fit(record, room, now)
    }

    fn fit<R: Record>(
        &mut self,
        record: &R,
        room: usize,
        now: Timestamp,
    ) -> Result<Edit, KeyringError> {
        let mut own: Vec<R> = self.records();
        own.retain(|held| held.tenant() == record.tenant());
        let (live, mut ended): (Vec<R>, _) = own.into_iter().partition(|held| held.is_live(now));
        if live.len() >= room {
            return Err(KeyringError::TooMany(R::MOST_LIVE));
        }
        ended.sort_by_key(R::expires);
        for held in ended.iter().rev().skip(MOST_ENDED) {
            self.remove(held.id());
        }
        self.add(record)
    }

    /// Adds a key that replaces another of the same owner. The old key expires at `end`, or earlier if it would expire
    /// earlier.
    ///
    /// # Errors
    /// `NoSuchKey`: the key does not exist or has expired. The errors of [`Self::place`].
    pub(super) fn rotate<R: Record>(
        &mut self,
        record: &R,
        old: (KeyId, Timestamp),
        room: usize,
        now: Timestamp,
    ) -> Result<Edit, KeyringError> {
        let (id, end) = old;
        if self.twin(record) == Some(record.id()) {
            return Ok(Edit::Moot);
        }
        let held: Vec<R> = self.records();
        let before = held.iter().find(|held| held.id() == id);
        let before = before.filter(|held| held.is_live(now) && held.tenant() == record.tenant());
        let sooner = before.ok_or(KeyringError::NoSuchKey)?.expires();
        self.spare(ENOUGH, now)?;
        self.expire(id, sooner.map_or(end, |sooner| sooner.min(end)))?;
        // The old key does not count, because it expires.
        self.fit(record, room + usize::from(now < end), now)
    }

    /// Rejects a change if there were `most` in the last 24 hours.
    ///
    /// # Errors
    /// `Worn`.
    pub(super) fn spare(&self, most: u64, now: Timestamp) -> Result<(), KeyringError> {
        match self.changes(now) < most {
            true => Ok(()),
            false => Err(KeyringError::Worn),
        }
    }

    /// Applies recorded ends of keys; keys that are not in the keyring are ignored.
    pub(super) fn settle(&mut self, ends: &BTreeMap<KeyId, End>) -> Edit {
        let mut edit = Edit::Moot;
        for (id, end) in ends {
            let done = match end {
                End::At(end) => self.expire(*id, *end).unwrap_or(Edit::Moot),
                End::Revoked => self.remove(*id),
            };
            if done == Edit::Made {
                edit = done;
            }
        }
        edit
    }

    /// Removes all keys of a tenant.
    pub(super) fn remove_all(&mut self, tenant: &TenantId) -> Edit {
        let before = self.keys.len();
        self.keys.retain(|_, value| {
            let owner = value.get("tenant").and_then(Value::as_str);
            owner != Some(tenant.as_str())
        });
        match self.keys.len() == before {
            true => Edit::Moot,
            false => Edit::Made,
        }
    }

    /// The number of changes in the last 24 hours, with the precision of an hour.
    pub(super) fn changes(&self, now: Timestamp) -> u64 {
        let hours = self.others.get(CHANGES).and_then(Value::as_object);
        let recent = |hour: &String| is_recent(hour, now);
        let numbers = hours
            .into_iter()
            .flatten()
            .filter(|(hour, _)| recent(hour))
            .filter_map(|(_, number)| number.as_u64());
        numbers.sum()
    }

    /// Counts a change.
    pub(super) fn count_change(&mut self, now: Timestamp) {
        let hours = self
            .others
            .entry(CHANGES)
            .or_insert_with(|| Map::new().into());
        let Value::Object(hours) = hours else {
            return;
        };
        hours.retain(|hour, _| is_recent(hour, now));
        let number = hours.entry(hour(now).to_string()).or_insert(0.into());
        *number = (number.as_u64().unwrap_or_default() + 1).into();
    }

    /// Sets the expiry of a key.
    ///
    /// # Errors
    /// `NoSuchKey`: the keyring does not have the key.
    pub(super) fn expire(&mut self, id: KeyId, end: Timestamp) -> Result<Edit, KeyringError> {
        let Some(Value::Object(record)) = self.keys.get_mut(id.as_str()) else {
            return Err(KeyringError::NoSuchKey);
        };
        let end = Value::String(end.to_string());
        match record.insert("expires".to_owned(), end.clone()) == Some(end) {
            true => Ok(Edit::Moot),
            false => Ok(Edit::Made),
        }
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, id: KeyId) -> Edit {
        match self.keys.remove(id.as_str()) {
            Some(_) => Edit::Made,
            None => Edit::Moot,
        }
    }
}

fn hour(now: Timestamp) -> i64 {
    now.as_second().div_euclid(3600)
}

fn is_recent(text: &str, now: Timestamp) -> bool {
    let then = text.parse::<i64>();
    then.is_ok_and(|then| (hour(now) - then).abs() <= 24)
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{at, key, tenant};
    use super::*;
    use serde_json::json;

    fn document(value: &Value) -> Document {
        Document::parse(&value.to_string()).unwrap()
    }

    fn full() -> Document {
        let mut ring = Document::parse(EMPTY).unwrap();
        let ended = (0..1000).find(|number| ring.add(&key(*number).1) == Err(KeyringError::Full));
        assert!(ended.is_some_and(|number| number > 150), "{ended:?}");
        ring
    }

    #[test]
    fn only_an_object_with_keys_is_a_keyring() {
        assert!(Keyring::<KeyRecord>::parse(EMPTY).is_some());
        for text in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"keys":[]}"#,
            r#"{"keys":null}"#,
            r#"{"keys":{}"#,
        ] {
            assert!(Keyring::<KeyRecord>::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_is_found_by_its_id_and_digest() {
        let ((token, record), (stranger, _)) = (key(1), key(2));
        let mut ring = Document::parse(EMPTY).unwrap();
        assert_eq!(ring.add(&record), Ok(Edit::Made));
        let ring = Keyring::<KeyRecord>::parse(&ring.to_text()).unwrap();
        assert_eq!(
            ring.find(record.id, &token.digest()).as_deref(),
            Some(&record)
        );
        assert_eq!(ring.find(record.id, &stranger.digest()), None);
        assert_eq!(ring.find(stranger.key(), &token.digest()), None);
    }

    #[test]
    fn an_imported_token_is_found_in_its_own_tenant_only() {
        let (token, record) = key(1);
        let mut ring = Document::parse(EMPTY).unwrap();
        for number in [1, 2, 3] {
            assert_eq!(ring.add(&key(number).1), Ok(Edit::Made));
        }
        let ring = Keyring::<KeyRecord>::parse(&ring.to_text()).unwrap();
        assert_eq!(
            ring.find_imported(Some(&tenant("acme")), &token.digest())
                .as_deref(),
            Some(&record)
        );
        assert_eq!(
            ring.find_imported(Some(&tenant("globex")), &token.digest()),
            None
        );
        assert_eq!(
            ring.find_imported(Some(&tenant("acme")), &key(4).0.digest()),
            None
        );
    }

    #[test]
    fn one_unreadable_key_does_not_lock_out_the_others() {
        let (token, record) = key(1);
        let ring = json!({"keys": {"broken": 7, record.id.as_str(): record.to_json(), "0000000000": {"tenant": "x"}}});
        let ring = Keyring::<KeyRecord>::parse(&ring.to_string()).unwrap();
        assert!(ring.find(record.id, &token.digest()).is_some());
    }

    #[test]
    fn unknown_members_survive_a_change() {
        let (old, new) = (key(1).1, key(2).1);
        let mut stored = old.to_json();
        stored["scopes"] = json!(["scim", "scim:read"]);
        stored["colour"] = json!({"r": 1});
        let before = json!({"version": 2, "keys": {"later": [1], old.id.as_str(): stored}});
        let mut ring = document(&before);
        assert_eq!(ring.add(&new), Ok(Edit::Made));
        assert_eq!(ring.expire(old.id, at(60)), Ok(Edit::Made));
        let mut after = before;
        after["keys"][new.id.as_str()] = new.to_json();
        after["keys"][old.id.as_str()]["expires"] = json!("2027-01-15T08:01:00Z");
        assert_eq!(
            serde_json::from_str::<Value>(&ring.to_text()).unwrap(),
            after
        );
    }

    #[test]
    fn every_change_is_idempotent() {
        let (_, record) = key(1);
        let mut ring = Document::parse(EMPTY).unwrap();
        assert_eq!(
            (ring.add(&record), ring.add(&record)),
            (Ok(Edit::Made), Ok(Edit::Moot))
        );
        assert_eq!(ring.expire(record.id, at(1)), Ok(Edit::Made));
        assert_eq!(ring.expire(record.id, at(1)), Ok(Edit::Moot));
        assert_eq!(
            (ring.remove(record.id), ring.remove(record.id)),
            (Edit::Made, Edit::Moot)
        );
        assert_eq!(ring.expire(record.id, at(1)), Err(KeyringError::NoSuchKey));
    }

    #[test]
    fn an_id_and_a_tenants_token_are_unique() {
        let (one, two) = (key(1).1, key(2).1);
        let mut ring = Document::parse(EMPTY).unwrap();
        assert_eq!(ring.add(&one), Ok(Edit::Made));
        assert_eq!(
            ring.add(&KeyRecord {
                id: one.id,
                ..two.clone()
            }),
            Err(KeyringError::Taken)
        );
        assert_eq!(
            ring.add(&KeyRecord {
                id: two.id,
                ..one.clone()
            }),
            Err(KeyringError::Taken)
        );
        let elsewhere = KeyRecord {
            id: two.id,
            tenant: tenant("globex"),
            ..one
        };
        assert_eq!(ring.add(&elsewhere), Ok(Edit::Made));
    }

    #[test]
    fn every_key_of_a_full_keyring_can_get_an_expiry() {
        let mut ring = full();
        let ids: Vec<_> = ring.keys.keys().filter_map(|id| KeyId::parse(id)).collect();
        let end = "9999-12-30T22:00:00.999999999Z".parse().unwrap();
        for id in ids {
            assert_eq!(ring.expire(id, end), Ok(Edit::Made));
        }
        let length = ring.to_text().len();
        assert!((60_000..=LARGEST).contains(&length), "{length}");
    }

    /// A key that expires at a second.
    fn ending(number: u16, second: i64) -> KeyRecord {
        KeyRecord {
            expires: Some(at(second)),
            ..key(number).1
        }
    }

    #[test]
    fn live_keys_are_limited_and_the_latest_expired_ones_kept() {
        let mut ring = Document::parse(EMPTY).unwrap();
        for number in 0..15 {
            let record = ending(number, i64::from(number));
            assert_eq!(ring.add(&record), Ok(Edit::Made));
        }
        // Another owner's keys neither count nor are removed.
        let elsewhere = KeyRecord {
            tenant: tenant("globex"),
            ..ending(90, 0)
        };
        ring.add(&elsewhere).unwrap();
        for number in 20..23 {
            assert_eq!(ring.place(&key(number).1, 3, at(60)), Ok(Edit::Made));
        }
        let too_many = Err(KeyringError::TooMany(20));
        assert_eq!(ring.place(&key(23).1, 3, at(60)), too_many);
        assert_eq!(ring.place(&key(22).1, 3, at(60)), Ok(Edit::Moot));
        let mut held: Vec<KeyId> = ring
            .records::<KeyRecord>()
            .iter()
            .map(|key| key.id)
            .collect();
        held.sort();
        let kept = (5..15).chain(20..23).chain([90]);
        assert_eq!(
            held,
            kept.map(|number| key(number).1.id).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_rotated_key_expires_after_the_overlap_or_earlier() {
        for (end_before, overlap, end) in [(None, 50, 60), (Some(20), 50, 20), (Some(90), 0, 10)] {
            let mut ring = Document::parse(EMPTY).unwrap();
            let old = KeyRecord {
                expires: end_before.map(at),
                ..key(1).1
            };
            ring.add(&old).unwrap();
            let (new, now) = (key(2).1, at(10));
            let asked = (old.id, at(10 + overlap));
            assert_eq!(ring.rotate(&new, asked, 1, now), Ok(Edit::Made));
            // Retried, as after a lost answer.
            assert_eq!(ring.rotate(&new, asked, 1, now), Ok(Edit::Moot));
            let held: Vec<KeyRecord> = ring.records();
            let ends: Vec<_> = held.iter().map(|key| (key.id, key.expires)).collect();
            assert_eq!(ends, [(old.id, Some(at(end))), (new.id, None)]);
        }
    }

    #[test]
    fn only_a_live_key_of_the_owner_can_be_rotated() {
        let mut ring = Document::parse(EMPTY).unwrap();
        let theirs = KeyRecord {
            tenant: tenant("globex"),
            ..key(2).1
        };
        for record in [ending(1, 10), theirs] {
            ring.add(&record).unwrap();
        }
        for number in [1, 2, 3] {
            let old = (key(number).1.id, at(10));
            let rotated = ring.rotate(&key(4).1, old, 9, at(10));
            assert_eq!(rotated, Err(KeyringError::NoSuchKey), "{number}");
        }
        assert_eq!(ring.records::<KeyRecord>().len(), 2);
    }

    #[test]
    fn recorded_ends_are_applied_in_one_idempotent_edit() {
        let mut ring = Document::parse(EMPTY).unwrap();
        for number in [1, 2, 3] {
            ring.add(&key(number).1).unwrap();
        }
        let ends = BTreeMap::from([
            (key(1).1.id, End::Revoked),
            (key(2).1.id, End::At(at(60))),
            (key(9).1.id, End::Revoked),
        ]);
        assert_eq!(ring.settle(&ends), Edit::Made);
        let left: Vec<KeyRecord> = ring.records();
        let left: BTreeMap<_, _> = left.iter().map(|key| (key.id, key.expires)).collect();
        let expected = [(key(2).1.id, Some(at(60))), (key(3).1.id, None)];
        assert_eq!(left, BTreeMap::from(expected));
        assert_eq!(ring.settle(&ends), Edit::Moot);
    }

    #[test]
    fn new_keys_leave_changes_for_ending_keys() {
        let mut ring = Document::parse(EMPTY).unwrap();
        let (first, last) = (at(0), at(23 * 3600));
        for _ in 0..ENOUGH - 1 {
            ring.count_change(first);
        }
        assert_eq!(ring.place(&key(1).1, 9, last), Ok(Edit::Made));
        ring.count_change(last);
        assert_eq!(ring.place(&key(2).1, 9, last), Err(KeyringError::Worn));
        // A rotation counts as a new key; ending a key is still possible.
        let old = (key(1).1.id, last);
        assert_eq!(
            ring.rotate(&key(3).1, old, 9, last),
            Err(KeyringError::Worn)
        );
        assert_eq!(ring.spare(ENOUGH + 1, last), Ok(()));
        assert_eq!(ring.spare(ENOUGH, last), Err(KeyringError::Worn));
        let next_day = at(25 * 3600);
        assert_eq!(ring.changes(next_day), 1);
        assert_eq!(ring.place(&key(2).1, 9, next_day), Ok(Edit::Made));
        // The counts of changes are kept and stay within the reserved bytes.
        for hour in 0..100 {
            (0..99).for_each(|_| ring.count_change(at(hour * 3600)));
        }
        let text = ring.others.get(CHANGES).unwrap().to_string();
        assert!(text.len() + CHANGES.len() + 4 < CHANGES_ROOM, "{text}");
    }

    #[test]
    fn all_keys_of_a_tenant_are_removed_at_once() {
        let mut ring = Document::parse(EMPTY).unwrap();
        let theirs = KeyRecord {
            tenant: tenant("globex"),
            ..key(3).1
        };
        for record in [key(1).1, key(2).1, theirs.clone()] {
            ring.add(&record).unwrap();
        }
        assert_eq!(ring.remove_all(&tenant("acme")), Edit::Made);
        assert_eq!(ring.remove_all(&tenant("acme")), Edit::Moot);
        assert_eq!(ring.records::<KeyRecord>(), [theirs]);
    }
}
