//! Large membership changes: the items of a plan and its commit.
//!
//! 1. The *task* records that a plan is being prepared, so that another process can find it if the owner dies.
//! 2. The *parts* list the members that join and leave; each part fits one transaction. Parts sort before the members
//!    of the group. Each of these members gets an *intent* among its memberships. So a reader of either range
//!    sees the plan without another call. Readers ignore the plan until it is committed.
//! 3. The *commit* is one transaction that writes the group's new version, which names the plan. From then on
//!    readers see the members that the plan results in.
//! 4. Each part is applied in one transaction, which also marks the part as done. It fails if the part is done already or
//!    deleted, so a late finisher or a resumed owner changes nothing, and parts need not wait for each other.
//! 5. Closing the plan is one update of the group, which removes the plan's name and adds the parts' balances to the
//!    member count. Then the intents, the parts and the task are deleted.
//!
//! If a member is deleted after the commit, its part adds no edge for it and does not count it. The commit already
//! increments the fences of groups that join, so that two plans cannot create a cycle of groups.

use jiff::Timestamp;
use scim_core::{Resource, ResourceKind};

use super::{Changing, CountChange};
use crate::limits::MOST_ACTIONS;
use crate::people::directory::Directory;
use crate::people::item::{Indexed, Stored, taken};
use crate::people::members::{Delta, Edges, PlanPart};
use crate::people::task_item::TaskKind;
use crate::table::keys;
use crate::table::keys::attribute::resource as attribute;
use crate::table::{Actions, DirectoryError, Role, WriteId, n, s};

impl Directory {
    /// Changes a group with a plan.
    pub(super) async fn change_largely(
        &self,
        changing: &Changing,
        mut edges: Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Stored, DirectoryError> {
        self.prepared(async {
            self.know(&mut edges).await?;
            self.check_cycles(&mut edges).await?;
            self.prepare(&edges, now, write).await
        })
        .await?;
        let head = self.group_head(changing, &edges, 0, now, write)?;
        let mut actions = Actions::default();
        actions.update(head.set(attribute::OPEN, s(write.as_str())), Role::Resource);
        self.index(
            &mut actions,
            &changing.next.resource,
            Some(&changing.before),
            Some(&changing.after),
        );
        let refused = self.commit(actions, &edges, now, write).await?;
        if refused.is_empty() {
            // The plan is committed: the next writer applies what is left.
            let done = self.carry_out(edges.group(), write.as_str(), now, write);
            let _ = done.await;
            return Ok(Stored {
                members: changing.next.members.saturating_add_signed(edges.balance()),
                plan: Some(write.as_str().to_owned()),
                ..changing.next.clone()
            });
        }
        let _ = self
            .give_up(edges.group(), write.as_str(), now, write)
            .await;
        Err(changing.refusal(&refused).unwrap_or(DirectoryError::Stale))
    }

    /// Creates a group with its members, using a plan.
    pub(super) async fn create_largely(
        &self,
        resource: Resource,
        entries: &Indexed,
        mut edges: Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Stored, DirectoryError> {
        self.prepared(async {
            self.know(&mut edges).await?;
            self.prepare(&edges, now, write).await
        })
        .await?;
        let mut item = self.new_item(&resource, &edges, None, write)?;
        // The closing of the plan counts them.
        item.set(attribute::MEMBERS, n(0));
        item.set(attribute::OPEN, s(write.as_str()));
        let mut actions = Actions::default();
        actions.put(item, Role::Resource);
        self.index(&mut actions, &resource, None, Some(entries));
        actions.update(self.count(&resource, CountChange::More), Role::Certain);
        let refused = self.commit(actions, &edges, now, write).await?;
        if refused.is_empty() {
            let done = self.carry_out(edges.group(), write.as_str(), now, write);
            let _ = done.await;
            return Ok(Stored {
                members: edges.added(),
                waiting: false,
                fence: 0,
                plan: Some(write.as_str().to_owned()),
                resource,
            });
        }
        let _ = self
            .give_up(edges.group(), write.as_str(), now, write)
            .await;
        Err(match refused.contains(&Role::Marker) {
            true => taken(resource.kind, entries.name.clone()),
            false => DirectoryError::Stale,
        })
    }

    /// Writes the items of a plan. Parts are written before intents, because a cleanup finds the intents through the parts.
    /// Lists for the change feed expire by themselves.
    async fn prepare(
        &self,
        edges: &Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let task = keys::task(self.table.tenant(), edges.group(), write.as_str());
        self.open_task(&task, TaskKind::Change, now).await?;
        self.write_lists(&Delta::of(edges), edges.group(), now, write)
            .await?;
        let parts = PlanPart::split(self.table.tenant(), edges, write.as_str());
        let items = parts.iter().map(PlanPart::item).collect();
        self.table.batch_put(items).await?;
        let intents = parts
            .iter()
            .flat_map(|part| part.intents(self.table.tenant()));
        self.table.batch_put(intents.collect()).await
    }

    /// Commits a plan with the actions that write its name to the group; returns the roles of the rejected actions.
    async fn commit(
        &self,
        mut actions: Actions,
        edges: &Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Vec<Role>, DirectoryError> {
        let task = keys::task(self.table.tenant(), edges.group(), write.as_str());
        actions.check_task(task);
        self.ancestors(&mut actions, edges);
        let most = MOST_ACTIONS.saturating_sub(actions.len());
        for id in edges.groups() {
            self.mark(&mut actions, ResourceKind::Group, id);
        }
        if actions.len() > MOST_ACTIONS {
            let _ = self
                .give_up(edges.group(), write.as_str(), now, write)
                .await;
            let given = edges.groups().count();
            return Err(DirectoryError::TooManyGroups { given, most });
        }
        self.run(actions, &write.derived("commit").token(0)).await
    }
}
