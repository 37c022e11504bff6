//! The API keys of one tenant: the keyrings that hold them, and the choice of a keyring for a new key.
//!
//! An item of the tenant lists its keyrings. It is written before a key is added to one of them, so a list is always
//! complete, and only if the tenant exists. `choose_keyring` chooses the keyring for a new key, and `reservation` bounds
//! the number of keys and of changes. A key is revoked or expires in its keyring or, if the keyring accepts no change at
//! the moment, in the tenant's item (`tenants::ended`).

mod choose_keyring;
mod current_keys;
mod end;
mod imported_tokens;
mod reservation;

use std::collections::BTreeSet;
use std::fmt;

use ipnet::IpNet;
use jiff::Timestamp;

pub use self::choose_keyring::opened;
use self::current_keys::CurrentKeys;
pub use self::imported_tokens::ImportedTokens;
pub use self::reservation::By;

use crate::credentials::last_used;
use crate::limits::REMOVAL_ROUNDS;
use crate::table::{DirectoryError, TenantTable, WriteId};
use keyring::{
    Digest, End, ImportedToken, KeyId, KeyRecord, KeyringError, KeyringId, Keyrings, Record as _,
    Scope, TenantId, Token,
};

/// An error of an operation on a tenant's keys.
#[derive(Debug)]
pub enum KeysError {
    /// An error of a keyring.
    Keyring(KeyringError),
    /// An error of the table.
    Directory(DirectoryError),
    /// The tenant does not exist.
    NoSuchTenant,
    /// The tenant's keys have reached the daily limit of changes.
    TooOften {
        /// The daily limit.
        most: i64,
        /// When the keys can be changed again.
        until: Timestamp,
    },
}

impl From<KeyringError> for KeysError {
    fn from(error: KeyringError) -> Self {
        Self::Keyring(error)
    }
}

impl From<DirectoryError> for KeysError {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

impl fmt::Display for KeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring(error) => error.fmt(f),
            Self::Directory(error) => error.fmt(f),
            Self::NoSuchTenant => f.write_str("the tenant does not exist"),
            Self::TooOften { most, until } => {
                write!(
                    f,
                    "the keys have reached the limit of {most} changes, until {until}"
                )
            }
        }
    }
}

impl std::error::Error for KeysError {}

/// A key and the keyring that holds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldKey {
    /// The keyring that holds it.
    pub keyring: KeyringId,
    /// The key's record.
    pub record: KeyRecord,
    /// The time of last use, with a resolution of one hour.
    pub last_used: Option<Timestamp>,
}

/// The token of a new key.
pub enum NewToken {
    /// A token that this service issues, from 32 random bytes.
    Issued([u8; 32]),
    /// A token that another system issued.
    Imported(ImportedToken),
}

/// A new key.
pub struct NewKey {
    /// The new key's id.
    pub id: KeyId,
    /// The new key's token.
    pub token: NewToken,
    /// The purpose, as the administrator describes it.
    pub purpose: String,
    /// The operations that the key permits.
    pub scopes: Vec<Scope>,
    /// The first instant at which the key is no longer accepted.
    pub expires: Option<Timestamp>,
    /// The networks that the key is accepted from; an empty list means any network.
    pub sources: Vec<IpNet>,
    /// The user that the key represents.
    pub subject: Option<String>,
    /// The secret that encrypts cursors.
    pub seal: [u8; 16],
}

impl NewKey {
    /// The key's record for a keyring, and its token unless the token is imported.
    fn made(
        &self,
        keyring: &KeyringId,
        tenant: &TenantId,
        now: Timestamp,
    ) -> (KeyRecord, Option<Token>) {
        let (sha256, token): (Digest, _) = match &self.token {
            NewToken::Issued(random) => {
                let token = Token::issue(keyring, self.id, *random);
                (token.digest(), Some(token))
            }
            NewToken::Imported(token) => (token.digest(), None),
        };
        let record = KeyRecord {
            id: self.id,
            tenant: tenant.clone(),
            sha256,
            purpose: self.purpose.clone(),
            scopes: self.scopes.clone(),
            created: now,
            expires: self.expires,
            sources: self.sources.clone(),
            subject: self.subject.clone(),
            imported: token.is_none(),
            seal: self.seal,
        };
        (record, token)
    }
}

/// A new key and its token, which is shown once. An imported token is not returned.
pub struct CreatedKey {
    /// The key.
    pub held: HeldKey,
    /// The token, unless it is imported.
    pub token: Option<Token>,
}

/// The keys of one tenant.
#[derive(Clone)]
pub struct TenantKeys<'k> {
    /// The tenant and the table.
    pub table: TenantTable,
    /// The keyrings.
    pub keyrings: &'k Keyrings,
    /// Who makes the changes.
    pub by: By,
}

