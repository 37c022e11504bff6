//! Finds the keyring of an imported token. The token does not name its keyring, so the tenant's list of keyrings is used.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{KeysError, TenantKeys};
use crate::limits::{KEYRING_LIST_AGE, REMEMBERED_KEYRING_LISTS};
use keyring::{ImportedToken, KeyRecord, KeyringId, TenantId};

/// A process's cache of tenants' keyrings, for imported tokens. If a token is not found in the cached keyrings, the list is
/// read again: one more read for a request that is most likely rejected.
#[derive(Debug, Default)]
pub struct ImportedTokens {
    known: Mutex<HashMap<TenantId, (Timestamp, BTreeSet<KeyringId>)>>,
}

impl ImportedTokens {
    /// The key of a tenant's imported token; `None` if the token is unknown.
    ///
    /// # Errors
    ///
    /// When the table or a keyring does not answer, so that the token may be known or unknown.
    pub async fn find(
        &self,
        keys: &TenantKeys<'_>,
        token: &ImportedToken,
        now: Timestamp,
    ) -> Result<Option<Arc<KeyRecord>>, KeysError> {
        let known = self
            .known(keys.table.tenant())
            .filter(|(at, _)| is_within(*at, now, KEYRING_LIST_AGE));
        if let Some((_, rings)) = known
            && let Some(found) = search(keys, &rings, token, now).await?
        {
            return Ok(Some(found));
        }
        let rings = keys.rings().await?;
        let found = search(keys, &rings, token, now).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_KEYRING_LISTS {
            known.clear();
        }
        known.insert(keys.table.tenant().clone(), (now, rings));
        found
    }

    fn known(&self, tenant: &TenantId) -> Option<(Timestamp, BTreeSet<KeyringId>)> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(tenant).cloned()
    }
}

/// Searches the keyrings in parallel, because each may take a second.
async fn search(
    keys: &TenantKeys<'_>,
    rings: &BTreeSet<KeyringId>,
    token: &ImportedToken,
    now: Timestamp,
) -> Result<Option<Arc<KeyRecord>>, KeysError> {
    let found = rings.iter().map(|ring| {
        keys.keyrings
            .find_imported(ring, keys.table.tenant(), token, now)
    });
    let found = futures_util::future::try_join_all(found).await?;
    Ok(found.into_iter().flatten().next())
}

fn is_within(at: Timestamp, now: Timestamp, limit: SignedDuration) -> bool {
    now.duration_since(at).abs() < limit
}
