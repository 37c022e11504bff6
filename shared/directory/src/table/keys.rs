//! The key templates of all items in the table; `deliveries`, `feed`, `tenants` and `tokens` have those that this file does not.
//!
//! The tenant leads every partition key, so no key of one tenant can be built from another's. A
//! tenant's name holds no `#`, and ids hold none either, so keys cannot run into each other.

use crate::limits::KEY_TEXT_BYTES;
use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use scim_core::{ResourceId, ResourceKind};
use sha2::{Digest, Sha256};

use keyring::TenantId;

pub mod attribute;
mod deliveries;
mod feed;
mod partition;
mod tenants;
mod tokens;
mod unique_name;

pub use deliveries::{all_due, delivery, destination, destinations, due, number_of_destinations};
pub use feed::{batch, delta_list, delta_lists_prefix, gone, introduced};
pub use partition::Partition;
pub use tenants::{CLOSING, TENANTS, closing, tenant};
pub use tokens::{key_changes, keyrings, last_used, revoked_admin_keys, room, uses};
pub use unique_name::UniqueName;

/// The name of the partition key attribute.
pub const PARTITION_KEY: &str = "pk";
/// The name of the sort key attribute.
pub const SORT_KEY: &str = "sk";

/// The primary key of an item.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    /// The partition key's value.
    pub pk: String,
    /// The sort key's value.
    pub sk: String,
}

impl Key {
    fn new(pk: String, sk: impl Into<String>) -> Self {
        Self { pk, sk: sk.into() }
    }

    /// The key as DynamoDB attributes.
    #[must_use]
    pub fn attributes(&self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PARTITION_KEY.to_owned(), AttributeValue::S(self.pk.clone())),
            (SORT_KEY.to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }
}

/// Attributes that have a lookup although their values need not be unique.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Lookup {
    /// The provisioning client's own id.
    ExternalId,
    /// An e-mail address of a user.
    Email,
}

/// The partition of all users or groups: `<t>#user`, `<t>#group`.
#[must_use]
pub fn resources(tenant: &TenantId, kind: ResourceKind) -> String {
    match kind {
        ResourceKind::User => Partition::User.of(tenant),
        ResourceKind::Group => Partition::Group.of(tenant),
    }
}

/// The tenant and the resource type of a partition of users or groups; `None` for any other partition.
#[must_use]
pub fn resources_of(pk: &str) -> Option<(TenantId, ResourceKind)> {
    let (tenant, word) = pk.split_once('#')?;
    let kind = match word {
        "user" => ResourceKind::User,
        "group" => ResourceKind::Group,
        _ => return None,
    };
    Some((TenantId::parse(tenant)?, kind))
}

/// A user or group: `<t>#user`, `<id>`.
#[must_use]
pub fn resource(tenant: &TenantId, kind: ResourceKind, id: ResourceId) -> Key {
    Key::new(resources(tenant, kind), id.as_str())
}

/// The partition of the counters: `<t>#user#count`.
#[must_use]
pub fn counts(tenant: &TenantId, kind: ResourceKind) -> String {
    match kind {
        ResourceKind::User => Partition::UserCount.of(tenant),
        ResourceKind::Group => Partition::GroupCount.of(tenant),
    }
}

/// The counter for an id's bucket: `<t>#user#count`, first byte of the id in hex.
#[must_use]
pub fn count(tenant: &TenantId, kind: ResourceKind, id: ResourceId) -> Key {
    Key::new(
        counts(tenant, kind),
        id.as_str().get(..2).unwrap_or_default(),
    )
}

/// The partition of the markers: `<t>#user#userName`, `<t>#group#displayName`.
#[must_use]
pub fn markers(tenant: &TenantId, kind: ResourceKind) -> String {
    match kind {
        ResourceKind::User => Partition::UserName.of(tenant),
        ResourceKind::Group => Partition::GroupName.of(tenant),
    }
}

/// The range of sort keys that covers the markers of all names in a range. If the names are very long, the range may cover
/// a few other markers too.
#[must_use]
pub fn marker_range(from: &str, to: &str) -> (String, String) {
    let cut = |text: &str| start(text).to_owned();
    let (first, mut last) = (cut(from), cut(to));
    if last.len() < to.len() {
        last.push('\u{10ffff}');
    }
    match first.is_empty() {
        true => ("\u{0}".to_owned(), last),
        false => (first, last),
    }
}

