//! Who is calling the admin API: an admin key becomes a caller with scopes, or a 401.
//!
//! Admin keys and tenants' keys stand in secrets of different names, so neither opens what the other does.

use directory::admin_key::FirstKey;
use directory::keyring::KeyringError;
use directory::token::{Digest, Presented, Token};
use http::{HeaderMap, header};
use jiff::Timestamp;
use scim_core::ErrorKind;

use super::Problem;

/// What an admin key may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Reading tenants, keys and the requests log.
    Read,
    /// Creating, changing, switching and deleting tenants.
    Tenants,
    /// Making and revoking keys and setup links.
    Keys,
    /// The users and groups of tenants: reading, verifying passwords, export, erasure.
    Data,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Tenants, Self::Keys, Self::Data];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Tenants => "tenants",
            Self::Keys => "keys",
            Self::Data => "data",
        }
    }
}

/// An authenticated caller of the admin API.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The id of its key, for the log.
    pub key: String,
    /// The digest of its token, under which its cursors are sealed.
    pub digest: Digest,
    /// What it may do.
    pub scopes: Vec<Scope>,
}

impl Caller {
    /// Refuses what the key's scopes do not reach.
    ///
    /// # Errors
    ///
    /// 403.
    pub fn check(&self, scope: Option<Scope>) -> Result<(), Problem> {
        match scope {
            Some(scope) if !self.scopes.contains(&scope) => Err(Problem::new(
                ErrorKind::Forbidden,
                format!("this needs an admin key with the scope `{}`", scope.name()),
            )),
            _ => Ok(()),
        }
    }
}

/// What authentication asks.
pub(super) struct Gate<'g> {
    pub(super) first: &'g FirstKey,
    pub(super) now: Timestamp,
}

impl Gate<'_> {
    /// The caller of a request.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let presented = presented(headers).ok_or_else(unauthorized)?;
        self.recognise(&presented).await
    }

    /// The caller with a key.
    pub(super) async fn recognise(&self, presented: &Presented) -> Result<Caller, Problem> {
        let Presented::Imported(token) = presented else {
            return Err(unauthorized());
        };
        match self.first.is(token, self.now).await {
            Ok(true) => Ok(Caller {
                key: "first".to_owned(),
                digest: token.digest(),
                scopes: Scope::ALL.to_vec(),
            }),
            Ok(false) => Err(unauthorized()),
            Err(error) => Err(unreadable(&error)),
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
        "the admin key is missing, wrong or revoked; send `Authorization: Bearer KEY` with an admin key",
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
