//! Bookkeeping of requests: counts each tenant's requests and records the last use of keys.

use std::time::Duration;

use directory::{Meter, last_used};
use keyring::{KeyId, TenantId};

use crate::Service;
use crate::rate::Turn;
use crate::response::{Failure, Outcome};

/// The time limit for recording a key's use.
const PATIENCE: Duration = Duration::from_millis(100);

impl Service {
    /// Records the use of a key after its request was served. In parallel with the request it would need another
    /// connection, and in a new process a TLS handshake costs more than this write. The response waits at most
    /// [`PATIENCE`]. The write is not part of the request's consumption, because it happens once per hour and key.
    pub(crate) async fn tell_use(&self, tenant: &TenantId, key: KeyId) {
        let (now, meter) = (self.clock.now(), Meter::default());
        let told = last_used::tell(&self.store, tenant, key, now, &meter);
        if !matches!(tokio::time::timeout(PATIENCE, told).await, Ok(Ok(()))) {
            self.uses.put_off(tenant, key, now);
        }
    }

    /// Serves a request unless the tenant has reached its rate limit.
    pub(crate) async fn in_turn(
        &self,
        tenant: &TenantId,
        rate: Option<u32>,
        served: impl Future<Output = Result<Outcome, Failure>>,
        meter: &Meter,
    ) -> Result<Outcome, Failure> {
        match self.rates.turn(tenant, rate, self.clock.now()) {
            Turn::Served => served.await,
            Turn::Told(window, requests) => {
                let beside = meter.branch();
                let told = self
                    .rates
                    .tell(&self.store, tenant, (window, requests), &beside);
                tokio::join!(served, told).0
            }
            Turn::Refused(seconds) => Err(Failure::slow_down(seconds)),
        }
    }
}
