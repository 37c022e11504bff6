//! Writes: what changes together changes in one transaction.
//!
//! A resource, its marker, its lookups, its counter and the edges of its members are never seen in
//! part. A transaction carries a token, so that a repetition after a lost answer changes nothing; an
//! update of the resource alone stamps its write id, by which a repetition knows its own success.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put as PutItem, TransactWriteItem, Update,
};
use jiff::Timestamp;
use scim_core::resource::Meta;
use scim_core::{Attributes, Resource, ResourceId, ResourceKind, Version};

use crate::directory::Directory;
use crate::error::DirectoryError;
use crate::items::{Indexed, Stored, WriteId, attribute, data, indexed, n, resource_item, s};
use crate::keys::{self, Key, Lookup};
use crate::members::{Edges, MOST_ACTIONS};
use crate::store::{self, Item, Put, Transacted};

/// A resource that is to be created.
pub struct NewResource {
    /// Which type.
    pub kind: ResourceKind,
    /// Its id.
    pub id: ResourceId,
    /// Its attributes.
    pub attributes: Attributes,
    /// The hash of its password.
    pub password: Option<String>,
    /// Its members.
    pub members: Vec<scim_core::members::Member>,
}

/// What becomes of the password's hash.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum PasswordHash {
    /// It stays.
    #[default]
    Keep,
    /// A new one.
    Set(String),
    /// It goes.
    Remove,
}

/// Why an action of a transaction may fail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// The resource itself: it changed, or is gone.
    Resource,
    /// A group above it: it joined another one meanwhile.
    Above,
    /// Its unique name: somebody has it.
    Marker,
    /// The edge of a new member: there is one.
    Added(ResourceId),
    /// The item of a new member: there is none.
    Member(ResourceId),
    /// The edge of a former member: there is none.
    Removed(ResourceId),
    /// A group that is left: it is gone.
    Left(ResourceId),
    /// It cannot fail.
    Certain,
}

/// A transaction in the making.
#[derive(Default)]
pub(crate) struct Actions {
    items: Vec<TransactWriteItem>,
    roles: Vec<Role>,
}

/// How often a transaction is made anew because of what a refusal told.
const MOST_ROUNDS: u32 = 9_999;

/// How many actions it takes to leave a group: the two edges, and the group's version and count.
const ACTIONS_PER_GROUP: usize = 3;
/// How many e-mail addresses one request can give or change: a transaction has the resource, its counter,
/// its marker before and after, its externalId before and after besides.
const MOST_ADDRESSES: usize = MOST_ACTIONS - 6;

const ABSENT: &str = "attribute_not_exists(pk)";
const PRESENT: &str = "attribute_exists(pk)";
/// The fence is the one that was read: a resource that was never a member has none, and it never goes.
const SAME_FENCE: &str = "(attribute_not_exists(f) OR f = :f)";

fn unbuilt(error: &BuildError) -> DirectoryError {
    DirectoryError::Internal(format!("a request lacks a part: {error}"))
}

impl Actions {
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    fn push(&mut self, item: TransactWriteItem, role: Role) {
        self.items.push(item);
        self.roles.push(role);
    }

    pub(crate) fn put(
        &mut self,
        table: &str,
        item: Item,
        role: Role,
    ) -> Result<(), DirectoryError> {
        let put = PutItem::builder()
            .table_name(table)
            .set_item(Some(item))
            .set_condition_expression((role != Role::Certain).then(|| ABSENT.to_owned()))
            .build()
            .map_err(|error| unbuilt(&error))?;
        self.push(TransactWriteItem::builder().put(put).build(), role);
        Ok(())
    }

    pub(crate) fn delete(
        &mut self,
        table: &str,
        key: &Key,
        condition: Option<(&str, &[(&str, AttributeValue)])>,
        role: Role,
    ) -> Result<(), DirectoryError> {
        let mut delete = Delete::builder()
            .table_name(table)
            .set_key(Some(key.attributes()));
        if let Some((condition, values)) = condition {
            delete = delete.condition_expression(condition);
            for (name, value) in values {
                delete = delete.expression_attribute_values(*name, value.clone());
            }
        }
        let delete = delete.build().map_err(|error| unbuilt(&error))?;
        self.push(TransactWriteItem::builder().delete(delete).build(), role);
        Ok(())
    }

    /// Deletes an item that must be there.
    pub(crate) fn delete_present(
        &mut self,
        table: &str,
        key: &Key,
        role: Role,
    ) -> Result<(), DirectoryError> {
        self.delete(table, key, Some((PRESENT, &[])), role)
    }

