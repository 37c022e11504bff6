//! Where time and randomness come from. Nothing else in the workspace asks for either.

use std::fmt;
use std::sync::Arc;

use directory::WriteId;
use jiff::Timestamp;
use keyring::{KeyId, KeyringId, Token};
use scim_core::ResourceId;

/// The time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The time of the machine.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where time comes from")]
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// Another time, for tests.
    pub fn other(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

/// Random bytes, and the ids made of them.
#[derive(Clone)]
pub struct Ids(Arc<Fill>);

impl Ids {
    /// Ids made of the operating system's randomness.
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

    /// Other bytes, for tests.
    pub fn other(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// So many random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }

    /// The id of a new resource: a random UUID (RFC 9562 version 4).
    #[must_use]
    pub fn resource(&self) -> ResourceId {
        let uuid = uuid::Builder::from_random_bytes(self.bytes()).into_uuid();
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        ResourceId::parse(uuid.hyphenated().encode_lower(&mut text))
            .unwrap_or_else(|| self.resource())
    }

    /// The id of a write.
    #[must_use]
    pub fn write(&self) -> WriteId {
        WriteId::new(self.bytes())
    }

    /// The id of a key.
    #[must_use]
    pub fn key(&self) -> KeyId {
        KeyId::from_bytes(self.bytes())
    }

    /// A new token.
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
