//! What the crate `vendor` uses of the service that it manages.

use std::sync::Arc;

use directory::tenant_keys::{By, TenantKeys};
use directory::tenants::Tenants;
use directory::{Author, Directory, Meter, Store, TenantTable};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use keyring::{Keyrings, TenantId};

use crate::clock::{Clock, Ids};
use crate::{Origin, Service, wire};

impl Service {
    #[must_use]
    pub const fn tenants(&self) -> &Tenants {
        &self.tenants
    }

    #[must_use]
    pub const fn keyrings(&self) -> &Keyrings {
        &self.keyrings
    }

    /// The keys of a tenant, with the vendor's limits for changing them.
    #[must_use]
    pub fn keys(&self, tenant: &TenantId, meter: &Arc<Meter>) -> TenantKeys<'_> {
        TenantKeys {
            table: self.table(tenant, meter),
            keyrings: &self.keyrings,
            by: By::Vendor,
        }
    }

    /// The table for one tenant.
    #[must_use]
    pub fn table(&self, tenant: &TenantId, meter: &Arc<Meter>) -> TenantTable {
        TenantTable::new(Arc::clone(&self.store), tenant.clone(), Arc::clone(meter))
    }

    #[must_use]
    pub const fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// A tenant's directory for one request of this author.
    #[must_use]
    pub fn directory(&self, tenant: &TenantId, meter: &Arc<Meter>, author: Author) -> Directory {
        let (store, meter) = (Arc::clone(&self.store), Arc::clone(meter));
        Directory::new(store, tenant.clone(), meter, author)
    }

    /// How long an entry of the failure log is kept.
    #[must_use]
    pub const fn entries_kept(&self) -> SignedDuration {
        self.failures.kept()
    }

    /// The start of absolute URLs, for a request whose path begins with `prefix`.
    #[must_use]
    pub fn site(&self, origin: &Origin, headers: &HeaderMap, prefix: &str) -> String {
        wire::site(self.public_url.as_deref(), (origin, headers), prefix)
    }

    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    #[must_use]
    pub const fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The current time of the service's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