/// The marker that enforces a unique name: `<t>#user#userName`, `<t>#group#displayName`, the name in its unique form.
#[must_use]
pub fn marker(tenant: &TenantId, kind: ResourceKind, name: &UniqueName) -> Key {
    Key::new(markers(tenant, kind), bounded(name.as_str()))
}

/// The unique attribute of this resource type.
#[must_use]
pub const fn unique_attribute(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::User => "userName",
        ResourceKind::Group => "displayName",
    }
}

/// The partition of a lookup: `<t>#user#externalId`, `<t>#user#email`, `<t>#group#externalId`.
#[must_use]
pub fn lookups(tenant: &TenantId, kind: ResourceKind, lookup: Lookup) -> String {
    let partition = match (kind, lookup) {
        (ResourceKind::User, Lookup::ExternalId) => Partition::UserExternalId,
        (ResourceKind::User, Lookup::Email) => Partition::UserEmail,
        (ResourceKind::Group, Lookup::ExternalId) => Partition::GroupExternalId,
        (ResourceKind::Group, Lookup::Email) => Partition::GroupEmail,
    };
    partition.of(tenant)
}

/// The common prefix of the sort keys of all lookups of a value: `<value>#`.
#[must_use]
pub fn lookup_prefix(value: &str) -> String {
    let mut prefix = bounded(value);
    prefix.push('#');
    prefix
}

/// A lookup: `<t>#user#externalId`, `<value>#<id>`.
#[must_use]
pub fn lookup(
    tenant: &TenantId,
    kind: ResourceKind,
    lookup: Lookup,
    value: &str,
    id: ResourceId,
) -> Key {
    Key::new(
        lookups(tenant, kind, lookup),
        lookup_prefix(value) + id.as_str(),
    )
}

/// The claim that enforces a unique e-mail address: `<t>#user#emailClaim`, folded value.
#[must_use]
pub fn email_claim(tenant: &TenantId, folded: &str) -> Key {
    Partition::EmailClaim.key(tenant, bounded(folded))
}

/// The seat counter of a tenant: `<t>#user#seats`, `-`.
#[must_use]
pub fn seats(tenant: &TenantId) -> Key {
    Partition::Seats.key(tenant, "-")
}

/// The common prefix of the sort keys of all kept users with this name: `<userName>#`.
#[must_use]
pub fn kept_prefix(name: &UniqueName) -> String {
    lookup_prefix(name.as_str())
}

/// A user that was deleted but is kept: `<t>#user#kept`, its userName in its unique form, `#`, its id.
#[must_use]
pub fn kept(tenant: &TenantId, name: &UniqueName, id: ResourceId) -> Key {
    Partition::Kept.key(tenant, kept_prefix(name) + id.as_str())
}

/// The partition of all members: `<t>#member`.
#[must_use]
pub fn members(tenant: &TenantId) -> String {
    Partition::Member.of(tenant)
}

/// A member of a group: `<t>#member`, `<group>#<member>`.
#[must_use]
pub fn member(tenant: &TenantId, group: ResourceId, member: ResourceId) -> Key {
    Key::new(members(tenant), format!("{group}#{member}"))
}

/// The partition of all memberships: `<t>#memberOf`.
#[must_use]
pub fn memberships(tenant: &TenantId) -> String {
    Partition::MemberOf.of(tenant)
}

/// A membership: `<t>#memberOf`, `<member>#<group>`.
#[must_use]
pub fn membership(tenant: &TenantId, member: ResourceId, group: ResourceId) -> Key {
    Key::new(memberships(tenant), format!("{member}#{group}"))
}

/// The common prefix of the sort keys of a plan's parts: `<group>#!<plan>#`. `!` sorts before every hexadecimal digit, so a
/// query over a group's members returns the group's plans first.
#[must_use]
pub fn parts_prefix(group: ResourceId, plan: &str) -> String {
    format!("{group}#!{plan}#")
}

/// A part of a plan: `<t>#member`, `<group>#!<plan>#<number>`.
#[must_use]
pub fn part(tenant: &TenantId, group: ResourceId, plan: &str, number: usize) -> Key {
    let sk = format!("{}{number:05}", parts_prefix(group, plan));
    Key::new(members(tenant), sk)
}

