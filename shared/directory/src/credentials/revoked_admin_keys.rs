//! Admin keys that were revoked while their keyring accepted no change: the second way to revoke an admin key.
//!
//! Like `tenants::ended` for tenants' keys. Admin keys have no tenant item, so one item holds all of them; a process caches
//! it for at most a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::credentials::tenant_keys::KeysError;
use crate::limits::{REVOKED_ADMIN_KEYS, REVOKED_AGE};
use crate::table::keys::attribute::revoked::KEYS;
use crate::table::{
    ConditionExpression, DirectoryError, ItemUpdate, Meter, Put, Store, keys, lacks, set_of, texts,
};
use keyring::{AdminKeyrings, End, KeyId};

/// Admin keys that were revoked but are still in their keyring.
#[derive(Debug)]
pub struct RevokedAdminKeys {
    store: Arc<Store>,
    known: Mutex<Option<(Timestamp, BTreeSet<KeyId>)>>,
}

impl RevokedAdminKeys {
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            known: Mutex::default(),
        }
    }

    /// Whether a key was revoked, by a list that is at most 60 seconds old.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn has(&self, key: KeyId, now: Timestamp) -> Result<bool, DirectoryError> {
        let is_fresh = |at: Timestamp| now.duration_since(at).abs() < REVOKED_AGE;
        if let Some((at, keys)) = &*self.known()
            && is_fresh(*at)
        {
            return Ok(keys.contains(&key));
        }
        let keys = self.read(&Meter::default()).await?;
        let found = keys.contains(&key);
        *self.known() = Some((now, keys));
        Ok(found)
    }

    /// Reads the current list.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn read(&self, meter: &Meter) -> Result<BTreeSet<KeyId>, DirectoryError> {
        let item = self.store.get(&keys::revoked_admin_keys(), meter).await?;
        let item = item.unwrap_or_default();
        Ok(texts(&item, KEYS).filter_map(KeyId::parse).collect())
    }

    /// Adds a key to the list; false if the list is full.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn note(&self, key: KeyId, meter: &Meter) -> Result<bool, DirectoryError> {
        let is_room = lacks(KEYS).or(ConditionExpression::SmallerThan(KEYS, REVOKED_ADMIN_KEYS));
        let note = ItemUpdate::of(keys::revoked_admin_keys())
            .add(KEYS, set_of([key]))
            .when(is_room);
        let noted = self.store.update(&note, meter).await?;
        *self.known() = None;
        Ok(matches!(noted, Put::Done))
    }

    /// Removes the listed keys from their keyring, once it accepts changes again.
    ///
    /// # Errors
    ///
    /// When the table or the keyring does not answer; the keys stay in the list.
    pub async fn carry_out(
        &self,
        keyrings: &AdminKeyrings,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<(), KeysError> {
        let keys = self.read(meter).await?;
        if keys.is_empty() {
            return Ok(());
        }
        let ends: BTreeMap<KeyId, End> = keys.iter().map(|id| (*id, End::Revoked)).collect();
        keyrings.settle(&ends, now).await?;
        Ok(self.take_off(&keys, meter).await?)
    }

    async fn take_off(&self, keys: &BTreeSet<KeyId>, meter: &Meter) -> Result<(), DirectoryError> {
        let off = ItemUpdate::of(keys::revoked_admin_keys()).take_from(KEYS, set_of(keys));
        self.store.update(&off, meter).await.map(drop)
    }

    fn known(&self) -> MutexGuard<'_, Option<(Timestamp, BTreeSet<KeyId>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
