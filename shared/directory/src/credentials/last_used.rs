//! When keys were used last, to the hour.
//!
//! A process that has seen a key used within the hour says nothing; the others are kept from repeating it by
//! a condition. So a key costs about one write an hour, whatever it is used for, and one refused write for
//! each further process.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::table::{
    DirectoryError, Meter, Put, Range, Store, instant_if, keys, n, sort_key, update,
};
use keyring::{KeyId, TenantId};

/// How exact it is.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// How long a table that does not answer is left alone.
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// How many keys are remembered; beyond it all are forgotten.
const REMEMBERED: usize = 20_000;

/// What a process knows of the uses of keys: when the next one is to be told.
#[derive(Debug, Default)]
pub struct Uses {
    due: Mutex<HashMap<(TenantId, KeyId), Timestamp>>,
}

impl Uses {
    /// Whether a use of a key is to be told now; it counts as told from then on.
    #[must_use]
    pub fn is_due(&self, tenant: &TenantId, key: KeyId, now: Timestamp) -> bool {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let next = due.get(&(tenant.clone(), key));
        // More than an hour ahead is no time that was set here: the clock jumped.
        if next.is_some_and(|next| now < *next && next.duration_since(now) <= HOUR) {
            return false;
        }
        if due.len() >= REMEMBERED {
            due.clear();
        }
        due.insert((tenant.clone(), key), next_after(now, HOUR));
        true
    }

    /// A use could not be told: one in a minute is.
    pub fn put_off(&self, tenant: &TenantId, key: KeyId, now: Timestamp) {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.insert((tenant.clone(), key), next_after(now, MINUTE));
    }
}

fn next_after(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(now)
}

/// Notes a use of a key, unless another process did within the hour.
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
    // A time that a clock ahead of all others has told is no reason to say nothing for long.
    let update = update(
        store.table(),
        &keys::last_used(tenant, key),
        "SET u = :now",
        Some("attribute_not_exists(u) OR u <= :before OR u > :ahead"),
        vec![
            (":now", n(now.as_second())),
            (":before", n(before)),
            (":ahead", n(now.as_second().saturating_add(86_400))),
        ],
    )?;
    match store.update(update, meter).await? {
        Put::Done | Put::Refused(_) => Ok(()),
    }
}

/// When the keys of a tenant were used last, those that ever were.
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
        let at = instant_if(item, "u", Timestamp::from_second)?;
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
    fn a_use_is_told_once_in_an_hour_and_key() {
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
        // A clock that jumps back.
        assert!(due(&acme, 0) && !due(&acme, 1));
    }
}
