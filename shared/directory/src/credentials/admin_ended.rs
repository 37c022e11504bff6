//! Admin keys that were revoked while their keyring took no change: the second way to revoke one.
//!
//! As with tenants' keys (`tenants::ended`), but admin keys have no tenant whose item could say it: one item says it
//! for all, and a process remembers it for at most a minute.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};

use crate::credentials::tenant_keys::KeysError;
use crate::table::{DirectoryError, Meter, Put, Store, keys, n, update};
use keyring::{AdminKeyrings, End, KeyId};

/// How long it is remembered which keys were revoked.
const AGE: SignedDuration = SignedDuration::from_secs(60);

/// The most that is written down: twice as many as there are live keys.
const MOST: usize = 100;

/// Admin keys that were revoked, though their keyring does not say so yet.
#[derive(Debug)]
pub struct RevokedAdminKeys {
    store: Arc<Store>,
    known: Mutex<Option<(Timestamp, BTreeSet<KeyId>)>>,
}

impl RevokedAdminKeys {
    /// Those of a table.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            known: Mutex::default(),
        }
    }

    /// Whether a key is among them, as it was at most 60 seconds ago.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn has(&self, key: KeyId, now: Timestamp) -> Result<bool, DirectoryError> {
        let is_fresh = |at: Timestamp| now.duration_since(at).abs() < AGE;
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

    /// All of them, as they are.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn read(&self, meter: &Meter) -> Result<BTreeSet<KeyId>, DirectoryError> {
        let item = self.store.get(&keys::revoked_admin_keys(), meter).await?;
        let item = item.unwrap_or_default();
        let ids = item.get("x").and_then(|value| value.as_ss().ok());
        let ids = ids.into_iter().flatten();
        Ok(ids.filter_map(|id| KeyId::parse(id)).collect())
    }

    /// Writes down that a key was revoked; false when as many are written down as can be.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn note(&self, key: KeyId, meter: &Meter) -> Result<bool, DirectoryError> {
        let values = vec![(":x", set([&key])), (":most", n(MOST))];
        let note = update(
            self.store.table(),
            &keys::revoked_admin_keys(),
            "ADD x :x",
            Some("attribute_not_exists(x) OR size(x) < :most"),
            values,
        )?;
        let noted = self.store.update(note, meter).await?;
        *self.known() = None;
        Ok(matches!(noted, Put::Done))
    }

    /// Takes those out of their keyring that are written down, now that it takes changes.
    ///
    /// # Errors
    ///
    /// When table or keyring do not answer: then they stay written down.
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
        let off = update(
            self.store.table(),
            &keys::revoked_admin_keys(),
            "DELETE x :x",
            None,
            vec![(":x", set(keys))],
        )?;
        self.store.update(off, meter).await.map(drop)
    }

    fn known(&self) -> MutexGuard<'_, Option<(Timestamp, BTreeSet<KeyId>)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set<'k>(keys: impl IntoIterator<Item = &'k KeyId>) -> AttributeValue {
    AttributeValue::Ss(keys.into_iter().map(ToString::to_string).collect())
}
