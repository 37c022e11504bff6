//! Nested groups: indirect membership through other groups.
//!
//! A group that never joined another group has no fence, which is part of the group's item. So finding ancestors costs no
//! extra read where groups are not nested.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use scim_core::{ResourceId, ResourceKind};

use crate::limits::SIDE_BY_SIDE;
use crate::people::directory::{Directory, GroupRef, Through};
use crate::people::item::read_resource;
use crate::table::DirectoryError;
use crate::table::keys::{self, Key};

/// A group and the groups that it is a member of.
struct ParentGroups {
    display: String,
    parents: Vec<ResourceId>,
}

/// The direct and indirect members of a group.
#[derive(Default, Debug)]
pub(crate) struct Descendants {
    /// The group itself and the groups nested in it.
    pub(crate) groups: BTreeSet<ResourceId>,
    /// The direct and indirect users.
    pub(crate) users: BTreeSet<ResourceId>,
}

impl Directory {
    /// The groups of all members in a range of ids, with one query for a page of consecutive ids.
    pub async fn groups_between(
        &self,
        first: ResourceId,
        last: ResourceId,
    ) -> Result<BTreeMap<ResourceId, Vec<GroupRef>>, DirectoryError> {
        let edges = self.edges_between(first, last).await?;
        self.groups_at(edges).await
    }

    /// The groups of these members, with parallel queries, one per member.
    pub async fn groups_of(
        &self,
        members: &[ResourceId],
    ) -> Result<BTreeMap<ResourceId, Vec<GroupRef>>, DirectoryError> {
        let branches = members.iter().copied().map(|member| {
            let branch = self.branch();
            async move { branch.edges_between(member, member).await }
        });
        let edges: Vec<_> = stream::iter(branches)
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        self.groups_at(edges.concat()).await
    }

    /// The groups that edges lead to, and those groups' ancestors. An edge to a deleted group is ignored.
    pub(crate) async fn groups_at(
        &self,
        edges: Vec<(ResourceId, ResourceId)>,
    ) -> Result<BTreeMap<ResourceId, Vec<GroupRef>>, DirectoryError> {
        let mut direct: BTreeMap<ResourceId, BTreeSet<ResourceId>> = BTreeMap::new();
        for (member, group) in edges {
            direct.entry(member).or_default().insert(group);
        }
        let known = self
            .upwards(direct.values().flatten().copied().collect())
            .await?;
        let refer = |id: &ResourceId, through| {
            known.get(id).map(|group| GroupRef {
                id: *id,
                display: group.display.clone(),
                through,
            })
        };
        let refs = |groups: BTreeSet<ResourceId>| -> Vec<GroupRef> {
            let above = closure(&groups, &known);
            let own = groups.iter().filter_map(|id| refer(id, Through::Itself));
            let others = above.difference(&groups);
            own.chain(others.filter_map(|id| refer(id, Through::Another)))
                .collect()
        };
        Ok(direct
            .into_iter()
            .map(|(member, groups)| (member, refs(groups)))
            .filter(|(_, groups)| !groups.is_empty())
            .collect())
    }

    /// Reads these groups and all their ancestors, without deleted groups.
    async fn upwards(
        &self,
        groups: BTreeSet<ResourceId>,
    ) -> Result<BTreeMap<ResourceId, ParentGroups>, DirectoryError> {
        let mut known = BTreeMap::new();
        let mut level = groups;
        while !level.is_empty() {
            let keys: Vec<Key> = level
                .iter()
                .map(|id| keys::resource(self.table.tenant(), ResourceKind::Group, *id))
                .collect();
            let mut nested = Vec::new();
            for item in self.table.batch_get(&keys).await? {
                let stored = read_resource(ResourceKind::Group, &item)?;
                let group = stored.resource;
                if stored.fence > 0 {
                    nested.push(group.id);
                }
                let display = group.text("displayName").unwrap_or_default().to_owned();
                let parents = Vec::new();
                known.insert(group.id, ParentGroups { display, parents });
            }
            let parents = try_join_all(nested.iter().map(|id| {
                let branch = self.branch();
                async move { branch.edges_of(*id).await }
            }))
            .await?;
            level = parents.iter().flatten().copied().collect();
            for (id, parents) in nested.into_iter().zip(parents) {
                if let Some(group) = known.get_mut(&id) {
                    group.parents = parents;
                }
            }
            level.retain(|id| !known.contains_key(id));
        }
        Ok(known)
    }

    /// The direct and indirect members of a group.
    ///
    /// # Errors
    ///
    /// `TooMany` when the result exceeds `most`.
    pub(crate) async fn descendants(
        &self,
        group: ResourceId,
        most: usize,
    ) -> Result<Descendants, DirectoryError> {
        let mut descendants = Descendants::default();
        let mut level = vec![group];
        while let Some(id) = level.pop() {
            if !descendants.groups.insert(id) {
                continue;
            }
            let room = most.saturating_sub(descendants.users.len());
            let Some(members) = self.members_now(id, room).await? else {
                descendants.groups.remove(&id);
                continue;
            };
            for member in members {
                match member.kind {
                    ResourceKind::Group => level.push(member.id),
                    ResourceKind::User => {
                        descendants.users.insert(member.id);
                    }
                }
            }
            if descendants.users.len() + descendants.groups.len() > most {
                return Err(DirectoryError::TooMany);
            }
        }
        Ok(descendants)
    }
}

/// These groups and all their ancestors.
fn closure(
    groups: &BTreeSet<ResourceId>,
    known: &BTreeMap<ResourceId, ParentGroups>,
) -> BTreeSet<ResourceId> {
    let mut found = BTreeSet::new();
    let mut left: Vec<ResourceId> = groups.iter().copied().collect();
    while let Some(id) = left.pop() {
        if let Some(group) = known.get(&id)
            && found.insert(id)
        {
            left.extend(&group.parents);
        }
    }
    found
}
