//! Authentication: resolves a bearer token to a caller of the tenant in the path, or answers 401.
//!
//! Every invalid token gets the same response, so that the response reveals nothing. Only a caller with a valid token
//! learns that the tenant is turned off.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use directory::tenant_keys::{By, ImportedTokens, KeysError, TenantKeys};
use directory::tenants::{Status, Tenant, Tenants};
use directory::{Meter, Store, TenantTable};
use http::{HeaderMap, Method, header};
use jiff::Timestamp;
use keyring::{
    End, ImportedToken, KeyId, KeyRecord, KeyringError, Keyrings, Presented, Scope, TenantId, Token,
};
use scim_core::error::reason;
use scim_core::{ErrorKind, ScimError};

use crate::cursor::Seal;
use crate::requests::{Barred, Who};
use crate::response::explain;
use crate::routes::Endpoint;

#[derive(Clone, Debug)]
pub struct Caller {
    pub tenant: TenantId,
    /// The credential that admitted it.
    pub credential: Credential,
    /// Its permissions.
    pub scope: Scope,
    /// The tenant's settings.
    pub settings: Arc<Tenant>,
}

impl Caller {
    /// Rejects an endpoint outside the key's scope.
    ///
    /// # Errors
    ///
    /// 403, when the key may only read its own user.
    pub fn check_scope(&self, endpoint: Endpoint, method: &Method) -> Result<(), ScimError> {
        let own = endpoint == Endpoint::Me && method == Method::GET;
        match self.scope {
            Scope::Me if !own && !endpoint.is_discovery() => Err(reason::token_of_me()),
            Scope::Scim | Scope::Me => Ok(()),
        }
    }
}

/// How a caller was authenticated.
#[derive(Clone)]
pub enum Credential {
    /// By a token, with this key.
    Key(Arc<KeyRecord>),
    /// By the vendor's side, whatever the tenant's state.
    Vendor {
        /// Distinguishes this caller's walks through a list from those of others.
        id: KeyId,
        /// A secret that seals this caller's cursors; only the caller knows it, or nobody.
        secret: String,
    },
}

impl Credential {
    #[must_use]
    pub fn id(&self) -> &KeyId {
        match self {
            Self::Key(key) => &key.id,
            Self::Vendor { id, .. } => id,
        }
    }

    /// The user that the key stands for; `None` if the key stands for no user.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Key(key) => key.subject.as_deref(),
            Self::Vendor { .. } => None,
        }
    }

    /// The seal of its cursors.
    #[must_use]
    pub fn seal(&self) -> Seal {
        match self {
            Self::Key(key) => Seal::of(key),
            Self::Vendor { secret, .. } => Seal::by(secret),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.id())
    }
}

/// A request that was not admitted, and its caller as far as known.
#[derive(Debug)]
pub struct Denied {
    pub error: ScimError,
    /// The caller.
    pub(crate) who: Who,
}

impl From<ScimError> for Denied {
    fn from(error: ScimError) -> Self {
        let who = match error.kind() {
            ErrorKind::Unauthorized => Who::Stranger,
            _ => Who::Nobody,
        };
        Self { error, who }
    }
}

/// The dependencies of authentication.
#[derive(Clone, Copy)]
pub struct Gate<'g> {
    pub keyrings: &'g Keyrings,
    /// The keyrings that hold imported tokens.
    pub imported_tokens: &'g ImportedTokens,
    pub store: &'g Arc<Store>,
    pub tenants: &'g Tenants,
    /// The current time.
    pub now: Timestamp,
    /// Counts the reads.
    pub meter: &'g Arc<Meter>,
}

