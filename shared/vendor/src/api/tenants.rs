//! Tenants: creating, finding, changing, switching and deleting them, and bringing users from before provisioning.
//!
//! Every operation reads the tenant as it is, and changes it in the version that it read. The API and the pages
//! share the operations, which are methods of [`Call`]; the routes put them into JSON.

use data_encoding::BASE32_DNSSEC;
use directory::tenants::{NewTenant, Search, Settings, Status, Tenant};
use directory::{Directory, DirectoryError};
use http::Method;
use keyring::TenantId;
use scim_core::error::quote;
use scim_core::resource::timestamp;
use scim_core::{ErrorKind, ResourceKind, Version};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

use super::auth::Scope;
use super::call::{Call, no_tenant};
use super::routes::Route;
use super::{Answer, Problem};
use service::request::Preconditions;

mod change;
mod preload;
mod switch;

const READ: Option<Scope> = Some(Scope::Read);
const TENANTS: Option<Scope> = Some(Scope::Tenants);

/// The longest name, in characters.
const LONGEST_NAME: usize = 100;

pub(super) static ROUTES: &[Route] = &[
    Route::new(Method::GET, "/tenants", "listTenants", READ, |call| {
        Box::pin(list(call))
    }),
    Route::new(Method::POST, "/tenants", "createTenant", TENANTS, |call| {
        Box::pin(create(call))
    }),
    Route::new(
        Method::GET,
        "/tenants/{tenant}",
        "readTenant",
        READ,
        |call| Box::pin(read(call)),
    ),
    Route::new(
        Method::PATCH,
        "/tenants/{tenant}",
        "changeTenant",
        TENANTS,
        |call| Box::pin(change::change(call)),
    ),
    Route::new(
        Method::DELETE,
        "/tenants/{tenant}",
        "deleteTenant",
        TENANTS,
        |call| Box::pin(switch::delete(call)),
    ),
    Route::new(
        Method::POST,
        "/tenants/{tenant}/on",
        "switchTenantOn",
        TENANTS,
        |call| Box::pin(switch::on(call)),
    ),
    Route::new(
        Method::POST,
        "/tenants/{tenant}/off",
        "switchTenantOff",
        TENANTS,
        |call| Box::pin(switch::off(call)),
    ),
    Route::new(
        Method::POST,
        "/tenants/{tenant}/preload",
        "preloadUsers",
        Some(Scope::Data),
        |call| Box::pin(preload::preload(call)),
    ),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Creation {
    id: Option<String>,
    name: String,
    #[serde(default)]
    settings: Map<String, Value>,
}

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let named = |name: &str, text: &str| {
        Problem::new(
            ErrorKind::InvalidValue,
            format!("`{name}` {} is none", quote(text)),
        )
    };
    let status = call.query.get("status").map(|text| {
        Status::parse(text).ok_or_else(|| {
            Problem::new(
                ErrorKind::InvalidValue,
                format!("`status` is {}; it must be on, off or closing", quote(text)),
            )
        })
    });
    let after = call
        .query
        .get("cursor")
        .map(|text| TenantId::parse(text).ok_or_else(|| named("cursor", text)));
    let (status, after) = (status.transpose()?, after.transpose()?);
    let search = Search {
        text: call.query.get("search"),
        status,
        after: after.as_ref(),
        count: call.count()?,
    };
    let listed = call
        .admin
        .service
        .tenants()
        .list(&search, call.meter)
        .await?;
    let items = listed.tenants.iter().map(|one| call.show(one)).collect();
    let next = listed.next.as_ref().map(TenantId::as_str);
    Ok(Answer::page(items, next))
}

async fn create(call: &Call<'_>) -> Result<Answer, Problem> {
    let given: Creation = call.body()?;
    let id = match given.id.as_deref() {
        None => TenantId::parse(&format!(
            "t{}",
            BASE32_DNSSEC.encode(&call.ids.bytes::<10>())
        )),
        Some(id) => TenantId::parse(id),
    };
    let id = id.ok_or_else(|| {
        Problem::invalid(
            "/id",
            "it must be 1 to 40 of a-z, 0-9 and -, with a letter or digit at both ends, and not a path of the service",
        )
    })?;
    let name = checked_name(&given.name)?;
    let settings = checked_settings(&Value::Object(given.settings))?;
    let (now, write) = (call.admin.service.now(), call.ids.write());
    let new = NewTenant {
        id,
        name,
        status: Status::Off,
        settings,
    };
    let created = call
        .admin
        .service
        .tenants()
        .create(new, now, &write, call.meter);
    let tenant = created.await.map_err(|error| match error {
        DirectoryError::Taken { value, .. } => Problem::new(
            ErrorKind::Conflict,
            format!(
                "there is a tenant {}, or it is being deleted still; choose another id",
                quote(&value)
            ),
        ),
        error => error.into(),
    })?;
    let location = format!("{}/admin/v1/tenants/{}", call.site, tenant.id);
    Ok(Answer::Created(location, call.show(&tenant)))
}

