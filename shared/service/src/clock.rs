//! The only source of time and randomness in the workspace.

use std::fmt;
use std::sync::Arc;

use directory::WriteId;
use jiff::Timestamp;
use keyring::{KeyId, KeyringId, Token};
use scim_core::ResourceId;

/// Tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock for tests.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// A source of random bytes, and of ids made from them.
#[derive(Clone)]
pub struct Ids(Arc<Fill>);

impl Ids {
    /// Ids from the operating system's randomness.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "this is where randomness comes from; without it no id or token may be made"
    )]
    pub fn system() -> Self {
        Self(Arc::new(|bytes| {
            getrandom::fill(bytes).expect("the operating system gives random bytes");
        }))
    }

    /// Ids from other bytes, for tests.
    pub fn from_fn(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }

    /// The id of a new resource: a random UUID, RFC 9562 version 4.
    #[must_use]
    pub fn resource(&self) -> ResourceId {
        let uuid = uuid::Builder::from_random_bytes(self.bytes()).into_uuid();
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        ResourceId::parse(uuid.hyphenated().encode_lower(&mut text))
            .unwrap_or_else(|| self.resource())
    }

    #[must_use]
    pub fn write(&self) -> WriteId {
        WriteId::new(self.bytes())
    }

    #[must_use]
    pub fn key(&self) -> KeyId {
        KeyId::from_bytes(self.bytes())
    }

    #[must_use]
    pub fn token(&self, keyring: &KeyringId) -> Token {
        Token::issue(keyring, self.key(), self.bytes())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}
