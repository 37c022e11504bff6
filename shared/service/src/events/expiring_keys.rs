//! Warns in the log about keys that expire soon, early enough to rotate them. An alarm of `infra/alarms.yaml` watches for
//! the warning.

use directory::Meter;
use directory::tenant_keys::{self, KeysError};
use jiff::Timestamp;
use keyring::{KeyId, Record as _, TenantId};

use crate::Service;

/// How many days before its end a key causes a warning.
const DAYS: [i64; 4] = [30, 14, 7, 1];

/// A key that expires soon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expiring {
    pub tenant: TenantId,
    pub key: KeyId,
    /// The days until it expires, rounded up.
    pub days: i64,
}

impl Service {
    /// Looks through all keyrings and logs each key that expires in 30, 14, 7 or 1 days. A schedule calls this once a
    /// day.
    ///
    /// # Errors
    ///
    /// When the table or a keyring cannot be read; keys that were read before are logged.
    pub async fn warn_of_keys(&self) -> Result<Vec<Expiring>, KeysError> {
        let (now, meter) = (self.clock.now(), Meter::default());
        let mut found = Vec::new();
        for keyring in tenant_keys::opened(&self.background_store(), &meter).await? {
            for key in self.keyrings.list(&keyring).await? {
                let days = key.expires().and_then(|end| days_left(end, now));
                let Some(days) = days.filter(|days| DAYS.contains(days)) else {
                    continue;
                };
                tracing::warn!(tenant.id = %key.tenant, key.id = %key.id, days, "key.expiring");
                found.push(Expiring {
                    tenant: key.tenant,
                    key: key.id,
                    days,
                });
            }
        }
        Ok(found)
    }
}

/// The days until `end`, rounded up; `None` when it is over.
fn days_left(end: Timestamp, now: Timestamp) -> Option<i64> {
    const DAY: i64 = 24 * 60 * 60;
    let left = end.duration_since(now).as_secs();
    (left > 0).then(|| left.saturating_add(DAY - 1).div_euclid(DAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_started_day_counts_as_a_whole_day() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for (left, days) in [
            (0, None),
            (1, Some(1)),
            (86_400, Some(1)),
            (86_401, Some(2)),
            (30 * 86_400, Some(30)),
        ] {
            assert_eq!(days_left(at(1_000 + left), at(1_000)), days, "{left}");
        }
        assert_eq!(days_left(at(0), at(1)), None);
    }
}