/// Parses a part's sort key into group and plan.
#[must_use]
pub fn planned(sk: &str) -> Option<(ResourceId, &str)> {
    let (group, rest) = sk.split_once("#!")?;
    let (plan, _) = rest.split_once('#')?;
    Some((ResourceId::parse(group)?, plan))
}

/// A plan's intent for one member: `<t>#memberOf`, `<member>#<group>#<plan>`.
#[must_use]
pub fn intent(tenant: &TenantId, member: ResourceId, group: ResourceId, plan: &str) -> Key {
    Key::new(memberships(tenant), format!("{member}#{group}#{plan}"))
}

/// Parses an intent's sort key into member, group and plan.
#[must_use]
pub fn intended(sk: &str) -> Option<(ResourceId, ResourceId, &str)> {
    let (member, rest) = sk.split_once('#')?;
    let (group, plan) = rest.split_once('#')?;
    Some((ResourceId::parse(member)?, ResourceId::parse(group)?, plan))
}

/// The partition of all tasks: `<t>#task`.
#[must_use]
pub fn tasks(tenant: &TenantId) -> String {
    Partition::Task.of(tenant)
}

/// The tenant of a task partition; `None` for any other partition.
#[must_use]
pub fn tasks_of(pk: &str) -> Option<TenantId> {
    TenantId::parse(pk.strip_suffix("#task")?)
}

/// The task of a large write in progress: `<t>#task`, `<id>#<write>`.
#[must_use]
pub fn task(tenant: &TenantId, id: ResourceId, write: &str) -> Key {
    Key::new(tasks(tenant), format!("{id}#{write}"))
}

/// Parses a task's sort key into resource and write.
#[must_use]
pub fn tasked(sk: &str) -> Option<(ResourceId, &str)> {
    let (id, write) = sk.split_once('#')?;
    Some((ResourceId::parse(id)?, write))
}

/// The anchors of an API key's walks over the pages of a query: `<t>#anchor`, digest of key and query.
#[must_use]
pub fn anchor(tenant: &TenantId, name: &str) -> Key {
    Partition::Anchor.key(tenant, name)
}

/// The request counter of a time window: `<t>#rate`, number of the window.
#[must_use]
pub fn rate(tenant: &TenantId, window: i64) -> Key {
    Partition::Rate.key(tenant, window.to_string())
}

/// The partition of the failure log and the activity: `<t>#request`.
#[must_use]
pub fn requests(tenant: &TenantId) -> String {
    Partition::Request.of(tenant)
}

/// An entry of the failure log or the activity: `<t>#request`, an id that increases with time.
#[must_use]
pub fn request(tenant: &TenantId, id: &str) -> Key {
    Key::new(requests(tenant), id)
}

/// A request to the admin API with an idempotency key: `admin#idempotency`, digest of the key. The tenant id `admin` is
/// reserved.
#[must_use]
pub fn idempotency(name: &str) -> Key {
    Key::new("admin#idempotency".to_owned(), name)
}

/// The partition of the setup links: `<t>#link`.
#[must_use]
pub fn links(tenant: &TenantId) -> String {
    Partition::Link.of(tenant)
}

/// A setup link: `<t>#link`, its id.
#[must_use]
pub fn link(tenant: &TenantId, id: &str) -> Key {
    Key::new(links(tenant), id)
}

/// A session of the console: `console#session`, digest of its secret. The tenant id `console` is reserved.
#[must_use]
pub fn session(digest: &str) -> Key {
    Key::new("console#session".to_owned(), digest)
}

/// Attempts to sign in to the console: `console#attempts`, who tries and the number of the window.
#[must_use]
pub fn attempts(who: &str, window: i64) -> Key {
    Key::new("console#attempts".to_owned(), format!("{who}#{window}"))
}

/// Attempts to log in under a name during a time window: `<t>#attempts`, `<digest of the name>#<window>`.
#[must_use]
pub fn logins(tenant: &TenantId, name: &UniqueName, window: i64) -> Key {
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(name.as_str().as_bytes()));
    Partition::Attempts.key(tenant, format!("{digest}#{window}"))
}

