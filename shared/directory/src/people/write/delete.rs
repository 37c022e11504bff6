//! Deletes a resource with its index entries and removes it from all its groups.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scim_core::ResourceId;

use super::removal::ACTIONS_PER_GROUP;
use crate::limits::{CLEARED_AT_ONCE, DEPARTURE_TIME, MOST_ACTIONS, MOST_ROUNDS};
use crate::people::directory::Directory;
use crate::people::item::Stored;
use crate::people::task_item::{TaskKind, task_item};
use crate::table::{DirectoryError, Role, WriteId, keys};

impl Directory {
    /// Deletes a resource with its index entries and removes it from its groups.
    ///
    /// # Errors
    ///
    /// `Stale` when the resource changed or joined a group since `current` was read; `Contended`.
    pub async fn delete(
        &self,
        current: &Stored,
        groups: Vec<ResourceId>,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let (kind, id) = (current.resource.kind, current.resource.id);
        let task = keys::task(self.table.tenant(), id, write.as_str());
        let has_edges = current.members > 0 || current.plan.is_some();
        let mut left: BTreeMap<ResourceId, bool> =
            groups.into_iter().map(|group| (group, true)).collect();
        for round in 0..MOST_ROUNDS {
            let mut actions = self.removal(current, now, write)?;
            if has_edges {
                // With this task a finisher finds the edges that are still to be cleared.
                let item = task_item(&task, TaskKind::Deletion(kind), now);
                actions.put(item, Role::Certain);
            }
            if let Some(plan) = &current.plan {
                let key = keys::task(self.table.tenant(), id, plan);
                actions.delete(key);
            }
            if left.len() > (MOST_ACTIONS - actions.len()) / ACTIONS_PER_GROUP {
                let groups = left.into_keys().collect();
                return self.delete_large(current, groups, now, write).await;
            }
            for (group, exists) in &left {
                self.leave(&mut actions, (kind, id), *group, *exists, now, write);
            }
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                // The deletion is committed: a finisher clears what is left.
                let is_small = current.members <= CLEARED_AT_ONCE && current.plan.is_none();
                if has_edges && is_small {
                    let clear = async {
                        self.clear_group(id).await?;
                        self.close_task(&task).await
                    };
                    let _ = self.afterwards(DEPARTURE_TIME, clear).await;
                }
                return Ok(());
            }
            if refused.contains(&Role::Resource) {
                return Err(DirectoryError::Stale);
            }
            self.look_after(&refused, &mut left, now, write).await?;
        }
        Err(DirectoryError::Contended)
    }
}
