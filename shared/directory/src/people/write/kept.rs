//! Kept users: users that a client deleted but that the tenant keeps. They are inactive and hidden from every client, and
//! are restored, with their id and creation time, when a client creates the same user again.
//!
//! An id identifies a person. So a user is restored only if the userName is the same, ignoring case, and the externalId is
//! the same or absent on both. A different or additional externalId may mean another person who got a freed name, whom the
//! application must not confuse with the first. The externalId alone does not restore a user, because the client controls
//! it and it is not unique (RFC 7643 §3.1). A kept user reserves neither its name nor its addresses; it stays kept if
//! another user takes them, until it is erased.

use jiff::Timestamp;
use scim_core::resource::Meta;
use scim_core::sort::Direction;
use scim_core::{Attributes, Resource, ResourceId, ResourceKind, Version};
use serde_json::Value;

use super::ResourceOrigin;
use crate::limits::KEPT_PAGE;
use crate::people::directory::Directory;
use crate::people::item::{Indexed, data, indexed};
use crate::table::keys::attribute::resource as attribute;
use crate::table::keys::{self, Key, Partition};
use crate::table::{
    self, Actions, DirectoryError, Item, Range, Role, corrupt, n, number, s, sort_key, yes,
};
use crate::tenants::Delete;

/// A user that was deleted and kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptUser {
    /// The user's id.
    pub id: ResourceId,
    created: Timestamp,
    version: Version,
    key: Key,
}

impl KeptUser {
    /// The metadata of the restored user.
    pub(super) const fn meta_again(&self, now: Timestamp) -> Meta {
        Meta {
            created: self.created,
            last_modified: now,
            version: self.version.next(),
        }
    }
}

/// What a deletion keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keeps {
    Nothing,
    /// The user, inactive and hidden.
    User,
}

/// A page of kept users.
#[derive(Debug)]
pub struct KeptPage {
    /// The users, sorted by userName, with `active` false.
    pub users: Vec<Resource>,
    /// The start of the next page, if there is one.
    pub next: Option<String>,
}

impl Directory {
    /// The kept user that matches the user to create; of several, the one that was deleted last.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn kept(&self, created: &Attributes) -> Result<Option<KeptUser>, DirectoryError> {
        if self.rules.delete != Delete::Deactivate {
            return Ok(None);
        }
        let entries = indexed(ResourceKind::User, created);
        let prefix = keys::kept_prefix(&entries.marker);
        let range = Range::prefix(Partition::Kept.of(self.table.tenant()), &prefix);
        let items = self.table.query(&range, None).await?;
        let mut users = items.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        users.retain(|user| {
            let kept = indexed(ResourceKind::User, &user.attributes);
            kept.external_id() == entries.external_id()
        });
        let last = users.iter().max_by_key(|user| user.meta.last_modified);
        Ok(last.map(|user| KeptUser {
            id: user.id,
            created: user.meta.created,
            version: user.meta.version,
            key: keys::kept(self.table.tenant(), &entries.marker, user.id),
        }))
    }

    /// The kept user with an id. This scans all kept users.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn kept_user(&self, id: ResourceId) -> Result<Option<Resource>, DirectoryError> {
        match self.kept_keys(id).await?.first() {
            None => Ok(None),
            Some(key) => {
                let item = self.table.get(key).await?;
                item.as_ref().map(read).transpose()
            }
        }
    }

    /// A page of kept users, which starts where the previous page ended.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn kept_users(&self, after: Option<&str>) -> Result<KeptPage, DirectoryError> {
        let pk = Partition::Kept.of(self.table.tenant());
        let range = Range {
            from: after.map_or_else(|| "\u{0}".to_owned(), |after| format!("{after}\u{0}")),
            to: "\u{10ffff}".to_owned(),
            pk,
        };
        let mut pages = self.table.pages(&range, Direction::Ascending);
        let items = pages.next_of(Some(KEPT_PAGE)).await?.unwrap_or_default();
        let last = items.last().filter(|_| !pages.is_over());
        let next = last.map(|item| sort_key(item).to_owned());
        let users = items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(KeptPage { users, next })
    }

    /// Erases a kept user and returns whether it existed. This scans all kept users.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn forget_kept(&self, id: ResourceId) -> Result<bool, DirectoryError> {
        let found = self.kept_keys(id).await?;
        self.table.batch_delete(&found).await?;
        Ok(!found.is_empty())
    }

    async fn kept_keys(&self, id: ResourceId) -> Result<Vec<Key>, DirectoryError> {
        let pk = Partition::Kept.of(self.table.tenant());
        let end = format!("#{id}");
        let mut found = Vec::new();
        let mut pages = self.table.key_pages(pk);
        while let Some(keys) = pages.next().await? {
            found.extend(keys.into_iter().filter(|key| key.sk.ends_with(&end)));
        }
        Ok(found)
    }

    /// Adds the kept user's item to a deletion if the tenant keeps deleted users; returns whether it does.
    pub(super) fn keep(
        &self,
        actions: &mut Actions,
        resource: &Resource,
        entries: &Indexed,
        now: Timestamp,
    ) -> Result<Keeps, DirectoryError> {
        if self.rules.delete != Delete::Deactivate || resource.kind != ResourceKind::User {
            return Ok(Keeps::Nothing);
        }
        let mut attributes = resource.attributes.clone();
        attributes.insert("active".to_owned(), Value::Bool(false));
        let millis = |instant: Timestamp| n(instant.as_millisecond());
        let item = table::item(
            &keys::kept(self.table.tenant(), &entries.marker, resource.id),
            [
                (attribute::DATA, s(data(&attributes)?)),
                (attribute::VERSION, n(resource.meta.version.next().0)),
                (attribute::CREATED, millis(resource.meta.created)),
                (attribute::MODIFIED, millis(now)),
            ],
        );
        actions.put(item, Role::Certain);
        Ok(Keeps::User)
    }
}

/// Adds the actions and attributes for the user's origin to a creation.
pub(super) fn add_origin(actions: &mut Actions, item: &mut Item, origin: &ResourceOrigin) {
    match origin {
        ResourceOrigin::Client => {}
        ResourceOrigin::Application => item.set(attribute::WAITING, yes()),
        ResourceOrigin::Kept(kept) => actions.delete_present(kept.key.clone(), Role::Kept),
    }
}

/// Reads the kept user in an item.
fn read(item: &Item) -> Result<Resource, DirectoryError> {
    let read = || {
        let instant =
            |name| number(item, name).and_then(|millis| Timestamp::from_millisecond(millis).ok());
        let (_, id) = sort_key(item).rsplit_once('#')?;
        Some(Resource {
            kind: ResourceKind::User,
            id: ResourceId::parse(id)?,
            meta: Meta {
                created: instant(attribute::CREATED)?,
                last_modified: instant(attribute::MODIFIED)?,
                version: Version(number(item, attribute::VERSION)?),
            },
            attributes: serde_json::from_str(table::text(item, attribute::DATA)?).ok()?,
        })
    };
    read().ok_or_else(|| corrupt("kept user"))
}
