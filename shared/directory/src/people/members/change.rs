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

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use scim_core::{Resource, ResourceId, ResourceKind};

use super::{ACTIONS_PER_FORMER, ACTIONS_PER_MEMBER, Edges, Joining, letter};
use crate::limits::MOST_ACTIONS;
use crate::people::directory::Directory;
use crate::people::item::{Indexed, Stored, resource_item};
use crate::people::task::TaskKind;
use crate::people::write::{Changing, CountChange, taken};
use crate::table::keys::attribute::member::KIND;
use crate::table::keys::attribute::{part, resource as attribute};
use crate::table::keys::{self, Key};
use crate::table::{
    self, Actions, DirectoryError, Item, Role, WriteId, corrupt, n, number_if, s, sort_key, text,
};
use keyring::TenantId;

/// A part of a plan.
pub(super) struct PlanPart {
    pub(super) key: Key,
    pub(super) group: ResourceId,
    pub(super) plan: String,
    pub(super) join: BTreeMap<ResourceId, ResourceKind>,
    pub(super) leave: BTreeSet<ResourceId>,
    /// The change in the number of members, once the part is done.
    pub(super) done: Option<i64>,
}

impl PlanPart {
    /// Splits a change into parts.
    fn split(tenant: &TenantId, edges: &Edges, plan: &str) -> Vec<Self> {
        let join = edges
            .add
            .iter()
            .map(|(id, joining)| (*id, Some(joining.kind)));
        let leave = edges.remove.iter().map(|id| (*id, None));
        let mut parts = Vec::new();
        // One more action marks the part as done.
        let mut room = 0;
        for (id, kind) in join.chain(leave) {
            let actions = match kind {
                Some(_) => ACTIONS_PER_MEMBER,
                None => ACTIONS_PER_FORMER,
            };
            if room < actions {
                parts.push(Self {
                    key: keys::part(tenant, edges.group, plan, parts.len()),
                    group: edges.group,
                    plan: plan.to_owned(),
                    join: BTreeMap::new(),
                    leave: BTreeSet::new(),
                    done: None,
                });
                room = MOST_ACTIONS - 1;
            }
            room -= actions;
            if let Some(part) = parts.last_mut() {
                match kind {
                    Some(kind) => part.join.insert(id, kind).is_none(),
                    None => part.leave.insert(id),
                };
            }
        }
        parts
    }

    fn item(&self) -> Item {
        let joining = |wanted| {
            let those = self.join.iter().filter(move |(_, kind)| **kind == wanted);
            written(those.map(|(id, _)| id))
        };
        let mut item = table::item(
            &self.key,
            [
                (part::USERS, s(joining(ResourceKind::User))),
                (part::GROUPS, s(joining(ResourceKind::Group))),
                (part::LEAVING, s(written(self.leave.iter()))),
            ],
        );
        if let Some(done) = self.done {
            item.set(part::DONE, n(done));
        }
        item
    }

    /// Reads the part in an item; `None` if the item is not a part.
    pub(super) fn read(tenant: &TenantId, item: &Item) -> Result<Option<Self>, DirectoryError> {
        let Some((group, plan)) = keys::planned(sort_key(item)) else {
            return Ok(None);
        };
        let ids = |name| read(text(item, name).unwrap_or_default());
        let all = || {
            let users = ids(part::USERS)?
                .into_iter()
                .map(|id| (id, ResourceKind::User));
            let groups = ids(part::GROUPS)?
                .into_iter()
                .map(|id| (id, ResourceKind::Group));
            Some((users.chain(groups).collect(), ids(part::LEAVING)?))
        };
        let (join, leave) = all().ok_or_else(|| corrupt("plan"))?;
        Ok(Some(Self {
            key: Key {
                pk: keys::members(tenant),
                sk: sort_key(item).to_owned(),
            },
            group,
            plan: plan.to_owned(),
            join,
            leave: leave.into_iter().collect(),
            done: number_if(item, part::DONE)?,
        }))
    }

    /// The change that this part makes.
    pub(super) fn edges(&self) -> Edges {
        let mut edges = Edges::of(self.group);
        for (id, kind) in &self.join {
            edges.add(*id, Some(*kind));
        }
        edges.remove.clone_from(&self.leave);
        edges
    }

