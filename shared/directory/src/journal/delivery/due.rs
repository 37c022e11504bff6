//! What is due: deliveries that are tried again at a minute, and destinations of which all deliveries go on.
//!
//! The items only remind. The delivery itself says whether it is due, so one reminder too many does nothing, and an item is
//! deleted after its deliveries were invoked.

use std::sync::Arc;

use keyring::TenantId;
use scim_core::sort::Direction;

use super::schedule::DueMinute;
use crate::journal::destinations::DestinationId;
use crate::limits::DUE_AT_ONCE;
use crate::table::{self, DirectoryError, Meter, Range, Store, keys, sort_key};

/// Something that is due.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DueItem {
    /// When.
    pub minute: DueMinute,
    /// Whose delivery; `None` for all deliveries to the destination.
    pub tenant: Option<TenantId>,
    /// The destination.
    pub destination: DestinationId,
}

impl DueItem {
    fn key(&self) -> keys::Key {
        let minute = self.minute.to_string();
        keys::due(&minute, self.tenant.as_ref(), self.destination.as_str())
    }

    fn parse(sk: &str) -> Option<Self> {
        let (minute, rest) = sk.split_once('#')?;
        let (tenant, destination) = rest.split_once('#')?;
        let tenant = match tenant {
            "-" => None,
            tenant => Some(TenantId::parse(tenant)?),
        };
        Some(Self {
            minute: DueMinute::parse(minute)?,
            tenant,
            destination: DestinationId::parse(destination)?,
        })
    }
}

/// Everything that is due.
#[derive(Clone, Debug)]
pub struct DueList {
    store: Arc<Store>,
    meter: Arc<Meter>,
}

impl DueList {
    /// The list of a table; `meter` counts the calls.
    #[must_use]
    pub const fn new(store: Arc<Store>, meter: Arc<Meter>) -> Self {
        Self { store, meter }
    }

    /// Adds an item. The caller must make a schedule for its minute.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put(&self, due: &DueItem) -> Result<(), DirectoryError> {
        let item = table::item(&due.key(), []);
        self.store.batch_put(vec![item], &self.meter).await
    }

    /// The first items that are due until the end of a minute.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn until(&self, minute: DueMinute) -> Result<Vec<DueItem>, DirectoryError> {
        let range = Range {
            pk: keys::all_due(),
            from: "0".to_owned(),
            // Behind every key of the minute.
            to: format!("{minute}~"),
        };
        let found = self
            .store
            .query_in(&range, Some(DUE_AT_ONCE), Direction::Ascending, &self.meter)
            .await?;
        Ok(found
            .iter()
            .filter_map(|item| DueItem::parse(sort_key(item)))
            .collect())
    }

    /// Deletes items whose deliveries were invoked.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn remove(&self, done: &[DueItem]) -> Result<(), DirectoryError> {
        let keys: Vec<_> = done.iter().map(DueItem::key).collect();
        self.store.batch_delete(&keys, &self.meter).await
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_due_item_is_read_from_its_key() {
        let destination = DestinationId::new([1; 10]);
        for tenant in [None, TenantId::parse("acme")] {
            let due = DueItem {
                minute: DueMinute::of(Timestamp::UNIX_EPOCH),
                tenant,
                destination: destination.clone(),
            };
            assert_eq!(DueItem::parse(&due.key().sk), Some(due));
        }
        for odd in [
            "",
            "0000000001",
            "0000000001#acme",
            "0000000001#acme#x",
            "1#-#-",
        ] {
            assert_eq!(DueItem::parse(odd), None, "{odd}");
        }
    }
}
