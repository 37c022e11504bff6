//! The first admin key: a secret with the text of a token, made by the template, which the vendor reads.
//!
//! It is there before anybody could have made a key. Its digest is compared in constant time, and remembered
//! for at most 60 seconds, so another text in the secret replaces the key within that time.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_sdk_secretsmanager::Client;
use jiff::{SignedDuration, Timestamp};

use crate::keyring::KeyringError;
use crate::token::{Digest, ImportedToken, Presented, Token};

/// How long the digest is remembered.
const AGE: SignedDuration = SignedDuration::from_secs(60);

/// The first admin key, as one process sees it.
pub struct FirstKey {
    client: Client,
    name: String,
    known: Mutex<Option<(Timestamp, Digest)>>,
}

impl FirstKey {
    /// The key in the secret `prefix` + `key`. The prefix ends with its own separator: `stack/admin/`.
    #[must_use]
    pub fn new(client: Client, prefix: &str) -> Self {
        Self {
            client,
            name: format!("{prefix}key"),
            known: Mutex::default(),
        }
    }

    /// Whether a token is this key.
    ///
    /// # Errors
    ///
    /// When the secret cannot be read, or holds no token.
    pub async fn is(&self, token: &ImportedToken, now: Timestamp) -> Result<bool, KeyringError> {
        let known = *self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = match known {
            Some((at, digest)) if now >= at && now.duration_since(at) < AGE => digest,
            _ => {
                let digest = self.read().await?;
                *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, digest));
                digest
            }
        };
        Ok(digest == token.digest())
    }

    async fn read(&self) -> Result<Digest, KeyringError> {
        let value = self
            .client
            .get_secret_value()
            .secret_id(&self.name)
            .send()
            .await
            .map_err(KeyringError::from)?;
        match Token::parse(value.secret_string.as_deref().unwrap_or_default()) {
            Presented::Imported(token) => Ok(token.digest()),
            Presented::Issued(_) | Presented::Malformed => Err(KeyringError::Unreadable),
        }
    }
}

impl fmt::Debug for FirstKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
