//! Sessions of the pages.
//!
//! A session is known by a secret that only its cookie holds; the table has the digest. Its forms carry another
//! text, derived from the secret, which no other session's forms have and which tells nothing of the secret.
//! Sessions end at a fixed time, or when nobody was seen in them for a while.

use std::fmt;

use data_encoding::{BASE32_DNSSEC, HEXLOWER};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::table::keys::{self, Key};
use crate::table::{
    self, Actions, DirectoryError, Meter, Put, Role, Store, WriteId, corrupt, n, number, s, text,
    update,
};
use keyring::TenantId;

/// How long a session is not noted to be seen again.
const NOTED: SignedDuration = SignedDuration::from_mins(5);

/// The secret of a session: 256 random bits.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// A secret made of random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(BASE32_DNSSEC.encode(&random).into())
    }

    /// Reads what a client presents; `None` for what is the secret of no session.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_shaped = text.len() == 52
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'));
        is_shaped.then(|| Self(text.into()))
    }

    /// The text, for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What the forms of the session carry.
    #[must_use]
    pub fn form_token(&self) -> String {
        BASE32_DNSSEC.encode(&self.derived("form"))
    }

    /// Whether a form is one of this session, told in the same time whatever it carries.
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

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whose session it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Holder {
    /// Somebody of the vendor, who signed in with an admin key.
    Vendor {
        /// The id of the key.
        key: String,
        /// The digest of the key's text, in hex.
        sha256: String,
    },
    /// A customer's administrator, who opened a setup link.
    Customer {
        /// The tenant that the link was for.
        tenant: String,
        /// The id of the link.
        link: String,
    },
}

/// A session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// Whose it is.
    pub holder: Holder,
    /// When it was begun.
    pub created: Timestamp,
    /// When somebody was last seen in it, to five minutes.
    pub seen: Timestamp,
    /// When it ends, whatever happens.
    pub ends: Timestamp,
}

impl Session {
    /// The tenant that the session is for, if it is a customer's.
    #[must_use]
    pub fn tenant(&self) -> Option<TenantId> {
        match &self.holder {
            Holder::Customer { tenant, .. } => TenantId::parse(tenant),
            Holder::Vendor { .. } => None,
        }
    }
}

/// The sessions of the table.
#[derive(Clone, Copy, Debug)]
pub struct Sessions<'s> {
    /// The table.
    pub store: &'s Store,
    /// Where calls are counted.
    pub meter: &'s Meter,
}

impl Sessions<'_> {
    /// Begins a session.
    ///
    /// # Errors
    ///
    /// When the table does not take it.
    pub async fn begin(
        &self,
        secret: &Secret,
        session: &Session,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let holder = serde_json::to_string(&session.holder).map_err(|_| corrupt("session"))?;
        let attributes = [
            ("d", s(holder)),
            ("c", n(session.created.as_second())),
            ("s", n(session.seen.as_second())),
            ("x", n(session.ends.as_second())),
            ("expires", n(session.ends.as_second())),
        ];
        let mut actions = Actions::default();
        let item = table::item(&secret.key(), attributes);
        actions.put(self.store.table(), item, Role::Certain)?;
        let (items, token) = (actions.into_items(), write.token(0));
        self.store.transact(items, &token, self.meter).await?;
        Ok(())
    }

    /// The session of a secret, unless it ended or nobody was seen in it for `idle`. Seeing it is noted.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn find(
        &self,
        secret: &Secret,
        idle: SignedDuration,
        now: Timestamp,
    ) -> Result<Option<Session>, DirectoryError> {
        let key = secret.key();
        let Some(item) = self.store.get(&key, self.meter).await? else {
            return Ok(None);
        };
        let holder = text(&item, "d").and_then(|holder| serde_json::from_str(holder).ok());
        let instant = |name: &str| {
            let second = number(&item, name)?;
            Timestamp::from_second(second).ok()
        };
        let parts = (holder, instant("c"), instant("s"), instant("x"));
        let (Some(holder), Some(created), Some(seen), Some(ends)) = parts else {
            return Err(corrupt("session"));
        };
        let absent = now.duration_since(seen);
        if now >= ends || absent >= idle {
            return Ok(None);
        }
        if absent >= NOTED {
            let noted = update(
                self.store.table(),
                &key,
                "SET s = :s",
                Some("attribute_exists(pk)"),
                vec![(":s", n(now.as_second()))],
            )?;
            // Somebody who signed out meanwhile is out.
            if matches!(self.store.update(noted, self.meter).await?, Put::Refused(_)) {
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

    /// Ends a session.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn end(&self, secret: &Secret) -> Result<(), DirectoryError> {
        self.store.batch_delete(&[secret.key()], self.meter).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_belongs_to_one_session_and_hides_its_secret() {
        let (one, two) = (Secret::new([1; 32]), Secret::new([2; 32]));
        assert!(one.is_form_token(&one.form_token()));
        assert!(!two.is_form_token(&one.form_token()));
        assert!(!one.is_form_token("") && !one.is_form_token(one.expose()));
        assert_ne!(one.form_token(), one.expose());
        assert!(!one.key().sk.contains(one.expose()));
        assert_eq!(format!("{one:?}"), "Secret(…)");
    }

    #[test]
    fn only_what_was_made_as_a_secret_is_read_as_one() {
        let secret = Secret::new([7; 32]);
        assert!(Secret::parse(secret.expose()).is_some());
        for odd in ["", "x", &secret.expose().to_uppercase(), &"z".repeat(52)] {
            assert!(Secret::parse(odd).is_none(), "{odd}");
        }
    }
}
