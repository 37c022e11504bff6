//! Deletions that one transaction does not hold, and what is cleared behind one.
//!
//! A resource in many groups departs: its edges are marked, then it is deleted, then it is taken out of its
//! groups one after the other. A marked edge counts as long as its member exists, so that with the deletion it is
//! out of all groups at once; the version of each group grows when its edge goes.
//!
//! The edges of a deleted group count for nothing. Ids are never used again, so they can go at any time.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use super::delete::ACTIONS_PER_GROUP;
use crate::people::directory::Directory;
use crate::people::item::Stored;
use crate::people::members::{DEPARTS, MOST_ACTIONS};
use crate::people::task::Work;
use crate::table::keys::{self, Key};
use crate::table::{
    Actions, DirectoryError, Put, Range, Role, SIDE_BY_SIDE, WriteId, s, sort_key, update,
};

/// How long one request takes a resource out of its groups after the deletion.
pub(super) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// How many edges of a deleted group are read at once, so that a process that clears many groups holds few.
const EDGES_AT_ONCE: usize = 2_000;

impl Directory {
    /// Deletes a resource that is in more groups than one transaction can take it out of.
    pub(super) async fn depart(
        &self,
        current: &Stored,
        groups: Vec<ResourceId>,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let (kind, id) = (current.resource.kind, current.resource.id);
        let task = keys::task(&self.tenant, id, write.as_str());
        self.prepared(async {
            self.open_task(&task, Work::Deletion(kind), now).await?;
            self.mark_departing(id, &groups, write).await
        })
        .await?;
        let mut actions = self.removal(current, now)?;
        actions.check_task(self.store.table(), &task)?;
        let token = write.derived("commit").token(0);
        let refused = self.run(actions, &token).await?;
        if !refused.is_empty() {
            let _ = self.stay(id, write.as_str()).await;
            return Err(DirectoryError::Stale);
        }
        // Committed: what is not done now is done later.
        let by = write.derived("departure");
        let clear = async {
            self.clear_behind(kind, id, now, &by).await?;
            self.close_task(&task).await
        };
        let _ = self.afterwards(PATIENCE, clear).await;
        Ok(())
    }

    async fn mark_departing(
        &self,
        member: ResourceId,
        groups: &[ResourceId],
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let marks: Vec<_> = groups
            .iter()
            .map(|group| {
                let key = keys::member(&self.tenant, *group, member);
                async move {
                    let branch = self.branch();
                    let mark = update(
                        branch.store.table(),
                        &key,
                        &format!("SET {DEPARTS} = :write"),
                        Some("attribute_exists(pk)"),
                        vec![(":write", s(write.as_str()))],
                    )?;
                    // An edge that is gone, or is not made yet, will be met again when the group is left.
                    branch.store.update(mark, &branch.meter).await.map(drop)
                }
            })
            .collect();
        stream::iter(marks)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    /// Gives a departure up that was not committed. Afterwards there is nothing left of it.
    pub(crate) async fn stay(&self, member: ResourceId, write: &str) -> Result<(), DirectoryError> {
        let task = keys::task(&self.tenant, member, write);
        self.give_up_task(&task).await?;
        let groups = self.edges_of(member).await?;
        let marks: Vec<_> = groups
            .into_iter()
            .map(|group| {
                let key = keys::member(&self.tenant, group, member);
                async move {
                    let branch = self.branch();
                    let unmark = update(
                        branch.store.table(),
                        &key,
                        &format!("REMOVE {DEPARTS}"),
                        Some(&format!("{DEPARTS} = :write")),
                        vec![(":write", s(write))],
                    )?;
                    match branch.store.update(unmark, &branch.meter).await? {
                        Put::Done | Put::Refused(_) => Ok::<_, DirectoryError>(()),
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

    /// Clears all edges of a resource that is gone.
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
                async move { self.branch().leave_all(id, groups, now, &by).await }
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
        member: ResourceId,
        groups: &[ResourceId],
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let mut left: BTreeMap<ResourceId, bool> =
            groups.iter().map(|group| (*group, true)).collect();
        for round in 0..super::MOST_ROUNDS {
            let mut actions = Actions::default();
            for (group, exists) in &left {
                self.leave(&mut actions, member, *group, *exists, now, by)?;
            }
            let refused = self.run(actions, &by.token(round)).await?;
            if refused.is_empty() {
                return Ok(());
            }
            self.look_after(&refused, &mut left, by).await?;
        }
        Err(DirectoryError::Contended)
    }

    /// Learns why groups could not be left: one that is gone, or has no such member any more, needs no leave; the
    /// plan of another one is carried out first.
    pub(super) async fn look_after(
        &self,
        refused: &[Role],
        left: &mut BTreeMap<ResourceId, bool>,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        for role in refused {
            let (Role::Left(group) | Role::Removed(group)) = role else {
                continue;
            };
            let head = self.get(ResourceKind::Group, *group).await?;
            let is_refused = |role| refused.contains(&role);
            match head.map(|head| head.plan) {
                Some(Some(plan)) => self.carry_out(*group, &plan, by).await?,
                // There was a plan, which is carried out by now.
                Some(None) if is_refused(Role::Left(*group)) => {}
                None | Some(None) => {
                    left.insert(*group, false);
                }
            }
        }
        Ok(())
    }

    /// Deletes the plans and edges of a group that is gone. Plans first: what is carried out of them until then is
    /// among the edges.
    pub(super) async fn clear_group(&self, group: ResourceId) -> Result<(), DirectoryError> {
        self.clear_plans(group).await?;
        let (from, to) = keys::edge_range(group, group);
        let pk = keys::members(&self.tenant);
        let range = Range { pk, from, to };
        let mut next = None;
        loop {
            let (items, following) = self
                .store
                .query_page(
                    &range,
                    Some(EDGES_AT_ONCE),
                    next,
                    Direction::Ascending,
                    &self.meter,
                )
                .await?;
            let edges = items.iter().filter_map(|item| keys::edge(sort_key(item)));
            // The edge seen from the group last: by it the other one is found.
            let members: Vec<ResourceId> = edges.map(|(_, member)| member).collect();
            let keys: Vec<Key> = members
                .iter()
                .map(|member| keys::membership(&self.tenant, *member, group))
                .collect();
            self.store.batch_delete(&keys, &self.meter).await?;
            let keys: Vec<Key> = members
                .iter()
                .map(|member| keys::member(&self.tenant, group, *member))
                .collect();
            self.store.batch_delete(&keys, &self.meter).await?;
            if following.is_none() {
                return Ok(());
            }
            next = following;
        }
    }
}
