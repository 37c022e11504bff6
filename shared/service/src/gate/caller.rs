//! Who sent a request.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use directory::tenants::Tenant;
use http::Method;
use jiff::Timestamp;
use keyring::{KeyId, KeyRecord, Scope};
use scim_core::error::reason;
use scim_core::{Catalogue, ScimError};

use crate::cursor::Seal;
use crate::wire::routes::Endpoint;

/// An authenticated caller of a tenant.
#[derive(Clone, Debug)]
pub struct Caller {
    pub tenant: Arc<Tenant>,
    /// The credential that admitted it.
    pub credential: Credential,
    /// Its permissions.
    pub scope: Scope,
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
            Self::Key(key) => Seal::of_key(key),
            Self::Vendor { secret, .. } => Seal::of_secret(secret),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({})", self.id())
    }
}

/// Why a key of the tenant was not admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotAdmitted {
    /// It expired at this instant.
    Expired(Timestamp),
    /// It is bound to networks that do not contain this address.
    Elsewhere(Option<IpAddr>),
    /// It has no known scope.
    Scopeless,
}

/// The sender of a request, as far as known.
#[derive(Clone, Debug, Default)]
pub(crate) enum Sender {
    /// Not authenticated.
    #[default]
    Unknown,
    /// Somebody without a valid token of the tenant.
    Stranger,
    /// Somebody with a key of the tenant that was not admitted, for this reason; without a reason, the tenant is
    /// turned off.
    Key(Arc<KeyRecord>, Option<NotAdmitted>),
    /// A caller, whether or not its request was then served.
    Caller(Caller),
}

impl Sender {
    /// The key of the tenant.
    pub(crate) const fn key(&self) -> Option<&Arc<KeyRecord>> {
        match self {
            Self::Key(key, _)
            | Self::Caller(Caller {
                credential: Credential::Key(key),
                ..
            }) => Some(key),
            Self::Unknown | Self::Stranger | Self::Caller(_) => None,
        }
    }

    pub(crate) const fn not_admitted(&self) -> Option<&NotAdmitted> {
        match self {
            Self::Key(_, not_admitted) => not_admitted.as_ref(),
            _ => None,
        }
    }

    pub(crate) const fn caller(&self) -> Option<&Caller> {
        match self {
            Self::Caller(caller) => Some(caller),
            _ => None,
        }
    }

    /// The schemas of the caller's tenant, or else the standard ones.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        let catalogue = self.caller().map(|caller| caller.tenant.catalogue());
        catalogue.map_or(Catalogue::standard(), AsRef::as_ref)
    }
}
