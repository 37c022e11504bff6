//! Users that the application had before provisioning and that a client has not adopted yet.

use futures_util::future::try_join_all;
use scim_core::{Attributes, ResourceId, ResourceKind};

use crate::limits::WAITING_LOOKED_AT;
use crate::people::directory::Directory;
use crate::people::item::{Stored, indexed};
use crate::table::keys::attribute::marker as marker_attribute;
use crate::table::keys::{self, Lookup};
use crate::table::{DirectoryError, Range, sort_key, text};

impl Directory {
    /// The waiting user that a client's new user matches: the one with the same userName, or else the only one with one of
    /// its e-mail addresses.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn waiting(&self, created: &Attributes) -> Result<Option<Stored>, DirectoryError> {
        let entries = indexed(ResourceKind::User, created);
        let addresses: Vec<String> = entries.addresses().into_iter().map(str::to_owned).collect();
        let named = async {
            let beside = self.branch();
            let key = keys::marker(self.table.tenant(), ResourceKind::User, &entries.marker);
            let marker = beside.table.get(&key).await?;
            Ok::<_, DirectoryError>(
                marker
                    .as_ref()
                    .and_then(|item| ResourceId::parse(text(item, marker_attribute::ID)?)),
            )
        };
        let owners = addresses.iter().map(|address| {
            let beside = self.branch();
            async move { beside.addressed(address, Some(WAITING_LOOKED_AT)).await }
        });
        let owners: Vec<_> = owners.collect();
        let (named, owners) = tokio::try_join!(named, try_join_all(owners))?;
        if let Some(id) = named {
            let found = self.get(ResourceKind::User, id).await?;
            return Ok(found.filter(|user| user.waiting));
        }
        let mut users = self.resources(ResourceKind::User, owners.concat()).await?;
        users.retain(|user| user.waiting);
        match users.len() {
            1 => Ok(users.pop()),
            // Several users match, so the choice would be a guess.
            _ => Ok(None),
        }
    }

    /// The ids of users with this address in comparable form, at most `most`.
    pub(crate) async fn addressed(
        &self,
        address: &str,
        most: Option<usize>,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let prefix = keys::lookup_prefix(address);
        let pk = keys::lookups(self.table.tenant(), ResourceKind::User, Lookup::Email);
        let range = Range::prefix(pk, &prefix);
        let items = self.table.query(&range, most).await?;
        let ids = items.iter().filter_map(|item| {
            let id = sort_key(item).strip_prefix(&prefix)?;
            ResourceId::parse(id)
        });
        Ok(ids.collect())
    }
}
