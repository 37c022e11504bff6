//! The items of a plan: its parts, and an intent for each member. `write::large` explains plans.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::{ResourceId, ResourceKind};

use super::{ACTIONS_PER_FORMER, ACTIONS_PER_MEMBER, DeltaMember, Edges, letter};
use crate::limits::MOST_ACTIONS;
use crate::table::keys::attribute::member::KIND;
use crate::table::keys::attribute::part;
use crate::table::keys::{self, Key};
use crate::table::{self, DirectoryError, Item, corrupt, n, number_if, s, sort_key, text};
use keyring::TenantId;

/// A part of a plan.
pub(crate) struct PlanPart {
    pub(super) key: Key,
    pub(super) group: ResourceId,
    pub(super) plan: String,
    pub(super) join: BTreeMap<ResourceId, ResourceKind>,
    pub(super) leave: BTreeSet<ResourceId>,
    /// The change in the number of members, once the part is done.
    pub(super) done: Option<i64>,
    /// The joining members that had been deleted, once the part is done.
    pub(super) gone: BTreeSet<ResourceId>,
}

impl PlanPart {
    /// Splits a change into parts.
    pub(crate) fn split(tenant: &TenantId, edges: &Edges, plan: &str) -> Vec<Self> {
        let join = edges
            .add
            .iter()
            .map(|(id, joining)| (*id, Some(joining.kind)));
        let leave = edges.remove.keys().map(|id| (*id, None));
        let mut parts = Vec::new();
        // One more action marks the part as done.
        let mut room = 0;
        for (id, kind) in join.chain(leave) {
            let actions = match kind {
                Some(_) => ACTIONS_PER_MEMBER,
                None => ACTIONS_PER_FORMER,
            };
            if room < actions {
                parts.push(Self {
                    key: keys::part(tenant, edges.group, plan, parts.len()),
                    group: edges.group,
                    plan: plan.to_owned(),
                    join: BTreeMap::new(),
                    leave: BTreeSet::new(),
                    done: None,
                    gone: BTreeSet::new(),
                });
                room = MOST_ACTIONS - 1;
            }
            room -= actions;
            if let Some(part) = parts.last_mut() {
                match kind {
                    Some(kind) => part.join.insert(id, kind).is_none(),
                    None => part.leave.insert(id),
                };
            }
        }
        parts
    }

    pub(crate) fn item(&self) -> Item {
        let joining = |wanted| {
            let those = self.join.iter().filter(move |(_, kind)| **kind == wanted);
            joined(those.map(|(id, _)| id))
        };
        let mut item = table::item(
            &self.key,
            [
                (part::USERS, s(joining(ResourceKind::User))),
                (part::GROUPS, s(joining(ResourceKind::Group))),
                (part::LEAVING, s(joined(self.leave.iter()))),
            ],
        );
        if let Some(done) = self.done {
            item.set(part::DONE, n(done));
        }
        if !self.gone.is_empty() {
            item.set(part::GONE, s(joined(self.gone.iter())));
        }
        item
    }

    /// Reads the part in an item; `None` if the item is not a part.
    pub(super) fn read(tenant: &TenantId, item: &Item) -> Result<Option<Self>, DirectoryError> {
        let Some((group, plan)) = keys::planned(sort_key(item)) else {
            return Ok(None);
        };
        let ids = |name| read(text(item, name).unwrap_or_default());
        let all = || {
            let users = ids(part::USERS)?
                .into_iter()
                .map(|id| (id, ResourceKind::User));
            let groups = ids(part::GROUPS)?
                .into_iter()
                .map(|id| (id, ResourceKind::Group));
            let join = users.chain(groups).collect();
            Some((join, ids(part::LEAVING)?, ids(part::GONE)?))
        };
        let (join, leave, gone) = all().ok_or_else(|| corrupt("plan"))?;
        Ok(Some(Self {
            key: Key {
                pk: keys::members(tenant),
                sk: sort_key(item).to_owned(),
            },
            group,
            plan: plan.to_owned(),
            join,
            leave: leave.into_iter().collect(),
            done: number_if(item, part::DONE)?,
            gone: gone.into_iter().collect(),
        }))
    }

    /// The change that this part makes.
    pub(super) fn edges(&self) -> Edges {
        let mut edges = Edges::of(self.group);
        for (id, kind) in &self.join {
            edges.add(*id, Some(*kind));
        }
        edges.remove = self.leave.iter().map(|id| (*id, None)).collect();
        edges
    }

    /// The joining members that had been deleted.
    pub(super) fn deleted(&self) -> impl Iterator<Item = DeltaMember> {
        let gone = self.gone.iter();
        gone.map(|id| DeltaMember::Leaves(*id, self.join.get(id).copied()))
    }

    /// The intents for the members of this part.
    pub(crate) fn intents(&self, tenant: &TenantId) -> Vec<Item> {
        let join = self.join.iter().map(|(id, kind)| (*id, letter(*kind)));
        let leave = self.leave.iter().map(|id| (*id, LEAVES));
        join.chain(leave)
            .map(|(id, word)| {
                let key = keys::intent(tenant, id, self.group, &self.plan);
                table::item(&key, [(KIND, s(word))])
            })
            .collect()
    }

    /// The keys of the intents.
    pub(super) fn intent_keys(&self, tenant: &TenantId) -> Vec<Key> {
        let ids = self.join.keys().chain(&self.leave);
        ids.map(|id| keys::intent(tenant, *id, self.group, &self.plan))
            .collect()
    }
}

/// The letter in an intent for a member that leaves.
pub(super) const LEAVES: &str = "r";

/// Concatenates ids into one text.
pub(super) fn joined<'i>(ids: impl Iterator<Item = &'i ResourceId>) -> String {
    let ids: Vec<&str> = ids.map(ResourceId::as_str).collect();
    ids.join(" ")
}

fn read(ids: &str) -> Option<Vec<ResourceId>> {
    ids.split_ascii_whitespace()
        .map(ResourceId::parse)
        .collect()
}
