//! The model: users and groups in memory.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct User {
    pub(super) version: u64,
    pub(super) name: String,
    pub(super) external: Option<&'static str>,
    pub(super) email: Option<&'static str>,
    pub(super) active: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Group {
    pub(super) version: u64,
    pub(super) name: String,
    pub(super) members: BTreeSet<String>,
}

pub(super) const NAMES: [&str; 20] = [
    "anna", "Anna", "berta", "BERTA", "clara", "dora", "emil", "ÉMIL", "émil", "fritz", "gerda",
    "hans", "ida", "jan", "karl", "lena", "max", "nora", "otto", "paul",
];
pub(super) const EXTERNAL: [Option<&str>; 4] = [None, Some("e1"), Some("E1"), Some("e2")];
pub(super) const EMAILS: [Option<&str>; 4] = [
    None,
    Some("a@example.com"),
    Some("A@example.com"),
    Some("b@example.com"),
];
pub(super) const TEAMS: [&str; 10] = [
    "Sales",
    "SALES",
    "Support",
    "Board",
    "board",
    "Team",
    "Lab",
    "Press",
    "Legal",
    "Night Shift",
];

#[derive(Default)]
pub(crate) struct Model {
    pub(super) users: BTreeMap<String, User>,
    pub(super) groups: BTreeMap<String, Group>,
    /// The users in the shared group.
    pub(crate) joined: BTreeSet<String>,
}

impl Model {
    pub(super) fn user_named(&self, name: &str) -> Option<&String> {
        let same = |user: &&User| user.name.to_lowercase() == name.to_lowercase();
        self.users
            .iter()
            .find(|(_, user)| same(user))
            .map(|(id, _)| id)
    }

    pub(super) fn group_named(&self, name: &str) -> Option<&String> {
        let same = |group: &&Group| group.name.to_lowercase() == name.to_lowercase();
        self.groups
            .iter()
            .find(|(_, group)| same(group))
            .map(|(id, _)| id)
    }

    /// Whether `top` is `id`, or contains it directly or indirectly.
    pub(super) fn contains(&self, top: &str, id: &str) -> bool {
        let below = self
            .groups
            .get(top)
            .into_iter()
            .flat_map(|group| &group.members);
        top == id || below.into_iter().any(|member| self.contains(member, id))
    }

    pub(super) fn groups_of(&self, id: &str) -> BTreeSet<String> {
        let with = self
            .groups
            .iter()
            .filter(|(_, group)| group.members.contains(id));
        with.map(|(id, _)| id.clone()).collect()
    }

    /// The groups of a member, direct and indirect.
    pub(super) fn groups_above(&self, id: &str) -> BTreeSet<String> {
        let groups = self.groups.keys();
        let above = groups.filter(|group| *group != id && self.contains(group, id));
        above.cloned().collect()
    }

    /// Removes a deleted member from all groups.
    pub(super) fn forget(&mut self, id: &str) {
        self.joined.remove(id);
        for group in self.groups.values_mut() {
            group.version += u64::from(group.members.remove(id));
        }
    }
}
