//! Writes of resources. All items of a resource change in one transaction.
//!
//! Readers never see a partial write of a resource, its marker, its lookups, its counter and the edges of its members. A
//! transaction has an idempotency token, so a retry after a lost response changes nothing. An update of only the resource
//! stores its write id, by which a retry recognises its own success.

use jiff::Timestamp;
use scim_core::resource::Meta;
use scim_core::{Attributes, Resource, ResourceId, ResourceKind, Version, active};

use crate::limits::MOST_ROUNDS;
use crate::people::directory::Directory;
use crate::people::item::{Indexed, Stored, data, indexed, resource_item, taken};
use crate::people::members::{Delta, Edges};
use crate::people::rule_changes::UserState;
use crate::table::keys::attribute::resource::{
    self as attribute, DATA, MODIFIED, PASSWORD, VERSION, WRITE,
};
use crate::table::{
    self, Actions, DirectoryError, Item, ItemUpdate, Put, Role, WriteId, is, keys, n, s, to_millis,
};

mod delete;
mod delete_large;
mod group;
mod group_version;
mod index;
mod kept;
mod large;
mod removal;

use group_version::Changing;
use index::CountChange;
pub use kept::KeptUser;

/// A resource to create.
pub struct NewResource {
    /// The resource type.
    pub kind: ResourceKind,
    /// The new resource's id.
    pub id: ResourceId,
    /// The attributes, without `id` and `meta`.
    pub attributes: Attributes,
    /// The password hash.
    pub password: Option<String>,
    /// The members of a new group.
    pub members: Vec<scim_core::members::Member>,
    /// The origin of the resource.
    pub origin: ResourceOrigin,
}

/// The origin of a new resource.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ResourceOrigin {
    /// A client creates the resource.
    #[default]
    Client,
    /// The resource is a user that the application had before provisioning and that a client may adopt.
    Application,
    /// A client creates a user again that it had deleted and that was kept.
    Kept(KeptUser),
}

/// The change of the password hash.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum PasswordHash {
    /// Keep the current hash.
    #[default]
    Keep,
    /// Store this hash.
    Set(String),
    /// Remove the hash.
    Remove,
}

impl NewResource {
    /// The id and metadata that the resource starts with; those of a kept user continue.
    fn begins_as(&self, now: Timestamp) -> (ResourceId, Meta) {
        let first = Meta {
            created: now,
            last_modified: now,
            version: Version::FIRST,
        };
        match &self.origin {
            ResourceOrigin::Kept(kept) => (kept.id, kept.meta_again(now)),
            ResourceOrigin::Client | ResourceOrigin::Application => (self.id, first),
        }
    }
}

/// Why a creation that lost a race cannot be tried again.
fn lost_race(refused: &[Role], kind: ResourceKind, entries: &Indexed) -> Option<DirectoryError> {
    if refused.contains(&Role::Kept) {
        return Some(DirectoryError::Stale);
    }
    let is_taken = refused.contains(&Role::Marker);
    is_taken.then(|| taken(kind, entries.name.clone()))
}

impl Directory {
    /// Creates a resource.
    ///
    /// # Errors
    ///
    /// `Taken` when the unique name is taken, `NoSuchMember`, `TooManyMembers`, `TooManyAddresses`, `TooLarge`.
    pub async fn create(
        &self,
        new: NewResource,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Stored, DirectoryError> {
        let now = to_millis(now);
        let (id, meta) = new.begins_as(now);
        let mut attributes = new.attributes;
        active::settle(new.kind, &mut attributes);
        let resource = Resource {
            kind: new.kind,
            id,
            meta,
            attributes,
        };
        let entries = indexed(new.kind, &resource.attributes);
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
        let side = UserState {
            attributes: &resource.attributes,
            entries: &entries,
        };
        let mut changes = self
            .checked_rule_changes((new.kind, id), None, Some(side))
            .await?;
        for round in 0..MOST_ROUNDS {
            // No group contains a group that does not exist yet, so no cycle is possible.
            let mut actions = Actions::default();
            let mut item = self.new_item(&resource, &edges, new.password.as_deref(), write)?;
            kept::add_origin(&mut actions, &mut item, &new.origin);
            actions.put(item, Role::Resource);
            self.index(&mut actions, &resource, None, Some(&entries));
            actions.update(self.count(&resource, CountChange::More), Role::Certain);
            self.add_rule_changes(&mut actions, id, &changes);
            self.edges(&mut actions, &edges);
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                return Ok(Stored {
                    resource,
                    members: edges.added(),
                    waiting: new.origin == ResourceOrigin::Application,
                    fence: 0,
                    plan: None,
                });
            }
            if let Some(error) = lost_race(&refused, new.kind, &entries) {
                return Err(error);
            }
            self.settle_rule_changes(id, &mut changes, &refused).await?;
            edges.settle(&refused)?;
        }
        Err(DirectoryError::Contended)
    }

