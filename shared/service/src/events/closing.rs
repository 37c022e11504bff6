//! Deletes tenants in the background, after the response to the request.
//!
//! A record of the stream triggers the deletion of the tenant's data. The tenant's own item must stay until no
//! process caches it any more. Waiting for that here would block the records after this one, so the deletion is
//! postponed, and a schedule continues it every few minutes.

use std::sync::Arc;
use std::time::Duration;

use directory::tenants::Cleared;
use directory::{DirectoryError, Meter, Spent};
use futures_util::stream::{self, StreamExt};
use keyring::TenantId;
use tokio::time::{Instant, timeout_at};

use super::RecordResult;
use crate::Service;
use crate::limits::{CLEARING_TIME, SWEPT_AT_ONCE};

const HAS_KEYS: &str = "its keys are still in the keyrings; delete the tenant again";

impl Service {
    /// Deletes the data of a tenant that is being deleted, and postpones what has to wait.
    pub(super) async fn close(&self, tenant: &TenantId, meter: &Meter) -> RecordResult {
        loop {
            let result = match self.clear(tenant, meter).await {
                Ok(Cleared::NotYet) => continue,
                Ok(Cleared::Gone | Cleared::InUse) => Ok(()),
                Ok(Cleared::Early | Cleared::Elsewhere) => {
                    self.tenants.put_off(tenant, meter).await
                }
                Ok(Cleared::HasKeys) => return RecordResult::GivenUp(HAS_KEYS.to_owned()),
                Err(error) => Err(error),
            };
            return result.map_or_else(|error| RecordResult::of(&error), |()| RecordResult::Done);
        }
    }

    /// Continues the postponed deletions.
    ///
    /// # Errors
    ///
    /// When a deletion failed that may succeed later.
    pub async fn end_deletions(&self, patience: Duration) -> Result<Spent, DirectoryError> {
        let meter = Arc::new(Meter::default());
        let ended = timeout_at(Instant::now() + patience, self.end_all(&meter)).await;
        ended.map_err(|_| DirectoryError::Contended)??;
        Ok(meter.spent())
    }

    async fn end_all(&self, meter: &Meter) -> Result<(), DirectoryError> {
        let tenants = self.tenants.put_off_ones(meter).await?;
        let each: Vec<_> = tenants
            .iter()
            .map(|tenant| {
                let meter = meter.branch();
                async move { self.end(tenant, &meter).await }
            })
            .collect();
        let ended = stream::iter(each).buffer_unordered(SWEPT_AT_ONCE);
        let ended: Vec<Result<(), DirectoryError>> = ended.collect().await;
        ended.into_iter().collect()
    }

    async fn end(&self, tenant: &TenantId, meter: &Meter) -> Result<(), DirectoryError> {
        let reason = match self.clear(tenant, meter).await {
            Ok(Cleared::NotYet | Cleared::Early | Cleared::Elsewhere) => return Ok(()),
            Ok(Cleared::Gone | Cleared::InUse) => None,
            Ok(Cleared::HasKeys) => Some(HAS_KEYS.to_owned()),
            Err(error) => match RecordResult::of(&error) {
                RecordResult::GivenUp(reason) => Some(reason),
                _ => return Err(error),
            },
        };
        if let Some(error) = reason {
            tracing::error!(tenant.id = %tenant, error, "event.abandoned");
        }
        self.tenants.settle(tenant, meter).await
    }

    /// Deletes data of a tenant if it is being deleted.
    pub(super) async fn clear(
        &self,
        tenant: &TenantId,
        meter: &Meter,
    ) -> Result<Cleared, DirectoryError> {
        let (now, write) = (self.clock.now(), self.ids.write());
        let cleared = self
            .tenants
            .clear(tenant, now, CLEARING_TIME, &write, meter);
        cleared.await
    }
}
