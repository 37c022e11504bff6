//! The keys of one tenant: which keyrings hold them, and where a new one goes.
//!
//! An item of the tenant names its keyrings. It is written before a key is put into one of them, so there is
//! no key that a list leaves out, and on condition that there is such a tenant. `place` decides where a new
//! key goes, `limits` says how many there may be and how often they change. A key ends in its keyring, or where that
//! takes no change for now, in the tenant's item (`tenants::ended`).

mod ending;
mod limits;
mod place;
mod whereabouts;

use std::collections::BTreeSet;
use std::fmt;

use ipnet::IpNet;
use jiff::Timestamp;

pub use self::limits::By;
use self::limits::Standing;
pub use self::place::opened;
pub use self::whereabouts::Whereabouts;

use crate::credentials::last_used;
use crate::table::{DirectoryError, Meter, Store, WriteId};
use keyring::{
    Digest, End, ImportedToken, KeyId, KeyRecord, KeyringError, KeyringId, Keyrings, Record as _,
    Scope, TenantId, Token,
};

/// How often taking all keys out begins again because keys are being added.
const ROUNDS: u32 = 8;

/// A failure of an operation on a tenant's keys.
#[derive(Debug)]
pub enum KeysError {
    /// The keyrings'.
    Keyring(KeyringError),
    /// The table's.
    Directory(DirectoryError),
    /// There is no such tenant.
    NoSuchTenant,
    /// The tenant's keys were changed as often on this day as they can be.
    TooOften {
        /// How often that is.
        most: i64,
        /// When they can be changed again.
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
            Self::NoSuchTenant => f.write_str("there is no such tenant"),
            Self::TooOften { most, until } => {
                write!(f, "the keys were changed {most} times, until {until}")
            }
        }
    }
}

impl std::error::Error for KeysError {}

/// A key, and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The keyring that holds it.
    pub keyring: KeyringId,
    /// The key.
    pub record: KeyRecord,
    /// When it was used last, to the hour.
    pub last_used: Option<Timestamp>,
}

/// The token of a key to be made.
pub enum NewToken {
    /// One of ours, from so many random bytes.
    Issued([u8; 32]),
    /// One that another system issued.
    Imported(ImportedToken),
}

/// A key to be made.
pub struct NewKey {
    /// Its id.
    pub id: KeyId,
    /// Its token.
    pub token: NewToken,
    /// What it is for.
    pub purpose: String,
    /// What it may be used for.
    pub scopes: Vec<Scope>,
    /// The first instant at which it is no longer accepted.
    pub expires: Option<Timestamp>,
    /// The networks it is accepted from; none means any.
    pub sources: Vec<IpNet>,
    /// The user that it stands for.
    pub subject: Option<String>,
    /// What cursors are sealed with.
    pub seal: [u8; 16],
}

impl NewKey {
    /// The record of the key in a keyring, and its token unless somebody has that already.
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

/// A key that was made, and its token, to be shown once; an imported one is not given back.
pub struct Made {
    /// The key.
    pub held: Held,
    /// Its token.
    pub token: Option<Token>,
}

/// The keys of one tenant.
#[derive(Clone, Copy)]
pub struct TenantKeys<'k> {
    /// The table.
    pub store: &'k Store,
    /// The keyrings.
    pub keyrings: &'k Keyrings,
    /// The tenant.
    pub tenant: &'k TenantId,
    /// Who changes them.
    pub by: By,
    /// Where reads and writes are counted.
    pub meter: &'k Meter,
}

