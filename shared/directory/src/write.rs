//! Writes: what changes together changes in one transaction.
//!
//! A resource, its marker, its lookups, its counter and the edges of its members are never seen in
//! part. A transaction carries a token, so that a repetition after a lost answer changes nothing; an
//! update of the resource alone stamps its write id, by which a repetition knows its own success.

use aws_sdk_dynamodb::types::Update;
use jiff::Timestamp;
use scim_core::resource::Meta;
use scim_core::{Attributes, Resource, ResourceId, ResourceKind, Version};

use crate::directory::Directory;
use crate::error::DirectoryError;
use crate::items::{Indexed, Stored, WriteId, attribute, data, indexed, n, resource_item, s};
use crate::keys;
use crate::members::{Edges, MOST_ACTIONS};
use crate::store::{self, Put, Transacted};

mod actions;
mod delete;
mod depart;
mod index;

pub(crate) use actions::{Actions, Role, opening, update};
use actions::{PRESENT, UNPLANNED, on_fence, unplanned};
pub(crate) use index::Change;
use index::check_addresses;

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

/// How often a transaction is made anew because of what a refusal told.
const MOST_ROUNDS: u32 = 9_999;
impl Directory {
    /// Runs a transaction; the roles of the actions that were refused, or nothing when it is done.
    pub(crate) async fn run(
        &self,
        actions: Actions,
        token: &str,
    ) -> Result<Vec<Role>, DirectoryError> {
        let items = actions.items();
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
        edges.check_bound()?;
        if edges.is_large() {
            return self
                .create_largely(resource, &entries, edges, now, write)
                .await;
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
            actions.update(self.count(&resource, Change::More)?, Role::Certain);
            self.edges(&mut actions, &edges)?;
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                return Ok(Stored {
                    resource,
                    members,
                    fence: 0,
                    plan: None,
                });
            }
            if refused.contains(&Role::Marker) {
                return Err(taken(new.kind, entries.name));
            }
            edges.settle(&refused)?;
        }
        Err(DirectoryError::Contended)
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
    /// version of what comes back is right unless others changed members meanwhile. A plan that is open
    /// is carried out first.
    ///
    /// # Errors
    ///
    /// `Stale`, `Taken`, `NoSuchMember`, `Cycle`, `TooManyGroups`, `TooLarge`, `Contended`.
    pub async fn change_group(
        &self,
        current: &Stored,
        attributes: Attributes,
        mut edges: Edges,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Option<Stored>, DirectoryError> {
        if let Some(plan) = &current.plan {
            self.carry_out(current.resource.id, plan, write).await?;
            return Err(DirectoryError::Stale);
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
            )?;
            self.ancestors(&mut actions, &edges)?;
            self.edges(&mut actions, &edges)?;
            if actions.len() > MOST_ACTIONS {
                // Many groups are above it.
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

    /// The update of a group's item for a change of it.
    pub(crate) fn group_head(
        &self,
        changing: &Changing,
        edges: &Edges,
        balance: i64,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Update, DirectoryError> {
        let next = &changing.next.resource;
        let head = match changing.is_same && !edges.is_fenced() {
            true => self.touch(next.id, balance, now, write)?,
            false => unplanned(self.head(next, &PasswordHash::Keep, Some(balance), write)?),
        };
        Ok(match edges.fence() {
            Some(fence) => on_fence(head, fence),
            None => head,
        })
    }

    /// The update of a group of which only members change, while no plan is open for it.
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
            Some(&format!("{PRESENT} AND {UNPLANNED}")),
            vec![
                (":m", n(to_millis(now).as_millisecond())),
                (":w", s(write.as_str())),
                (":one", n(1)),
                (":n", n(balance)),
            ],
        )
    }
}

/// A change of a group in the making.
pub(crate) struct Changing {
    pub(crate) next: Stored,
    pub(crate) before: Indexed,
    pub(crate) after: Indexed,
    /// Whether its attributes stay.
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

    /// What it means that these actions were refused, unless it is for the members to say.
    pub(crate) fn refusal(&self, refused: &[Role]) -> Option<DirectoryError> {
        let is_stale = [Role::Above, Role::Resource, Role::Task];
        if refused.iter().any(|role| is_stale.contains(role)) {
            return Some(DirectoryError::Stale);
        }
        let is_taken = refused.contains(&Role::Marker);
        is_taken.then(|| taken(ResourceKind::Group, self.after.name.clone()))
    }
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

pub(crate) fn taken(kind: ResourceKind, value: String) -> DirectoryError {
    DirectoryError::Taken {
        attribute: keys::unique_attribute(kind),
        value,
    }
}
