//! What is done beside a request: its tenant's requests are counted, and that its key was used is noted.

use std::time::Duration;

use directory::{Meter, last_used};
use keyring::{KeyId, TenantId};

use crate::Service;
use crate::rate::Turn;
use crate::response::{Failure, Outcome};

/// How long the use of a key may take to be noted.
const PATIENCE: Duration = Duration::from_millis(100);

impl Service {
    /// Notes that a key was used, after its request was served: at the same time it would need a connection more,
    /// and in a new process a TLS handshake costs more than the write. The answer waits for it no longer than
    /// [`PATIENCE`], and it counts for no request: it is one write an hour and key.
    pub(crate) async fn tell_use(&self, tenant: &TenantId, key: KeyId) {
        let (now, meter) = (self.clock.now(), Meter::default());
        let told = last_used::tell(&self.store, tenant, key, now, &meter);
        if !matches!(tokio::time::timeout(PATIENCE, told).await, Ok(Ok(()))) {
            self.uses.put_off(tenant, key, now);
        }
    }

    /// Serves a request unless the tenant made as many as it may.
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
