//! The keys of destinations and of what is delivered to them. The tenant id `admin` is reserved.

use keyring::TenantId;

use super::{Key, Partition};

const PARTITION: &str = "admin#destination";
const DUE: &str = "admin#due";

/// A destination: `admin#destination`, `<destination>`.
#[must_use]
pub fn destination(id: &str) -> Key {
    Key::new(PARTITION.to_owned(), id)
}

/// The partition of all destinations.
#[must_use]
pub fn destinations() -> String {
    PARTITION.to_owned()
}

/// The number of destinations: `admin#destination`, `-`. The key sorts before that of every destination.
#[must_use]
pub fn number_of_destinations() -> Key {
    Key::new(PARTITION.to_owned(), "-")
}

/// The delivery of a tenant's feed to a destination: `<t>#delivery`, `<destination>`.
#[must_use]
pub fn delivery(tenant: &TenantId, destination: &str) -> Key {
    Partition::Delivery.key(tenant, destination)
}

/// The partition of what is due.
#[must_use]
pub fn all_due() -> String {
    DUE.to_owned()
}

/// A delivery that is due, or all deliveries to a destination: `admin#due`, `<minute>#<tenant or ->#<destination>`.
#[must_use]
pub fn due(minute: &str, tenant: Option<&TenantId>, destination: &str) -> Key {
    let whose = tenant.map_or("-", AsRef::as_ref);
    Key::new(DUE.to_owned(), format!("{minute}#{whose}#{destination}"))
}
