//! The deletion of a tenant, behind the answer to whoever asked for it.

use std::time::Duration;

use directory::error::DirectoryError;
use directory::store::Meter;
use directory::tenant_id::TenantId;
use directory::tenants::clear::Cleared;

use super::Outcome;
use crate::Service;

/// How long one look through a tenant takes at most.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long to wait until processes that remember the tenant have forgotten it.
const PAUSE: Duration = Duration::from_secs(5);

impl Service {
    /// Deletes a tenant that is closing, and stays until it is gone.
    pub(super) async fn close(&self, tenant: &TenantId, meter: &Meter) -> Outcome {
        loop {
            match self.clear(tenant, meter).await {
                Ok(Cleared::Gone | Cleared::InUse) => return Outcome::Done,
                Ok(Cleared::HasKeys) => {
                    let reason = "its keys are not out of the keyrings; ask for its deletion again";
                    return Outcome::GivenUp(reason.to_owned());
                }
                Ok(Cleared::NotYet) => tokio::time::sleep(PAUSE).await,
                Err(error) => return Outcome::of(&error),
            }
        }
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
