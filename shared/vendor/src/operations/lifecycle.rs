//! The life of a tenant: turned off, turned on, deleted.

use directory::tenant_keys::{KeysError, NewKey, NewToken};
use directory::tenants::{Closing, Status, Tenant};
use keyring::TenantId;
use keyring::{KeyringError, Scope as TokenScope};
use serde::{Deserialize, Serialize};
use service::wire::Preconditions;

use super::tenants::{TenantView, check_version};
use super::times::Instant;
use super::{Work, keys};
use crate::actor::Operation;
use crate::limits::DELETION_TIME;
use crate::problem::{Problem, reason};

/// The purpose of a tenant's first key.
const PURPOSE: &str = "Provisioning";

/// A tenant that was turned on.
#[derive(Serialize, Deserialize)]
pub(crate) struct TurnedOn {
    #[serde(flatten)]
    pub(crate) tenant: TenantView,
    /// The first key, if this request created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<FirstKey>,
}

/// The first key of a tenant with its token, which is shown only once.
#[derive(Serialize, Deserialize)]
pub(crate) struct FirstKey {
    id: String,
    purpose: String,
    scopes: Vec<String>,
    created: Instant,
    sources: Vec<String>,
    imported: bool,
    pub(crate) token: Option<String>,
}

/// Turns a tenant on. The first time, the tenant gets a key.
pub(crate) async fn on(work: &Work<'_>, id: &TenantId) -> Result<TurnedOn, Problem> {
    work.check(Operation::TurnTenantOn, Some(id))?;
    let current = work.tenant(id, Closing::Refuse).await?;
    if let Some(seats) = current.settings.seats {
        let directory = work.directory(&current);
        if directory.seats().await?.is_none() {
            directory.open_seats(seats).await?;
        }
    }
    let mut next = current.clone();
    next.status = Status::On;
    let tenant = work.update(&current, next).await?;
    Ok(TurnedOn {
        key: work.first_key(&tenant).await?,
        tenant: TenantView::of(&tenant, work),
    })
}

pub(crate) async fn off(work: &Work<'_>, id: &TenantId) -> Result<TenantView, Problem> {
    work.check(Operation::TurnTenantOff, Some(id))?;
    let current = work.tenant(id, Closing::Refuse).await?;
    let mut next = current.clone();
    next.status = Status::Off;
    let tenant = work.update(&current, next).await?;
    Ok(TenantView::of(&tenant, work))
}

/// Begins or continues the deletion of a tenant.
pub(crate) async fn delete(
    work: &Work<'_>,
    id: &TenantId,
    known: &Preconditions,
) -> Result<TenantView, Problem> {
    work.check(Operation::DeleteTenant, Some(id))?;
    let current = work.tenant(id, Closing::Allow).await?;
    check_version(&current, known)?;
    if current.status == Status::On {
        return Err(reason::tenant_on());
    }
    let mut next = current.clone();
    next.status = Status::Closing;
    let tenant = work.update(&current, next).await?;
    let service = work.service();
    let keys = service.keys(&tenant.id, work.meter);
    let removed = keys.remove_all(work.now()).await;
    removed.map_err(|error| match error {
        KeysError::Keyring(KeyringError::Worn) => reason::closing_keyring_worn(),
        error => keys::problem(error, id, work.now()),
    })?;
    // The function `events` deletes the rest.
    let (now, write) = (work.now(), work.ids.write());
    let emptied = service
        .tenants()
        .empty(&tenant.id, now, DELETION_TIME, &write, work.meter);
    if let Err(error) = emptied.await {
        tracing::warn!(tenant.id = %tenant.id, %error, "tenant.uncleared");
    }
    Ok(TenantView::of(&tenant, work))
}

impl Work<'_> {
    /// Creates the first key of a tenant that has none.
    async fn first_key(&self, tenant: &Tenant) -> Result<Option<FirstKey>, Problem> {
        let keys = keys::stored(self, &tenant.id);
        let explain = |error| keys::problem(error, &tenant.id, self.now());
        if !keys.list().await.map_err(explain)?.is_empty() {
            return Ok(None);
        }
        let new = NewKey {
            id: self.ids.key(),
            token: NewToken::Issued(self.ids.bytes()),
            purpose: PURPOSE.to_owned(),
            scopes: vec![TokenScope::Scim],
            expires: None,
            sources: Vec::new(),
            subject: None,
            seal: self.ids.bytes(),
        };
        let (write, now) = (self.ids.write(), self.now());
        let made = Box::pin(keys.add(&new, &write, now)).await;
        let made = made.map_err(explain)?;
        let record = made.held.record;
        let token = made.token.as_ref().map(|token| token.expose().to_owned());
        Ok(Some(FirstKey {
            id: record.id.to_string(),
            purpose: record.purpose,
            scopes: vec![TokenScope::Scim.as_str().to_owned()],
            created: Instant(record.created),
            sources: Vec::new(),
            imported: false,
            token,
        }))
    }
}
