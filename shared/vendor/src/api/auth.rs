//! Who is calling the admin API: an admin key becomes a caller with scopes, or a 401.
//!
//! Admin keys and tenants' keys stand in secrets of different names, so neither opens what the other does.

use std::net::IpAddr;
use std::sync::Arc;

use directory::RevokedAdminKeys;
use http::{HeaderMap, header};
use jiff::Timestamp;
use keyring::{AdminKey, AdminKeyrings, KeyringError, Presented, Token};
use scim_core::ErrorKind;

use super::Problem;

pub use keyring::AdminScope as Scope;

/// An authenticated caller of the admin API.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Its key.
    pub key: Arc<AdminKey>,
}

impl Caller {
    /// Refuses what the key's scopes do not reach.
    ///
    /// # Errors
    ///
    /// 403.
    pub fn check(&self, scope: Option<Scope>) -> Result<(), Problem> {
        match scope {
            Some(scope) if !self.key.has(scope) => Err(Problem::new(
                ErrorKind::Forbidden,
                format!(
                    "this needs an admin key with the scope `{}`",
                    scope.as_str()
                ),
            )),
            _ => Ok(()),
        }
    }
}

/// What authentication asks.
pub(super) struct Gate<'g> {
    pub(super) keys: &'g AdminKeyrings,
    pub(super) revoked: &'g RevokedAdminKeys,
    pub(super) now: Timestamp,
    pub(super) source: Option<IpAddr>,
}

impl Gate<'_> {
    /// The caller of a request.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let presented = presented(headers).ok_or_else(unauthorized)?;
        self.recognise(&presented).await
    }

    /// The caller with a key.
    pub(super) async fn recognise(&self, presented: &Presented) -> Result<Caller, Problem> {
        let found = self.keys.find(presented, self.now).await;
        let key = found.map_err(|error| unreadable(&error))?;
        let admitted = key.filter(|key| key.admits(self.now, self.source));
        let key = admitted.ok_or_else(unauthorized)?;
        match self.revoked.has(key.id, self.now).await? {
            true => Err(unauthorized()),
            false => Ok(Caller { key }),
        }
    }
}

fn presented(headers: &HeaderMap) -> Option<Presented> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| Token::parse(token.trim_start()))
}

fn unauthorized() -> Problem {
    Problem::new(
        ErrorKind::Unauthorized,
        "the admin key is missing, wrong, expired, revoked or not for this network; send `Authorization: Bearer KEY` with an admin key",
    )
}

fn unreadable(error: &KeyringError) -> Problem {
    tracing::error!(%error, "admin key");
    match error {
        KeyringError::Unavailable(_) => Problem::new(
            ErrorKind::Unavailable,
            "the service cannot check admin keys at the moment; try again in a moment",
        ),
        _ => Problem::new(
            ErrorKind::Internal,
            "the service cannot check admin keys; its log says why",
        ),
    }
}