impl TenantKeys<'_> {
    /// All keys, oldest first, including those that expired recently.
    ///
    /// # Errors
    ///
    /// When table or keyrings do not answer.
    pub async fn list(&self) -> Result<Vec<HeldKey>, KeysError> {
        let used = last_used::list(self.table.store(), self.table.tenant(), self.table.meter());
        let (rings, used) = futures_util::future::try_join(self.rings(), used).await?;
        let mut held = self.current_keys(rings).await?.held;
        for key in &mut held {
            key.last_used = used.get(&key.record.id).copied();
        }
        held.sort_by_key(|key| (key.record.created, key.record.id));
        Ok(held)
    }

    /// Creates a key in a keyring with room for it.
    ///
    /// # Errors
    ///
    /// `NoSuchTenant`, `TooOften`; from the keyring `TooMany` and `Taken` (the tenant has this token already).
    pub async fn add(
        &self,
        new: &NewKey,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<CreatedKey, KeysError> {
        let (place, current) = self.reserve(new.id, None, write, now).await?;
        let made = async {
            self.spend(now).await?;
            self.place(new, &current, None, write, now).await
        };
        let made = made.await;
        self.release(place).await;
        let made = made?;
        self.carry_out(&current, &made.held.keyring, now).await;
        Ok(made)
    }

    /// Replaces a key with a new one. The old key expires at the given time, or earlier if it was due to expire earlier.
    ///
    /// # Errors
    ///
    /// `NoSuchKey`, also for a key that has expired or was revoked, and those of [`Self::add`].
    pub async fn rotate(
        &self,
        old: (KeyId, Timestamp),
        new: &NewKey,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<CreatedKey, KeysError> {
        // The replaced key does not count towards the limit.
        let (place, current) = self.reserve(new.id, Some(old.0), write, now).await?;
        let made = self.rotate_in(&current, old, new, write, now).await;
        self.release(place).await;
        let made = made?;
        self.carry_out(&current, &made.held.keyring, now).await;
        Ok(made)
    }

    async fn rotate_in(
        &self,
        current: &CurrentKeys,
        (id, end): (KeyId, Timestamp),
        new: &NewKey,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<CreatedKey, KeysError> {
        let found = current.held.iter().find(|key| key.record.id == id);
        let before = found.filter(|key| key.record.is_live(now));
        let before = before.ok_or(KeyringError::NoSuchKey)?;
        self.spend(now).await?;
        let keyring = &before.keyring;
        let (record, token) = new.made(keyring, self.table.tenant(), now);
        let (old, room) = ((id, end), current.room(keyring, now));
        match self.keyrings.rotate(keyring, &record, old, room, now).await {
            Ok(()) => return Ok(made(keyring, record, token)),
            Err(KeyringError::Full | KeyringError::Worn) => {}
            Err(error) => return Err(error.into()),
        }
        let others = current.without(id);
        let made = self.place(new, &others, Some(keyring), write, now).await?;
        let end = before.record.expires.map_or(end, |sooner| sooner.min(end));
        match self.end(keyring, id, End::At(end), now).await {
            Ok(()) => Ok(made),
            Err(error) => {
                // Nobody has seen the new key's token, so nobody would revoke the key.
                let (ring, id) = (&made.held.keyring, made.held.record.id);
                let _ = self.end(ring, id, End::Revoked, now).await;
                Err(error)
            }
        }
    }

    /// Revokes a key; false if no key has this id. This works even if the keyring accepts no change at the moment or the
    /// tenant has reached its daily limit of changes.
    ///
    /// # Errors
    ///
    /// When table or keyrings do not answer.
    pub async fn revoke(&self, id: KeyId, now: Timestamp) -> Result<bool, KeysError> {
        let current = self.current_keys(self.rings().await?).await?;
        let Some(key) = current.held.iter().find(|key| key.record.id == id) else {
            return Ok(false);
        };
        let spent = match self.by {
            By::Vendor => Ok(()),
            By::Customer => self.spend(now).await,
        };
        match spent {
            Ok(()) => self.end(&key.keyring, id, End::Revoked, now).await?,
            Err(KeysError::TooOften { .. }) => self.write_down(id, End::Revoked).await?,
            Err(error) => return Err(error),
        }
        self.offer(&key.keyring).await;
        Ok(true)
    }

    /// Removes all keys and the list of keyrings of a tenant that is being closed. Keys that are being added meanwhile are
    /// removed too; later ones fail because the tenant no longer exists.
    ///
    /// # Errors
    ///
    /// When the table or a keyring does not answer; keys removed by then stay removed, and a retry continues.
    pub async fn remove_all(&self, now: Timestamp) -> Result<(), KeysError> {
        for _ in 0..REMOVAL_ROUNDS {
            let rings = self.rings().await?;
            if rings.is_empty() {
                return Ok(());
            }
            for ring in &rings {
                match self
                    .keyrings
                    .remove_all(ring, self.table.tenant(), now)
                    .await
                {
                    Ok(()) | Err(KeyringError::Missing) => self.offer(ring).await,
                    Err(error) => return Err(error.into()),
                }
            }
            if self.forget(&rings).await? {
                return Ok(());
            }
        }
        Err(KeyringError::Contended.into())
    }

    /// The keyrings that may hold keys of the tenant.
    async fn rings(&self) -> Result<BTreeSet<KeyringId>, DirectoryError> {
        current_keys::rings(&self.table).await
    }

    /// Reads the tenant's keys in these keyrings.
    async fn held(&self, rings: &BTreeSet<KeyringId>) -> Result<Vec<HeldKey>, KeyringError> {
        let lists = rings.iter().map(|ring| self.keyrings.list(ring));
        let lists = futures_util::future::try_join_all(lists).await?;
        let keys = rings.iter().zip(lists).flat_map(|(ring, list)| {
            list.into_iter().map(|record| HeldKey {
                keyring: ring.clone(),
                record,
                last_used: None,
            })
        });
        Ok(keys
            .filter(|key| key.record.tenant == *self.table.tenant())
            .collect())
    }
}

fn made(keyring: &KeyringId, record: KeyRecord, token: Option<Token>) -> CreatedKey {
    let held = HeldKey {
        keyring: keyring.clone(),
        record,
        last_used: None,
    };
    CreatedKey { held, token }
}
