//! From the change of an item to entries.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::data::{EntryData, MemberLists};
use super::entry::FeedEntry;
use super::event_type::EventType;
use super::shown::{Changed, emails, shown};
use super::version::{Gone, MemberChange, Stamp, StoredVersion, VersionChange};
use crate::active::{self, is_active};
use crate::ids::Version;
use crate::schema::{Catalogue, ResourceKind, ResourceType};

/// The most members in one entry.
pub const PART_MEMBERS: usize = 1_000;

/// Two versions that cannot follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BrokenHistory;

/// The entries for the change of an item, in order: none if the version is the same, several if more than
/// [`PART_MEMBERS`] members join or leave. `recorded` is the time of the change's record, which is all that tells when a
/// resource was deleted.
///
/// The same change always gives the same entries.
///
/// # Errors
///
/// When the versions are of different resources, or the version falls.
pub fn derive(
    change: VersionChange<'_>,
    recorded: Timestamp,
    catalogue: &Catalogue,
) -> Result<Vec<FeedEntry>, BrokenHistory> {
    match change {
        VersionChange::Inserted(after) => {
            let of = catalogue.resource_type(after.resource.kind);
            Ok(inserted(after, of))
        }
        VersionChange::Modified { before, after } => {
            let (old, new) = (&before.resource, &after.resource);
            if (old.kind, old.id) != (new.kind, new.id) {
                return Err(BrokenHistory);
            }
            match new.meta.version.cmp(&old.meta.version) {
                Ordering::Less => Err(BrokenHistory),
                Ordering::Equal => Ok(Vec::new()),
                Ordering::Greater => Ok(modified(before, after, catalogue.resource_type(new.kind))),
            }
        }
        VersionChange::Removed { last, gone } => {
            let of = catalogue.resource_type(last.resource.kind);
            Ok(vec![removed(last, gone, recorded, of)])
        }
    }
}

fn inserted(after: &StoredVersion, of: &ResourceType) -> Vec<FeedEntry> {
    let is_first = after.resource.meta.version == Version::FIRST;
    let what = match after.resource.kind {
        ResourceKind::Group => EventType::GroupCreated,
        ResourceKind::User if is_first => EventType::UserCreated,
        ResourceKind::User if is_active(&after.resource.attributes) => EventType::UserReactivated,
        // Whoever comes back inactive gets no access.
        ResourceKind::User => EventType::UserUpdated,
    };
    let data = EntryData {
        imported: is_first && after.waiting,
        restored: !is_first,
        ..of_version(after, of)
    };
    parts(what, after, data)
}

fn modified(before: &StoredVersion, after: &StoredVersion, of: &ResourceType) -> Vec<FeedEntry> {
    let (old, new) = (&before.resource.attributes, &after.resource.attributes);
    let changed = Changed::between(before, after, of);
    let what = match after.resource.kind {
        ResourceKind::Group if changed.names.is_empty() => EventType::GroupMembersChanged,
        ResourceKind::Group => EventType::GroupUpdated,
        ResourceKind::User => match (is_active(old), is_active(new)) {
            (true, false) => EventType::UserDeactivated,
            (false, true) => EventType::UserReactivated,
            _ => EventType::UserUpdated,
        },
    };
    let data = EntryData {
        previous_version: Some(before.resource.meta.version),
        changed: changed.names,
        before: changed.before,
        adopted: before.waiting && !after.waiting,
        ..of_version(after, of)
    };
    parts(what, after, data)
}

/// A deletion's version is the one after the last.
fn removed(
    last: &StoredVersion,
    gone: Option<&Gone>,
    recorded: Timestamp,
    of: &ResourceType,
) -> FeedEntry {
    let stamp = gone.map_or_else(Stamp::default, |gone| gone.stamp.clone());
    let is_user = last.resource.kind == ResourceKind::User;
    if is_user && gone.is_some_and(|gone| gone.kept) {
        let data = kept(last, recorded, of);
        return FeedEntry::new(EventType::UserDeactivated, recorded, stamp, data);
    }
    let what = match is_user {
        true => EventType::UserDeleted,
        false => EventType::GroupDeleted,
    };
    let before = shown(&last.resource, of);
    let data = EntryData {
        id: Some(last.resource.id),
        version: Some(last.resource.meta.version.next()),
        previous_version: Some(last.resource.meta.version),
        emails: emails(&before),
        before: Some(before),
        ..EntryData::default()
    };
    FeedEntry::new(what, recorded, stamp, data)
}

/// A deleted user whom the tenant keeps becomes inactive.
fn kept(last: &StoredVersion, recorded: Timestamp, of: &ResourceType) -> EntryData {
    let mut after = last.clone();
    active::deactivate(&mut after.resource.attributes);
    after.resource.meta.version = last.resource.meta.version.next();
    after.resource.meta.last_modified = recorded;
    let changed = Changed::between(last, &after, of);
    EntryData {
        previous_version: Some(last.resource.meta.version),
        changed: changed.names,
        before: changed.before,
        deleted: true,
        ..of_version(&after, of)
    }
}

fn of_version(version: &StoredVersion, of: &ResourceType) -> EntryData {
    let resource = shown(&version.resource, of);
    EntryData {
        id: Some(version.resource.id),
        version: Some(version.resource.meta.version),
        emails: emails(&resource),
        resource: Some(resource),
        ..EntryData::default()
    }
}

/// One entry, or as many as the change of members needs. The parts differ in nothing but their members.
fn parts(what: EventType, after: &StoredVersion, data: EntryData) -> Vec<FeedEntry> {
    let mut lists = member_lists(&after.members);
    let last = lists.pop().unwrap_or_default();
    let parts = u32::try_from(lists.len().saturating_add(1)).unwrap_or(u32::MAX);
    let entry = |part: u32, members: MemberLists, data: EntryData| {
        let data = EntryData {
            members,
            part: (parts > 1).then_some(part),
            parts: (parts > 1).then_some(parts),
            ..data
        };
        let time = after.resource.meta.last_modified;
        FeedEntry::new(what, time, after.stamp.clone(), data)
    };
    let numbered = (1..).zip(lists);
    let mut entries: Vec<FeedEntry> = numbered
        .map(|(part, members)| entry(part, members, data.clone()))
        .collect();
    entries.push(entry(parts, last, data));
    entries
}

/// The members in pieces of [`PART_MEMBERS`], those who leave first.
fn member_lists(change: &MemberChange) -> Vec<MemberLists> {
    let MemberChange::Known(sets) = change else {
        return vec![MemberLists {
            unknown: true,
            ..MemberLists::default()
        }];
    };
    let mut lists = Vec::new();
    let mut current = MemberLists::default();
    let left = sets.left().map(|member| (false, member));
    for (joins, member) in left.chain(sets.joined().map(|member| (true, member))) {
        if current.added.len().saturating_add(current.removed.len()) == PART_MEMBERS {
            lists.push(std::mem::take(&mut current));
        }
        match joins {
            true => current.added.push(member),
            false => current.removed.push(member),
        }
    }
    lists.push(current);
    lists
}
