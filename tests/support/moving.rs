//! A target whose clock the test controls, and further keys for a tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use keyring::{KeyRecord, KeyringId, Keyrings, Scope, TenantId, Token};
use local::stack::KEYRING_PREFIX;
use service::clock::{Clock, Ids};

use super::Target;

#[derive(Clone)]
pub struct Time {
    /// The start of a standing clock in Unix seconds; `None` for a running one.
    begin: Option<i64>,
    passed: Arc<AtomicI64>,
}

impl Time {
    /// A running clock that the test can move forward.
    pub fn running() -> Self {
        Self {
            begin: None,
            passed: Arc::default(),
        }
    }

    /// A clock that moves only when the test moves it.
    pub fn standing() -> Self {
        Self {
            begin: Some(1_800_000_000),
            passed: Arc::default(),
        }
    }

    /// Moves the clock forward.
    pub fn pass(&self, seconds: i64) {
        self.passed.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        let begin = match self.begin {
            Some(second) => Timestamp::from_second(second).expect("a time"),
            None => Clock::system().now(),
        };
        begin + SignedDuration::from_secs(self.passed.load(Ordering::SeqCst))
    }

    pub fn clock(&self) -> Clock {
        let time = self.clone();
        Clock::from_fn(move || time.now())
    }
}

/// Starts a new stack with a clock that the test moves.
pub async fn start() -> (Target, Time) {
    start_at_rate(None).await
}

/// Like [`start`], with a limit of requests per second for each tenant.
pub async fn start_at_rate(rate: Option<u32>) -> (Target, Time) {
    let time = Time::standing();
    (Target::begin(time.clone(), None, rate).await, time)
}

/// The keyrings of a target without the service's cache, as another process reads them.
pub fn other_process(target: &Target) -> Keyrings {
    Keyrings::new(
        target.stack.services.clients.secrets.clone(),
        KEYRING_PREFIX,
    )
}

/// The keyring for keys of [`new_key`].
pub fn keyring() -> KeyringId {
    KeyringId::parse("k1").expect("a keyring")
}

/// A new key of a tenant and its token. The key is not in a keyring yet.
pub fn new_key(tenant: &str) -> (KeyRecord, String) {
    let token: Token = Ids::system().token(&keyring());
    let record = KeyRecord {
        id: token.key(),
        tenant: TenantId::parse(tenant).expect("a tenant"),
        sha256: token.digest(),
        purpose: "test".to_owned(),
        scopes: vec![Scope::Scim],
        created: Timestamp::from_second(1_700_000_000).expect("a time"),
        expires: None,
        sources: Vec::new(),
        subject: None,
        imported: false,
        seal: Ids::system().bytes(),
    };
    (record, token.expose().to_owned())
}
