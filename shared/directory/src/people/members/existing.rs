//! Finds out which resources and edges of a change exist.

use std::collections::BTreeSet;

use scim_core::{ResourceId, ResourceKind};

use super::{Edges, Joining};
use crate::people::directory::{Directory, MemberRef};
use crate::table::keys::{self, Key};
use crate::table::{DirectoryError, sort_key};

impl Directory {
    /// Drops the edges of a change that exist already or do not exist.
    pub(super) async fn narrow(&self, edges: &mut Edges) -> Result<(), DirectoryError> {
        let ids = edges.add.keys().chain(edges.remove.keys());
        let wanted: Vec<Key> = ids
            .map(|id| keys::member(self.table.tenant(), edges.group, *id))
            .collect();
        let found = self.table.batch_keys(&wanted).await?;
        let present: BTreeSet<ResourceId> = found
            .iter()
            .filter_map(|item| keys::edge(sort_key(item)))
            .map(|(_, member)| member)
            .collect();
        edges.add.retain(|id, _| !present.contains(id));
        edges.remove.retain(|id, _| present.contains(id));
        Ok(())
    }

    /// Finds out the types of the new members.
    ///
    /// # Errors
    ///
    /// `NoSuchMember`.
    pub(crate) async fn know(&self, edges: &mut Edges) -> Result<(), DirectoryError> {
        let (groups, users): (Vec<_>, Vec<_>) = edges
            .add
            .iter()
            .map(|(id, joining)| (*id, *joining))
            .partition(|(_, joining)| joining.kind == ResourceKind::Group);
        let users_found = self.existing(ResourceKind::User, users.iter().map(|(id, _)| *id));
        let users_found = users_found.await?;
        let mut groups: Vec<ResourceId> = groups.into_iter().map(|(id, _)| id).collect();
        for (id, joining) in users.iter().filter(|(id, _)| !users_found.contains(id)) {
            if joining.is_said {
                return Err(DirectoryError::NoSuchMember(*id));
            }
            groups.push(*id);
        }
        let groups_found = self
            .existing(ResourceKind::Group, groups.iter().copied())
            .await?;
        for id in groups {
            if !groups_found.contains(&id) {
                return Err(DirectoryError::NoSuchMember(id));
            }
            let joining = Joining {
                kind: ResourceKind::Group,
                is_said: true,
            };
            edges.add.insert(id, joining);
        }
        Ok(())
    }

    /// The ids that exist.
    async fn existing(
        &self,
        kind: ResourceKind,
        ids: impl Iterator<Item = ResourceId>,
    ) -> Result<BTreeSet<ResourceId>, DirectoryError> {
        // BatchGetItem rejects duplicate keys.
        let ids: BTreeSet<ResourceId> = ids.collect();
        let wanted: Vec<Key> = ids
            .into_iter()
            .map(|id| keys::resource(self.table.tenant(), kind, id))
            .collect();
        let found = self.table.batch_keys(&wanted).await?;
        Ok(found
            .iter()
            .filter_map(|item| ResourceId::parse(sort_key(item)))
            .collect())
    }

    /// The members that exist.
    pub(super) async fn present(
        &self,
        members: impl Iterator<Item = MemberRef>,
    ) -> Result<BTreeSet<ResourceId>, DirectoryError> {
        let (groups, users): (Vec<MemberRef>, Vec<MemberRef>) =
            members.partition(|member| member.kind == ResourceKind::Group);
        let ids = |members: Vec<MemberRef>| members.into_iter().map(|member| member.id);
        let mut present = self.existing(ResourceKind::User, ids(users)).await?;
        present.extend(self.existing(ResourceKind::Group, ids(groups)).await?);
        Ok(present)
    }
}