impl Gate<'_> {
    /// Authenticates a request to a tenant.
    ///
    /// # Errors
    ///
    /// 401 unless the token is one of the tenant's live keys; 403 when the tenant is turned off; 503 when the keys
    /// cannot be read.
    pub async fn admit(
        &self,
        headers: &HeaderMap,
        tenant: &TenantId,
        source: Option<IpAddr>,
    ) -> Result<Caller, Denied> {
        let record = match presented(headers).ok_or_else(unauthorized)? {
            Presented::Issued(token) => {
                let found = self.keyrings.find(&token, self.now).await;
                found.map_err(|error| unreadable(&error))?
            }
            Presented::Imported(token) => self.find_imported(tenant, &token).await?,
            Presented::Malformed => return Err(unauthorized().into()),
        };
        let key = record.ok_or_else(unauthorized)?;
        let admits = |scope: &Scope| key.admits(tenant, *scope, self.now, source);
        let Some(scope) = Scope::ALL.into_iter().find(admits) else {
            return Err(self.barred(key, tenant, source));
        };
        let settings = self
            .tenants
            .find(tenant, self.now, self.meter)
            .await
            .map_err(explain)?
            .ok_or_else(unauthorized)?;
        self.check_end(&key, &settings)?;
        match settings.status {
            Status::On => Ok(Caller {
                tenant: tenant.clone(),
                credential: Credential::Key(key),
                scope,
                settings,
            }),
            // A tenant that is being deleted answers like an unknown one.
            Status::Closing => Err(unauthorized().into()),
            Status::Off => Err(Denied {
                error: reason::switched_off(),
                who: Who::Key(key, None),
            }),
        }
    }

    /// Rejects a key that was ended while its keyring accepted no change.
    fn check_end(&self, key: &Arc<KeyRecord>, settings: &Tenant) -> Result<(), Denied> {
        match settings.ended.of(key.id) {
            Some(End::Revoked) => Err(unauthorized().into()),
            Some(End::At(end)) if end <= self.now => Err(Denied {
                error: unauthorized(),
                who: Who::Key(Arc::clone(key), Some(Barred::Expired(end))),
            }),
            _ => Ok(()),
        }
    }

    /// The denial for a key that does not admit the request. The failure log tells the tenant's administrator why;
    /// the response does not. A key of another tenant counts as unknown.
    fn barred(&self, key: Arc<KeyRecord>, tenant: &TenantId, source: Option<IpAddr>) -> Denied {
        if key.tenant != *tenant {
            return unauthorized().into();
        }
        let barred = match key.expires {
            Some(end) if end <= self.now => Barred::Expired(end),
            _ if key.scopes.is_empty() => Barred::Scopeless,
            _ => Barred::Elsewhere(source),
        };
        Denied {
            error: unauthorized(),
            who: Who::Key(key, Some(barred)),
        }
    }
}

impl Gate<'_> {
    /// Finds the key of an imported token, which does not name its keyring.
    async fn find_imported(
        &self,
        tenant: &TenantId,
        token: &ImportedToken,
    ) -> Result<Option<Arc<KeyRecord>>, ScimError> {
        let settings = self.tenants.find(tenant, self.now, self.meter).await;
        settings.map_err(explain)?.ok_or_else(unauthorized)?;
        let (store, meter) = (Arc::clone(self.store), Arc::clone(self.meter));
        let keys = TenantKeys {
            table: TenantTable::new(store, tenant.clone(), meter),
            keyrings: self.keyrings,
            by: By::Customer,
        };
        let found = self.imported_tokens.find(&keys, token, self.now).await;
        found.map_err(|error| match error {
            KeysError::Keyring(error) => unreadable(&error),
            KeysError::Directory(error) => explain(error),
            KeysError::NoSuchTenant | KeysError::TooOften { .. } => unauthorized(),
        })
    }
}

/// The token of a request. A token without the scheme's name is accepted too: Okta's apps with header authentication
/// send exactly what an administrator pasted.
fn presented(headers: &HeaderMap) -> Option<Presented> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let value = value.to_str().ok()?.trim();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Some(Token::parse(token.trim_start()))
        }
        Some(_) => None,
        None => Some(Token::parse(value)),
    }
}

fn unauthorized() -> ScimError {
    reason::no_token()
}

fn unreadable(error: &KeyringError) -> ScimError {
    match error {
        KeyringError::Unavailable(_) | KeyringError::Refused(_) => reason::tokens_unreachable(),
        _ => reason::tokens_unreadable(),
    }
}
