//! Tenants, their settings, and the cache of both.
//!
//! A tenant is one customer directory. Requests use a cached tenant that is at most a minute old. A missing tenant is not
//! cached, so a new tenant works at once. The admin API reads tenants uncached and updates them conditionally on the
//! version that it read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use scim_core::{Catalogue, limits};
use serde_json::Value;

use crate::limits::{REMEMBERED_TENANTS, SETTLED, TENANT_AGE};
use crate::table::keys::attribute::tenant as attribute;
use crate::table::{
    self, Actions, DirectoryError, Item, Meter, Put, Role, Store, Transacted, WriteId, corrupt,
    instant_if, keys, n, number, s, sort_key, text, to_millis, yes,
};
use keyring::TenantId;

mod clear;
pub(crate) mod ended;
mod list;
mod load;
mod settings;
mod write;

pub use clear::Cleared;
pub use ended::EndedKeys;
pub use list::{Search, TenantPage};
pub use load::{Age, Closing, NotLoaded};
pub use settings::{Adopt, Delete, Settings};
pub(crate) use write::limited;

/// Whether a tenant accepts provisioning. A deleted tenant has no item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Provisioning is turned on.
    On,
    /// Provisioning is turned off; the data is kept.
    Off,
    /// The tenant is being deleted.
    Closing,
}

impl Status {
    /// All statuses.
    pub const ALL: [Self; 3] = [Self::On, Self::Off, Self::Closing];

    /// The status as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Closing => "closing",
        }
    }

    /// Parses the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// A tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// The id, which is the first segment of the tenant's base URL.
    pub id: TenantId,
    /// The display name.
    pub name: String,
    /// Whether the tenant accepts provisioning.
    pub status: Status,
    /// When the status last changed; `None` if it never did.
    pub status_since: Option<Timestamp>,
    /// When the tenant was created.
    pub created: Timestamp,
    /// When the tenant was last changed.
    pub last_modified: Timestamp,
    /// The version, which starts at 1.
    pub version: u64,
    /// The settings.
    pub settings: Settings,
    /// Keys that were revoked or expire early but are still unchanged in their keyring.
    pub ended: EndedKeys,
    /// Whether the change feed has everything that ever happened to the tenant's users and groups.
    pub is_fed: bool,
    catalogue: Arc<Catalogue>,
}

/// A tenant to create.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// The id.
    pub id: TenantId,
    /// The display name.
    pub name: String,
    /// Whether the tenant accepts provisioning.
    pub status: Status,
    /// The settings.
    pub settings: Settings,
}

impl Tenant {
    /// The schemas and resource types that the tenant's settings result in.
    #[must_use]
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// The largest page of a list.
    #[must_use]
    pub fn largest_page(&self) -> usize {
        self.settings.largest_page.unwrap_or(limits::PAGE)
    }

    /// The schemas and resource types including attributes that the tenant does not accept; `None` if it accepts all of
    /// them.
    #[must_use]
    pub fn whole(&self) -> Option<&Catalogue> {
        let whole = self.settings.extensions.catalogue();
        (!Arc::ptr_eq(whole, &self.catalogue)).then_some(whole.as_ref())
    }

    /// Whether every process knows the tenant's current status.
    #[must_use]
    pub fn is_settled(&self, now: Timestamp) -> bool {
        self.status_since
            .is_none_or(|status_since| now.duration_since(status_since) >= SETTLED)
    }

    fn item(&self, write: &WriteId) -> Item {
        let millis = |instant: Timestamp| n(instant.as_millisecond());
        let mut item = table::item(
            &keys::tenant(&self.id),
            [
                (attribute::SETTINGS, s(self.settings.to_json().to_string())),
                (attribute::NAME, s(self.name.as_str())),
                (attribute::STATUS, s(self.status.word())),
                (attribute::VERSION, n(self.version)),
                (attribute::CREATED, millis(self.created)),
                (attribute::MODIFIED, millis(self.last_modified)),
                (attribute::WRITE, s(write.as_str())),
            ],
        );
        if let Some(status_since) = self.status_since {
            item.set(attribute::STATUS_SINCE, millis(status_since));
        }
        if self.is_fed {
            item.set(attribute::FED, yes());
        }
        item
    }

    fn read(item: &Item) -> Result<Self, DirectoryError> {
        let read = || {
            let instant = |name: &str| {
                number(item, name).and_then(|millis| Timestamp::from_millisecond(millis).ok())
            };
            let settings: Value = serde_json::from_str(text(item, attribute::SETTINGS)?).ok()?;
            let settings = Settings::parse(&settings).ok()?;
            Some(Self {
                id: TenantId::parse(sort_key(item))?,
                name: text(item, attribute::NAME)?.to_owned(),
                status: Status::parse(text(item, attribute::STATUS)?)?,
                status_since: instant_if(
                    item,
                    attribute::STATUS_SINCE,
                    Timestamp::from_millisecond,
                )
                .ok()?,
                created: instant(attribute::CREATED)?,
                last_modified: instant(attribute::MODIFIED)?,
                version: number(item, attribute::VERSION)?,
                catalogue: settings.catalogue(),
                settings,
                ended: EndedKeys::read(item),
                is_fed: item.has(attribute::FED),
            })
        };
        read().ok_or_else(|| corrupt("tenant"))
    }
}

