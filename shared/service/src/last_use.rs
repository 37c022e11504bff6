//! Records when keys were last used.

use directory::{Meter, last_used};
use tokio::time::timeout;

use crate::Service;
use crate::gate::Caller;
use crate::limits::USE_TIME;

impl Service {
    /// Records the use of the caller's key after its request was served, once per hour and key. In parallel with the
    /// request it would need another connection, and in a new process a TLS handshake costs more than this write. The
    /// response waits at most [`USE_TIME`]. The write is not part of the request's consumption.
    pub(crate) async fn record_use(&self, caller: &Caller) {
        let (tenant, key) = (&caller.tenant.id, *caller.credential.id());
        let now = self.clock.now();
        if !self.uses.is_due(tenant, key, now) {
            return;
        }
        let meter = Meter::default();
        let told = last_used::tell(&self.store, tenant, key, now, &meter);
        if !matches!(timeout(USE_TIME, told).await, Ok(Ok(()))) {
            self.uses.put_off(tenant, key, now);
        }
    }
}