    pub(crate) fn update(&mut self, update: Update, role: Role) {
        self.push(TransactWriteItem::builder().update(update).build(), role);
    }

    /// Demands that a group has not joined another one since its fence was read.
    pub(crate) fn check_fence(
        &mut self,
        table: &str,
        key: &Key,
        fence: u64,
    ) -> Result<(), DirectoryError> {
        let check = ConditionCheck::builder()
            .table_name(table)
            .set_key(Some(key.attributes()))
            .condition_expression(SAME_FENCE)
            .expression_attribute_values(":f", n(fence))
            .build()
            .map_err(|error| unbuilt(&error))?;
        let item = TransactWriteItem::builder().condition_check(check).build();
        self.push(item, Role::Above);
        Ok(())
    }

    pub(crate) fn into_items(self) -> Vec<TransactWriteItem> {
        self.items
    }

    fn roles_at(&self, places: &[usize]) -> Vec<Role> {
        places
            .iter()
            .filter_map(|place| self.roles.get(*place).cloned())
            .collect()
    }
}

/// An update of one item.
pub(crate) fn update(
    table: &str,
    key: &Key,
    expression: &str,
    condition: Option<&str>,
    values: Vec<(&str, AttributeValue)>,
) -> Result<Update, DirectoryError> {
    let mut update = Update::builder()
        .table_name(table)
        .set_key(Some(key.attributes()))
        .update_expression(expression)
        .set_condition_expression(condition.map(str::to_owned));
    for (name, value) in values {
        update = update.expression_attribute_values(name, value);
    }
    update.build().map_err(|error| unbuilt(&error))
}

impl Directory {
    /// Runs a transaction; the roles of the actions that were refused, or nothing when it is done.
    pub(crate) async fn run(
        &self,
        actions: Actions,
        token: &str,
    ) -> Result<Vec<Role>, DirectoryError> {
        let items = actions.items.clone();
        match self.store.transact(items, token, &self.meter).await? {
            Transacted::Done => Ok(Vec::new()),
            Transacted::Refused(places) => Ok(actions.roles_at(&places)),
        }
    }

    /// Creates a resource.
    ///
    /// # Errors
    ///
    /// `Taken` when its unique name is, `NoSuchMember`, `TooManyMembers`, `TooManyAddresses`, `TooLarge`.
    pub async fn create(
        &self,
        new: NewResource,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Stored, DirectoryError> {
        let now = to_millis(now);
        let resource = Resource {
            kind: new.kind,
            id: new.id,
            meta: Meta {
                created: now,
                last_modified: now,
                version: Version::FIRST,
            },
            attributes: new.attributes,
        };
        let entries = indexed(new.kind, &resource.attributes);
        check_addresses(None, &entries)?;
        let mut edges = Edges::of(resource.id);
        for member in &new.members {
            edges.add(member.id, member.kind);
        }
        for round in 0..MOST_ROUNDS {
            // Nothing contains a group that does not exist yet, so that no cycle can come of it.
            let members = edges.added();
            let mut actions = Actions::default();
            let key = keys::resource(&self.tenant, resource.kind, resource.id);
            let password = new.password.as_deref();
            let item = resource_item(&key, &resource, members, password, write)?;
            actions.put(self.store.table(), item, Role::Resource)?;
            self.index(&mut actions, &resource, None, Some(&entries))?;
            actions.update(self.count(&resource, 1)?, Role::Certain);
            self.edges(&mut actions, &edges)?;
            check_size(&actions, &edges)?;
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                return Ok(Stored {
                    resource,
                    members,
                    fence: 0,
                });
            }
            if refused.contains(&Role::Marker) {
                return Err(taken(new.kind, entries.name));
            }
            edges.settle(&refused)?;
        }
        Err(DirectoryError::Contended)
    }

    /// The update of the counter of a resource's bucket, and of the part of it that the id falls into.
    fn count(&self, resource: &Resource, change: i8) -> Result<Update, DirectoryError> {
        let part = keys::count_part(resource.id);
        update(
            self.store.table(),
            &keys::count(&self.tenant, resource.kind, resource.id),
            &format!("ADD n :change, {part} :change"),
            None,
            vec![(":change", n(change))],
        )
    }

