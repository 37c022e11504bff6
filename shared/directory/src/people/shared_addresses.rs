//! Finds the e-mail addresses that several active users have, before a tenant forbids them.

use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use crate::limits::COUNT_TIME;
use crate::people::directory::Directory;
use crate::table::keys::{self, Lookup};
use crate::table::{DirectoryError, Range, sort_key};

impl Directory {
    /// For each shared e-mail address, two active users who have it; at most `most` addresses.
    ///
    /// # Errors
    ///
    /// `TooMany` when the addresses cannot be scanned within the time limit.
    pub async fn sharing_addresses(
        &self,
        most: usize,
    ) -> Result<Vec<[ResourceId; 2]>, DirectoryError> {
        let pk = keys::lookups(self.table.tenant(), ResourceKind::User, Lookup::Email);
        let range = Range {
            pk,
            from: "\u{0}".to_owned(),
            to: "\u{10ffff}".to_owned(),
        };
        let look = async {
            let mut sharing = Vec::new();
            let (mut address, mut owners) = (String::new(), Vec::new());
            let mut pages = self.table.pages(&range, Direction::Ascending);
            while let Some(items) = pages.next().await? {
                for item in &items {
                    let split = sort_key(item).rsplit_once('#');
                    let Some((value, id)) =
                        split.and_then(|(value, id)| Some((value, ResourceId::parse(id)?)))
                    else {
                        continue;
                    };
                    if value != address {
                        sharing.extend(self.two_active(std::mem::take(&mut owners)).await?);
                        value.clone_into(&mut address);
                    }
                    owners.push(id);
                }
                if sharing.len() >= most {
                    break;
                }
            }
            if sharing.len() < most {
                sharing.extend(self.two_active(owners).await?);
            }
            sharing.truncate(most);
            Ok(sharing)
        };
        let found = tokio::time::timeout(COUNT_TIME, look).await;
        found.map_err(|_| DirectoryError::TooMany)?
    }

    /// The first two active users among the users with one address.
    async fn two_active(
        &self,
        owners: Vec<ResourceId>,
    ) -> Result<Option<[ResourceId; 2]>, DirectoryError> {
        if owners.len() < 2 {
            return Ok(None);
        }
        let active = self.active_among(owners).await?;
        match active.as_slice() {
            [one, other, ..] => Ok(Some([*one, *other])),
            _ => Ok(None),
        }
    }
}
