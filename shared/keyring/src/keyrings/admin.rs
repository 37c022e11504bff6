//! The keys of the admin API: the same format of tokens and keyrings as tenants' keys, but another kind.
//!
//! They are in secrets under their own prefix, which the functions that serve SCIM cannot read, and their records name no
//! tenant: a tenant's key is never an admin key, nor the reverse.
//!
//! The template creates the initial key, with which the others are created: the secret `key` under the prefix, whose value
//! is the token itself. It has all scopes, does not expire, and is replaced by storing another value.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use aws_sdk_secretsmanager::Client;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;

use super::Keyrings;
use super::cache::SoughtToken;
use super::document::{End, Keyring};
use super::record::{Record, StoredRecord, is_inside};
use crate::error::KeyringError;
use crate::tenant_id::TenantId;
use crate::token::{Digest, KeyId, KeyringId, Presented, Token};

/// The keyring of admin keys.
const KEYRING: &str = "a1";

/// The secret whose value is the initial key's token.
const FIRST: &str = "key";

/// The id of the initial key.
const FIRST_ID: &str = "0000000000";

/// A permission of an admin key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AdminScope {
    /// Reading tenants, their keys and failure logs, but no personal data.
    Read,
    /// Creating, changing and deleting tenants.
    Tenants,
    /// Creating, rotating and revoking keys.
    Keys,
    /// Reading users and groups, verifying passwords, exporting and erasing.
    Data,
    /// Reading what happened to users and groups, which contains personal data.
    Events,
}

impl AdminScope {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Tenants,
        Self::Keys,
        Self::Data,
        Self::Events,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Tenants => "tenants",
            Self::Keys => "keys",
            Self::Data => "data",
            Self::Events => "events",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A key of the admin API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdminKey {
    /// The key's name in its keyring.
    pub id: KeyId,
    /// SHA-256 of the token.
    pub sha256: Digest,
    /// The purpose, as entered by its creator.
    pub purpose: String,
    /// The permissions; unknown scopes are left out.
    pub scopes: Vec<AdminScope>,
    /// Time of creation; unknown for the initial key.
    pub created: Option<Timestamp>,
    /// The first instant at which it is no longer accepted.
    pub expires: Option<Timestamp>,
    /// The networks from which it is accepted; empty means any.
    pub sources: Vec<IpNet>,
}

impl AdminKey {
    /// Whether the key is accepted at `now` from the address `source`, for any scope.
    #[must_use]
    pub fn admits(&self, now: Timestamp, source: Option<IpAddr>) -> bool {
        self.is_live(now) && is_inside(source, &self.sources)
    }

    #[must_use]
    pub fn has(&self, scope: AdminScope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether it is the initial key.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.id.as_str() == FIRST_ID
    }

    /// Its name in logs and lists.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.is_first() {
            true => "first",
            false => self.id.as_str(),
        }
    }
}

impl Record for AdminKey {
    const MOST_LIVE: usize = crate::limits::ADMIN_KEYS;

    fn id(&self) -> KeyId {
        self.id
    }

    fn sha256(&self) -> &Digest {
        &self.sha256
    }

    fn tenant(&self) -> Option<&TenantId> {
        None
    }

    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    fn from_json(id: &str, value: &Value) -> Option<Self> {
        let stored = StoredRecord::deserialize(value).ok()?;
        // A tenant's key is never an admin key, wherever it is stored.
        if stored.tenant.is_some() {
            return None;
        }
        let scopes = stored.scopes.iter();
        Some(Self {
            id: KeyId::parse(id)?,
            sha256: Digest::from_hex(&stored.sha256)?,
            scopes: scopes
                .filter_map(|scope| AdminScope::parse(scope))
                .collect(),
            created: Some(stored.created.parse().ok()?),
            expires: stored.end().ok()?,
            sources: stored.networks().ok()?,
            purpose: stored.purpose,
        })
    }

    fn to_json(&self) -> Value {
        let scopes = self.scopes.iter();
        let stored = StoredRecord {
            sha256: self.sha256.to_hex(),
            purpose: self.purpose.clone(),
            scopes: scopes.map(|scope| scope.as_str().to_owned()).collect(),
            created: self.created.unwrap_or_default().to_string(),
            expires: self.expires.as_ref().map(Timestamp::to_string),
            sources: self.sources.iter().map(IpNet::to_string).collect(),
            ..StoredRecord::default()
        };
        // Strings and lists of strings always serialize.
        serde_json::to_value(stored).unwrap_or_default()
    }

