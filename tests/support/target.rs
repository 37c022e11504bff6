//! What is tested.
//!
//! By default a local stack of its own for each test: gateway, service and embedded engine in this
//! process, on free ports, in memory. `MUSTER_TEST_DYNAMODB=URL` puts another DynamoDB below it.
//! `MUSTER_TEST_MEMORY=apart` has each function remember keys, tenants and rates for itself, as in AWS, where it is a
//! process; else they share what they remember, and learn at once what one of them changes. Whoever changes settings
//! lets the minute pass after which every function knows them.
//! `MUSTER_TEST_URL=BASE_URL` with `MUSTER_TEST_TOKEN=TOKEN` has the provider conversations held with a
//! tenant that is served elsewhere, one at a time (`-- --test-threads 1 providers`); it is emptied before each.

use std::sync::atomic::{AtomicU32, Ordering};

use directory::tenants::{Settings, Tenant};
use local::dynamo::Storage;
use local::faults::Faults;
use local::stack::{Memory, Options, Stack};
use scim_core::Extensions;
use serde_json::Value;
use service::clock::Ids;

use super::Client;
use super::moving::Time;
use super::table::tenant_of;

/// A client of the tenant that is served elsewhere, if one is named.
pub fn elsewhere() -> Option<Client> {
    let base = std::env::var("MUSTER_TEST_URL").ok()?;
    let token = std::env::var("MUSTER_TEST_TOKEN").ok()?;
    Some(Client::new(&base, &token))
}

/// A number that a variable gives.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A stack of its own.
pub struct Target {
    pub stack: Stack,
    time: Time,
    faults: Option<Faults>,
}

static TENANTS: AtomicU32 = AtomicU32::new(1);

/// After so many seconds every function knows the settings of a tenant, and which keys were revoked.
const KNOWN_AFTER: i64 = 60;

impl Target {
    /// Starts a stack of its own.
    pub async fn start() -> Self {
        Self::begin(Time::running(), None, None).await
    }

    /// Starts a stack of its own with faults in front of its table; there are none until rules are set.
    pub async fn with_faults() -> Self {
        Self::begin(Time::running(), Some(Faults::new(None)), None).await
    }

    /// Starts a stack of its own in a time.
    pub async fn begin(time: Time, faults: Option<Faults>, rate: Option<u32>) -> Self {
        let apart = std::env::var("MUSTER_TEST_MEMORY").is_ok_and(|memory| memory == "apart");
        let memory = match apart {
            true => Memory::Apart,
            false => Memory::Shared,
        };
        Self::remembering(memory, time, faults, rate).await
    }

    /// Starts a stack of its own whose functions remember apart, whatever the variable says.
    pub async fn apart() -> Self {
        Self::remembering(Memory::Apart, Time::running(), None, None).await
    }

    async fn remembering(
        memory: Memory,
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
            memory,
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

    /// Lets the time pass after which every function knows what was changed of a tenant or its keys.
    pub fn becomes_known(&self) {
        self.time.pass(KNOWN_AFTER);
    }

    /// The faults in front of the table.
    pub fn faults(&self) -> &Faults {
        self.faults.as_ref().expect("a target with faults")
    }

    /// A client of a new, empty tenant.
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

    /// A client of the admin API with the first admin key.
    pub fn admin(&self) -> Client {
        let base = format!("http://{}/admin/v1", self.stack.address);
        Client::new(&base, &self.stack.admin_key)
    }

    /// Gives the client's tenant these extension schemas, in the place of those it has.
    pub async fn extend(&self, client: &Client, extensions: &Value) {
        let extensions = Extensions::parse(extensions).expect("extension schemas");
        let tenant = tenant_of(client);
        let extended = self.stack.extend(tenant, extensions).await;
        extended.expect("the tenant is there");
        self.becomes_known();
    }

    /// Gives the client's tenant these settings, in the place of those it has.
    pub async fn settings(&self, client: &Client, settings: &Value) {
        let settings = Settings::parse(settings).expect("settings");
        let change = |tenant: &mut Tenant| tenant.settings = settings;
        let changed = self.stack.change(tenant_of(client), change).await;
        changed.expect("the tenant is there");
        self.becomes_known();
    }
}