async fn read(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.found().await?;
    let directory = call.directory(&tenant);
    let (users, groups, seats) = tokio::try_join!(
        directory.total(ResourceKind::User),
        directory.total(ResourceKind::Group),
        directory.seats(),
    )?;
    let mut shown = call.show(&tenant);
    if let Some(members) = shown.as_object_mut() {
        members.insert("users".to_owned(), json!(users));
        members.insert("groups".to_owned(), json!(groups));
        if let Some(seats) = seats.filter(|_| tenant.settings.seats.is_some()) {
            members.insert("activeUsers".to_owned(), json!(seats.taken));
        }
    }
    Ok(Answer::Versioned(tag(&tenant), shown))
}

/// The version of a tenant, as `If-Match` takes it.
fn tag(tenant: &Tenant) -> String {
    Version(tenant.version).to_string()
}

impl Call<'_> {
    /// The tenant of the path, as it is.
    pub(super) async fn found(&self) -> Result<Tenant, Problem> {
        let id = self.tenant()?;
        let found = self.admin.service.tenants().read(&id, self.meter).await?;
        found.ok_or_else(|| no_tenant(id.as_str()))
    }

    /// The tenant of the path, unless it is being deleted.
    pub(super) async fn found_open(&self) -> Result<Tenant, Problem> {
        let tenant = self.found().await?;
        match tenant.status {
            Status::Closing => Err(Problem::new(
                ErrorKind::Conflict,
                "the tenant is being deleted; nothing can be changed any more",
            )),
            Status::On | Status::Off => Ok(tenant),
        }
    }

    /// The users and groups of a tenant, by its rules.
    pub(super) fn directory(&self, tenant: &Tenant) -> Directory {
        let store = Arc::clone(self.admin.service.store());
        Directory::new(store, tenant.id.clone(), Arc::clone(self.meter)).by(tenant.settings.rules())
    }

    /// Changes a tenant in the version that was read.
    pub(super) async fn update(&self, current: &Tenant, next: Tenant) -> Result<Tenant, Problem> {
        let (now, write) = (self.admin.service.now(), self.ids.write());
        let tenants = self.admin.service.tenants();
        let updated = tenants.update(current, next, now, &write, self.meter);
        updated.await.map_err(|error| match error {
            DirectoryError::Stale => Problem::new(
                ErrorKind::Conflict,
                "the tenant was changed by somebody else at the same time; read it and try again",
            ),
            DirectoryError::Gone => no_tenant(current.id.as_str()),
            error => error.into(),
        })
    }

    /// Refuses a change of a version that the caller does not know.
    pub(super) fn check_version(&self, tenant: &Tenant) -> Result<(), Problem> {
        let given = Preconditions::parse(self.request.headers());
        Ok(given.check(Version(tenant.version))?)
    }

    /// A tenant as it is shown.
    pub(super) fn show(&self, tenant: &Tenant) -> Value {
        json!({
            "id": tenant.id.as_str(),
            "name": tenant.name,
            "status": tenant.status.word(),
            "created": timestamp(tenant.created),
            "lastModified": timestamp(tenant.last_modified),
            "version": tenant.version,
            "baseUrl": format!("{}/{}/scim/v2", self.site, tenant.id),
            "settings": tenant.settings.to_json(),
        })
    }
}

/// A name that can be shown.
fn checked_name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let is_long = name.chars().count() > LONGEST_NAME;
    match name.is_empty() || is_long || name.chars().any(char::is_control) {
        true => Err(Problem::invalid(
            "/name",
            format!("it must have 1 to {LONGEST_NAME} characters on one line"),
        )),
        false => Ok(name.to_owned()),
    }
}

/// Settings that can be had.
fn checked_settings(given: &Value) -> Result<Settings, Problem> {
    Settings::parse(given).map_err(|faults| {
        let places = faults.into_iter();
        let places: Vec<(String, String)> = places
            .map(|fault| (format!("/settings{}", fault.at), fault.detail))
            .collect();
        let first = places.first().cloned().unwrap_or_default();
        Problem {
            places,
            ..Problem::invalid(&first.0, first.1)
        }
    })
}