/// Attempts to log in under any name of a tenant during a time window: `<t>#attempts`, `all#<window>`.
#[must_use]
pub fn all_logins(tenant: &TenantId, window: i64) -> Key {
    Partition::Attempts.key(tenant, format!("all#{window}"))
}

/// Parses an edge's sort key into its two ids.
#[must_use]
pub fn edge(sk: &str) -> Option<(ResourceId, ResourceId)> {
    let (left, right) = sk.split_once('#')?;
    Some((ResourceId::parse(left)?, ResourceId::parse(right)?))
}

/// The first and the last possible sort key of edges whose left id is from `first` to `last`.
#[must_use]
pub fn edge_range(first: ResourceId, last: ResourceId) -> (String, String) {
    (format!("{first}#"), format!("{last}#~"))
}

/// The longest prefix of a text that fits a sort key together with a digest.
fn start(text: &str) -> &str {
    text.get(..text.floor_char_boundary(KEY_TEXT_BYTES - 80))
        .unwrap_or(text)
}

/// Encodes a value for a sort key. A very long value is truncated and its digest appended; an empty value becomes a
/// character that no other value contains.
fn bounded(value: &str) -> String {
    if value.is_empty() {
        return "\u{0}".to_owned();
    }
    if value.len() <= KEY_TEXT_BYTES {
        return value.to_owned();
    }
    let mut key = start(value).to_owned();
    key.push('…');
    for byte in Sha256::digest(value.as_bytes()) {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_get_distinct_keys_within_the_limit() {
        let one = lookup_prefix(&"ä".repeat(30_000));
        let two = lookup_prefix(&("ä".repeat(29_999) + "b"));
        assert_ne!(one, two);
        assert!(one.len() + 36 <= 1_024);
    }

    #[test]
    fn every_key_of_a_tenant_is_in_one_of_its_partitions() {
        for source in [
            include_str!("keys.rs"),
            include_str!("keys/deliveries.rs"),
            include_str!("keys/feed.rs"),
            include_str!("keys/tenants.rs"),
        ] {
            let code = source.split("#[cfg(test)]").next().unwrap();
            assert!(!code.contains("{tenant}#"), "use `Partition`");
        }
        let words = Partition::ALL.iter().map(|partition| partition.word());
        let words: std::collections::BTreeSet<_> = words.collect();
        assert_eq!(words.len(), Partition::ALL.len());
    }

    #[test]
    fn an_edge_key_contains_both_ids() {
        let id = |n: u8| ResourceId::parse(&format!("{n:02x}000000-0000-4000-8000-000000000000"));
        let tenant = TenantId::parse("acme").unwrap();
        let (one, two) = (id(1).unwrap(), id(2).unwrap());
        assert_eq!(edge(&member(&tenant, one, two).sk), Some((one, two)));
        assert_eq!(edge("x#y"), None);
        let (first, last) = edge_range(one, one);
        let sk = membership(&tenant, one, two).sk;
        assert!(first < sk && sk < last);
    }

    #[test]
    fn parts_sort_before_members_and_neither_parses_as_an_edge() {
        let id = |n: u8| ResourceId::parse(&format!("{n:02x}000000-0000-4000-8000-000000000000"));
        let tenant = TenantId::parse("acme").unwrap();
        let (one, two) = (id(1).unwrap(), id(0).unwrap());
        let part = part(&tenant, one, "p", 7).sk;
        let (first, last) = edge_range(one, one);
        assert!(first < part && part < member(&tenant, one, two).sk && part < last);
        assert_eq!(planned(&part), Some((one, "p")));
        assert_eq!(edge(&part), None);
        let intent = intent(&tenant, one, two, "p").sk;
        assert!(first < intent && intent < last);
        assert_eq!(intended(&intent), Some((one, two, "p")));
        assert_eq!(edge(&intent), None);
        assert_eq!(intended(&member(&tenant, one, two).sk), None);
        assert_eq!(tasked(&task(&tenant, one, "w").sk), Some((one, "w")));
        assert_eq!(tasks_of(&tasks(&tenant)), Some(tenant.clone()));
        assert_eq!(tasks_of(&members(&tenant)), None);
        assert_eq!(tasks_of("acme#user#task"), None);
    }
}
