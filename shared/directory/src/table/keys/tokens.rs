//! What the table holds of tokens and their keys; the keys themselves are in keyrings.

use super::{Key, Partition};
use keyring::{KeyId, TenantId};

/// Where the keys of a tenant are: `<t>#keyring`, `rings`.
#[must_use]
pub fn keyrings(tenant: &TenantId) -> Key {
    Partition::Keyring.key(tenant, "rings")
}

/// How often somebody changed the keys of a tenant on a day: `<t>#keyring`, `changes#<who>#<day>`.
#[must_use]
pub fn key_changes(tenant: &TenantId, who: &str, day: i64) -> Key {
    Partition::Keyring.key(tenant, format!("changes#{who}#{day}"))
}

/// Admin keys that were revoked while their keyring took no change: `admin#keyring`, `revoked`.
#[must_use]
pub fn revoked_admin_keys() -> Key {
    Key::new("admin#keyring".to_owned(), "revoked")
}

/// Which keyrings may have room for a key: `admin#keyring`, `room`.
#[must_use]
pub fn room() -> Key {
    Key::new("admin#keyring".to_owned(), "room")
}

/// The partition of the times at which keys were used: `<t>#lastUsed`.
#[must_use]
pub fn uses(tenant: &TenantId) -> String {
    Partition::LastUsed.of(tenant)
}

/// When a key was used last: `<t>#lastUsed`, `<key>`.
#[must_use]
pub fn last_used(tenant: &TenantId, key: KeyId) -> Key {
    Key::new(uses(tenant), key.as_str())
}
