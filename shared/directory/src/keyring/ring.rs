//! The value of a keyring's secret, `{"keys":{"<key id>":{…}}}`: [`Keyring`] to find keys in,
//! [`Document`] to change.
//!
//! A document is changed as JSON, so that members, scopes and records this build does not know
//! survive the change. Neither type knows where the text comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::error::KeyringError;
use super::record::KeyRecord;
use crate::tenant_id::TenantId;
use crate::token::{Digest, KeyId};

/// The value of a keyring without keys; what `infra/secrets.yaml` writes too.
pub(super) const EMPTY: &str = r#"{"keys":{}}"#;

/// The largest value that Secrets Manager stores, in bytes.
const LARGEST: usize = 65_536;

/// Room kept for each key, in bytes: `,"expires":"…"` with nine digits of a second. A full keyring
/// can end every key of it.
const EXPIRY_ROOM: usize = 48;

/// The keys of a keyring that this build can read.
pub(super) struct Keyring {
    keys: BTreeMap<KeyId, Arc<KeyRecord>>,
}

impl Keyring {
    /// Reads the value of a secret; `None` when it is not a keyring at all.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let document = Document::parse(text)?;
        let records = document
            .keys
            .iter()
            .filter_map(|(id, value)| KeyRecord::from_json(id, value));
        Some(Self {
            keys: records
                .map(|record| (record.id, Arc::new(record)))
                .collect(),
        })
    }

    /// The key of that id, if it is the key of that token.
    pub(super) fn find(&self, id: KeyId, digest: &Digest) -> Option<Arc<KeyRecord>> {
        self.keys
            .get(&id)
            .filter(|record| record.sha256 == *digest)
            .cloned()
    }

    /// The tenant's key with that digest. All keys of the tenant are compared, so that time does
    /// not tell which one matched.
    pub(super) fn find_imported(
        &self,
        tenant: &TenantId,
        digest: &Digest,
    ) -> Option<Arc<KeyRecord>> {
        let mut found = None;
        for record in self.keys.values().filter(|record| record.tenant == *tenant) {
            if record.sha256 == *digest {
                found = Some(record);
            }
        }
        found.cloned()
    }
}

/// Whether an edit changed the document. One that was made before is moot, so that every change may
/// be repeated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edit {
    Made,
    Moot,
}

/// The value of a keyring's secret, open for changes.
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

    /// Puts a key in.
    ///
    /// # Errors
    /// `Taken`: another key has this id, or the tenant has the same token under another id. `Full`:
    /// the value would outgrow its limit.
    pub(super) fn add(&mut self, record: &KeyRecord) -> Result<Edit, KeyringError> {
        let read = |(id, value): (&String, &Value)| KeyRecord::from_json(id, value);
        let same_token =
            |held: &KeyRecord| held.tenant == record.tenant && held.sha256 == record.sha256;
        let twin = self.keys.iter().filter_map(read).find(same_token);
        match twin {
            Some(twin) if twin.id == record.id => return Ok(Edit::Moot),
            Some(_) => return Err(KeyringError::Taken),
            None if self.keys.contains_key(record.id.as_str()) => return Err(KeyringError::Taken),
            None => self.keys.insert(record.id.to_string(), record.to_json()),
        };
        match self.to_text().len() + EXPIRY_ROOM * self.keys.len() > LARGEST {
            true => Err(KeyringError::Full),
            false => Ok(Edit::Made),
        }
    }

    /// Sets the end of a key's life.
    ///
    /// # Errors
    /// `NoSuchKey`: the keyring has no key of that id.
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

    /// Takes a key out.
    pub(super) fn remove(&mut self, id: KeyId) -> Edit {
        match self.keys.remove(id.as_str()) {
            Some(_) => Edit::Made,
            None => Edit::Moot,
        }
    }
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
        assert!(Keyring::parse(EMPTY).is_some());
        for text in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"keys":[]}"#,
            r#"{"keys":null}"#,
            r#"{"keys":{}"#,
        ] {
            assert!(Keyring::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_key_is_found_by_its_id_and_digest() {
        let ((token, record), (stranger, _)) = (key(1), key(2));
        let mut ring = Document::parse(EMPTY).unwrap();
        assert_eq!(ring.add(&record), Ok(Edit::Made));
        let ring = Keyring::parse(&ring.to_text()).unwrap();
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
        let ring = Keyring::parse(&ring.to_text()).unwrap();
        assert_eq!(
            ring.find_imported(&tenant("acme"), &token.digest())
                .as_deref(),
            Some(&record)
        );
        assert_eq!(ring.find_imported(&tenant("globex"), &token.digest()), None);
        assert_eq!(
            ring.find_imported(&tenant("acme"), &key(4).0.digest()),
            None
        );
    }

    #[test]
    fn one_unreadable_key_does_not_lock_out_the_others() {
        let (token, record) = key(1);
        let ring = json!({"keys": {"broken": 7, record.id.as_str(): record.to_json(), "0000000000": {"tenant": "x"}}});
        let ring = Keyring::parse(&ring.to_string()).unwrap();
        assert!(ring.find(record.id, &token.digest()).is_some());
    }

    #[test]
    fn what_this_build_does_not_know_survives_a_change() {
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
    fn every_change_may_be_repeated() {
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
    fn an_id_and_a_tenants_token_are_taken_once() {
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
    fn a_full_keyring_still_lets_every_key_end() {
        let mut ring = full();
        let ids: Vec<_> = ring.keys.keys().filter_map(|id| KeyId::parse(id)).collect();
        let end = "9999-12-30T22:00:00.999999999Z".parse().unwrap();
        for id in ids {
            assert_eq!(ring.expire(id, end), Ok(Edit::Made));
        }
        let length = ring.to_text().len();
        assert!((60_000..=LARGEST).contains(&length), "{length}");
    }
}
