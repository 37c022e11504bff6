//! Users that a client deleted and that the tenant keeps: out of sight of every client, inactive, and found again by
//! their userName when a client creates them anew. They have their id and their creation from before.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use scim_core::resource::Meta;
use scim_core::sort::Direction;
use scim_core::{Resource, ResourceId, ResourceKind, Version, text};
use serde_json::Value;

use super::{Actions, Origin, Role};
use crate::directory::Directory;
use crate::error::{DirectoryError, corrupt};
use crate::items::{Indexed, WriteId, attribute, data, n, s};
use crate::keys::{self, Key, Partition};
use crate::store::{self, Item, Range, number, sort_key};
use crate::tenants::settings::Delete;

/// How many kept users one page has at most.
const PAGE: usize = 100;

/// A user that was deleted and kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Its id.
    pub id: ResourceId,
    created: Timestamp,
    version: Version,
    key: Key,
}

impl Kept {
    /// What is said of it when it comes back.
    pub(super) const fn meta_again(&self, now: Timestamp) -> Meta {
        Meta {
            created: self.created,
            last_modified: now,
            version: self.version.next(),
        }
    }
}

/// Some kept users.
#[derive(Debug)]
pub struct KeptUsers {
    /// The users, in the order of their userNames, inactive.
    pub users: Vec<Resource>,
    /// Where to go on, if there are more.
    pub next: Option<String>,
}

impl Directory {
    /// The user with a userName that was deleted and kept, if the tenant keeps users.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn kept(&self, user_name: &str) -> Result<Option<Kept>, DirectoryError> {
        if self.rules.delete != Delete::Deactivate {
            return Ok(None);
        }
        let folded =
            text::user_name(user_name).unwrap_or_else(|| text::fold(user_name).into_owned());
        let prefix = keys::lookup_prefix(&folded);
        let range = Range::prefix(Partition::Kept.of(&self.tenant), &prefix);
        let items = self.store.query(&range, Some(1), &self.meter).await?;
        let Some(item) = items.first() else {
            return Ok(None);
        };
        let user = read(item)?;
        Ok(Some(Kept {
            id: user.id,
            created: user.meta.created,
            version: user.meta.version,
            key: keys::kept(&self.tenant, &folded, user.id),
        }))
    }

    /// Clears what is left of a kept user's deletion, so that it may come back.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn ready(
        &self,
        kept: &Kept,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        self.finish_deletion(kept.id, now, by).await
    }

    /// A page of the kept users, after the place that the page before named.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn kept_users(&self, after: Option<&str>) -> Result<KeptUsers, DirectoryError> {
        let pk = Partition::Kept.of(&self.tenant);
        let range = Range {
            from: after.map_or_else(|| "\u{0}".to_owned(), |after| format!("{after}\u{0}")),
            to: "\u{10ffff}".to_owned(),
            pk,
        };
        let page =
            self.store
                .query_page(&range, Some(PAGE), None, Direction::Ascending, &self.meter);
        let (items, more) = page.await?;
        let next = more.and_then(|_| items.last().map(|item| sort_key(item).to_owned()));
        let users = items.iter().map(read).collect::<Result<_, _>>()?;
        Ok(KeptUsers { users, next })
    }

    /// Deletes a kept user for good; whether there was one with the id. All of them are looked through.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn forget_kept(&self, id: ResourceId) -> Result<bool, DirectoryError> {
        let pk = Partition::Kept.of(&self.tenant);
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let (keys, next) = self.store.keys_page(&pk, from, &self.meter).await?;
            let end = format!("#{id}");
            found.extend(keys.into_iter().filter(|key| key.sk.ends_with(&end)));
            from = next;
            if from.is_none() {
                break;
            }
        }
        self.store.batch_delete(&found, &self.meter).await?;
        Ok(!found.is_empty())
    }

    /// Adds to a deletion that the user is kept, if the tenant keeps users.
    pub(super) fn keep(
        &self,
        actions: &mut Actions,
        resource: &Resource,
        entries: &Indexed,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        if self.rules.delete != Delete::Deactivate || resource.kind != ResourceKind::User {
            return Ok(());
        }
        let mut attributes = resource.attributes.clone();
        attributes.insert("active".to_owned(), Value::Bool(false));
        let millis = |instant: Timestamp| n(instant.as_millisecond());
        let item = store::item(
            &keys::kept(&self.tenant, &entries.marker, resource.id),
            [
                (attribute::DATA, s(data(&attributes)?)),
                (attribute::VERSION, n(resource.meta.version.next().0)),
                (attribute::CREATED, millis(resource.meta.created)),
                (attribute::MODIFIED, millis(now)),
            ],
        );
        actions.put(self.store.table(), item, Role::Certain)
    }

    /// Adds to a creation what it takes that the user comes from there.
    pub(super) fn come(
        &self,
        actions: &mut Actions,
        item: &mut Item,
        origin: &Origin,
    ) -> Result<(), DirectoryError> {
        match origin {
            Origin::Client => Ok(()),
            Origin::Application => {
                let waiting = AttributeValue::Bool(true);
                item.insert(attribute::WAITING.to_owned(), waiting);
                Ok(())
            }
            Origin::Kept(kept) => actions.delete_present(self.store.table(), &kept.key, Role::Kept),
        }
    }
}

/// The user in an item.
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
            attributes: serde_json::from_str(store::text(item, attribute::DATA)?).ok()?,
        })
    };
    read().ok_or_else(|| corrupt("kept user"))
}
