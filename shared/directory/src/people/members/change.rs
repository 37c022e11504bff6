//! Large membership changes: what a plan consists of, and how it is committed.
//!
//! 1. A *task* says that a plan is being made, so that whoever looks for what dead owners left finds it.
//! 2. The *parts* say who joins and who leaves, as many in each as one transaction can carry out. They stand
//!    ahead of the members of the group, and each of these members has an *intent* ahead of its memberships:
//!    whoever reads either range has the plan with it, at no further call. Nobody heeds them yet.
//! 3. The *commit* is one transaction: the group in its new version, which names the plan. From then on
//!    readers see the members as the plan has them.
//! 4. Each part is carried out in one transaction, which marks the part as done, and fails when it is done or
//!    gone: that is the fence, so that parts do not wait for each other, and a finisher that comes late, or
//!    the owner awake again, changes nothing.
//! 5. The plan is closed: one update of the group takes its name away and adds what the parts say to the count.
//!    The intents, parts and task are cleared after it.
//!
//! A member that is deleted after the commit is found missing by its part, gets no edge and is not counted.
//! Groups that join are marked in the commit already, so that two plans cannot make a cycle of groups.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use scim_core::{Resource, ResourceId, ResourceKind};

use super::{ACTIONS_PER_FORMER, ACTIONS_PER_MEMBER, Edges, Joining, MOST_ACTIONS, letter};
use crate::people::directory::Directory;
use crate::people::item::{Indexed, Stored, attribute, resource_item};
use crate::people::task::Work;
use crate::people::write::{Change, Changing, taken};
use crate::table::keys::{self, Key};
use crate::table::{
    self, Actions, DirectoryError, Item, Role, WriteId, corrupt, n, number_if, opening, s,
    sort_key, text,
};
use keyring::TenantId;

/// The attributes of a part.
mod part {
    /// The users that join.
    pub(super) const USERS: &str = "u";
    /// The groups that join.
    pub(super) const GROUPS: &str = "g";
    /// Who leaves.
    pub(super) const LEAVING: &str = "r";
    /// How many members more the group has by it; there once it is done.
    pub(super) const DONE: &str = "n";
}

/// A part of a plan.
pub(super) struct Part {
    pub(super) key: Key,
    pub(super) group: ResourceId,
    pub(super) plan: String,
    pub(super) join: BTreeMap<ResourceId, ResourceKind>,
    pub(super) leave: BTreeSet<ResourceId>,
    /// How many members more the group has by it, once it is done.
    pub(super) done: Option<i64>,
}

impl Part {
    /// The parts of a change.
    fn split(tenant: &TenantId, edges: &Edges, plan: &str) -> Vec<Self> {
        let join = edges
            .add
            .iter()
            .map(|(id, joining)| (*id, Some(joining.kind)));
        let leave = edges.remove.iter().map(|id| (*id, None));
        let mut parts = Vec::new();
        // One action marks the part.
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
            item.insert(part::DONE.to_owned(), n(done));
        }
        item
    }

    /// The part in an item, if it is one.
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

    /// The change that it makes.
    pub(super) fn edges(&self) -> Edges {
        let mut edges = Edges::of(self.group);
        for (id, kind) in &self.join {
            edges.add(*id, Some(*kind));
        }
        edges.remove.clone_from(&self.leave);
        edges
    }

    /// The intents, seen from the members.
    pub(super) fn intents(&self, tenant: &TenantId) -> Vec<Item> {
        let join = self.join.iter().map(|(id, kind)| (*id, letter(*kind)));
        let leave = self.leave.iter().map(|id| (*id, LEAVES));
        join.chain(leave)
            .map(|(id, word)| {
                let key = keys::intent(tenant, id, self.group, &self.plan);
                table::item(&key, [("k", s(word))])
            })
            .collect()
    }

    /// The keys of the intents.
    pub(super) fn intent_keys(&self, tenant: &TenantId) -> Vec<Key> {
        let ids = self.join.keys().chain(&self.leave);
        ids.map(|id| keys::intent(tenant, *id, self.group, &self.plan))
            .collect()
    }

    /// The name of the attribute that says that it is done.
    pub(super) const fn done_attribute() -> &'static str {
        part::DONE
    }
}

