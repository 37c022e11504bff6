//! The SCIM service provider, in `http` types: from a request to a response.
//!
//! [`Service::handle`] is the journey of a request. The crate `scim_core` knows what SCIM says about JSON, and the
//! crate `directory` what is stored. This crate knows methods, headers, callers and the order of steps.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use directory::last_used::Uses;
use directory::tenant_keys::ImportedTokens;
use directory::tenants::Tenants;
use directory::{Clients, Store, TimeLimits};
use keyring::{KeyringId, Keyrings};

mod bulk;
pub mod clock;
pub mod config;
pub mod cursor;
mod deadline;
mod endpoints;
pub mod events;
pub mod failures;
mod function;
pub mod gate;
mod journey;
pub mod lambda;
mod last_use;
mod limits;
mod resources;
mod vendor_access;
pub mod wire;

pub use config::Config;
pub use deadline::too_late;
pub use function::{Binary, Function};

use clock::{Clock, Ids};
use events::Tails;
use failures::FailureLog;
use gate::Rates;

pub struct Service {
    store: Arc<Store>,
    /// The same table with a retry quota of its own, for background work.
    background_store: OnceLock<Arc<Store>>,
    patience: TimeLimits,
    keyrings: Keyrings,
    imported_tokens: ImportedTokens,
    tenants: Tenants,
    public_url: Option<String>,
    rates: Rates,
    failures: FailureLog,
    uses: Uses,
    tails: Tails,
    clock: Clock,
    ids: Ids,
}

/// The origin of a request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// The gateway's id of the request, for logs.
    pub request_id: String,
    pub source: Option<IpAddr>,
    /// The domain name that was called, as the gateway reports it.
    pub domain: Option<String>,
}

impl Service {
    #[must_use]
    pub fn new(config: Config, clients: Clients, clock: Clock, ids: Ids) -> Self {
        let store = Arc::new(Store::new(clients.dynamodb, config.table));
        let days = config.request_days.unwrap_or(limits::ENTRY_DAYS);
        let failures = FailureLog::new(Arc::clone(&store), days, clock.clone(), ids.clone());
        Self {
            keyrings: Keyrings::new(clients.secrets, config.keyring_prefix)
                .encrypted_with(config.kms_key),
            imported_tokens: ImportedTokens::default(),
            tenants: Tenants::new(Arc::clone(&store)),
            store,
            background_store: OnceLock::new(),
            patience: TimeLimits::USUAL,
            public_url: config.public_url,
            rates: Rates::new(config.rate),
            failures,
            uses: Uses::default(),
            tails: Tails::default(),
            clock,
            ids,
        }
    }

    /// Opens the connections that requests need. Errors are ignored, because the first request will report them.
    pub async fn warm(&self) {
        let first = KeyringId::parse("k1");
        let keyring = async {
            if let Some(first) = &first {
                let _ = self.keyrings.warm(first, self.clock.now()).await;
            }
        };
        tokio::join!(self.warm_table(), keyring);
    }

    /// Opens only the connection to the table, for a function that receives no tokens.
    pub async fn warm_table(&self) {
        self.store.warm().await;
    }
}
