//! Finds, creates and shows tenants.
//!
//! Every operation reads the current tenant, and a change applies only to the version that was read.

use data_encoding::BASE32_DNSSEC;
use directory::DirectoryError;
use directory::tenants::{Closing, NewTenant, Search, Settings, Status, Tenant};
use keyring::TenantId;
use scim_core::{ResourceKind, Version};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use service::wire::Preconditions;

use super::page::ItemPage;
use super::times::Instant;
use super::{Work, no_tenant};
use crate::actor::Operation;
use crate::body::{BodyReader, FromBody};
use crate::limits::NAME_CHARACTERS;
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, defect, fault, reason, rejected};
use crate::query::Query;

/// A tenant as shown.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantView {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(with = "word")]
    pub(crate) status: Status,
    pub(crate) created: Instant,
    pub(crate) last_modified: Instant,
    pub(crate) version: u64,
    pub(crate) base_url: String,
    pub(crate) settings: SettingsView,
}

/// A tenant with the numbers of its users and groups.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantDetail {
    #[serde(flatten)]
    pub(crate) tenant: TenantView,
    pub(crate) users: u64,
    pub(crate) groups: u64,
    /// The number of seats taken, if the tenant has a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) active_users: Option<u64>,
}

pub(crate) struct SettingsView(pub(crate) Settings);

impl Serialize for SettingsView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SettingsView {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Value::deserialize(deserializer)?;
        let settings = Settings::parse(&json);
        settings
            .map(Self)
            .map_err(|_| D::Error::custom("the settings are not valid"))
    }
}

/// Serialises a status as its word.
mod word {
    use super::{Deserialize, Deserializer, Error, Serializer, Status};

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        status: &Status,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(status.word())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Status, D::Error> {
        let word = String::deserialize(deserializer)?;
        Status::parse(&word).ok_or_else(|| D::Error::custom("the status is not valid"))
    }
}

impl TenantView {
    pub(super) fn of(tenant: &Tenant, work: &Work<'_>) -> Self {
        Self {
            id: tenant.id.as_str().to_owned(),
            name: tenant.name.clone(),
            status: tenant.status,
            created: Instant(tenant.created),
            last_modified: Instant(tenant.last_modified),
            version: tenant.version,
            base_url: format!("{}/{}/scim/v2", work.site, tenant.id),
            settings: SettingsView(tenant.settings.clone()),
        }
    }

    /// The version as an `ETag`.
    pub(crate) fn tag(&self) -> String {
        Version(self.version).to_string()
    }

    /// The tenant's name, or its id if it has no name.
    pub(crate) fn called(&self) -> &str {
        match self.name.as_str() {
            "" => &self.id,
            name => name,
        }
    }
}

/// Which tenants to list.
pub(crate) struct TenantSearch<'q> {
    text: Option<&'q str>,
    status: Option<Status>,
    after: Option<TenantId>,
    count: usize,
}

impl<'q> TenantSearch<'q> {
    /// Reads the parameters `search`, `status` and `cursor`.
    pub(crate) fn read(query: &'q Query, count: usize) -> Result<Self, Problem> {
        let status = query
            .get("status")
            .map(|text| Status::parse(text).ok_or_else(|| reason::other_status(text)));
        let after = query
            .get("cursor")
            .map(|text| TenantId::parse(text).ok_or_else(|| reason::other_tenant_cursor(text)));
        Ok(Self {
            text: query.get("search"),
            status: status.transpose()?,
            after: after.transpose()?,
            count,
        })
    }
}

/// Lists the matching tenants in id order.
pub(crate) async fn list(
    work: &Work<'_>,
    search: &TenantSearch<'_>,
) -> Result<ItemPage<TenantView>, Problem> {
    work.check(Operation::ListTenants, None)?;
    let search = Search {
        text: search.text,
        status: search.status,
        after: search.after.as_ref(),
        count: search.count,
    };
    let listed = work.service().tenants().list(&search, work.meter).await?;
    let tenants = listed.tenants.iter();
    Ok(ItemPage {
        items: tenants.map(|one| TenantView::of(one, work)).collect(),
        next: listed.next.map(|next| next.to_string()),
    })
}

