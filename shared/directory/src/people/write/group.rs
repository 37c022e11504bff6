//! Changes groups: their attributes, their members, or both.

use jiff::Timestamp;
use scim_core::{Attributes, ResourceId, ResourceKind};

use super::{PasswordHash, successor};
use crate::limits::{MOST_ACTIONS, MOST_ROUNDS};
use crate::people::directory::Directory;
use crate::people::item::{Indexed, Stored, indexed, no_plan, same_fence, taken};
use crate::people::members::{Delta, Edges};
use crate::table::keys::attribute::resource::{DELTA, MEMBERS, MODIFIED, VERSION, WRITE};
use crate::table::{
    Actions, ConditionExpression, DirectoryError, ItemUpdate, Role, WriteId, keys, n, s, to_millis,
};

impl Directory {
    /// Changes a group: its attributes, its members, or both.
    ///
    /// Changes of only members do not depend on each other, so they are made on any version of the group; all other changes
    /// are conditional on the version of `current`. Returns `None` if nothing changed. The returned version is exact unless
    /// another request changed members meanwhile. An open plan is applied first.
    ///
    /// # Errors
    ///
    /// `Stale`, `Taken`, `NoSuchMember`, `Cycle`, `TooManyGroups`, `TooLarge`, `Contended`,
    /// `OutOfTime`.
    pub async fn change_group(
        &self,
        current: &Stored,
        attributes: Attributes,
        mut edges: Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Option<Stored>, DirectoryError> {
        if let Some(plan) = &current.plan {
            let finished = self.carry_out(current.resource.id, plan, now, write);
            let finished = finished.await;
            return Err(match finished {
                Ok(()) => DirectoryError::Stale,
                // The next writer continues the plan.
                Err(DirectoryError::Contended) => DirectoryError::OutOfTime,
                Err(error) => error,
            });
        }
        let changing = Changing::new(current, attributes, now);
        if edges.is_large() {
            let changed = self.change_largely(&changing, edges, now, write);
            return changed.await.map(Some);
        }
        for round in 0..MOST_ROUNDS {
            self.check_cycles(&mut edges).await?;
            if changing.is_same && edges.is_empty() {
                return Ok(None);
            }
            let mut actions = Actions::default();
            let head = self.group_head(&changing, &edges, edges.balance(), now, write)?;
            actions.update(head, Role::Resource);
            let (next, entries) = (&changing.next, (&changing.before, &changing.after));
            self.index(
                &mut actions,
                &next.resource,
                Some(entries.0),
                Some(entries.1),
            );
            self.ancestors(&mut actions, &edges);
            self.edges(&mut actions, &edges);
            if actions.len() > MOST_ACTIONS {
                // The group has too many ancestors for one transaction.
                let changed = self.change_largely(&changing, edges, now, write);
                return changed.await.map(Some);
            }
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                let members = current.members.saturating_add_signed(edges.balance());
                return Ok(Some(Stored {
                    members,
                    ..changing.next
                }));
            }
            if let Some(error) = changing.refusal(&refused) {
                return Err(error);
            }
            edges.settle(&refused)?;
        }
        Err(DirectoryError::Contended)
    }

    /// The update of a group's own item.
    pub(crate) fn group_head(
        &self,
        changing: &Changing,
        edges: &Edges,
        balance: i64,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<ItemUpdate, DirectoryError> {
        let next = &changing.next.resource;
        let delta = Delta::of(edges);
        let head = if changing.is_same && !edges.is_fenced() {
            self.touch(next.id, &delta, balance, now, write)
        } else {
            let head = self.head(next, &PasswordHash::Keep, write)?;
            head.set(DELTA, delta.attribute(write))
                .add(MEMBERS, n(balance))
                .when(no_plan())
        };
        Ok(match edges.fence() {
            Some(fence) => head.when(same_fence(fence)),
            None => head,
        })
    }

    /// The update of a group when only its members change, conditional on no open plan.
    pub(crate) fn touch(
        &self,
        group: ResourceId,
        delta: &Delta,
        balance: i64,
        now: Timestamp,
        write: &WriteId,
    ) -> ItemUpdate {
        let key = keys::resource(self.table.tenant(), ResourceKind::Group, group);
        self.new_version(ItemUpdate::of(key), delta, now, write)
            .add(MEMBERS, n(balance))
            .when(ConditionExpression::Present.and(no_plan()))
    }

    /// Adds to an update of a group that it makes a new version of only its members.
    pub(crate) fn new_version(
        &self,
        update: ItemUpdate,
        delta: &Delta,
        now: Timestamp,
        write: &WriteId,
    ) -> ItemUpdate {
        let update = update
            .set(MODIFIED, n(to_millis(now).as_millisecond()))
            .set(WRITE, s(write.as_str()))
            .set(DELTA, delta.attribute(write))
            .add(VERSION, n(1));
        self.author.sign_update(update)
    }

    /// Writes the lists of a long delta, before the write that makes it.
    pub(crate) async fn write_lists(
        &self,
        delta: &Delta,
        group: ResourceId,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let lists = delta.lists(self.table.tenant(), group, write, now);
        self.table.batch_put(lists).await
    }
}

/// A group before and after a change.
pub(crate) struct Changing {
    pub(crate) next: Stored,
    pub(crate) before: Indexed,
    pub(crate) after: Indexed,
    /// Whether the attributes are unchanged.
    is_same: bool,
}

impl Changing {
    fn new(current: &Stored, attributes: Attributes, now: Timestamp) -> Self {
        Self {
            is_same: attributes == current.resource.attributes,
            before: indexed(ResourceKind::Group, &current.resource.attributes),
            after: indexed(ResourceKind::Group, &attributes),
            next: successor(current, attributes, now),
        }
    }

    /// The error for these rejected actions; `None` if the rejection concerns only members.
    pub(crate) fn refusal(&self, refused: &[Role]) -> Option<DirectoryError> {
        let is_stale = [Role::Ancestor, Role::Resource, Role::Task];
        if refused.iter().any(|role| is_stale.contains(role)) {
            return Some(DirectoryError::Stale);
        }
        let is_taken = refused.contains(&Role::Marker);
        is_taken.then(|| taken(ResourceKind::Group, self.after.name.clone()))
    }
}
