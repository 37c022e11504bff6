//! Changes a tenant's name and settings with a JSON merge patch, RFC 7396.

use directory::tenants::{Closing, Status, Tenant};
use keyring::TenantId;
use scim_core::{ResourceId, ResourceKind};
use serde_json::{Map, Value};
use service::wire::Preconditions;

use super::Work;
use super::tenants::{TenantView, check_version, checked_name, checked_settings};
use crate::actor::Operation;
use crate::body::{BodyReader, FromBody};
use crate::limits::NAMED_PAIRS;
use crate::problem::reason::UserNames;
use crate::problem::{Problem, fault, reason, rejected};

/// The change; a null setting is reset to its default.
pub(crate) struct Patch {
    pub(crate) name: Option<String>,
    pub(crate) settings: Map<String, Value>,
}

impl FromBody for Patch {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            name: body.optional_text("name"),
            settings: body.optional_object("settings"),
        }
    }
}

/// Changes a tenant if the precondition holds.
pub(crate) async fn change(
    work: &Work<'_>,
    id: &TenantId,
    (patch, known): (Patch, &Preconditions),
) -> Result<TenantView, Problem> {
    work.check(Operation::ChangeTenant, Some(id))?;
    let current = work.tenant(id, Closing::Refuse).await?;
    check_version(&current, known)?;
    let mut next = current.clone();
    let name = patch.name.as_deref().map(checked_name).transpose();
    let mut settings = current.settings.to_json();
    if let Some(members) = settings.as_object_mut() {
        for (name, value) in patch.settings {
            match value {
                Value::Null => members.remove(&name),
                value => members.insert(name, value),
            };
        }
    }
    let settings = checked_settings(&settings);
    rejected([fault(&name), fault(&settings)])?;
    next.name = name?.unwrap_or(next.name);
    next.settings = settings?;
    work.prepare(&current, &next).await?;
    let changed = work.update(&current, next).await?;
    Ok(TenantView::of(&changed, work))
}

impl Work<'_> {
    /// Checks all existing users for settings that apply to them from this change on.
    async fn prepare(&self, current: &Tenant, next: &Tenant) -> Result<(), Problem> {
        let (before, after) = (&current.settings, &next.settings);
        let is_limited = after.seats.is_some() && before.seats.is_none();
        let is_unique = after.unique_emails && !before.unique_emails;
        if !is_limited && !is_unique {
            return Ok(());
        }
        self.check_still(current)?;
        let directory = self.directory(next);
        if is_unique {
            let sharing = directory.sharing_addresses(NAMED_PAIRS).await?;
            if !sharing.is_empty() {
                let names = self.names(current, &sharing).await?;
                return Err(reason::shared_addresses(names));
            }
        }
        match is_limited {
            true => Ok(directory.count_seats().await?),
            false => Ok(()),
        }
    }

    /// Rejects a change that requires that no request still writes with the old settings.
    fn check_still(&self, tenant: &Tenant) -> Result<(), Problem> {
        let now = self.now();
        if tenant.status == Status::Off && tenant.is_settled(now) {
            return Ok(());
        }
        Err(match tenant.status {
            Status::Off => reason::users_unchecked_yet(),
            Status::On | Status::Closing => reason::users_unchecked_while_on(),
        })
    }

    async fn names(
        &self,
        tenant: &Tenant,
        pairs: &[[ResourceId; 2]],
    ) -> Result<UserNames, Problem> {
        let directory = self.directory(tenant);
        let mut texts = Vec::new();
        for pair in pairs {
            let mut names = Vec::new();
            for id in pair {
                let found = directory.get(ResourceKind::User, *id).await?;
                let name = found.and_then(|user| user.resource.text("userName").map(str::to_owned));
                names.push(name.unwrap_or_else(|| id.to_string()));
            }
            texts.push(names.join(" and "));
        }
        Ok(UserNames::of(&texts))
    }
}
