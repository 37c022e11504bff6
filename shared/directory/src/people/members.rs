//! Edges between groups and their members. Each edge is stored twice: under the group and under the member.
//!
//! The transaction that adds an edge also increments the *fence* of the member's item. The increment fails if the member
//! was deleted, and a deletion of the member fails if the fence changed since the deletion read the member's edges.
//!
//! A change that fits one transaction is made in one. A larger change is a *plan*: `write::large` writes and commits
//! it, `apply` applies it, and `overlay` reads memberships while a plan is open.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use scim_core::members::{Base, MembershipDelta};
use scim_core::{ResourceId, ResourceKind};

use crate::limits::{MOST_ACTIONS, MOST_MEMBERS};
use crate::people::directory::{Directory, MemberRef};
use crate::people::item::{Stored, same_fence};
use crate::table::keys::attribute::member::KIND;
use crate::table::keys::attribute::resource as attribute;
use crate::table::keys::{self, Key};
use crate::table::{
    self, Actions, ConditionExpression, DirectoryError, Item, ItemUpdate, Role, corrupt, n,
    number_if, s, sort_key, text,
};

mod apply;
mod delta;
mod existing;
mod new_version;
mod overlay;
mod plan_part;
mod with_members;

pub(crate) use delta::{Delta, DeltaMember, add_members, read_delta};
pub(crate) use overlay::{Plans, plans_of};
pub(crate) use plan_part::PlanPart;

/// The actions of a group change besides those for its members: the group, its counter, its old and new marker, its old and
/// new externalId lookup.
const OTHER_ACTIONS: usize = 6;
/// The actions for a member that joins.
const ACTIONS_PER_MEMBER: usize = 3;
/// The actions for a member that leaves.
const ACTIONS_PER_FORMER: usize = 2;
/// The edges that a group change adds and removes.
#[derive(Clone, Debug)]
pub struct Edges {
    group: ResourceId,
    add: BTreeMap<ResourceId, Joining>,
    /// Who leaves; the type is `None` unless the change had to read it.
    remove: BTreeMap<ResourceId, Option<ResourceKind>>,
    is_fenced: bool,
    /// The group and all its ancestors, each with the fence that it had when its parents were read; empty unless a group
    /// may become a member.
    ancestors: BTreeMap<ResourceId, u64>,
}

/// The type of a new member.
#[derive(Clone, Copy, Debug)]
struct Joining {
    kind: ResourceKind,
    /// Whether the client stated the type; if not, the member is assumed to be a user until the table shows that it is a
    /// group.
    is_said: bool,
}

impl Edges {
    /// An empty change of a group.
    #[must_use]
    pub const fn of(group: ResourceId) -> Self {
        Self {
            group,
            add: BTreeMap::new(),
            remove: BTreeMap::new(),
            is_fenced: false,
            ancestors: BTreeMap::new(),
        }
    }

    pub(crate) fn add(&mut self, id: ResourceId, kind: Option<ResourceKind>) {
        self.add.insert(
            id,
            Joining {
                kind: kind.unwrap_or(ResourceKind::User),
                is_said: kind.is_some(),
            },
        );
    }

    /// Makes the change conditional on the version of the group that was read.
    pub const fn fence_version(&mut self) {
        self.is_fenced = true;
    }

    /// The group whose members change.
    pub(crate) const fn group(&self) -> ResourceId {
        self.group
    }

    /// The number of members that join.
    pub(crate) fn added(&self) -> u64 {
        u64::try_from(self.add.len()).unwrap_or_default()
    }

