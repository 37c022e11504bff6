//! Where imported tokens are: such a token names no keyring, so the tenant's item does.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{KeysError, TenantKeys};
use keyring::{ImportedToken, KeyRecord, KeyringId, TenantId};

/// How long it is remembered which keyrings a tenant has.
const AGE: SignedDuration = SignedDuration::from_secs(60);
/// How many tenants are remembered; beyond it all are forgotten.
const REMEMBERED: usize = 10_000;

/// Where the imported tokens of tenants are, as a process remembers it. Where one is not found, it is looked up
/// in which keyrings the tenant has keys now: one read, of a request that is refused in all likelihood.
#[derive(Debug, Default)]
pub struct Whereabouts {
    known: Mutex<HashMap<TenantId, (Timestamp, BTreeSet<KeyringId>)>>,
}

impl Whereabouts {
    /// The key of an imported token of a tenant; `None` when there is none.
    ///
    /// # Errors
    ///
    /// When it is not known whether there is such a key.
    pub async fn find(
        &self,
        keys: TenantKeys<'_>,
        token: &ImportedToken,
        now: Timestamp,
    ) -> Result<Option<Arc<KeyRecord>>, KeysError> {
        let known = self
            .known(keys.tenant)
            .filter(|(at, _)| is_within(*at, now, AGE));
        if let Some((_, rings)) = known
            && let Some(found) = search(keys, &rings, token, now).await?
        {
            return Ok(Some(found));
        }
        let rings = keys.rings().await?;
        let found = search(keys, &rings, token, now).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(keys.tenant.clone(), (now, rings));
        found
    }

    fn known(&self, tenant: &TenantId) -> Option<(Timestamp, BTreeSet<KeyringId>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(tenant).cloned()
    }
}

/// Looks into the keyrings side by side, since each may have to wait a second.
async fn search(
    keys: TenantKeys<'_>,
    rings: &BTreeSet<KeyringId>,
    token: &ImportedToken,
    now: Timestamp,
) -> Result<Option<Arc<KeyRecord>>, KeysError> {
    let found = rings
        .iter()
        .map(|ring| keys.keyrings.find_imported(ring, keys.tenant, token, now));
    let found = futures_util::future::try_join_all(found).await?;
    Ok(found.into_iter().flatten().next())
}

fn is_within(at: Timestamp, now: Timestamp, limit: SignedDuration) -> bool {
    now.duration_since(at).abs() < limit
}
