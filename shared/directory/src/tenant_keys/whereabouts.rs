//! Where imported tokens are: such a token names no keyring, so the tenant's item does.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{KeysError, TenantKeys};
use crate::keyring::KeyRecord;
use crate::tenant_id::TenantId;
use crate::token::{ImportedToken, KeyringId};

/// How long it is remembered which keyrings a tenant has.
const AGE: SignedDuration = SignedDuration::from_secs(60);
/// The shortest time between two look-ups for a token that is not found.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// How many tenants are remembered; beyond it all are forgotten.
const REMEMBERED: usize = 10_000;

/// Where the imported tokens of tenants are, as a process remembers it. One that is not found is looked for
/// again, at most once a second and tenant, so that a new one works at once.
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
        if let Some((at, rings)) = known {
            let found = search(keys, &rings, token, now).await?;
            if found.is_some() || is_within(at, now, PAUSE) {
                return Ok(found);
            }
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

async fn search(
    keys: TenantKeys<'_>,
    rings: &BTreeSet<KeyringId>,
    token: &ImportedToken,
    now: Timestamp,
) -> Result<Option<Arc<KeyRecord>>, KeysError> {
    for ring in rings {
        let found = keys.keyrings.find_imported(ring, keys.tenant, token, now);
        if let Some(key) = found.await? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

fn is_within(at: Timestamp, now: Timestamp, limit: SignedDuration) -> bool {
    now.duration_since(at).abs() < limit
}