    fn whole(value: &str) -> Option<Self> {
        // A value that is too short or cannot be sent in a header is not a key.
        let Presented::Imported(token) = Token::parse(value) else {
            return None;
        };
        Some(Self {
            id: KeyId::parse(FIRST_ID)?,
            sha256: token.digest(),
            purpose: "initial admin key".to_owned(),
            scopes: AdminScope::ALL.to_vec(),
            created: None,
            expires: None,
            sources: Vec::new(),
        })
    }
}

/// The keys of the admin API, with the same cache rules as tenants' keys.
#[derive(Debug)]
pub struct AdminKeyrings(Keyrings<AdminKey>);

impl AdminKeyrings {
    /// Admin keys whose secrets are named `prefix` + name. The prefix includes the separator: `stack/admin/`.
    #[must_use]
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self(Keyrings::new(client, prefix))
    }

    /// Finds the key of a presented token, or `None`. The caller must check whether the key is valid for the request.
    ///
    /// # Errors
    /// As [`Keyrings::find`].
    pub async fn find(
        &self,
        presented: &Presented,
        now: Timestamp,
    ) -> Result<Option<Arc<AdminKey>>, KeyringError> {
        match presented {
            // Other keyring names are invented by the client and would cost a call each.
            Presented::Issued(token) if token.keyring().as_str() == KEYRING => {
                self.0.find(token, now).await
            }
            Presented::Imported(token) => self.0.find_in(&named(FIRST)?, None, token, now).await,
            Presented::Issued(_) | Presented::Malformed => Ok(None),
        }
    }

    /// The key of a session: the one with this id and digest, if it still exists unchanged.
    ///
    /// # Errors
    /// As [`Keyrings::find`].
    pub async fn again(
        &self,
        id: KeyId,
        sha256: &Digest,
        now: Timestamp,
    ) -> Result<Option<Arc<AdminKey>>, KeyringError> {
        let (is_first, keyrings) = (id.as_str() == FIRST_ID, &self.0);
        let asked = Some(SoughtToken::new(None, sha256));
        if is_first {
            let first = named(FIRST)?;
            let pick = |ring: &Keyring<AdminKey>| ring.find_imported(None, sha256);
            return keyrings.search(&first, asked, now, pick).await;
        }
        let ring = named(KEYRING)?;
        let pick = |ring: &Keyring<AdminKey>| ring.find(id, sha256);
        keyrings.search(&ring, asked, now, pick).await
    }

    /// Reads the keyring before the first request, which also opens the connection.
    ///
    /// # Errors
    /// As [`Keyrings::find`]. The process can ignore it, because the first request reads the keyring again.
    pub async fn warm(&self, now: Timestamp) -> Result<(), KeyringError> {
        self.0.warm(&named(KEYRING)?, now).await
    }

    /// The keyring for new keys.
    ///
    /// # Errors
    /// Never: the name is a valid constant.
    pub fn keyring(&self) -> Result<KeyringId, KeyringError> {
        named(KEYRING)
    }

    /// All keys except the initial one.
    ///
    /// # Errors
    /// As [`Keyrings::find`].
    pub async fn list(&self) -> Result<Vec<AdminKey>, KeyringError> {
        self.0.list(&named(KEYRING)?).await
    }

    /// The initial key, if its secret exists.
    ///
    /// # Errors
    /// As [`Keyrings::find`].
    pub async fn first(&self, now: Timestamp) -> Result<Option<Arc<AdminKey>>, KeyringError> {
        let id = KeyId::parse(FIRST_ID).ok_or(KeyringError::Missing)?;
        let pick = |ring: &Keyring<AdminKey>| ring.by_id(id);
        self.0.search(&named(FIRST)?, None, now, pick).await
    }

    /// Adds a key. It works at once in all processes.
    ///
    /// # Errors
    /// As [`Keyrings::place`].
    pub async fn add(&self, key: &AdminKey, now: Timestamp) -> Result<(), KeyringError> {
        let keyring = named(KEYRING)?;
        match self.0.place(&keyring, key, AdminKey::MOST_LIVE, now).await {
            Err(KeyringError::Missing) => {
                self.0.create(&keyring).await?;
                self.0.place(&keyring, key, AdminKey::MOST_LIVE, now).await
            }
            placed => placed,
        }
    }

    /// Removes a key; other processes notice within 60 seconds.
    ///
    /// # Errors
    /// As [`Keyrings::revoke`].
    pub async fn revoke(&self, key: KeyId, now: Timestamp) -> Result<(), KeyringError> {
        self.0.revoke(&named(KEYRING)?, key, now).await
    }

    /// Removes keys that were recorded as revoked elsewhere.
    ///
    /// # Errors
    /// As [`Keyrings::settle`].
    pub async fn settle(
        &self,
        ends: &BTreeMap<KeyId, End>,
        now: Timestamp,
    ) -> Result<(), KeyringError> {
        self.0.settle(&named(KEYRING)?, ends, now).await
    }

    /// The number of Secrets Manager calls, without the SDK's retries.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.calls()
    }
}