    /// The change in the number of members.
    pub(crate) fn balance(&self) -> i64 {
        let count = |length: usize| i64::try_from(length).unwrap_or_default();
        count(self.add.len()) - count(self.remove.len())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// Whether the change is conditional on the version of the group.
    pub(crate) const fn is_fenced(&self) -> bool {
        self.is_fenced
    }

    /// The fence that the group must still have if groups become its members.
    pub(crate) fn fence(&self) -> Option<u64> {
        self.ancestors.get(&self.group).copied()
    }

    /// Whether the change needs a plan, whatever else the request changes.
    pub(crate) fn is_large(&self) -> bool {
        let joining = self.add.len().saturating_mul(ACTIONS_PER_MEMBER);
        let leaving = self.remove.len().saturating_mul(ACTIONS_PER_FORMER);
        joining.saturating_add(leaving) > MOST_ACTIONS - OTHER_ACTIONS
    }

    /// Rejects a change of more members than one request can change.
    pub(crate) fn check_bound(&self) -> Result<(), DirectoryError> {
        let given = self.add.len() + self.remove.len();
        match given > MOST_MEMBERS {
            true => Err(DirectoryError::TooManyMembers {
                given,
                most: MOST_MEMBERS,
            }),
            false => Ok(()),
        }
    }

    /// The groups that join.
    pub(crate) fn groups(&self) -> impl Iterator<Item = ResourceId> {
        let groups = self.add.iter();
        groups
            .filter(|(_, joining)| joining.kind == ResourceKind::Group)
            .map(|(id, _)| *id)
    }

    /// Adjusts the change after a rejected transaction: drops edges that exist already or do not exist, and recognises
    /// members that are groups.
    pub(crate) fn settle(&mut self, refused: &[Role]) -> Result<(), DirectoryError> {
        for role in refused {
            match role {
                Role::Added(id) => {
                    self.add.remove(id);
                }
                Role::Removed(id) => {
                    self.remove.remove(id);
                }
                Role::Member(id) => match self.add.get_mut(id) {
                    Some(joining) if !joining.is_said => {
                        *joining = Joining {
                            kind: ResourceKind::Group,
                            is_said: true,
                        };
                    }
                    Some(_) => return Err(DirectoryError::NoSuchMember(*id)),
                    None => {}
                },
                Role::Resource
                | Role::Ancestor
                | Role::Task
                | Role::Marker
                | Role::Seat
                | Role::Claim(_)
                | Role::Kept
                | Role::Left(_)
                | Role::Certain => {}
            }
        }
        Ok(())
    }
}

impl Directory {
    /// All members of a group without an open plan, in the order of ids.
    pub async fn members_of(&self, group: ResourceId) -> Result<Vec<MemberRef>, DirectoryError> {
        let mut by_group = self.members_between(group, group, &Plans::new()).await?;
        Ok(by_group.remove(&group).unwrap_or_default())
    }

    /// The ids of the groups of a member, including deleted groups.
    pub(crate) async fn edges_of(
        &self,
        member: ResourceId,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let edges = self.edges_between(member, member).await?;
        Ok(edges.into_iter().map(|(_, group)| group).collect())
    }

    /// The edges that a membership delta adds and removes. A delta that replaces all members is compared with the current
    /// members and is then conditional on the group's version.
    ///
    /// # Errors
    ///
    /// `TooManyMembers` when the delta exceeds what one request can change, `OutOfTime`.
    pub async fn edges_for(
        &self,
        group: ResourceId,
        delta: MembershipDelta,
    ) -> Result<Edges, DirectoryError> {
        let mut edges = Edges::of(group);
        for (id, kind) in &delta.add {
            edges.add(*id, *kind);
        }
        match delta.base {
            Base::Present => {
                edges.remove = delta.remove.into_iter().map(|id| (id, None)).collect();
                edges.check_bound()?;
                if edges.is_large() {
                    self.prepared(self.narrow(&mut edges)).await?;
                }
            }
            Base::Nobody => {
                edges.check_bound()?;
                edges.is_fenced = true;
                for MemberRef { id, kind } in self.prepared(self.members_of(group)).await? {
                    if edges.add.remove(&id).is_none() {
                        edges.remove.insert(id, Some(kind));
                    }
                }
                edges.check_bound()?;
            }
        }
        Ok(edges)
    }

    /// Adds the checks that the ancestors' fences have not changed since they were read.
    pub(crate) fn ancestors(&self, actions: &mut Actions, edges: &Edges) {
        for (id, fence) in edges.ancestors.iter().filter(|(id, _)| **id != edges.group) {
            let key = keys::resource(self.table.tenant(), ResourceKind::Group, *id);
            actions.check(key, same_fence(*fence), Role::Ancestor);
        }
    }

