//! Verifies provisioned passwords for the vendor's own log-in.
//!
//! Every failure has the same response and takes the same work: an unknown user, a wrong password, no password, or an
//! inactive user. Attempts per name are limited before anything is read. When very many attempts fail in a tenant,
//! all attempts there are slowed down. They are not rejected, because otherwise a stranger could lock out all users.

use directory::Login;
use directory::attempts::{LogIns, NoChance};
use directory::password;
use directory::tenants::Closing;
use keyring::TenantId;
use scim_core::resource::Password;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Work;
use crate::actor::Operation;
use crate::body::{BodyReader, FromBody};
use crate::limits::SLOWED_LOG_IN;
use crate::problem::{Problem, reason};

pub(crate) struct Attempt {
    user_name: String,
    password: String,
}

impl FromBody for Attempt {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            user_name: body.text("userName"),
            password: body.text("password"),
        }
    }
}

/// Whether the password is right, and for which user.
#[derive(Serialize, Deserialize)]
pub(crate) struct Verified {
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
}

/// The response to every failure.
const NOT_VERIFIED: Verified = Verified {
    verified: false,
    user: None,
};

/// Verifies a user's name and password.
pub(crate) async fn verify(
    work: &Work<'_>,
    tenant: &TenantId,
    given: Attempt,
) -> Result<Verified, Problem> {
    work.check(Operation::VerifyPassword, Some(tenant))?;
    work.tenant(tenant, Closing::Hide).await?;
    // A text that cannot be a password is wrong for every user.
    let Ok(Some(secret)) = Password::parse(Value::String(given.password)) else {
        return Ok(NOT_VERIFIED);
    };
    let log_ins = log_ins(work, tenant);
    let chances = log_ins.of(&given.user_name);
    let (taken, are_many) = tokio::join!(chances.take(), log_ins.are_many());
    taken?.map_err(refused)?;
    let directory = work.people(tenant);
    let found = async {
        if are_many? {
            tokio::time::sleep(SLOWED_LOG_IN).await;
        }
        directory.login(&given.user_name).await
    };
    let login = match found.await {
        Ok(login) => login,
        Err(error) => {
            // The password was not checked, so the attempt does not count.
            let _ = chances.give_back().await;
            return Err(error.into());
        }
    };
    let hash = login.as_ref().and_then(|login| login.password.as_deref());
    let is_right = password::verify(&secret, hash);
    let Some(login) = login.filter(|login| is_right && is_active(login)) else {
        // If the failure cannot be recorded, the attempt still counts.
        let _ = tokio::join!(chances.fail(), log_ins.fail());
        return Ok(NOT_VERIFIED);
    };
    // The password was right, whether the attempt can be given back or not.
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

fn log_ins(work: &Work<'_>, tenant: &TenantId) -> LogIns {
    LogIns {
        table: work.service().table(tenant, work.meter),
        now: work.now(),
    }
}

fn refused(why: NoChance) -> Problem {
    match why {
        NoChance::Failed(left) => reason::too_many_failed_log_ins().after(left),
        NoChance::Busy => reason::too_many_log_ins_at_once().after(1),
    }
}

/// A user without `active` counts as active, RFC 7643 §4.1.1.
fn is_active(login: &Login) -> bool {
    let attributes = &login.user.resource.attributes;
    scim_core::active::is_active(attributes)
}
