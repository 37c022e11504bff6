//! Passwords that provisioning brought, verified for the vendor's own login.
//!
//! Whatever is wrong, the answer is the same, and takes the same work: no such user, another password, none,
//! or a user that is not active. Attempts are limited before anything is looked at.

use directory::attempts::Attempts;
use directory::login::Login;
use directory::password;
use http::Method;
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
    let now = service.clock.now();
    let attempts = Attempts {
        store: &service.store,
        tenant: &tenant,
        meter: call.meter,
    };
    if let Some(wait) = attempts.count(&given.user_name, now).await? {
        return Err(Problem {
            wait: Some(wait),
            ..Problem::new(
                ErrorKind::TooManyRequests,
                "there were too many failures to log in; try again later",
            )
        });
    }
    let directory = service.directory(&tenant, call.meter);
    let login = directory.login(&given.user_name).await?;
    let hash = login.as_ref().and_then(|login| login.password.as_deref());
    let is_right = password::verify(&secret, hash);
    let Some(login) = login.filter(|login| is_right && is_active(login)) else {
        return Ok(Answer::Shown(json!({ "verified": false })));
    };
    // It was right, whether that can be written down or not.
    let _ = attempts.give_back(&given.user_name, now).await;
    let id = login.user.resource.id;
    if let Some(old) = login.password.filter(|hash| password::is_outdated(hash)) {
        let new = password::hash(&secret, call.ids.bytes())?;
        directory.rehash(id, (&old, &new)).await?;
    }
    Ok(Answer::Shown(
        json!({ "verified": true, "user": id.as_str() }),
    ))
}

/// Whoever is not said to be inactive is active, RFC 7643 §4.1.1.
fn is_active(login: &Login) -> bool {
    let attributes = &login.user.resource.attributes;
    scim_core::active::is_active(attributes)
}