    /// Adds the increment of a member's fence, which fails if the member does not exist.
    pub(crate) fn mark(&self, actions: &mut Actions, kind: ResourceKind, member: ResourceId) {
        let fence = ItemUpdate::of(keys::resource(self.table.tenant(), kind, member))
            .add(attribute::FENCE, n(1))
            .when(ConditionExpression::Present);
        actions.update(fence, Role::Member(member));
    }

    /// Adds the actions for all edges of a change.
    pub(crate) fn edges(&self, actions: &mut Actions, edges: &Edges) {
        for (id, joining) in &edges.add {
            let key = keys::member(self.table.tenant(), edges.group, *id);
            let item = table::item(&key, [(KIND, s(letter(joining.kind)))]);
            actions.put(item, Role::Added(*id));
            let key = keys::membership(self.table.tenant(), *id, edges.group);
            actions.put(table::item(&key, []), Role::Certain);
            self.mark(actions, joining.kind, *id);
        }
        for id in edges.remove.keys() {
            let key = keys::member(self.table.tenant(), edges.group, *id);
            actions.delete_present(key, Role::Removed(*id));
            let key = keys::membership(self.table.tenant(), *id, edges.group);
            actions.delete(key);
        }
    }

    /// The resource to delete and the groups that it must leave, including groups that an open plan adds it to.
    ///
    /// The resource is read before its edges, because the deletion fails if the fence changed after the resource was read.
    /// A group is seldom a member of another group, so the group and its edges are read in parallel, and both again if the
    /// group ever joined another one.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn to_delete(
        &self,
        kind: ResourceKind,
        id: ResourceId,
    ) -> Result<Option<(Stored, Vec<ResourceId>)>, DirectoryError> {
        if kind == ResourceKind::Group {
            let beside = self.branch();
            let (found, groups) = tokio::try_join!(self.get(kind, id), beside.edges_of(id))?;
            match found {
                Some(group) if group.fence == 0 => return Ok(Some((group, groups))),
                Some(_) => {}
                None => return Ok(None),
            }
        }
        match self.get(kind, id).await? {
            Some(found) => Ok(Some((found, self.edges_of(id).await?))),
            None => Ok(None),
        }
    }

    /// Rejects new members that are the group itself or contain it. The ancestors' fences are stored in `edges`, so that
    /// the change fails if an ancestor joins another group meanwhile.
    pub(crate) async fn check_cycles(&self, edges: &mut Edges) -> Result<(), DirectoryError> {
        if edges.add.contains_key(&edges.group) {
            return Err(DirectoryError::Cycle(edges.group));
        }
        edges.ancestors.clear();
        let is_nested = edges
            .add
            .values()
            .any(|joining| joining.kind == ResourceKind::Group);
        let mut level = match is_nested {
            true => vec![edges.group],
            false => Vec::new(),
        };
        while !level.is_empty() {
            // The fences are read before the edges, so that a change between the two reads is detected.
            let keys: Vec<Key> = level
                .iter()
                .map(|id| keys::resource(self.table.tenant(), ResourceKind::Group, *id))
                .collect();
            let mut present = Vec::new();
            for item in self.table.batch_get(&keys).await? {
                let id = ResourceId::parse(sort_key(&item)).ok_or_else(|| corrupt("group"))?;
                if edges.add.contains_key(&id) {
                    return Err(DirectoryError::Cycle(id));
                }
                let fence = number_if(&item, attribute::FENCE)?.unwrap_or_default();
                edges.ancestors.insert(id, fence);
                present.push(id);
            }
            let parents = try_join_all(present.into_iter().map(|id| self.edges_of(id))).await?;
            let unseen: BTreeSet<ResourceId> = parents
                .into_iter()
                .flatten()
                .filter(|parent| !edges.ancestors.contains_key(parent))
                .collect();
            level = unseen.into_iter().collect();
        }
        Ok(())
    }
}

/// The type of the member of an edge.
fn edge_kind(item: &Item) -> ResourceKind {
    match text(item, KIND) {
        Some("g") => ResourceKind::Group,
        _ => ResourceKind::User,
    }
}

/// The letter for the member's type in an edge.
const fn letter(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::User => "u",
        ResourceKind::Group => "g",
    }
}
