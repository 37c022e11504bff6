//! A target whose clock the test moves, and keys beside the one that a tenant is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use directory::keyring::{KeyRecord, Keyrings, Scope};
use directory::tenant_id::TenantId;
use directory::token::{KeyringId, Token};
use jiff::Timestamp;
use local::dynamo::Storage;
use local::stack::{KEYRING_PREFIX, Options, Stack};
use service::clock::{Clock, Ids};

use super::Target;

/// The time of a target.
#[derive(Clone)]
pub struct Time(Arc<AtomicI64>);

impl Time {
    /// Moves on by so many seconds.
    pub fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).expect("a time")
    }
}

/// Starts a stack of its own in which time passes when the test says so.
pub async fn start() -> (Target, Time) {
    start_at_rate(None).await
}

/// The same, where a tenant may make so many requests a second.
pub async fn start_at_rate(rate: Option<u32>) -> (Target, Time) {
    let time = Time(Arc::new(AtomicI64::new(1_800_000_000)));
    let clock = time.clone();
    let options = Options {
        listen: ([127, 0, 0, 1], 0).into(),
        storage: Storage::Memory,
        endpoint: std::env::var("MUSTER_TEST_DYNAMODB").ok(),
        faults: None,
        rate,
        clock: Clock::other(move || clock.now()),
        ids: Ids::system(),
    };
    let stack = Stack::start(options).await.expect("the local stack starts");
    (Target::over(stack), time)
}

/// The keyrings of a target, as another process sees them.
pub fn other_process(target: &Target) -> Keyrings {
    Keyrings::new(
        target.stack.services.clients.secrets.clone(),
        KEYRING_PREFIX,
    )
}

/// The keyring of all keys made here.
pub fn keyring() -> KeyringId {
    KeyringId::parse("k1").expect("a keyring")
}

/// A new key of a tenant, and its token; neither is in a keyring yet.
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