/// The input for a new tenant.
pub(crate) struct Creation {
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) settings: Map<String, Value>,
}

impl FromBody for Creation {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            id: body.optional_text("id"),
            name: body.text("name"),
            settings: body.optional_object("settings"),
        }
    }
}

/// Creates a tenant, turned off.
pub(crate) async fn create(work: &Work<'_>, given: Creation) -> Result<TenantView, Problem> {
    work.check(Operation::CreateTenant, None)?;
    let id = match given.id {
        None => format!("t{}", BASE32_DNSSEC.encode(&work.ids.bytes::<10>())),
        Some(id) => id,
    };
    let id = checked_id(&id);
    let name = checked_name(&given.name);
    let settings = checked_settings(&Value::Object(given.settings));
    rejected([fault(&id), fault(&name), fault(&settings)])?;
    let new = NewTenant {
        id: id?,
        name: name?,
        status: Status::Off,
        settings: settings?,
    };
    let (now, write) = (work.now(), work.ids.write());
    let tenants = work.service().tenants();
    let created = tenants.create(new, now, &write, work.meter).await;
    let tenant = created.map_err(|error| match error {
        DirectoryError::Taken { value, .. } => reason::tenant_id_taken(&value),
        error => error.into(),
    })?;
    Ok(TenantView::of(&tenant, work))
}

/// A tenant with the numbers of its users and groups.
pub(crate) async fn read(work: &Work<'_>, id: &TenantId) -> Result<TenantDetail, Problem> {
    work.check(Operation::ReadTenant, Some(id))?;
    let tenant = work.tenant(id, Closing::Allow).await?;
    let directory = work.directory(&tenant);
    let (users, groups, seats) = tokio::try_join!(
        directory.total(ResourceKind::User),
        directory.total(ResourceKind::Group),
        directory.seats(),
    )?;
    let seats = seats.filter(|_| tenant.settings.seats.is_some());
    Ok(TenantDetail {
        tenant: TenantView::of(&tenant, work),
        users,
        groups,
        active_users: seats.map(|seats| seats.taken),
    })
}

impl Work<'_> {
    /// Changes the version of a tenant that was read.
    pub(super) async fn update(&self, current: &Tenant, next: Tenant) -> Result<Tenant, Problem> {
        let (now, write) = (self.now(), self.ids.write());
        let tenants = self.service().tenants();
        let updated = tenants.update(current, next, now, &write, self.meter);
        updated.await.map_err(|error| match error {
            DirectoryError::Stale => reason::tenant_changed(),
            DirectoryError::Gone => no_tenant(current.id.as_str()),
            error => error.into(),
        })
    }
}

/// Rejects a change if the precondition does not hold.
pub(super) fn check_version(tenant: &Tenant, known: &Preconditions) -> Result<(), Problem> {
    Ok(known.check(Version(tenant.version))?)
}

/// Checks the id of a new tenant.
fn checked_id(id: &str) -> Result<TenantId, Problem> {
    TenantId::parse(id).ok_or_else(|| {
        let problem = match TenantId::RESERVED.contains(&id) {
            true => {
                let reserved = TenantId::RESERVED.map(|id| format!("`{id}`"));
                reason::reserved_tenant_id(OwnWords::list(reserved.iter().map(String::as_str)))
            }
            false => reason::odd_tenant_id(TenantId::LONGEST),
        };
        problem.at("/id")
    })
}

/// Checks a tenant's name.
pub(super) fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let is_long = name.chars().count() > NAME_CHARACTERS;
    match name.is_empty() || is_long || name.chars().any(char::is_control) {
        true => Err(reason::odd_tenant_name(NAME_CHARACTERS).at("/name")),
        false => Ok(name.to_owned()),
    }
}

/// Checks a tenant's settings.
pub(super) fn checked_settings(given: &Value) -> Result<Settings, Problem> {
    Settings::parse(given).map_err(|faults| {
        let problems = faults.iter();
        let problems = problems
            .map(|fault| reason::invalid_setting(fault).at(&format!("/settings{}", fault.at)));
        let rejection = rejected(problems).err();
        rejection.unwrap_or_else(|| defect("settings were rejected without a fault"))
    })
}
