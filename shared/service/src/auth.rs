//! Who is calling: a bearer token becomes a caller of the tenant in the path, or a 401.
//!
//! Whatever is wrong with a token, the answer is the same, so that it tells nothing. Only after the
//! token was found good is it said that a tenant is switched off.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use directory::tenant_keys::{By, KeysError, TenantKeys, Whereabouts};
use directory::tenants::{Status, Tenant, Tenants};
use directory::{Meter, Store};
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

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant.
    pub tenant: TenantId,
    /// What it was admitted with.
    pub credential: Credential,
    /// What it may do.
    pub scope: Scope,
    /// What the tenant has set.
    pub settings: Arc<Tenant>,
}

impl Caller {
    /// Refuses what the key's scope does not reach.
    ///
    /// # Errors
    ///
    /// 403, when the key may do no more than read the user that it stands for.
    pub fn check_scope(&self, endpoint: Endpoint, method: &Method) -> Result<(), ScimError> {
        let own = endpoint == Endpoint::Me && method == Method::GET;
        match self.scope {
            Scope::Me if !own && !endpoint.is_discovery() => Err(reason::token_of_me()),
            Scope::Scim | Scope::Me => Ok(()),
        }
    }
}

/// What a caller was admitted with.
#[derive(Clone)]
pub enum Credential {
    /// A token: its key.
    Key(Arc<KeyRecord>),
    /// The vendor's side admitted somebody, whatever the tenant's state.
    Vendor {
        /// What tells their walks through a list from those of others.
        id: KeyId,
        /// What only they, or nobody, could seal their cursors with.
        secret: String,
    },
}

impl Credential {
    /// The id of the key.
    #[must_use]
    pub fn id(&self) -> &KeyId {
        match self {
            Self::Key(key) => &key.id,
            Self::Vendor { id, .. } => id,
        }
    }

    /// The user that it stands for, if it does.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Key(key) => key.subject.as_deref(),
            Self::Vendor { .. } => None,
        }
    }

    /// What seals its cursors.
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

/// A request that is not admitted, and who made it, as far as that is known.
#[derive(Debug)]
pub struct Denied {
    /// The answer.
    pub error: ScimError,
    /// Who it was.
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

/// What authentication asks.
#[derive(Clone, Copy)]
pub struct Gate<'g> {
    /// The keys.
    pub keyrings: &'g Keyrings,
    /// Where imported tokens are.
    pub whereabouts: &'g Whereabouts,
    /// The table.
    pub store: &'g Store,
    /// The tenants.
    pub tenants: &'g Tenants,
    /// Now.
    pub now: Timestamp,
    /// Where reads are counted.
    pub meter: &'g Meter,
}

impl Gate<'_> {
    /// The caller of a request to a tenant.
    ///
    /// # Errors
    ///
    /// 401 unless the token is one of the tenant's live keys; 403 when the tenant is switched off; 503
    /// when keys cannot be read.
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
            // As if it were gone already.
            Status::Closing => Err(unauthorized().into()),
            Status::Off => Err(Denied {
                error: reason::switched_off(),
                who: Who::Key(key, None),
            }),
        }
    }

    /// Refuses a key that ended while its keyring took no change.
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

    /// A key that does not admit. Why is told to the tenant's administrator, in the requests log, and not to the
    /// caller; a key of another tenant is nobody's here.
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
    /// The key of an imported token, which names no keyring.
    async fn find_imported(
        &self,
        tenant: &TenantId,
        token: &ImportedToken,
    ) -> Result<Option<Arc<KeyRecord>>, ScimError> {
        let settings = self.tenants.find(tenant, self.now, self.meter).await;
        settings.map_err(explain)?.ok_or_else(unauthorized)?;
        let keys = TenantKeys {
            store: self.store,
            keyrings: self.keyrings,
            tenant,
            by: By::Customer,
            meter: self.meter,
        };
        let found = self.whereabouts.find(keys, token, self.now).await;
        found.map_err(|error| match error {
            KeysError::Keyring(error) => unreadable(&error),
            KeysError::Directory(error) => explain(error),
            KeysError::NoSuchTenant | KeysError::TooOften { .. } => unauthorized(),
        })
    }
}

/// The token that a request presents. It is also taken without the scheme's name, since Okta's apps with
/// header authentication send just what an administrator pasted.
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
