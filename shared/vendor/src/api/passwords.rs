//! Passwords that provisioning brought, verified for the vendor's own login.
//!
//! Whatever is wrong, the answer is the same, and takes the same work: no such user, another password, none,
//! or a user that is not active. Attempts at a name are limited before anything is looked at; many failures at a tenant's
//! names make every attempt there slow, and refuse nobody, or a stranger could keep all users out.

use std::time::Duration;

use directory::attempts::{LogIns, Refused};
use directory::{Login, password};
use http::Method;
use keyring::TenantId;
use scim_core::ErrorKind;
use scim_core::resource::Secret;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Scope;
use super::call::{Call, existing};
use super::routes::Route;
use super::{Answer, Problem};

pub(super) static ROUTES: &[Route] = &[Route::new(
    Method::POST,
    "/tenants/{tenant}/verify-password",
    "verifyPassword",
    Some(Scope::Data),
    |call| Box::pin(verify(call)),
)];

/// How long an attempt waits while very many fail at a tenant's names.
const SLOWED: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    user_name: String,
    password: String,
}

async fn verify(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let given: Given = call.body()?;
    let service = &call.admin.service;
    existing(service, &tenant, call.meter).await?;
    // What can be nobody's password is none, whoever it is tried for.
    let Ok(Some(secret)) = Secret::parse(Value::String(given.password)) else {
        return Ok(Answer::Shown(json!({ "verified": false })));
    };
    let (log_ins, write) = (log_ins(call, &tenant), call.ids.write());
    let chances = log_ins.of(&given.user_name, call.meter);
    let beside = call.meter.branch();
    let (taken, are_many) = tokio::join!(chances.take(&write), log_ins.are_many(&beside));
    taken?.map_err(refused)?;
    let directory = service.directory(&tenant, call.meter);
    let found = async {
        if are_many? {
            tokio::time::sleep(SLOWED).await;
        }
        directory.login(&given.user_name).await
    };
    let login = match found.await {
        Ok(login) => login,
        Err(error) => {
            // Nothing was looked at.
            let _ = chances.give_back().await;
            return Err(error.into());
        }
    };
    let hash = login.as_ref().and_then(|login| login.password.as_deref());
    let is_right = password::verify(&secret, hash);
    let Some(login) = login.filter(|login| is_right && is_active(login)) else {
        // A failure that cannot be written down keeps its chance all the same.
        let beside = call.meter.branch();
        let _ = tokio::join!(chances.fail(), log_ins.fail(&beside));
        return Ok(Answer::Shown(json!({ "verified": false })));
    };
    // It was right, whether that can be written down or not.
    let _ = chances.give_back().await;
    let id = login.user.resource.id;
    if let Some(old) = login.password.filter(|hash| password::is_outdated(hash)) {
        let new = password::hash(&secret, call.ids.bytes())?;
        directory.rehash(id, (&old, &new)).await?;
    }
    Ok(Answer::Shown(
        json!({ "verified": true, "user": id.as_str() }),
    ))
}

fn log_ins<'c>(call: &Call<'c>, tenant: &'c TenantId) -> LogIns<'c> {
    let service = &call.admin.service;
    LogIns {
        store: service.store(),
        tenant,
        now: service.now(),
    }
}

fn refused(why: Refused) -> Problem {
    let (wait, detail) = match why {
        Refused::Failed(left) => (
            left,
            "there were too many failures to log in; try again later",
        ),
        Refused::Busy => (
            1,
            "there are too many attempts to log in as this user at once; try again in a moment",
        ),
    };
    Problem {
        wait: Some(wait),
        ..Problem::new(ErrorKind::TooManyRequests, detail)
    }
}

/// Whoever is not said to be inactive is active, RFC 7643 §4.1.1.
fn is_active(login: &Login) -> bool {
    let attributes = &login.user.resource.attributes;
    scim_core::active::is_active(attributes)
}
