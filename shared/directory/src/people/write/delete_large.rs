//! Deletions that do not fit one transaction, and clearing the edges of deleted resources.
//!
//! A resource in many groups departs in three steps: its edges are marked, then the resource is deleted, then it is removed
//! from its groups one after the other. A marked edge counts as long as its member exists, so the deletion removes the
//! member from all groups at once. The version of each group increases when its edge is deleted.
//!
//! Readers ignore the edges of a deleted group. Ids are never reused, so these edges can be deleted at any time.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use super::removal::ACTIONS_PER_GROUP;
use crate::limits::{DEPARTURE_TIME, EDGES_AT_ONCE, MOST_ACTIONS, MOST_ROUNDS, SIDE_BY_SIDE};
use crate::people::directory::Directory;
use crate::people::item::Stored;
use crate::people::task_item::TaskKind;
use crate::table::keys::attribute::member::DEPARTS;
use crate::table::keys::{self, Key};
use crate::table::{
    Actions, ConditionExpression, DirectoryError, ItemUpdate, Put, Range, Role, WriteId, is, s,
    sort_key,
};

impl Directory {
    /// Deletes a resource that is in more groups than fit one transaction.
    pub(super) async fn delete_large(
        &self,
        current: &Stored,
        groups: Vec<ResourceId>,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let (kind, id) = (current.resource.kind, current.resource.id);
        let task = keys::task(self.table.tenant(), id, write.as_str());
        self.prepared(async {
            self.open_task(&task, TaskKind::Deletion(kind), now).await?;
            self.mark_leaving(id, &groups, write).await
        })
        .await?;
        let mut actions = self.removal(current, now, write)?;
        actions.check_task(task.clone());
        let token = write.derived("commit").token(0);
        let refused = self.run(actions, &token).await?;
        if !refused.is_empty() {
            let _ = self.stay(id, write.as_str()).await;
            return Err(DirectoryError::Stale);
        }
        // The deletion is committed: a finisher does what is left.
        let by = write.derived("departure");
        let clear = async {
            self.clear_behind(kind, id, now, &by).await?;
            self.close_task(&task).await
        };
        let _ = self.afterwards(DEPARTURE_TIME, clear).await;
        Ok(())
    }

    async fn mark_leaving(
        &self,
        member: ResourceId,
        groups: &[ResourceId],
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let marks: Vec<_> = groups
            .iter()
            .map(|group| {
                let key = keys::member(self.table.tenant(), *group, member);
                async move {
                    let branch = self.branch();
                    let mark = ItemUpdate::of(key)
                        .set(DEPARTS, s(write.as_str()))
                        .when(ConditionExpression::Present);
                    // A missing edge is handled when the resource leaves the group.
                    branch.table.update(&mark).await.map(drop)
                }
            })
            .collect();
        stream::iter(marks)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    /// Abandons an uncommitted departure and removes its marks and its task.
    pub(crate) async fn stay(&self, member: ResourceId, write: &str) -> Result<(), DirectoryError> {
        let task = keys::task(self.table.tenant(), member, write);
        self.give_up_task(&task).await?;
        let groups = self.edges_of(member).await?;
        let marks: Vec<_> = groups
            .into_iter()
            .map(|group| {
                let key = keys::member(self.table.tenant(), group, member);
                async move {
                    let branch = self.branch();
                    let unmark = ItemUpdate::of(key)
                        .remove(DEPARTS)
                        .when(is(DEPARTS, s(write)));
                    match branch.table.update(&unmark).await? {
                        Put::Done | Put::ConditionFailed(_) => Ok::<_, DirectoryError>(()),
                    }
                }
            })
            .collect();
        stream::iter(marks)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect::<()>()
            .await?;
        self.close_task(&task).await
    }

    /// Clears all edges of a deleted resource.
    pub(crate) async fn clear_behind(
        &self,
        kind: ResourceKind,
        id: ResourceId,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let groups = self.edges_of(id).await?;
        let most = MOST_ACTIONS / ACTIONS_PER_GROUP;
        let batches: Vec<_> = groups
            .chunks(most)
            .map(|groups| {
                let first = groups.first().map_or("", ResourceId::as_str);
                let by = by.derived(first);
                async move { self.branch().leave_all((kind, id), groups, now, &by).await }
            })
            .collect();
        stream::iter(batches)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect::<()>()
            .await?;
        match kind {
            ResourceKind::User => Ok(()),
            ResourceKind::Group => self.clear_group(id).await,
        }
    }

    async fn leave_all(
        &self,
        member: (ResourceKind, ResourceId),
        groups: &[ResourceId],
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let mut left: BTreeMap<ResourceId, bool> =
            groups.iter().map(|group| (*group, true)).collect();
        for round in 0..MOST_ROUNDS {
            let mut actions = Actions::default();
            for (group, exists) in &left {
                self.leave(&mut actions, member, *group, *exists, now, by);
            }
            let refused = self.run(actions, &by.token(round)).await?;
            if refused.is_empty() {
                return Ok(());
            }
            self.look_after(&refused, &mut left, now, by).await?;
        }
        Err(DirectoryError::Contended)
    }

    /// Handles groups that could not be left: a deleted group, or one without this member, need not be left; a group's open
    /// plan is applied first.
    pub(super) async fn look_after(
        &self,
        refused: &[Role],
        left: &mut BTreeMap<ResourceId, bool>,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        for role in refused {
            let (Role::Left(group) | Role::Removed(group)) = role else {
                continue;
            };
            let head = self.get(ResourceKind::Group, *group).await?;
            let is_refused = |role| refused.contains(&role);
            match head.map(|head| head.plan) {
                Some(Some(plan)) => self.carry_out(*group, &plan, now, by).await?,
                // The group had a plan, which has been applied by now.
                Some(None) if is_refused(Role::Left(*group)) => {}
                None | Some(None) => {
                    left.insert(*group, false);
                }
            }
        }
        Ok(())
    }

    /// Deletes the plans and edges of a deleted group. Plans are deleted first, because parts applied until then have
    /// become edges.
    pub(super) async fn clear_group(&self, group: ResourceId) -> Result<(), DirectoryError> {
        self.clear_plans(group).await?;
        let (from, to) = keys::edge_range(group, group);
        let pk = keys::members(self.table.tenant());
        let range = Range { pk, from, to };
        let mut pages = self.table.pages(&range, Direction::Ascending);
        while let Some(items) = pages.next_of(Some(EDGES_AT_ONCE)).await? {
            let edges = items.iter().filter_map(|item| keys::edge(sort_key(item)));
            // The group's side of an edge is deleted last, because it leads to the member's side.
            let members: Vec<ResourceId> = edges.map(|(_, member)| member).collect();
            let keys: Vec<Key> = members
                .iter()
                .map(|member| keys::membership(self.table.tenant(), *member, group))
                .collect();
            self.table.batch_delete(&keys).await?;
            let keys: Vec<Key> = members
                .iter()
                .map(|member| keys::member(self.table.tenant(), group, *member))
                .collect();
            self.table.batch_delete(&keys).await?;
        }
        Ok(())
    }
}