/// How an intent says that the member leaves.
pub(super) const LEAVES: &str = "r";

/// Ids as one text.
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
    /// Leaves out of a change what is so already.
    pub(super) async fn narrow(&self, edges: &mut Edges) -> Result<(), DirectoryError> {
        let ids = edges.add.keys().chain(&edges.remove);
        let wanted: Vec<Key> = ids
            .map(|id| keys::member(&self.tenant, edges.group, *id))
            .collect();
        let found = self.store.batch_keys(&wanted, &self.meter).await?;
        let present: BTreeSet<ResourceId> = found
            .iter()
            .filter_map(|item| keys::edge(sort_key(item)))
            .map(|(_, member)| member)
            .collect();
        edges.add.retain(|id, _| !present.contains(id));
        edges.remove.retain(|id| present.contains(id));
        Ok(())
    }

    /// Learns what the new members are.
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

    /// Those of the ids that there are.
    pub(super) async fn existing(
        &self,
        kind: ResourceKind,
        ids: impl Iterator<Item = ResourceId>,
    ) -> Result<BTreeSet<ResourceId>, DirectoryError> {
        // A call refuses to read a key twice.
        let ids: BTreeSet<ResourceId> = ids.collect();
        let wanted: Vec<Key> = ids
            .into_iter()
            .map(|id| keys::resource(&self.tenant, kind, id))
            .collect();
        let found = self.store.batch_keys(&wanted, &self.meter).await?;
        Ok(found
            .iter()
            .filter_map(|item| ResourceId::parse(sort_key(item)))
            .collect())
    }

    /// Changes a group by a plan.
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
        actions.update(opening(head, write.as_str()), Role::Resource);
        self.index(
            &mut actions,
            &changing.next.resource,
            Some(&changing.before),
            Some(&changing.after),
        )?;
        let refused = self.commit(actions, &edges, write).await?;
        if refused.is_empty() {
            // Committed: what is not done now is done by the next writer.
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

    /// Creates a group with its members by a plan.
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
        let key = keys::resource(&self.tenant, resource.kind, resource.id);
        let mut item = resource_item(&key, &resource, 0, None, write)?;
        item.insert(attribute::OPEN.to_owned(), s(write.as_str()));
        let mut actions = Actions::default();
        actions.put(self.store.table(), item, Role::Resource)?;
        self.index(&mut actions, &resource, None, Some(entries))?;
        actions.update(self.count(&resource, Change::More)?, Role::Certain);
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

    /// Writes what the plan consists of. Parts before intents: whoever clears them finds the intents by the parts.
    async fn prepare(
        &self,
        edges: &Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let task = keys::task(&self.tenant, edges.group, write.as_str());
        self.open_task(&task, Work::Change, now).await?;
        let parts = Part::split(&self.tenant, edges, write.as_str());
        let items = parts.iter().map(Part::item).collect();
        self.store.batch_put(items, &self.meter).await?;
        let intents = parts.iter().flat_map(|part| part.intents(&self.tenant));
        self.store.batch_put(intents.collect(), &self.meter).await
    }

    /// Commits a plan with the actions that make the group name it; the roles of those that were refused.
    async fn commit(
        &self,
        mut actions: Actions,
        edges: &Edges,
        write: &WriteId,
    ) -> Result<Vec<Role>, DirectoryError> {
        let task = keys::task(&self.tenant, edges.group, write.as_str());
        actions.check_task(self.store.table(), &task)?;
        self.ancestors(&mut actions, edges)?;
        let most = MOST_ACTIONS.saturating_sub(actions.len());
        for id in edges.groups() {
            self.mark(&mut actions, ResourceKind::Group, id)?;
        }
        if actions.len() > MOST_ACTIONS {
            let _ = self.give_up(edges.group, write.as_str(), write).await;
            let given = edges.groups().count();
            return Err(DirectoryError::TooManyGroups { given, most });
        }
        self.run(actions, &write.derived("commit").token(0)).await
    }
}
