//! The keys of items about API keys; the API keys themselves are in keyrings.

use super::{Key, Partition};
use keyring::{KeyId, TenantId};

/// The list of the keyrings that may hold keys of a tenant: `<t>#keyring`, `rings`.
#[must_use]
pub fn keyrings(tenant: &TenantId) -> Key {
    Partition::Keyring.key(tenant, "rings")
}

/// The number of changes to a tenant's keys on one day, per caller type: `<t>#keyring`, `changes#<who>#<day>`.
#[must_use]
pub fn key_changes(tenant: &TenantId, who: &str, day: i64) -> Key {
    Partition::Keyring.key(tenant, format!("changes#{who}#{day}"))
}

/// Admin keys that were revoked while their keyring accepted no change: `admin#keyring`, `revoked`.
#[must_use]
pub fn revoked_admin_keys() -> Key {
    Key::new("admin#keyring".to_owned(), "revoked")
}

/// The keyrings that may have room for another key: `admin#keyring`, `room`.
#[must_use]
pub fn room() -> Key {
    Key::new("admin#keyring".to_owned(), "room")
}

/// The partition of the keys' times of last use: `<t>#lastUsed`.
#[must_use]
pub fn uses(tenant: &TenantId) -> String {
    Partition::LastUsed.of(tenant)
}

/// The time of a key's last use: `<t>#lastUsed`, `<key>`.
#[must_use]
pub fn last_used(tenant: &TenantId, key: KeyId) -> Key {
    Key::new(uses(tenant), key.as_str())
}
