//! The keys of what stands beside all tenants.

use super::Key;
use keyring::TenantId;

/// The partition of all tenants.
pub const TENANTS: &str = "tenants";

/// A tenant: `tenants`, `<tenant>`.
#[must_use]
pub fn tenant(tenant: &TenantId) -> Key {
    Key::new(TENANTS.to_owned(), tenant.as_str())
}

/// The partition of the tenants whose deletion has to wait.
pub const CLOSING: &str = "closing";

/// A tenant whose deletion has to wait: `closing`, `<tenant>`.
#[must_use]
pub fn closing(tenant: &TenantId) -> Key {
    Key::new(CLOSING.to_owned(), tenant.as_str())
}
