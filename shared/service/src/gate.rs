//! Who calls, which tenant, and how fast: admits a request or rejects it.
//!
//! A bearer token is resolved to a caller of the tenant in the path, or the response is 401. Every invalid token gets
//! the same response, so that the response reveals nothing. Only a caller with a valid token learns that the tenant is
//! turned off, that the address has no such endpoint, and that the tenant's rate limit is reached.

use std::net::IpAddr;
use std::sync::Arc;

use directory::tenant_keys::{By, ImportedTokens, KeysError, TenantKeys};
use directory::tenants::{Age, Closing, NotLoaded, Status, Tenant, Tenants};
use directory::{Meter, Store, TenantTable};
use http::{HeaderMap, header};
use jiff::Timestamp;
use keyring::{
    End, ImportedToken, KeyRecord, KeyringError, Keyrings, Presented, Scope, TenantId, Token,
};
use scim_core::error::reason;
use scim_core::{ErrorKind, ScimError};

use crate::wire::{Failure, Incoming, explain};

mod caller;
mod rate;

pub use caller::{Caller, Credential};
pub(crate) use caller::{NotAdmitted, Sender};
pub(crate) use rate::{Rates, Uncounted};

use rate::Turn;

/// The decision about a request.
pub(crate) enum Admission<'g> {
    /// It reads what everybody may read.
    Public,
    /// Its caller may be served; meanwhile, requests are added to the shared count.
    Admitted(Caller, Option<Uncounted<'g>>),
    Rejected(Sender, Failure),
}

/// A request that was not authenticated, and its sender as far as known.
struct Denied {
    error: ScimError,
    sender: Sender,
}

impl From<ScimError> for Box<Denied> {
    fn from(error: ScimError) -> Self {
        let sender = match error.kind() {
            ErrorKind::Unauthorized => Sender::Stranger,
            _ => Sender::Unknown,
        };
        Box::new(Denied { error, sender })
    }
}

/// What the decision depends on.
#[derive(Clone, Copy)]
pub(crate) struct Gate<'g> {
    pub(crate) keyrings: &'g Keyrings,
    /// The keyrings that hold imported tokens.
    pub(crate) imported_tokens: &'g ImportedTokens,
    pub(crate) store: &'g Arc<Store>,
    pub(crate) tenants: &'g Tenants,
    pub(crate) rates: &'g Rates,
    /// The current time.
    pub(crate) now: Timestamp,
    /// Counts the reads.
    pub(crate) meter: &'g Arc<Meter>,
}

impl<'g> Gate<'g> {
    /// Admits a request that came from this address, or rejects it.
    pub(crate) async fn admit(
        self,
        incoming: &Incoming<'_>,
        source: Option<IpAddr>,
    ) -> Admission<'g> {
        if incoming.is_public() {
            return Admission::Public;
        }
        let authenticated = self.authenticate(incoming.headers(), &incoming.tenant, source);
        let caller = match authenticated.await {
            Ok(caller) => caller,
            Err(denied) => return Admission::Rejected(denied.sender, denied.error.into()),
        };
        if let Some(unserved) = &incoming.unserved {
            return Admission::Rejected(Sender::Caller(caller), unserved.clone());
        }
        if !incoming.concerns_resources() {
            return Admission::Admitted(caller, None);
        }
        let tenant = &caller.tenant;
        let rate = tenant.settings.rate;
        match self.rates.turn(&tenant.id, rate, self.now) {
            Turn::Served => Admission::Admitted(caller, None),
            Turn::Told(window, requests) => {
                let uncounted = self
                    .rates
                    .uncounted(self.store, (window, requests), self.meter);
                Admission::Admitted(caller, Some(uncounted))
            }
            Turn::Refused(seconds) => {
                Admission::Rejected(Sender::Caller(caller), Failure::slow_down(seconds))
            }
        }
    }
}

impl Gate<'_> {
    /// Authenticates a request to a tenant.
    ///
    /// # Errors
    ///
    /// 401 unless the token is one of the tenant's live keys; 403 when the tenant is turned off; 503 when the keys
    /// cannot be read.
    async fn authenticate(
        &self,
        headers: &HeaderMap,
        tenant: &TenantId,
        source: Option<IpAddr>,
    ) -> Result<Caller, Box<Denied>> {
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
            return Err(Box::new(self.not_admitted(key, tenant, source)));
        };
        let tenant = self.tenant(tenant).await?;
        self.check_end(&key, &tenant)?;
        match tenant.status {
            Status::On => Ok(Caller {
                tenant,
                credential: Credential::Key(key),
                scope,
            }),
            Status::Off | Status::Closing => Err(Box::new(Denied {
                error: reason::turned_off(),
                sender: Sender::Key(key, None),
            })),
        }
    }

    /// The tenant of the path. One that is being deleted answers like an unknown one.
    async fn tenant(&self, id: &TenantId) -> Result<Arc<Tenant>, ScimError> {
        let age = Age::Minute(self.now);
        let loaded = self.tenants.load(id, age, Closing::Hide, self.meter).await;
        loaded.map_err(|not_loaded| match not_loaded {
            NotLoaded::Absent | NotLoaded::Closing => unauthorized(),
            NotLoaded::Failed(error) => explain(error),
        })
    }

    /// Rejects a key that was ended while its keyring accepted no change.
    fn check_end(&self, key: &Arc<KeyRecord>, found: &Tenant) -> Result<(), Box<Denied>> {
        match found.ended.of(key.id) {
            Some(End::Revoked) => Err(unauthorized().into()),
            Some(End::At(end)) if end <= self.now => Err(Box::new(Denied {
                error: unauthorized(),
                sender: Sender::Key(Arc::clone(key), Some(NotAdmitted::Expired(end))),
            })),
            _ => Ok(()),
        }
    }

    /// The denial for a key that does not admit the request. The failure log tells the tenant's administrator why;
    /// the response does not. A key of another tenant counts as unknown.
    fn not_admitted(
        &self,
        key: Arc<KeyRecord>,
        tenant: &TenantId,
        source: Option<IpAddr>,
    ) -> Denied {
        if key.tenant != *tenant {
            return Denied {
                error: unauthorized(),
                sender: Sender::Stranger,
            };
        }
        let why = match key.expires {
            Some(end) if end <= self.now => NotAdmitted::Expired(end),
            _ if key.scopes.is_empty() => NotAdmitted::Scopeless,
            _ => NotAdmitted::Elsewhere(source),
        };
        Denied {
            error: unauthorized(),
            sender: Sender::Key(key, Some(why)),
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
        self.tenant(tenant).await?;
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