/// The tenants in a table.
#[derive(Debug)]
pub struct Tenants {
    store: Arc<Store>,
    known: Mutex<HashMap<TenantId, Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    at: Timestamp,
    tenant: Arc<Tenant>,
}

impl Known {
    /// The number of cache units: the tenant and the attributes of its extension schemas.
    fn size(&self) -> usize {
        let extensions = self.tenant.settings.extensions.declared().iter();
        let attributes = extensions.flat_map(|extension| &extension.schema.attributes);
        1 + attributes
            .map(|attribute| 1 + attribute.sub_attributes.len())
            .sum::<usize>()
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        age >= SignedDuration::ZERO && age < TENANT_AGE
    }
}

impl Tenants {
    /// The tenants in a table, with an empty cache.
    #[must_use]
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            known: Mutex::default(),
        }
    }

    /// A tenant, at most 60 seconds old.
    async fn remembered(
        &self,
        id: &TenantId,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<Option<Arc<Tenant>>, DirectoryError> {
        if let Some(known) = self.with(|known| known.get(id).cloned())
            && known.is_fresh(now)
        {
            return Ok(Some(known.tenant));
        }
        let Some(tenant) = self.read(id, meter).await?.map(Arc::new) else {
            return Ok(None);
        };
        self.with(|known| {
            if known.values().map(Known::size).sum::<usize>() >= REMEMBERED_TENANTS {
                known.clear();
            }
            let tenant = Arc::clone(&tenant);
            known.insert(id.clone(), Known { at: now, tenant });
        });
        Ok(Some(tenant))
    }

    /// The item of a tenant in any state. [`Self::load`] is the way to the tenant of a request.
    pub async fn read(
        &self,
        id: &TenantId,
        meter: &Meter,
    ) -> Result<Option<Tenant>, DirectoryError> {
        let item = self.store.get(&keys::tenant(id), meter).await?;
        item.as_ref().map(Tenant::read).transpose()
    }

    /// Creates a tenant. A retry with the same write id succeeds too.
    ///
    /// # Errors
    ///
    /// `Taken` when a tenant with this id exists or is not fully deleted.
    pub async fn create(
        &self,
        new: NewTenant,
        now: Timestamp,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<Tenant, DirectoryError> {
        let now = to_millis(now);
        let tenant = Tenant {
            id: new.id,
            name: new.name,
            status: new.status,
            status_since: None,
            created: now,
            last_modified: now,
            version: 1,
            catalogue: new.settings.catalogue(),
            settings: new.settings,
            ended: EndedKeys::default(),
            is_fed: true,
        };
        let mut actions = Actions::default();
        actions.put(tenant.item(write), Role::Resource);
        if let Some(limit) = tenant.settings.seats {
            let seats = write::none_taken(&tenant.id, limit);
            actions.put(seats, Role::Certain);
        }
        let token = write.token(0);
        let done = self.store.transact(&actions, &token, meter).await;
        self.forget(&tenant.id);
        match done? {
            Transacted::Done => Ok(tenant),
            Transacted::ConditionFailed(_) => Err(DirectoryError::Taken {
                attribute: "id",
                value: tenant.id.to_string(),
            }),
        }
    }

    /// Updates a tenant to the name, status and settings of `next`, a changed copy of the tenant that was read. This
    /// process uses the update at once, others within a minute. If nothing changes, nothing is written.
    ///
    /// # Errors
    ///
    /// `Stale` when the tenant was changed since it was read, `Gone`.
    pub async fn update(
        &self,
        current: &Tenant,
        next: Tenant,
        now: Timestamp,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<Tenant, DirectoryError> {
        let is_other_status = current.status != next.status;
        let is_same =
            !is_other_status && current.name == next.name && current.settings == next.settings;
        if is_same {
            return Ok(next);
        }
        let now = to_millis(now).max(current.last_modified);
        let tenant = Tenant {
            id: current.id.clone(),
            status_since: is_other_status.then_some(now).or(current.status_since),
            created: current.created,
            last_modified: now,
            version: current.version + 1,
            catalogue: next.settings.catalogue(),
            ..next
        };
        let done = self.write(current, &tenant, write, meter).await;
        self.forget(&tenant.id);
        match done? {
            Put::Done => Ok(tenant),
            Put::ConditionFailed(Some(item))
                if text(&item, attribute::WRITE) == Some(write.as_str()) =>
            {
                Ok(tenant)
            }
            Put::ConditionFailed(Some(_)) => Err(DirectoryError::Stale),
            Put::ConditionFailed(None) => Err(DirectoryError::Gone),
        }
    }

    /// Removes a tenant from the cache because this process changed it.
    pub fn forget(&self, id: &TenantId) {
        self.with(|known| known.remove(id));
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<TenantId, Known>) -> T) -> T {
        act(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
