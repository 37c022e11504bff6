//! The deletion of a tenant, behind the answer to whoever asked for it.
//!
//! The record of the stream has everything deleted that there is. The tenant itself stays until no process remembers it,
//! which nobody waits for here: a record that is waited with holds up the records behind it. The deletion is put off, and
//! a schedule looks every few minutes whether there is one.

use std::sync::Arc;
use std::time::Duration;

use directory::tenants::Cleared;
use directory::{DirectoryError, Meter, Spent};
use futures_util::stream::{self, StreamExt};
use keyring::TenantId;
use tokio::time::{Instant, timeout_at};

use super::{Outcome, SWEPT_AT_ONCE};
use crate::Service;

/// How long one look through a tenant takes at most.
const PATIENCE: Duration = Duration::from_mins(1);

const HAS_KEYS: &str = "its keys are not out of the keyrings; ask for its deletion again";

impl Service {
    /// Deletes what there is of a tenant that is closing, and puts off what has to wait.
    pub(super) async fn close(&self, tenant: &TenantId, meter: &Meter) -> Outcome {
        loop {
            let result = match self.clear(tenant, meter).await {
                Ok(Cleared::NotYet) => continue,
                Ok(Cleared::Gone | Cleared::InUse) => Ok(()),
                Ok(Cleared::Early) => self.tenants.put_off(tenant, meter).await,
                Ok(Cleared::HasKeys) => return Outcome::GivenUp(HAS_KEYS.to_owned()),
                Err(error) => Err(error),
            };
            return result.map_or_else(|error| Outcome::of(&error), |()| Outcome::Done);
        }
    }

    /// Goes on with the deletions that were put off.
    ///
    /// # Errors
    ///
    /// When one cannot be done now that may be another time.
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
            Ok(Cleared::NotYet | Cleared::Early) => return Ok(()),
            Ok(Cleared::Gone | Cleared::InUse) => None,
            Ok(Cleared::HasKeys) => Some(HAS_KEYS.to_owned()),
            Err(error) => match Outcome::of(&error) {
                Outcome::GivenUp(reason) => Some(reason),
                _ => return Err(error),
            },
        };
        if let Some(reason) = reason {
            tracing::error!(tenant.id = %tenant, reason, "event.given_up");
        }
        self.tenants.settle(tenant, meter).await
    }

    /// Deletes what is left of a tenant, if it is closing.
    pub(super) async fn clear(
        &self,
        tenant: &TenantId,
        meter: &Meter,
    ) -> Result<Cleared, DirectoryError> {
        let (now, write) = (self.clock.now(), self.ids.write());
        let cleared = self.tenants.clear(tenant, now, PATIENCE, &write, meter);
        cleared.await
    }
}
