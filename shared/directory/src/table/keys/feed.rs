//! The keys of the change feed, and of what writers leave for it.

use keyring::TenantId;
use scim_core::event::Position;
use scim_core::{ResourceId, Version};

use super::{Key, Partition};

/// A list of the members that a change adds to a group and removes: `<t>#delta`, `<group>#<change>#<number>`.
#[must_use]
pub fn delta_list(tenant: &TenantId, group: ResourceId, change: &str, number: usize) -> Key {
    Partition::Delta.key(tenant, format!("{group}#{change}#{number:03}"))
}

/// What is known of the deletion of a resource: `<t>#gone`, `<id>#<version of the deletion>`.
#[must_use]
pub fn gone(tenant: &TenantId, id: ResourceId, version: Version) -> Key {
    Partition::Gone.key(tenant, format!("{id}#{}", version.0))
}

/// A batch of the change feed: `<t>#feed`, its first position.
#[must_use]
pub fn batch(tenant: &TenantId, first: Position) -> Key {
    Partition::Feed.key(tenant, first.digits())
}

/// A user or group that the change feed introduced: `<t>#known`, its id.
#[must_use]
pub fn introduced(tenant: &TenantId, id: ResourceId) -> Key {
    Partition::Known.key(tenant, id.as_str())
}

/// The common prefix of the sort keys of the lists of a change: `<group>#<change>#`.
#[must_use]
pub fn delta_lists_prefix(group: ResourceId, change: &str) -> String {
    format!("{group}#{change}#")
}
