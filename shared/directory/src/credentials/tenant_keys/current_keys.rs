//! The keys that a tenant has now: its list of keyrings, and what they hold.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{HeldKey, KeysError, TenantKeys};
use crate::table::keys::attribute::keyrings::RINGS;
use crate::table::{DirectoryError, Item, TenantTable, keys, texts};
use crate::tenants::EndedKeys;
use keyring::{End, KeyId, KeyRecord, KeyringId, Record as _};

/// The current keys of a tenant.
#[derive(Clone)]
pub(super) struct CurrentKeys {
    pub(super) rings: BTreeSet<KeyringId>,
    /// The keys in the keyrings, after applying the entries in the tenant's item.
    pub(super) held: Vec<HeldKey>,
    /// The keys in the keyrings, regardless of the entries in the tenant's item.
    pub(super) stored: Vec<(KeyringId, KeyId)>,
    pub(super) ended: EndedKeys,
}

impl CurrentKeys {
    /// The same without a key that is being replaced.
    pub(super) fn without(&self, id: KeyId) -> Self {
        let mut others = self.clone();
        others.held.retain(|key| key.record.id != id);
        others
    }

    /// The most live keys that the tenant may have in one keyring, given its keys in the others. The keyring also counts
    /// keys as live that have ended only in the tenant's item.
    pub(super) fn room(&self, ring: &KeyringId, now: Timestamp) -> usize {
        let elsewhere = self
            .held
            .iter()
            .filter(|key| key.keyring != *ring && key.record.is_live(now));
        KeyRecord::MOST_LIVE.saturating_sub(elsewhere.count()) + self.ended.len()
    }
}

impl TenantKeys<'_> {
    /// Reads the tenant's current keys in these keyrings.
    pub(super) async fn current_keys(
        &self,
        rings: BTreeSet<KeyringId>,
    ) -> Result<CurrentKeys, KeysError> {
        let key = keys::tenant(self.table.tenant());
        let tenant = async { Ok::<_, KeysError>(self.table.get(&key).await?) };
        let held = async { Ok::<_, KeysError>(self.held(&rings).await?) };
        let (tenant, mut held) = futures_util::future::try_join(tenant, held).await?;
        let ended = tenant.as_ref().map(EndedKeys::read).unwrap_or_default();
        let stored = held.iter().map(|key| (key.keyring.clone(), key.record.id));
        let stored = stored.collect();
        held.retain(|key| ended.of(key.record.id) != Some(End::Revoked));
        for key in &mut held {
            if let Some(End::At(end)) = ended.of(key.record.id) {
                let expires = &mut key.record.expires;
                *expires = Some(expires.map_or(end, |sooner| sooner.min(end)));
            }
        }
        Ok(CurrentKeys {
            rings,
            held,
            stored,
            ended,
        })
    }
}

/// The keyrings in an attribute of an item.
pub(super) fn named(item: &Item, attribute: &str) -> BTreeSet<KeyringId> {
    texts(item, attribute)
        .filter_map(KeyringId::parse)
        .collect()
}

pub(super) async fn rings(table: &TenantTable) -> Result<BTreeSet<KeyringId>, DirectoryError> {
    let item = table.get(&keys::keyrings(table.tenant())).await?;
    Ok(named(&item.unwrap_or_default(), RINGS))
}
