//! Sessions of the console.
//!
//! A session is identified by a secret that only its cookie contains; the table stores the digest. The session's forms
//! contain a token derived from the secret, which is unique to the session and does not reveal the secret. Sessions expire
//! at a fixed time or after a period without requests.

use std::fmt;

use data_encoding::{BASE32_DNSSEC, HEXLOWER};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::limits::SESSION_NOTED;
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::session::{CREATED, ENDS, HOLDER, SEEN};
use crate::table::keys::{self, Key};
use crate::table::{
    self, Actions, ConditionExpression, DirectoryError, ItemUpdate, Meter, Put, Role, Store,
    WriteId, corrupt, n, number, s, text,
};
use keyring::TenantId;

/// A session's secret: 256 random bits.
#[derive(Clone)]
pub struct SessionSecret(Box<str>);

impl SessionSecret {
    /// Makes a secret from random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(BASE32_DNSSEC.encode(&random).into())
    }

    /// Parses the secret that a client sent; `None` if the text cannot be a secret.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_shaped = text.len() == 52
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'));
        is_shaped.then(|| Self(text.into()))
    }

    /// The text for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The token in the session's forms.
    #[must_use]
    pub fn form_token(&self) -> String {
        BASE32_DNSSEC.encode(&self.derived("form"))
    }

    /// Whether a form belongs to this session, compared in constant time.
    #[must_use]
    pub fn is_form_token(&self, given: &str) -> bool {
        self.form_token().as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn derived(&self, purpose: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(purpose.as_bytes());
        digest.update(b":");
        digest.update(self.0.as_bytes());
        digest.finalize().into()
    }

    fn key(&self) -> Key {
        keys::session(&HEXLOWER.encode(&self.derived("session")))
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

/// The holder of a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Holder {
    /// An employee of the vendor who signed in with an admin key.
    Vendor {
        /// The id of the admin key.
        key: String,
        /// The digest of the admin key's text, in hex.
        sha256: String,
    },
    /// A customer's administrator, who opened a setup link.
    Customer {
        /// The setup link's tenant.
        tenant: String,
        /// The setup link's id.
        link: String,
    },
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The session's holder.
    pub holder: Holder,
    /// When the session began.
    pub created: Timestamp,
    /// The time of the last request, with a resolution of five minutes.
    pub seen: Timestamp,
    /// When the session expires in any case.
    pub ends: Timestamp,
}

impl Session {
    /// The tenant of a customer's session; `None` for the vendor's.
    #[must_use]
    pub fn tenant(&self) -> Option<TenantId> {
        match &self.holder {
            Holder::Customer { tenant, .. } => TenantId::parse(tenant),
            Holder::Vendor { .. } => None,
        }
    }
}

/// The sessions in a table.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'s> {
    /// The table.
    pub store: &'s Store,
    /// Counts the calls.
    pub meter: &'s Meter,
}

impl Sessions<'_> {
    /// Stores a new session.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn begin(
        &self,
        secret: &SessionSecret,
        session: &Session,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let holder = serde_json::to_string(&session.holder).map_err(|_| corrupt("session"))?;
        let attributes = [
            (HOLDER, s(holder)),
            (CREATED, n(session.created.as_second())),
            (SEEN, n(session.seen.as_second())),
            (ENDS, n(session.ends.as_second())),
            (EXPIRES, n(session.ends.as_second())),
        ];
        let mut actions = Actions::default();
        let item = table::item(&secret.key(), attributes);
        actions.put(item, Role::Certain);
        let token = write.token(0);
        self.store.transact(&actions, &token, self.meter).await?;
        Ok(())
    }

    /// The session with this secret, unless it expired or had no request for `idle`. Updates the time of the last request.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn find(
        &self,
        secret: &SessionSecret,
        idle: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<Session>, DirectoryError> {
        let key = secret.key();
        let Some(item) = self.store.get(&key, self.meter).await? else {
            return Ok(None);
        };
        let holder = text(&item, HOLDER).and_then(|holder| serde_json::from_str(holder).ok());
        let instant = |name: &str| {
            let second = number(&item, name)?;
            Timestamp::from_second(second).ok()
        };
        let parts = (holder, instant(CREATED), instant(SEEN), instant(ENDS));
        let (Some(holder), Some(created), Some(seen), Some(ends)) = parts else {
            return Err(corrupt("session"));
        };
        let absent = now.duration_since(seen);
        if now >= ends || absent >= idle {
            return Ok(None);
        }
        if absent >= SESSION_NOTED {
            let noted = ItemUpdate::of(key)
                .set(SEEN, n(now.as_second()))
                .when(ConditionExpression::Present);
            // The session was ended meanwhile.
            if matches!(
                self.store.update(&noted, self.meter).await?,
                Put::ConditionFailed(_)
            ) {
                return Ok(None);
            }
        }
        Ok(Some(Session {
            holder,
            created,
            seen,
            ends,
        }))
    }

    /// Deletes a session.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn end(&self, secret: &SessionSecret) -> Result<(), DirectoryError> {
        self.store.batch_delete(&[secret.key()], self.meter).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_belongs_to_one_session_and_hides_its_secret() {
        let (one, two) = (SessionSecret::new([1; 32]), SessionSecret::new([2; 32]));
        assert!(one.is_form_token(&one.form_token()));
        assert!(!two.is_form_token(&one.form_token()));
        assert!(!one.is_form_token("") && !one.is_form_token(one.expose()));
        assert_ne!(one.form_token(), one.expose());
        assert!(!one.key().sk.contains(one.expose()));
        assert_eq!(format!("{one:?}"), "SessionSecret(…)");
    }

    #[test]
    fn only_a_well_formed_secret_is_parsed() {
        let secret = SessionSecret::new([7; 32]);
        assert!(SessionSecret::parse(secret.expose()).is_some());
        for odd in ["", "x", &secret.expose().to_uppercase(), &"z".repeat(52)] {
            assert!(SessionSecret::parse(odd).is_none(), "{odd}");
        }
    }
}
