//! Revokes or expires a key: in its keyring or, if the keyring accepts no change at the moment, in the tenant's item.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::current_keys::CurrentKeys;
use super::{KeysError, TenantKeys};
use crate::tenants::ended;
use keyring::{End, KeyId, KeyringError, KeyringId};

impl TenantKeys<'_> {
    /// Revokes or expires a key in its keyring or, if the keyring accepts no change at the moment, in the tenant's item.
    pub(super) async fn end(
        &self,
        ring: &KeyringId,
        id: KeyId,
        end: End,
        now: Timestamp,
    ) -> Result<(), KeysError> {
        let most = self.by.most_of_keyring();
        let ended = match end {
            End::Revoked => self.keyrings.revoke_within(ring, id, most, now).await,
            End::At(at) => self.keyrings.expire(ring, (id, at), most, now).await,
        };
        match ended {
            Err(KeyringError::Worn) => self.write_down(id, end).await,
            ended => Ok(ended?),
        }
    }

    pub(super) async fn write_down(&self, id: KeyId, end: End) -> Result<(), KeysError> {
        match ended::note(&self.table, id, end).await? {
            true => Ok(()),
            false => Err(KeyringError::Worn.into()),
        }
    }

    /// Applies the tenant item's entries to a keyring that was just changed: those for keys in this keyring and for keys in
    /// no keyring. If that fails, the entries stay in the tenant's item.
    pub(super) async fn carry_out(&self, current: &CurrentKeys, ring: &KeyringId, now: Timestamp) {
        let CurrentKeys { stored, ended, .. } = current;
        let is_here = |id: &KeyId| stored.iter().any(|(at, key)| at == ring && key == id);
        let is_nowhere = |id: &KeyId| !stored.iter().any(|(_, key)| key == id);
        let due = ended.all().iter();
        let due: BTreeMap<KeyId, End> = due
            .filter(|(id, _)| is_here(id) || is_nowhere(id))
            .map(|(id, end)| (*id, *end))
            .collect();
        if due.is_empty() {
            return;
        }
        if self.keyrings.settle(ring, &due, now).await.is_ok() {
            let _ = ended::take_off(&self.table, &due).await;
        }
    }
}
