//! Passwords that provisioning brought, verified for the vendor's own login.
//!
//! Whatever is wrong, the answer is the same, and takes the same work: no such user, another password, none,
//! or a user that is not active. Attempts at a name are limited before anything is looked at; many failures at a tenant's
//! names make every attempt there slow, and refuse nobody, or a stranger could keep all users out.

use std::time::Duration;

use directory::Login;
use directory::attempts::{LogIns, Refused};
use directory::password;
use keyring::TenantId;
use scim_core::ErrorKind;
use scim_core::resource::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Work;
use crate::actor::Operation;
use crate::problem::Problem;

/// How long an attempt waits while very many fail at a tenant's names.
const SLOWED: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[serde(rename = "Given")]
pub(crate) struct Attempt {
    user_name: String,
    password: String,
}

/// Whether the password is right, and whose it is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Verified {
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

/// Whatever is wrong.
const NOT_VERIFIED: Verified = Verified {
    verified: false,
    user: None,
};

/// Looks at a user's name and password.
pub(crate) async fn verify(
    work: &Work<'_>,
    tenant: &TenantId,
    given: Attempt,
) -> Result<Verified, Problem> {
    work.check(Operation::VerifyPassword, Some(tenant))?;
    work.existing(tenant).await?;
    // What can be nobody's password is none, whoever it is tried for.
    let Ok(Some(secret)) = Secret::parse(Value::String(given.password)) else {
        return Ok(NOT_VERIFIED);
    };
    let log_ins = log_ins(work, tenant);
    let chances = log_ins.of(&given.user_name, work.meter);
    let beside = work.meter.branch();
    let (taken, are_many) = tokio::join!(chances.take(), log_ins.are_many(&beside));
    taken?.map_err(refused)?;
    let directory = work.service().directory(tenant, work.meter);
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
        let beside = work.meter.branch();
        let _ = tokio::join!(chances.fail(), log_ins.fail(&beside));
        return Ok(NOT_VERIFIED);
    };
    // It was right, whether that can be written down or not.
    let _ = chances.give_back().await;
    let id = login.user.resource.id;
    if let Some(old) = login.password.filter(|hash| password::is_outdated(hash)) {
        let new = password::hash(&secret, work.ids.bytes())?;
        directory.rehash(id, (&old, &new)).await?;
    }
    Ok(Verified {
        verified: true,
        user: Some(id.as_str().to_owned()),
    })
}

fn log_ins<'w>(work: &Work<'w>, tenant: &'w TenantId) -> LogIns<'w> {
    LogIns {
        store: work.service().store(),
        tenant,
        now: work.now(),
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
