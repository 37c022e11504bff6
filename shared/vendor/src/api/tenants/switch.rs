//! A tenant's life: off, on, and its deletion.

use std::time::Duration;

use directory::tenant_keys::{KeysError, NewKey, NewToken, TenantKeys};
use directory::tenants::{Status, Tenant};
use keyring::{KeyringError, Scope as TokenScope};
use scim_core::ErrorKind;
use scim_core::resource::timestamp;
use serde_json::{Value, json};

use super::tag;
use crate::api::call::{Call, no_tenant};
use crate::api::{Answer, Problem, keys};

/// What the first key of a tenant is for.
const PURPOSE: &str = "Provisioning";
/// How long a request deletes what is kept of a tenant; the rest is deleted behind the answer.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn on(call: &Call<'_>) -> Result<Answer, Problem> {
    let current = call.found_open().await?;
    if let Some(seats) = current.settings.seats {
        let directory = call.directory(&current);
        if directory.seats().await?.is_none() {
            directory.open_seats(seats).await?;
        }
    }
    let mut next = current.clone();
    next.status = Status::On;
    let tenant = call.update(&current, next).await?;
    let mut shown = call.show(&tenant);
    let key = call.first_key(&tenant).await?;
    if let (Some(key), Some(members)) = (key, shown.as_object_mut()) {
        members.insert("key".to_owned(), key);
    }
    Ok(Answer::Versioned(tag(&tenant), shown))
}

pub(super) async fn off(call: &Call<'_>) -> Result<Answer, Problem> {
    let current = call.found_open().await?;
    let mut next = current.clone();
    next.status = Status::Off;
    let tenant = call.update(&current, next).await?;
    Ok(Answer::Versioned(tag(&tenant), call.show(&tenant)))
}

/// Begins the deletion of a tenant, or goes on with it.
pub(super) async fn delete(call: &Call<'_>) -> Result<Answer, Problem> {
    let current = call.found().await?;
    call.check_version(&current)?;
    if current.status == Status::On {
        return Err(Problem::new(
            ErrorKind::Conflict,
            "the tenant is switched on; switch it off before it is deleted",
        ));
    }
    let mut next = current.clone();
    next.status = Status::Closing;
    let tenant = call.update(&current, next).await?;
    let service = &call.admin.service;
    let keys = service.keys(&tenant.id, call.meter);
    let removed = keys.remove_all(service.now()).await;
    removed.map_err(|error| match error {
        KeysError::Keyring(KeyringError::Worn) => Problem::new(
            ErrorKind::TooManyRequests,
            "the tenant is closed and its keys are refused, but they cannot be taken out of their keyring for some hours, because that was changed too often within a day; delete the tenant again then",
        ),
        error => call.explain_keys(error),
    })?;
    // What is not done now is done by the stream's function.
    let emptied = service.tenants().empty(&tenant.id, PATIENCE, call.meter);
    if let Err(error) = emptied.await {
        tracing::warn!(tenant.id = %tenant.id, %error, "tenant.empty");
    }
    Ok(Answer::Accepted(call.show(&tenant)))
}

impl Call<'_> {
    fn explain_keys(&self, error: KeysError) -> Problem {
        match error {
            KeysError::NoSuchTenant => no_tenant(self.variable("tenant")),
            error => keys::problem(error, self.admin.service.now()),
        }
    }

    /// The key of a tenant that has none yet, with its token, which is shown this once.
    async fn first_key(&self, tenant: &Tenant) -> Result<Option<Value>, Problem> {
        let service = &self.admin.service;
        let keys = TenantKeys {
            by: self.by,
            ..service.keys(&tenant.id, self.meter)
        };
        let explain = |error| self.explain_keys(error);
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
        let (write, now) = (self.ids.write(), service.now());
        let made = Box::pin(keys.add(&new, &write, now)).await;
        let made = made.map_err(explain)?;
        let record = &made.held.record;
        Ok(Some(json!({
            "id": record.id.to_string(),
            "purpose": record.purpose,
            "scopes": ["scim"],
            "created": timestamp(record.created),
            "sources": [],
            "imported": false,
            "token": made.token.as_ref().map(keyring::Token::expose),
        })))
    }
}
