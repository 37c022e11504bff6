//! Deletion: a resource goes with its index entries, out of all groups that it is in.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scim_core::ResourceId;

use super::{Actions, MOST_ROUNDS, Role};
use crate::directory::Directory;
use crate::error::DirectoryError;
use crate::items::{Stored, WriteId, indexed, n};
use crate::keys;
use crate::members::MOST_ACTIONS;

/// How many actions it takes to leave a group: the two edges, and the group's version and count.
const ACTIONS_PER_GROUP: usize = 3;

impl Directory {
    /// Deletes a resource with its index entries, and takes it out of the groups it is in.
    ///
    /// # Errors
    ///
    /// `Stale` when it changed, or joined a group, since `current` was read; `Gone`.
    pub async fn delete(
        &self,
        current: &Stored,
        groups: Vec<ResourceId>,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let resource = &current.resource;
        let entries = indexed(resource.kind, &resource.attributes);
        let mut left: BTreeMap<ResourceId, bool> =
            groups.into_iter().map(|group| (group, true)).collect();
        for round in 0..MOST_ROUNDS {
            let mut actions = Actions::default();
            self.remove_resource(&mut actions, current)?;
            self.index(&mut actions, resource, Some(&entries), None)?;
            actions.update(self.count(resource, -1)?, Role::Certain);
            let is_last = left.len() <= (MOST_ACTIONS - actions.len()) / ACTIONS_PER_GROUP;
            if !is_last {
                actions = Actions::default();
            }
            let most = MOST_ACTIONS / ACTIONS_PER_GROUP;
            let leaving: Vec<_> = left.iter().take(most).map(|(id, is)| (*id, *is)).collect();
            for (group, exists) in &leaving {
                self.leave(&mut actions, resource.id, *group, *exists, now, write)?;
            }
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.contains(&Role::Resource) {
                return Err(DirectoryError::Stale);
            }
            for role in &refused {
                if let Role::Left(group) | Role::Removed(group) = role {
                    left.insert(*group, false);
                }
            }
            if refused.is_empty() && is_last {
                return Ok(());
            }
            if refused.is_empty() {
                for (group, _) in leaving {
                    left.remove(&group);
                }
            }
        }
        Err(DirectoryError::Contended)
    }

    fn remove_resource(
        &self,
        actions: &mut Actions,
        current: &Stored,
    ) -> Result<(), DirectoryError> {
        let key = keys::resource(&self.tenant, current.resource.kind, current.resource.id);
        let version = (":v", n(current.resource.meta.version.0));
        let table = self.store.table();
        match current.fence {
            0 => actions.delete(
                table,
                &key,
                Some(("v = :v AND attribute_not_exists(f)", &[version])),
                Role::Resource,
            ),
            fence => actions.delete(
                table,
                &key,
                Some(("v = :v AND f = :f", &[version, (":f", n(fence))])),
                Role::Resource,
            ),
        }
    }
}