    /// Adds what takes the index entries of a resource from one state to another.
    fn index(
        &self,
        actions: &mut Actions,
        resource: &Resource,
        before: Option<&Indexed>,
        after: Option<&Indexed>,
    ) -> Result<(), DirectoryError> {
        let (kind, id) = (resource.kind, resource.id);
        let table = self.store.table();
        let old = before.map(|entries| entries.marker.as_str());
        let new = after.map(|entries| entries.marker.as_str());
        if old != new {
            if let Some(old) = old {
                let key = keys::marker(&self.tenant, kind, old);
                actions.delete(table, &key, None, Role::Certain)?;
            }
            if let Some(new) = new {
                let key = keys::marker(&self.tenant, kind, new);
                actions.put(
                    table,
                    store::item(&key, [("id", s(id.as_str()))]),
                    Role::Marker,
                )?;
            }
        }
        let none = BTreeSet::new();
        let old = before.map_or(&none, |entries| &entries.lookups);
        let new = after.map_or(&none, |entries| &entries.lookups);
        for (lookup, value) in old.difference(new) {
            let key = keys::lookup(&self.tenant, kind, *lookup, value, id);
            actions.delete(table, &key, None, Role::Certain)?;
        }
        for (lookup, value) in new.difference(old) {
            let key = keys::lookup(&self.tenant, kind, *lookup, value, id);
            actions.put(table, store::item(&key, []), Role::Certain)?;
        }
        Ok(())
    }

