//! Looking up a user at login: by userName, with the password hash.

use scim_core::{ResourceId, ResourceKind};

use crate::people::{Directory, Stored, read_resource};
use crate::table::keys::attribute::{marker, resource};
use crate::table::keys::{self, UniqueName};
use crate::table::{DirectoryError, ItemUpdate, Put, corrupt, is, s, text};

/// A user with the password hash, if the user has a password.
pub struct Login {
    /// The user that has this userName.
    pub user: Stored,
    /// The password hash in PHC string format.
    pub password: Option<String>,
}

/// An id that no user has.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

impl Directory {
    /// The user with this userName. The lookup always takes two reads, so its duration does not reveal whether the user
    /// exists.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn login(&self, name: &str) -> Result<Option<Login>, DirectoryError> {
        let kind = ResourceKind::User;
        let name = UniqueName::of(kind, name);
        let marker = keys::marker(self.table.tenant(), kind, &name);
        let marker = self.table.get(&marker).await?;
        let id = marker.as_ref().and_then(|item| text(item, marker::ID));
        let id = ResourceId::parse(id.unwrap_or(NOBODY)).ok_or_else(|| corrupt("marker"))?;
        let key = keys::resource(self.table.tenant(), kind, id);
        let Some(item) = self.table.get(&key).await? else {
            return Ok(None);
        };
        Ok(Some(Login {
            user: read_resource(kind, &item)?,
            password: text(&item, resource::PASSWORD).map(str::to_owned),
        }))
    }

    /// Whether a user has a password.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn has_password(&self, id: ResourceId) -> Result<bool, DirectoryError> {
        let key = keys::resource(self.table.tenant(), ResourceKind::User, id);
        let item = self.table.get(&key).await?;
        Ok(item.is_some_and(|item| item.has(resource::PASSWORD)))
    }

    /// Replaces a password hash with another hash of the same password, unless the password was changed meanwhile. This
    /// does not change the user's version.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn rehash(
        &self,
        id: ResourceId,
        (old, new): (&str, &str),
    ) -> Result<bool, DirectoryError> {
        let update = ItemUpdate::of(keys::resource(self.table.tenant(), ResourceKind::User, id))
            .set(resource::PASSWORD, s(new))
            .when(is(resource::PASSWORD, s(old)));
        Ok(matches!(self.table.update(&update).await?, Put::Done))
    }
}