    /// The item of a new resource, which its author signs and to which the edges add members.
    fn new_item(
        &self,
        resource: &Resource,
        edges: &Edges,
        password: Option<&str>,
        write: &WriteId,
    ) -> Result<Item, DirectoryError> {
        let key = keys::resource(self.table.tenant(), resource.kind, resource.id);
        let mut item = resource_item(&key, resource, edges.added(), password, write)?;
        self.author.sign(&mut item);
        if resource.kind == ResourceKind::Group {
            item.set(attribute::DELTA, Delta::of(edges).attribute(write));
        }
        Ok(item)
    }

    /// Replaces the attributes and password of a user, or the attributes of a group without changing its members.
    ///
    /// # Errors
    ///
    /// `Stale` when the resource no longer has the version of `current`, `Gone`, `Taken`, `TooManyAddresses`, `TooLarge`.
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
        let next = Stored {
            waiting: false,
            ..successor(current, attributes, now)
        };
        let mut head = self.head(&next.resource, &password, write)?;
        if current.resource.kind == ResourceKind::Group {
            head = head.set(attribute::DELTA, Delta::NONE.attribute(write));
        }
        let head = match current.waiting {
            true => head.remove(attribute::WAITING),
            false => head,
        };
        let side = |attributes, entries| UserState {
            attributes,
            entries,
        };
        let (kind, id) = (next.resource.kind, next.resource.id);
        let from = side(&current.resource.attributes, &before);
        let to = side(&next.resource.attributes, &after);
        let mut changes = self
            .checked_rule_changes((kind, id), Some(from), Some(to))
            .await?;
        let is_same = (&before.marker, &before.lookups) == (&after.marker, &after.lookups);
        if is_same && changes.is_nothing() {
            return match self.table.update(&head).await? {
                Put::Done => Ok(next),
                Put::ConditionFailed(Some(item))
                    if table::text(&item, WRITE) == Some(write.as_str()) =>
                {
                    Ok(next)
                }
                Put::ConditionFailed(Some(_)) => Err(DirectoryError::Stale),
                Put::ConditionFailed(None) => Err(DirectoryError::Gone),
            };
        }
        for round in 0..MOST_ROUNDS {
            let mut actions = Actions::default();
            actions.update(head.clone(), Role::Resource);
            self.index(&mut actions, &next.resource, Some(&before), Some(&after));
            self.add_rule_changes(&mut actions, id, &changes);
            let refused = self.run(actions, &write.token(round)).await?;
            if refused.is_empty() {
                return Ok(next);
            }
            if refused.contains(&Role::Resource) {
                return Err(DirectoryError::Stale);
            }
            if refused.contains(&Role::Marker) {
                return Err(taken(kind, after.name));
            }
            self.settle_rule_changes(id, &mut changes, &refused).await?;
        }
        Err(DirectoryError::Contended)
    }

    /// The update that writes a resource's new version.
    pub(crate) fn head(
        &self,
        next: &Resource,
        password: &PasswordHash,
        write: &WriteId,
    ) -> Result<ItemUpdate, DirectoryError> {
        let key = keys::resource(self.table.tenant(), next.kind, next.id);
        let before = next.meta.version.0.saturating_sub(1);
        let head = ItemUpdate::of(key)
            .set(DATA, s(data(&next.attributes)?))
            .set(VERSION, n(next.meta.version.0))
            .set(MODIFIED, n(next.meta.last_modified.as_millisecond()))
            .set(WRITE, s(write.as_str()))
            .when(is(VERSION, n(before)));
        let head = self.author.sign_update(head);
        Ok(match password {
            PasswordHash::Keep => head,
            PasswordHash::Set(hash) => head.set(PASSWORD, s(hash.as_str())),
            PasswordHash::Remove => head.remove(PASSWORD),
        })
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
                // The clocks of two functions may differ, but `lastModified` must not go back.
                last_modified: to_millis(now).max(resource.meta.last_modified),
                version: resource.meta.version.next(),
            },
            attributes,
        },
        ..current.clone()
    }
}
