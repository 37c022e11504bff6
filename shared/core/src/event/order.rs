//! The order in which the entries of one delivery of the stream are appended.

use std::collections::BTreeSet;

use super::entry::FeedEntry;
use crate::ids::{ResourceId, Version};
use crate::schema::ResourceKind;

/// Puts entries into the order in which they can be appended: new users first, then new groups, each after the new groups in
/// it, then all others as they came. Versions of one resource keep their order, because only first versions move.
#[must_use]
pub fn arranged<T>(items: Vec<T>, entry: impl Fn(&T) -> &FeedEntry) -> Vec<T> {
    let (mut users, mut groups, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        let of = entry(&item);
        let is_new = of.data().version == Some(Version::FIRST);
        match of.subject().filter(|_| is_new) {
            Some((ResourceKind::User, _)) => users.push(item),
            Some((ResourceKind::Group, id)) => groups.push((id, item)),
            None => others.push(item),
        }
    }
    users.extend(nested_first(groups, entry));
    users.extend(others);
    users
}

/// New groups, each after the new groups in it. The parts of a group stay together.
fn nested_first<T>(
    mut groups: Vec<(ResourceId, T)>,
    entry: impl Fn(&T) -> &FeedEntry,
) -> impl Iterator<Item = T> {
    let mut arranged = Vec::with_capacity(groups.len());
    while !groups.is_empty() {
        let unplaced: BTreeSet<ResourceId> = groups.iter().map(|(id, _)| *id).collect();
        let waits = |id: &ResourceId| {
            let parts = groups.iter().filter(|(of, _)| of == id);
            let mut added = parts.flat_map(|(_, item)| &entry(item).data().members.added);
            added.any(|member| member.id != *id && unplaced.contains(&member.id))
        };
        let mut free: BTreeSet<ResourceId> =
            unplaced.iter().filter(|id| !waits(id)).copied().collect();
        if free.is_empty() {
            // Groups in a circle cannot be created together.
            free = unplaced;
        }
        let (next, rest) = groups.into_iter().partition(|(id, _)| free.contains(id));
        let mut next: Vec<(ResourceId, T)> = next;
        next.sort_by_key(|(id, _)| *id);
        arranged.extend(next);
        groups = rest;
    }
    arranged.into_iter().map(|(_, item)| item)
}