    /// The intents for the members of this part.
    pub(super) fn intents(&self, tenant: &TenantId) -> Vec<Item> {
        let join = self.join.iter().map(|(id, kind)| (*id, letter(*kind)));
        let leave = self.leave.iter().map(|id| (*id, LEAVES));
        join.chain(leave)
            .map(|(id, word)| {
                let key = keys::intent(tenant, id, self.group, &self.plan);
                table::item(&key, [(KIND, s(word))])
            })
            .collect()
    }

    /// The keys of the intents.
    pub(super) fn intent_keys(&self, tenant: &TenantId) -> Vec<Key> {
        let ids = self.join.keys().chain(&self.leave);
        ids.map(|id| keys::intent(tenant, *id, self.group, &self.plan))
            .collect()
    }
}

/// The letter in an intent for a member that leaves.
pub(super) const LEAVES: &str = "r";

/// Concatenates ids into one text.
fn written<'i>(ids: impl Iterator<Item = &'i ResourceId>) -> String {
    let ids: Vec<&str> = ids.map(ResourceId::as_str).collect();
    ids.join(" ")
}

fn read(ids: &str) -> Option<Vec<ResourceId>> {
    ids.split_ascii_whitespace()
        .map(ResourceId::parse)
        .collect()
}

impl Directory {
    /// Drops the edges of a change that exist already or do not exist.
    pub(super) async fn narrow(&self, edges: &mut Edges) -> Result<(), DirectoryError> {
        let ids = edges.add.keys().chain(&edges.remove);
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
        edges.remove.retain(|id| present.contains(id));
        Ok(())
    }

    /// Finds out the types of the new members.
    ///
    /// # Errors
    ///
    /// `NoSuchMember`.
    async fn know(&self, edges: &mut Edges) -> Result<(), DirectoryError> {
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
    pub(super) async fn existing(
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

    /// Changes a group with a plan.
    pub(crate) async fn change_largely(
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
        let refused = self.commit(actions, &edges, write).await?;
        if refused.is_empty() {
            // The plan is committed: the next writer applies what is left.
            let _ = self.carry_out(edges.group, write.as_str(), write).await;
            return Ok(Stored {
                members: changing.next.members.saturating_add_signed(edges.balance()),
                plan: Some(write.as_str().to_owned()),
                ..changing.next.clone()
            });
        }
        let _ = self.give_up(edges.group, write.as_str(), write).await;
        Err(changing.refusal(&refused).unwrap_or(DirectoryError::Stale))
    }

    /// Creates a group with its members, using a plan.
    pub(crate) async fn create_largely(
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
        let key = keys::resource(self.table.tenant(), resource.kind, resource.id);
        let mut item = resource_item(&key, &resource, 0, None, write)?;
        item.set(attribute::OPEN, s(write.as_str()));
        let mut actions = Actions::default();
        actions.put(item, Role::Resource);
        self.index(&mut actions, &resource, None, Some(entries));
        actions.update(self.count(&resource, CountChange::More), Role::Certain);
        let refused = self.commit(actions, &edges, write).await?;
        if refused.is_empty() {
            let _ = self.carry_out(edges.group, write.as_str(), write).await;
            return Ok(Stored {
                members: edges.added(),
                waiting: false,
                fence: 0,
                plan: Some(write.as_str().to_owned()),
                resource,
            });
        }
        let _ = self.give_up(edges.group, write.as_str(), write).await;
        Err(match refused.contains(&Role::Marker) {
            true => taken(resource.kind, entries.name.clone()),
            false => DirectoryError::Stale,
        })
    }

    /// Writes the items of a plan. Parts are written before intents, because a cleanup finds the intents through the parts.
    async fn prepare(
        &self,
        edges: &Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let task = keys::task(self.table.tenant(), edges.group, write.as_str());
        self.open_task(&task, TaskKind::Change, now).await?;
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
        write: &WriteId,
    ) -> Result<Vec<Role>, DirectoryError> {
        let task = keys::task(self.table.tenant(), edges.group, write.as_str());
        actions.check_task(task);
        self.ancestors(&mut actions, edges);
        let most = MOST_ACTIONS.saturating_sub(actions.len());
        for id in edges.groups() {
            self.mark(&mut actions, ResourceKind::Group, id);
        }
        if actions.len() > MOST_ACTIONS {
            let _ = self.give_up(edges.group, write.as_str(), write).await;
            let given = edges.groups().count();
            return Err(DirectoryError::TooManyGroups { given, most });
        }
        self.run(actions, &write.derived("commit").token(0)).await
    }
}
