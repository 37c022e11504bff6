//! Who joins with the entries that a writer appends, and what it knows of them.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::event::{EntryKey, FeedEntry};
use scim_core::{ResourceId, ResourceKind};

use super::tail::Tail;

/// An entry that is not in the feed.
#[derive(Clone, Debug)]
pub(super) struct WaitingEntry {
    /// The number of its record in the stream.
    pub(super) sequence: String,
    /// The record's time, in seconds since 1970.
    pub(super) time: i64,
    pub(super) entry: FeedEntry,
    pub(super) key: EntryKey,
}

/// What is known of the introduction of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Introduction {
    Done,
    /// There is no note of it; its age is not known yet.
    NotNoted,
    /// It is so young that the feed introduces it later, unless it has done so since this time, in seconds since 1970.
    Missing(i64),
}

/// The members that join and of which it is not known whether the feed introduced them.
pub(super) fn unknown_members(
    waiting: &[WaitingEntry],
    known: &BTreeMap<ResourceId, Introduction>,
    tail: &Tail,
) -> BTreeMap<ResourceId, Option<ResourceKind>> {
    let mut introduced = BTreeSet::new();
    let mut unknown = BTreeMap::new();
    for one in waiting {
        let added = one.entry.data().members.added.iter();
        unknown.extend(
            added
                .filter(|member| {
                    !introduced.contains(&member.id)
                        && !known.contains_key(&member.id)
                        && !tail.introduces(member.id)
                })
                .map(|member| (member.id, member.kind)),
        );
        introduced.extend(one.entry.introduces().map(|(_, id)| id));
    }
    unknown
}

/// The types of the members that join.
pub(super) fn kinds(waiting: &[WaitingEntry]) -> BTreeMap<ResourceId, ResourceKind> {
    let entries = waiting.iter().map(|one| one.entry.data());
    let added = entries.flat_map(|data| &data.members.added);
    added
        .filter_map(|member| Some((member.id, member.kind?)))
        .collect()
}
