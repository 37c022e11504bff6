//! Users of the application from before provisioning, who wait for a client to take them over.

use futures_util::future::try_join_all;
use scim_core::{Attributes, ResourceId, ResourceKind};

use crate::people::directory::Directory;
use crate::people::item::{Stored, indexed};
use crate::table::keys::{self, Lookup};
use crate::table::{DirectoryError, Range, sort_key, text};

/// How many users with one address are looked at.
const MOST: usize = 10;

impl Directory {
    /// The user who waits and is meant by what a client creates: the one with its userName, or else the only one
    /// who has one of its e-mail addresses.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn waiting(&self, created: &Attributes) -> Result<Option<Stored>, DirectoryError> {
        let entries = indexed(ResourceKind::User, created);
        let addresses: Vec<String> = entries.addresses().into_iter().map(str::to_owned).collect();
        let named = async {
            let beside = self.branch();
            let key = keys::marker(&self.tenant, ResourceKind::User, &entries.marker);
            let marker = self.store.get(&key, &beside.meter).await?;
            Ok::<_, DirectoryError>(
                marker
                    .as_ref()
                    .and_then(|item| ResourceId::parse(text(item, "id")?)),
            )
        };
        let owners = addresses.iter().map(|address| {
            let beside = self.branch();
            async move { beside.addressed(address, Some(MOST)).await }
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
            // Nobody can know which of them is meant.
            _ => Ok(None),
        }
    }

    /// Those who have an address, in its comparable form, up to `most` of them.
    pub(crate) async fn addressed(
        &self,
        address: &str,
        most: Option<usize>,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let prefix = keys::lookup_prefix(address);
        let pk = keys::lookups(&self.tenant, ResourceKind::User, Lookup::Email);
        let range = Range::prefix(pk, &prefix);
        let items = self.store.query(&range, most, &self.meter).await?;
        let ids = items.iter().filter_map(|item| {
            let id = sort_key(item).strip_prefix(&prefix)?;
            ResourceId::parse(id)
        });
        Ok(ids.collect())
    }
}
