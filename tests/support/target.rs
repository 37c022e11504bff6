//! The system under test.
//!
//! By default each test has its own local stack: gateway, service and embedded engine in this process, on free ports, in
//! memory.
//! `MUSTER_TEST_DYNAMODB=URL` runs it on another DynamoDB.
//! Each function has its own caches of keys, tenants and rates, as in AWS, unless the table can have faults: those tests
//! count the calls of one service. `MUSTER_TEST_MEMORY=apart` or `shared` decides for all tests; with shared caches the
//! functions see changes at once. A test that changes settings must let the minute pass after which every function knows
//! them.
//! `MUSTER_TEST_URL=BASE_URL` with `MUSTER_TEST_TOKEN=TOKEN` replays the provider conversations against a deployed tenant,
//! one at a time (`-- --test-threads 1 providers`). **Each conversation first deletes all users and groups of that tenant.**

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use directory::tenants::{Settings, Tenant};
use local::dynamo::Storage;
use local::faults::Faults;
use local::stack::{CacheSharing, Options, Stack};
use scim_core::Extensions;
use serde_json::Value;
use service::clock::Ids;

use super::Client;
use super::moving::Time;
use super::table::tenant_of;

/// A client of the deployed tenant, if the variables name one.
pub fn elsewhere() -> Option<Client> {
    let base = std::env::var("MUSTER_TEST_URL").ok()?;
    let token = std::env::var("MUSTER_TEST_TOKEN").ok()?;
    Some(Client::new(&base, &token))
}

/// The number in an environment variable.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Another copy of the repository, named by `MUSTER_TEST_TREE`.
pub fn tree() -> Option<PathBuf> {
    std::env::var_os("MUSTER_TEST_TREE").map(PathBuf::from)
}

/// A local stack for one test.
pub struct Target {
    pub stack: Stack,
    time: Time,
    faults: Option<Faults>,
}

static TENANTS: AtomicU32 = AtomicU32::new(1);

/// Seconds after which every function knows changed settings and revoked keys.
const KNOWN_AFTER: i64 = 60;

impl Target {
    /// Starts a new stack.
    pub async fn start() -> Self {
        Self::begin(Time::running(), None, None).await
    }

    /// Starts a new stack whose table can have faults; none occur until rules are set.
    pub async fn with_faults() -> Self {
        Self::begin(Time::running(), Some(Faults::new(None)), None).await
    }

    /// Starts a new stack with this clock.
    pub async fn begin(time: Time, faults: Option<Faults>, rate: Option<u32>) -> Self {
        let caches = match (std::env::var("MUSTER_TEST_MEMORY").as_deref(), &faults) {
            (Ok("shared"), _) | (Err(_), Some(_)) => CacheSharing::Shared,
            _ => CacheSharing::PerFunction,
        };
        Self::remembering(caches, time, faults, rate).await
    }

    /// Starts a new stack whose functions have their own caches, whatever `MUSTER_TEST_MEMORY` says.
    pub async fn apart() -> Self {
        Self::remembering(CacheSharing::PerFunction, Time::running(), None, None).await
    }

    async fn remembering(
        caches: CacheSharing,
        time: Time,
        faults: Option<Faults>,
        rate: Option<u32>,
    ) -> Self {
        let stack = Stack::start(Options {
            listen: ([127, 0, 0, 1], 0).into(),
            public_url: None,
            storage: Storage::Memory,
            endpoint: std::env::var("MUSTER_TEST_DYNAMODB").ok(),
            faults: faults.clone(),
            caches,
            rate,
            clock: time.clock(),
            ids: Ids::system(),
        })
        .await
        .expect("the local stack starts");
        Self {
            stack,
            time,
            faults,
        }
    }

    /// Moves the clock until every function knows the changes to tenants and keys.
    pub fn becomes_known(&self) {
        self.time.pass(KNOWN_AFTER);
    }

    pub fn faults(&self) -> &Faults {
        self.faults.as_ref().expect("a target with faults")
    }

    /// Creates an empty tenant and returns its client.
    pub async fn tenant(&self) -> Client {
        let number = TENANTS.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}-{number}", std::process::id());
        let access = self
            .stack
            .tenant(&name, None)
            .await
            .expect("a tenant can be made");
        Client::new(&access.base, &access.token)
    }

    /// A client of the admin API with the initial admin key.
    pub fn admin(&self) -> Client {
        let base = format!("http://{}/admin/v1", self.stack.address);
        Client::new(&base, &self.stack.admin_key)
    }

    /// Replaces the extension schemas of the client's tenant.
    pub async fn extend(&self, client: &Client, extensions: &Value) {
        let extensions = Extensions::parse(extensions).expect("extension schemas");
        let tenant = tenant_of(client);
        let extended = self.stack.extend(tenant, extensions).await;
        extended.expect("the tenant is there");
        self.becomes_known();
    }

    /// Replaces the settings of the client's tenant.
    pub async fn settings(&self, client: &Client, settings: &Value) {
        let settings = Settings::parse(settings).expect("settings");
        let change = |tenant: &mut Tenant| tenant.settings = settings;
        let changed = self.stack.change(tenant_of(client), change).await;
        changed.expect("the tenant is there");
        self.becomes_known();
    }
}