    /// Gives a user, or a group whose members stay, new attributes and password.
    ///
    /// # Errors
    ///
    /// `Stale` when it is not in the version of `current` any more, `Gone`, `Taken`, `TooManyAddresses`,
    /// `TooLarge`.
    pub async fn replace(
        &self,
        current: &Stored,
        attributes: Attributes,
        password: PasswordHash,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Stored, DirectoryError> {
        let before = indexed(current.resource.kind, &current.resource.attributes);
        let after = indexed(current.resource.kind, &attributes);
        check_addresses(Some(&before), &after)?;
        let next = successor(current, attributes, now);
        let head = self.head(&next.resource, &password, None, write)?;
        if (&before.marker, &before.lookups) == (&after.marker, &after.lookups) {
            return match self.store.update(head, &self.meter).await? {
                Put::Done => Ok(next),
                Put::Refused(Some(item))
                    if store::text(&item, attribute::WRITE) == Some(write.as_str()) =>
                {
                    Ok(next)
                }
                Put::Refused(Some(_)) => Err(DirectoryError::Stale),
                Put::Refused(None) => Err(DirectoryError::Gone),
            };
        }
        let mut actions = Actions::default();
        actions.update(head, Role::Resource);
        self.index(&mut actions, &next.resource, Some(&before), Some(&after))?;
        let refused = self.run(actions, &write.token(0)).await?;
        if refused.is_empty() {
            return Ok(next);
        }
        if refused.contains(&Role::Resource) {
            return Err(DirectoryError::Stale);
        }
        Err(taken(next.resource.kind, after.name))
    }

    /// The update that writes a resource over the version before it.
    pub(crate) fn head(
        &self,
        next: &Resource,
        password: &PasswordHash,
        members: Option<i64>,
        write: &WriteId,
    ) -> Result<Update, DirectoryError> {
        let mut set = "SET d = :d, v = :v, m = :m, w = :w".to_owned();
        let mut values = vec![
            (":d", s(data(&next.attributes)?)),
            (":v", n(next.meta.version.0)),
            (":m", n(next.meta.last_modified.as_millisecond())),
            (":w", s(write.as_str())),
            (":old", n(next.meta.version.0.saturating_sub(1))),
        ];
        match password {
            PasswordHash::Keep => {}
            PasswordHash::Set(hash) => {
                set.push_str(", p = :p");
                values.push((":p", s(hash.as_str())));
            }
            PasswordHash::Remove => set.push_str(" REMOVE p"),
        }
        if let Some(change) = members {
            set.push_str(" ADD n :n");
            values.push((":n", n(change)));
        }
        let key = keys::resource(&self.tenant, next.kind, next.id);
        update(self.store.table(), &key, &set, Some("v = :old"), values)
    }

    /// Changes a group: its attributes, its members, or both.
    ///
    /// Changes of members alone do not depend on each other, so they are made on whatever version the
    /// group is in; everything else is made on the version of `current`. `None` when nothing changed; the
    /// version of what comes back is right unless others changed members meanwhile.
    ///
    /// # Errors
    ///
    /// `Stale`, `Gone`, `Taken`, `NoSuchMember`, `Cycle`, `TooManyMembers`, `TooLarge`.
    pub async fn change_group(
        &self,
        current: &Stored,
        attributes: Attributes,
        mut edges: Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Option<Stored>, DirectoryError> {
        let is_same = attributes == current.resource.attributes;
        let before = indexed(ResourceKind::Group, &current.resource.attributes);
        let after = indexed(ResourceKind::Group, &attributes);
        let next = successor(current, attributes, now);
        for round in 0..MOST_ROUNDS {
            self.check_cycles(&mut edges).await?;
            if is_same && edges.is_empty() {
                return Ok(None);
            }
            let mut actions = Actions::default();
            let head = match is_same && !edges.is_fenced() {
                true => self.touch(current.resource.id, edges.balance(), now, write)?,
                false => self.head(
                    &next.resource,
                    &PasswordHash::Keep,
                    Some(edges.balance()),
                    write,
                )?,
            };
            let head = match edges.fence() {
                Some(fence) => on_fence(head, fence),
                None => head,
            };
            actions.update(head, Role::Resource);
            self.index(&mut actions, &next.resource, Some(&before), Some(&after))?;
            self.edges(&mut actions, &edges)?;
            check_size(&actions, &edges)?;
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                let members = current.members.saturating_add_signed(edges.balance());
                return Ok(Some(Stored { members, ..next }));
            }
            if refused.contains(&Role::Above) {
                return Err(DirectoryError::Stale);
            }
            if refused.contains(&Role::Resource) {
                return Err(
                    match is_same && !edges.is_fenced() && edges.fence().is_none() {
                        true => DirectoryError::Gone,
                        false => DirectoryError::Stale,
                    },
                );
            }
            if refused.contains(&Role::Marker) {
                return Err(taken(ResourceKind::Group, after.name));
            }
            edges.settle(&refused)?;
        }
        Err(DirectoryError::Contended)
    }

    /// The update of a group of which only members change.
    pub(crate) fn touch(
        &self,
        group: ResourceId,
        balance: i64,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Update, DirectoryError> {
        update(
            self.store.table(),
            &keys::resource(&self.tenant, ResourceKind::Group, group),
            "SET m = :m, w = :w ADD v :one, n :n",
            Some(PRESENT),
            vec![
                (":m", n(to_millis(now).as_millisecond())),
                (":w", s(write.as_str())),
                (":one", n(1)),
                (":n", n(balance)),
            ],
        )
    }

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

/// The same update, but only while the item has the fence that was read.
fn on_fence(mut update: Update, fence: u64) -> Update {
    let before = update.condition_expression.take();
    let condition = before.map_or_else(String::new, |condition| condition + " AND ");
    update.condition_expression = Some(condition + SAME_FENCE);
    update
        .expression_attribute_values
        .get_or_insert_default()
        .insert(":f".to_owned(), n(fence));
    update
}

/// The resource after a change.
fn successor(current: &Stored, attributes: Attributes, now: Timestamp) -> Stored {
    let resource = &current.resource;
    Stored {
        resource: Resource {
            kind: resource.kind,
            id: resource.id,
            meta: Meta {
                created: resource.meta.created,
                // Clocks of two functions may differ; time does not run backwards for a resource.
                last_modified: to_millis(now).max(resource.meta.last_modified),
                version: resource.meta.version.next(),
            },
            attributes,
        },
        ..current.clone()
    }
}

/// An instant without what the table does not keep.
fn to_millis(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant)
}

fn taken(kind: ResourceKind, value: String) -> DirectoryError {
    DirectoryError::Taken {
        attribute: keys::unique_attribute(kind),
        value,
    }
}

/// Refuses e-mail addresses beyond those that one transaction can index, and take out again.
fn check_addresses(before: Option<&Indexed>, after: &Indexed) -> Result<(), DirectoryError> {
    let addresses = |entries: &Indexed| -> BTreeSet<String> {
        let emails = entries
            .lookups
            .iter()
            .filter(|(lookup, _)| *lookup == Lookup::Email);
        emails.map(|(_, value)| value.clone()).collect()
    };
    let old = before.map(addresses).unwrap_or_default();
    let new = addresses(after);
    let given = new.len().max(old.symmetric_difference(&new).count());
    match given > MOST_ADDRESSES {
        true => Err(DirectoryError::TooManyAddresses {
            given,
            most: MOST_ADDRESSES,
        }),
        false => Ok(()),
    }
}

fn check_size(actions: &Actions, edges: &Edges) -> Result<(), DirectoryError> {
    match actions.len() > MOST_ACTIONS {
        true => Err(edges.too_many()),
        false => Ok(()),
    }
}