impl TenantKeys<'_> {
    /// All keys, the eldest first; also those that ended lately.
    ///
    /// # Errors
    ///
    /// When table or keyrings do not answer.
    pub async fn list(&self) -> Result<Vec<Held>, KeysError> {
        let used = last_used::list(self.store, self.tenant, self.meter);
        let (rings, used) = futures_util::future::try_join(self.rings(), used).await?;
        let mut held = self.standing(rings).await?.held;
        for key in &mut held {
            key.last_used = used.get(&key.record.id).copied();
        }
        held.sort_by_key(|key| (key.record.created, key.record.id));
        Ok(held)
    }

    /// Makes a key, in whatever keyring has room for it.
    ///
    /// # Errors
    ///
    /// `NoSuchTenant`, `TooOften`; of the keyrings, `TooMany` and `Taken` (the tenant has this token already).
    pub async fn add(
        &self,
        new: &NewKey,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<Made, KeysError> {
        let (place, standing) = self.reserve(new.id, None, write, now).await?;
        let made = async {
            self.spend(now).await?;
            self.place(new, &standing, None, write, now).await
        };
        let made = made.await;
        self.release(place).await;
        let made = made?;
        self.carry_out(&standing, &made.held.keyring, now).await;
        Ok(made)
    }

    /// Makes a key in the place of another, which ends at `end`, or sooner if it was to end sooner.
    ///
    /// # Errors
    ///
    /// `NoSuchKey`, also for one that ended before, and those of [`Self::add`].
    pub async fn rotate(
        &self,
        old: (KeyId, Timestamp),
        new: &NewKey,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<Made, KeysError> {
        // A key on its way out does not count.
        let (place, standing) = self.reserve(new.id, Some(old.0), write, now).await?;
        let made = self.rotate_in(&standing, old, new, write, now).await;
        self.release(place).await;
        let made = made?;
        self.carry_out(&standing, &made.held.keyring, now).await;
        Ok(made)
    }

    async fn rotate_in(
        &self,
        standing: &Standing,
        (id, end): (KeyId, Timestamp),
        new: &NewKey,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<Made, KeysError> {
        let found = standing.held.iter().find(|key| key.record.id == id);
        let before = found.filter(|key| key.record.is_live(now));
        let before = before.ok_or(KeyringError::NoSuchKey)?;
        self.spend(now).await?;
        let keyring = &before.keyring;
        let (record, token) = new.made(keyring, self.tenant, now);
        let (old, room) = ((id, end), standing.room(keyring, now));
        match self.keyrings.rotate(keyring, &record, old, room, now).await {
            Ok(()) => return Ok(made(keyring, record, token)),
            Err(KeyringError::Full | KeyringError::Worn) => {}
            Err(error) => return Err(error.into()),
        }
        let others = standing.without(id);
        let made = self.place(new, &others, Some(keyring), write, now).await?;
        let end = before.record.expires.map_or(end, |sooner| sooner.min(end));
        match self.end(keyring, id, End::At(end), now).await {
            Ok(()) => Ok(made),
            Err(error) => {
                // Nobody has seen its token, so nobody would end it.
                let (ring, id) = (&made.held.keyring, made.held.record.id);
                let _ = self.end(ring, id, End::Revoked, now).await;
                Err(error)
            }
        }
    }

    /// Takes a key out; false when there is none of that id. Also where its keyring takes no change for now, or the
    /// tenant's keys were changed too often.
    ///
    /// # Errors
    ///
    /// When table or keyrings do not answer.
    pub async fn revoke(&self, id: KeyId, now: Timestamp) -> Result<bool, KeysError> {
        let standing = self.standing(self.rings().await?).await?;
        let Some(key) = standing.held.iter().find(|key| key.record.id == id) else {
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

    /// Takes all keys out, and forgets where they were: for a tenant that is closed. Keys cannot be added to
    /// a tenant that is gone; those that are being added meanwhile are taken out too.
    ///
    /// # Errors
    ///
    /// When table or keyrings do not answer; what is done by then is done, and asking again goes on.
    pub async fn remove_all(&self, now: Timestamp) -> Result<(), KeysError> {
        for _ in 0..ROUNDS {
            let rings = self.rings().await?;
            if rings.is_empty() {
                return Ok(());
            }
            for ring in &rings {
                match self.keyrings.remove_all(ring, self.tenant, now).await {
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
        place::rings(self.store, self.tenant, self.meter).await
    }

    /// The keys of the tenant in some keyrings, as they are now.
    async fn held(&self, rings: &BTreeSet<KeyringId>) -> Result<Vec<Held>, KeyringError> {
        let lists = rings.iter().map(|ring| self.keyrings.list(ring));
        let lists = futures_util::future::try_join_all(lists).await?;
        let keys = rings.iter().zip(lists).flat_map(|(ring, list)| {
            list.into_iter().map(|record| Held {
                keyring: ring.clone(),
                record,
                last_used: None,
            })
        });
        Ok(keys
            .filter(|key| key.record.tenant == *self.tenant)
            .collect())
    }
}

fn made(keyring: &KeyringId, record: KeyRecord, token: Option<Token>) -> Made {
    let held = Held {
        keyring: keyring.clone(),
        record,
        last_used: None,
    };
    Made { held, token }
}