fn named(name: &str) -> Result<KeyringId, KeyringError> {
    KeyringId::parse(name).ok_or(KeyringError::Missing)
}

#[cfg(test)]
mod tests {
    use super::super::document::Document;
    use super::super::record::tests::{at, key};
    use super::*;

    fn admin(number: u8) -> (Token, AdminKey) {
        let id = KeyId::from_bytes([number; 6]);
        let token = Token::issue(&named(KEYRING).unwrap(), id, [number; 32]);
        let record = AdminKey {
            id,
            sha256: token.digest(),
            purpose: "backend".to_owned(),
            scopes: vec![AdminScope::Read, AdminScope::Data],
            created: Some(at(0)),
            expires: Some(at(60)),
            sources: vec!["10.0.0.0/8".parse().unwrap()],
        };
        (token, record)
    }

    #[test]
    fn an_admin_key_survives_json() {
        let (_, record) = admin(1);
        let read = AdminKey::from_json(record.id.as_str(), &record.to_json());
        assert_eq!(read, Some(record));
    }

    #[test]
    fn admin_keys_and_tenants_keys_are_not_interchangeable() {
        let ((_, admin), (_, tenants)) = (admin(1), key(1));
        let mut document = Document::parse(super::super::document::EMPTY).unwrap();
        document.add(&admin).unwrap();
        document.add(&tenants).unwrap();
        let text = document.to_text();
        let seen: Vec<AdminKey> = Keyring::parse(&text).unwrap().into_keys();
        assert_eq!(seen, [admin]);
        let seen: Vec<super::super::KeyRecord> = Keyring::parse(&text).unwrap().into_keys();
        assert_eq!(seen, [tenants]);
    }

    #[test]
    fn an_admin_key_is_valid_until_it_expires_and_from_its_networks() {
        let (_, record) = admin(1);
        let inside = "10.1.2.3".parse().ok();
        assert!(record.admits(at(59), inside));
        assert!(!record.admits(at(60), inside));
        assert!(!record.admits(at(59), "11.1.2.3".parse().ok()));
        assert!(!record.admits(at(59), None));
        assert!(record.has(AdminScope::Data) && !record.has(AdminScope::Keys));
    }

    #[test]
    fn the_initial_key_is_the_secrets_text_unless_that_is_too_short() {
        let text = "aZ3kQ9xLm2Vb7RtYw8PsHd4FgJc6NuEo1TiX5vKqBz0MyDhWrSlGpCfUaOjInZ2k";
        let keys: Vec<AdminKey> = Keyring::parse(text).unwrap().into_keys();
        let Presented::Imported(token) = Token::parse(text) else {
            panic!("a token")
        };
        assert_eq!(keys.len(), 1);
        let first = keys.first().unwrap();
        assert!(first.is_first() && first.sha256 == token.digest());
        assert!(AdminScope::ALL.iter().all(|scope| first.has(*scope)));
        for odd in [
            "",
            "change-me",
            "a key with blanks in it, which nobody can send",
        ] {
            assert!(Keyring::<AdminKey>::parse(odd).is_none(), "{odd}");
            assert!(Keyring::<super::super::KeyRecord>::parse(text).is_none());
        }
    }
}
