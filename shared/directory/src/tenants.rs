//! Tenants and their settings.
//!
//! A tenant is one customer directory. What a request needs of it is cached for at most a minute; that
//! there is no such tenant, for a second, so that a new one works at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use scim_core::{Catalogue, Extensions};
use serde::{Deserialize, Serialize};

use crate::error::{DirectoryError, corrupt};
use crate::items::WriteId;
use crate::items::s;
use crate::keys;
use crate::store::{self, Meter, Store, Transacted, text};
use crate::tenant_id::TenantId;
use crate::write::{Actions, Role};

/// How long a tenant is remembered.
const AGE: SignedDuration = SignedDuration::from_secs(60);
/// How long it is remembered that there is no such tenant.
const ABSENT_AGE: SignedDuration = SignedDuration::from_secs(1);
/// How many tenants and attributes of their extension schemas are remembered, which is about 10 MB;
/// beyond it all are forgotten.
const REMEMBERED: usize = 10_000;

/// Whether a tenant accepts provisioning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Provisioning is switched on.
    On,
    /// Provisioning is switched off; the data is kept.
    Off,
}

/// The settings of a tenant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    /// Whether it accepts provisioning.
    pub status: Status,
    /// Its own extension schemas.
    #[serde(default, skip_serializing_if = "Extensions::is_empty")]
    pub extensions: Extensions,
    /// How many requests a second it may make, over ten seconds; without it the service's own limit holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
}

impl Tenant {
    /// Its schemas and resource types.
    #[must_use]
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        self.extensions.catalogue()
    }
}

/// The tenants of the table.
#[derive(Debug)]
pub struct Tenants {
    store: Arc<Store>,
    known: Mutex<HashMap<TenantId, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    at: Timestamp,
    tenant: Option<Arc<Tenant>>,
}

impl Known {
    /// The tenant and the attributes of its extension schemas.
    fn size(&self) -> usize {
        let extensions = self
            .tenant
            .iter()
            .flat_map(|tenant| tenant.extensions.declared());
        let attributes = extensions.flat_map(|extension| &extension.schema.attributes);
        1 + attributes
            .map(|attribute| 1 + attribute.sub_attributes.len())
            .sum::<usize>()
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let most = match self.tenant {
            Some(_) => AGE,
            None => ABSENT_AGE,
        };
        let age = now.duration_since(self.at);
        age >= SignedDuration::ZERO && age < most
    }
}

impl Tenants {
    /// The tenants of a table, none of them known yet.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            known: Mutex::default(),
        }
    }

    /// A tenant, as it was at most 60 seconds ago.
    pub async fn find(
        &self,
        id: &TenantId,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<Option<Arc<Tenant>>, DirectoryError> {
        if let Some(known) = self.with(|known| known.get(id).cloned())
            && known.is_fresh(now)
        {
            return Ok(known.tenant);
        }
        let tenant = match self.store.get(&keys::tenant(id), meter).await? {
            Some(item) => Some(Arc::new(
                text(&item, "d")
                    .and_then(|settings| serde_json::from_str(settings).ok())
                    .ok_or_else(|| corrupt("tenant"))?,
            )),
            None => None,
        };
        self.with(|known| {
            if known.values().map(Known::size).sum::<usize>() >= REMEMBERED {
                known.clear();
            }
            let tenant = tenant.clone();
            known.insert(id.clone(), Known { at: now, tenant });
        });
        Ok(tenant)
    }

    /// Creates a tenant or changes its settings; this process knows of it at once, others within a
    /// minute.
    pub async fn put(
        &self,
        id: &TenantId,
        tenant: &Tenant,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<(), DirectoryError> {
        let settings = serde_json::to_string(tenant).map_err(|_| corrupt("tenant"))?;
        let item = store::item(&keys::tenant(id), [("d", s(settings))]);
        let mut actions = Actions::default();
        actions.put(self.store.table(), item, Role::Certain)?;
        let done = self
            .store
            .transact(actions.into_items(), &write.token(0), meter)
            .await?;
        self.with(|known| known.remove(id));
        match done {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(DirectoryError::Stale),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<TenantId, Known>) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
