//! The state of the vendor's side: the service that it manages, and the admin keys.

use std::sync::{Arc, OnceLock};

use delivery::outbound::{Receivers, Target, TargetError};
use directory::Clients;
use directory::RevokedAdminKeys;
use directory::journal::feed::FeedEnds;
use keyring::{AdminKey, AdminKeyrings, KeyringError, WebhookSecrets};
use keyring::{Digest, KeyId, Presented};
use service::{Config, Origin, Service};

use crate::problem::{Problem, defect, reason};

pub struct VendorSide {
    /// The service whose tenants and keys it manages.
    pub(crate) service: Arc<Service>,
    /// The admin keys. Their secrets have other names than those of tenants' keys, so neither kind of key can stand
    /// in for the other.
    pub(crate) keys: AdminKeyrings,
    /// Revoked admin keys that are still in their keyring.
    pub(crate) revoked: RevokedAdminKeys,
    /// Where change feeds begin and end.
    pub(crate) feed_ends: Arc<FeedEnds>,
    /// The secrets that sign webhooks.
    pub(crate) webhooks: WebhookSecrets,
    /// Decides to which URLs events may go.
    pub(crate) target: TargetParser,
    /// Connections to receivers, opened for the first test event; `None` without root certificates.
    receivers: OnceLock<Option<Receivers>>,
}

/// Parses the URL of a receiver.
pub type TargetParser = fn(&str) -> Result<Target, TargetError>;

/// The names of the secrets of the vendor's side, and what encrypts new ones.
pub struct SecretNames {
    admin_prefix: String,
    webhook_prefix: String,
    kms_key: Option<String>,
}

impl From<&Config> for SecretNames {
    fn from(config: &Config) -> Self {
        Self {
            admin_prefix: config.admin_prefix.clone(),
            webhook_prefix: config.webhook_prefix.clone(),
            kms_key: config.kms_key.clone(),
        }
    }
}

/// What the function's log says about a request, as far as known.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) tenant: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) operation: Option<&'static str>,
}

impl VendorSide {
    /// The vendor's side of a service. Events may go to receivers in the internet.
    #[must_use]
    pub fn new(service: Arc<Service>, clients: &Clients, names: SecretNames) -> Self {
        let secrets = &clients.secrets;
        Self {
            revoked: RevokedAdminKeys::new(Arc::clone(service.store())),
            service,
            keys: AdminKeyrings::new(secrets.clone(), names.admin_prefix),
            feed_ends: Arc::default(),
            webhooks: WebhookSecrets::new(secrets.clone(), names.webhook_prefix)
                .encrypted_with(names.kms_key),
            target: Target::parse,
            receivers: OnceLock::new(),
        }
    }

    /// The same, with other receivers.
    #[must_use]
    pub fn with_receivers(self, target: TargetParser) -> Self {
        Self { target, ..self }
    }

    /// What sends requests to receivers.
    ///
    /// # Errors
    ///
    /// When no receiver can be verified: a defect of the machine.
    pub(crate) fn receivers(&self) -> Result<&Receivers, Problem> {
        let receivers = self.receivers.get_or_init(|| Receivers::new().ok());
        let receivers = receivers.as_ref();
        receivers.ok_or_else(|| defect("the machine has no root certificates"))
    }

    /// Opens the connections that requests need. Errors are ignored, because the first request will report them.
    pub async fn warm(&self) {
        let keys = async {
            let _ = self.keys.warm(self.service.now()).await;
        };
        tokio::join!(self.service.warm_table(), keys);
    }

    /// Authenticates with an admin key.
    ///
    /// # Errors
    ///
    /// 401, and failures of the keyrings.
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

    /// The admin key of a session, if it is still valid.
    ///
    /// # Errors
    ///
    /// Failures of the keyrings.
    pub(crate) async fn of_session(
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

/// The admin key is missing or invalid.
pub(crate) fn unauthorized() -> Problem {
    reason::no_admin_key()
}

fn unreadable(error: &KeyringError) -> Problem {
    tracing::error!(%error, "keyring.failed");
    match error {
        KeyringError::Unavailable(_) => reason::admin_keys_unavailable(),
        _ => reason::admin_keys_unreadable(),
    }
}
