//! The keys of the tenants' own items.

use super::Key;
use keyring::TenantId;

/// The partition of all tenants.
pub const TENANTS: &str = "tenants";

/// A tenant: `tenants`, `<tenant>`.
#[must_use]
pub fn tenant(tenant: &TenantId) -> Key {
    Key::new(TENANTS.to_owned(), tenant.as_str())
}

/// The partition of the tenants whose deletion is not finished.
pub const CLOSING: &str = "closing";

/// A tenant whose deletion is not finished: `closing`, `<tenant>`.
#[must_use]
pub fn closing(tenant: &TenantId) -> Key {
    Key::new(CLOSING.to_owned(), tenant.as_str())
}
