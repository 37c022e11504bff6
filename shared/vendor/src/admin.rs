//! What the vendor's side works on: the service whose tenants and keys these are, and the keys of the admin API.

use std::sync::Arc;

use directory::Clients;
use directory::RevokedAdminKeys;
use keyring::{AdminKey, AdminKeyrings, KeyringError};
use keyring::{Digest, KeyId, Presented};
use scim_core::ErrorKind;
use service::{Origin, Service};

use crate::problem::Problem;

/// The vendor's side of the service.
pub struct Admin {
    /// The service provider, whose tenants and keys these are.
    pub(crate) service: Arc<Service>,
    /// The keys of the admin API. They stand in secrets of other names than tenants' keys, so neither opens what the other
    /// does.
    pub(crate) keys: AdminKeyrings,
    /// Those that were revoked, though their keyring does not say so yet.
    pub(crate) revoked: RevokedAdminKeys,
}

/// What the log says of a request, as far as it got.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) tenant: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) operation: Option<&'static str>,
}

impl Admin {
    /// The vendor's side of a service. `prefix` is what the names of the secrets with admin keys begin with.
    #[must_use]
    pub fn new(service: Arc<Service>, clients: &Clients, prefix: &str) -> Self {
        Self {
            revoked: RevokedAdminKeys::new(Arc::clone(service.store())),
            service,
            keys: AdminKeyrings::new(clients.secrets.clone(), prefix),
        }
    }

    /// Opens the connections that requests need. What fails here is left to the first request.
    pub async fn warm(&self) {
        let keys = async {
            let _ = self.keys.warm(self.service.now()).await;
        };
        tokio::join!(self.service.warm_table(), keys);
    }

    /// The admin key that somebody presents.
    ///
    /// # Errors
    ///
    /// 401, and what the keys fail with.
    pub(crate) async fn admit(
        &self,
        presented: &Presented,
        origin: &Origin,
    ) -> Result<Arc<AdminKey>, Problem> {
        let now = self.service.now();
        let found = self.keys.find(presented, now).await;
        let key = found.map_err(|error| unreadable(&error))?;
        let admitted = key.filter(|key| key.admits(now, origin.source));
        let key = admitted.ok_or_else(unauthorized)?;
        match self.revoked.has(key.id, now).await? {
            true => Err(unauthorized()),
            false => Ok(key),
        }
    }

    /// The key that somebody was admitted with before, if it is still good.
    ///
    /// # Errors
    ///
    /// What the keys fail with.
    pub(crate) async fn again(
        &self,
        key: KeyId,
        sha256: &Digest,
        origin: &Origin,
    ) -> Result<Option<Arc<AdminKey>>, Problem> {
        let now = self.service.now();
        let Some(key) = self.keys.again(key, sha256, now).await? else {
            return Ok(None);
        };
        let is_revoked = self.revoked.has(key.id, now).await?;
        Ok((!is_revoked && key.admits(now, origin.source)).then_some(key))
    }
}

/// There is no admin key, or none that is good.
pub(crate) fn unauthorized() -> Problem {
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
