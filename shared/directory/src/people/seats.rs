//! The seats of a tenant: how many active users it has and may have.

use futures_util::future::try_join_all;
use scim_core::ResourceKind;
use scim_core::active::is_active;
use scim_core::sort::Direction;

use crate::limits::{COUNT_ATTEMPTS, COUNT_TIME};
use crate::people::directory::Directory;
use crate::people::item::read_resource;
use crate::table::keys;
use crate::table::keys::attribute::seats::{LIMIT, TAKEN};
use crate::table::{self, DirectoryError, Put, Range, n, number_if};
use crate::tenants::limited;

/// The possible first digits of an id: one parallel query scans each range.
const DIGITS: [&str; 16] = [
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f",
];

/// A tenant's seats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seats {
    /// The number of active users.
    pub taken: u64,
    /// The most active users.
    pub limit: u64,
}

impl Directory {
    /// Counts the active users before a limit takes effect. Meanwhile, no process that does not know the rule may write for
    /// the tenant.
    ///
    /// # Errors
    ///
    /// `TooMany` when the users cannot be counted within the time limit; `Contended` when their number keeps changing.
    pub async fn count_seats(&self) -> Result<(), DirectoryError> {
        for _ in 0..COUNT_ATTEMPTS {
            let before = self.total(ResourceKind::User).await?;
            let active = self.count_active().await?;
            let key = keys::seats(self.table.tenant());
            let item = table::item(&key, [(TAKEN, n(active))]);
            self.table.batch_put(vec![item]).await?;
            if self.total(ResourceKind::User).await? == before {
                return Ok(());
            }
        }
        Err(DirectoryError::Contended)
    }

    /// Counts the active users and sets the limit from the tenant's settings.
    ///
    /// # Errors
    ///
    /// As [`Directory::count_seats`].
    pub async fn open_seats(&self, limit: u32) -> Result<(), DirectoryError> {
        self.count_seats().await?;
        let change = limited(self.table.tenant(), Some(limit));
        match self.table.update(&change).await? {
            Put::Done | Put::ConditionFailed(_) => Ok(()),
        }
    }

    /// The seats of the tenant; `None` if they are not limited.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn seats(&self) -> Result<Option<Seats>, DirectoryError> {
        let key = keys::seats(self.table.tenant());
        let item = self.table.get(&key).await?;
        let item = item.unwrap_or_default();
        let seats = (number_if(&item, TAKEN)?, number_if(&item, LIMIT)?);
        Ok(match seats {
            (Some(taken), Some(limit)) => Some(Seats { taken, limit }),
            _ => None,
        })
    }

    async fn count_active(&self) -> Result<u64, DirectoryError> {
        let digits = DIGITS.map(|digit| {
            let branch = self.branch();
            async move { branch.count_active_in(digit).await }
        });
        let counts = tokio::time::timeout(COUNT_TIME, try_join_all(digits));
        let counts = counts.await.map_err(|_| DirectoryError::TooMany)??;
        Ok(counts.into_iter().sum())
    }

    /// The number of active users whose ids begin with this digit.
    async fn count_active_in(&self, digit: &str) -> Result<u64, DirectoryError> {
        let pk = keys::resources(self.table.tenant(), ResourceKind::User);
        let range = Range::prefix(pk, digit);
        let mut active = 0;
        let mut pages = self.table.pages(&range, Direction::Ascending);
        while let Some(items) = pages.next().await? {
            for item in &items {
                let user = read_resource(ResourceKind::User, item)?;
                active += u64::from(is_active(&user.resource.attributes));
            }
        }
        Ok(active)
    }
}
