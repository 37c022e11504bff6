//! Groups within groups: who belongs to a group through another one.
//!
//! A group that never joined another one has no fence, which is read with it; so looking upwards costs
//! nothing where no groups are nested.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use scim_core::{ResourceId, ResourceKind};

use crate::people::directory::{Directory, GroupRef, Through};
use crate::people::item::read_resource;
use crate::table::DirectoryError;
use crate::table::keys::{self, Key};

/// A group, and the groups that it is a member of.
struct Above {
    display: String,
    parents: Vec<ResourceId>,
}

/// Who belongs to a group, directly and through the groups in it.
#[derive(Default, Debug)]
pub(crate) struct Below {
    /// The group and the groups within.
    pub(crate) groups: BTreeSet<ResourceId>,
    /// The users.
    pub(crate) users: BTreeSet<ResourceId>,
}

impl Directory {
    /// The groups at the far end of edges, and the groups that they belong to. An edge whose group is
    /// gone counts for nothing.
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

    /// These groups and all groups above them, as far as they exist.
    async fn upwards(
        &self,
        groups: BTreeSet<ResourceId>,
    ) -> Result<BTreeMap<ResourceId, Above>, DirectoryError> {
        let mut known = BTreeMap::new();
        let mut level = groups;
        while !level.is_empty() {
            let keys: Vec<Key> = level
                .iter()
                .map(|id| keys::resource(&self.tenant, ResourceKind::Group, *id))
                .collect();
            let mut nested = Vec::new();
            for item in self.store.batch_get(&keys, &self.meter).await? {
                let stored = read_resource(ResourceKind::Group, &item)?;
                let group = stored.resource;
                if stored.fence > 0 {
                    nested.push(group.id);
                }
                let display = group.text("displayName").unwrap_or_default().to_owned();
                let parents = Vec::new();
                known.insert(group.id, Above { display, parents });
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

    /// Who belongs to a group, directly and through the groups in it.
    ///
    /// # Errors
    ///
    /// `TooMany` beyond `most`.
    pub(crate) async fn below(
        &self,
        group: ResourceId,
        most: usize,
    ) -> Result<Below, DirectoryError> {
        let mut below = Below::default();
        let mut level = vec![group];
        while let Some(id) = level.pop() {
            if !below.groups.insert(id) {
                continue;
            }
            let room = most.saturating_sub(below.users.len());
            let Some(members) = self.members_now(id, room).await? else {
                below.groups.remove(&id);
                continue;
            };
            for member in members {
                match member.kind {
                    ResourceKind::Group => level.push(member.id),
                    ResourceKind::User => {
                        below.users.insert(member.id);
                    }
                }
            }
            if below.users.len() + below.groups.len() > most {
                return Err(DirectoryError::TooMany);
            }
        }
        Ok(below)
    }
}

/// These groups and all groups above them.
fn closure(
    groups: &BTreeSet<ResourceId>,
    known: &BTreeMap<ResourceId, Above>,
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
