//! The service and the vendor's side, configured for the stand-ins.

use std::sync::Arc;

use delivery::outbound::Loopback;
use directory::Clients;
use service::clock::{Clock, Ids};
use service::{Config, Service};
use vendor::{SecretNames, VendorSide};

use super::{ADMIN_PREFIX, KEYRING_PREFIX, TABLE, WEBHOOK_PREFIX};

pub(super) fn config(public_url: Option<String>) -> Config {
    Config {
        table: TABLE.to_owned(),
        keyring_prefix: KEYRING_PREFIX.to_owned(),
        admin_prefix: ADMIN_PREFIX.to_owned(),
        webhook_prefix: WEBHOOK_PREFIX.to_owned(),
        kms_key: None,
        public_url,
        rate: None,
        request_days: None,
    }
}

/// A service that uses the stand-ins.
#[must_use]
pub fn service(clients: &Clients, public_url: Option<String>, clock: Clock, ids: Ids) -> Service {
    Service::new(config(public_url), clients.clone(), clock, ids)
}

/// The vendor's side of a service, over the stand-ins. Events may also go to receivers on this machine.
#[must_use]
pub fn vendor_side(service: Arc<Service>, clients: &Clients) -> VendorSide {
    let names = SecretNames::from(&config(None));
    VendorSide::new(service, clients, names)
        .with_receivers(|url| Loopback::of_the_local_stack().target(url))
}
