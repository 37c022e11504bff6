//! The time of each key's last use, with a resolution of one hour.
//!
//! A process that recorded a use of a key within the last hour does not write again, and a condition stops other processes
//! from repeating the write. So a key costs about one write per hour however often it is used, plus one rejected write for
//! each further process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::limits::REMEMBERED_USES;
use crate::table::keys::attribute::last_used::USED;
use crate::table::{
    DirectoryError, ItemUpdate, Meter, Put, Range, Store, above, at_most, instant_if, keys, lacks,
    n, sort_key,
};
use keyring::{KeyId, TenantId};

/// The resolution.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How long to wait after the table did not answer.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A process's cache of when the next use of each key must be recorded.
#[derive(Debug, Default)]
pub struct Uses {
    due: Mutex<HashMap<(TenantId, KeyId), Timestamp>>,
}

impl Uses {
    /// Whether a use of a key must be recorded now; from then on it counts as recorded.
    #[must_use]
    pub fn is_due(&self, tenant: &TenantId, key: KeyId, now: Timestamp) -> bool {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let next = due.get(&(tenant.clone(), key));
        // A time more than an hour ahead means that the clock was set back.
        if next.is_some_and(|next| now < *next && next.duration_since(now) <= HOUR) {
            return false;
        }
        if due.len() >= REMEMBERED_USES {
            due.clear();
        }
        due.insert((tenant.clone(), key), next_after(now, HOUR));
        true
    }

    /// Recording a use failed: the next attempt is a minute later.
    pub fn put_off(&self, tenant: &TenantId, key: KeyId, now: Timestamp) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.insert((tenant.clone(), key), next_after(now, MINUTE));
    }
}

fn next_after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(now)
}

/// Records a use of a key unless another process did within the last hour.
///
/// # Errors
///
/// When the table does not answer.
pub async fn tell(
    store: &Store,
    tenant: &TenantId,
    key: KeyId,
    now: Timestamp,
    meter: &Meter,
) -> Result<(), DirectoryError> {
    let before = now.as_second().saturating_sub(HOUR.as_secs());
    // A time from a process whose clock is ahead must not suppress records for long.
    let update = ItemUpdate::of(keys::last_used(tenant, key))
        .set(USED, n(now.as_second()))
        .when(
            lacks(USED)
                .or(at_most(USED, n(before)))
                .or(above(USED, n(now.as_second().saturating_add(86_400)))),
        );
    match store.update(&update, meter).await? {
        Put::Done | Put::ConditionFailed(_) => Ok(()),
    }
}

/// The time of last use of each of a tenant's keys that was ever used.
///
/// # Errors
///
/// When the table does not answer.
pub async fn list(
    store: &Store,
    tenant: &TenantId,
    meter: &Meter,
) -> Result<BTreeMap<KeyId, Timestamp>, DirectoryError> {
    let range = Range {
        pk: keys::uses(tenant),
        from: "0".to_owned(),
        to: "w".to_owned(),
    };
    let items = store.query(&range, None, meter).await?;
    let mut uses = BTreeMap::new();
    for item in &items {
        let at = instant_if(item, USED, Timestamp::from_second)?;
        if let (Some(key), Some(at)) = (KeyId::parse(sort_key(item)), at) {
            uses.insert(key, at);
        }
    }
    Ok(uses)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_use_is_recorded_once_per_hour_and_key() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let uses = Uses::default();
        let (acme, globex) = (
            TenantId::parse("acme").unwrap(),
            TenantId::parse("globex").unwrap(),
        );
        let key = KeyId::from_bytes([1; 6]);
        let due = |tenant, second| uses.is_due(tenant, key, at(second));
        assert!(due(&acme, 0) && due(&globex, 0));
        assert!(!due(&acme, 0) && !due(&acme, 3599) && due(&acme, 3600));
        assert!(!due(&acme, 3601));
        uses.put_off(&acme, key, at(3601));
        assert!(!due(&acme, 3660) && due(&acme, 3661) && !due(&acme, 3662));
        // The clock is set back.
        assert!(due(&acme, 0) && !due(&acme, 1));
    }
}
