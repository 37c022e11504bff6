//! The local stack: the resources of the templates, in this process.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use directory::tenants::{Age, Closing, Tenant};
use directory::{Clients, Meter, to_stand_ins};
use http::Response;
use keyring::TenantId;
use lambda_http::{Body, Request};
use scim_core::Extensions;
use service::clock::{Clock, Ids};
use service::{Config, Function, Service, lambda};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vendor::VendorSide;

use crate::dynamo::{Dynamo, RawItem, Storage};
use crate::faults::{Faults, Proxy};
use crate::gateway;
use crate::secrets::Secrets;
use crate::template::{self, TableDefinition, TemplateRoute};

pub mod events;
mod external_table;
mod over_stand_ins;
mod provision;

pub use over_stand_ins::{service, vendor_side};
pub use provision::{admin_key, provision};

use over_stand_ins::config;

pub const TABLE: &str = "muster";
/// Prefix of the names of all keyring secrets.
pub const KEYRING_PREFIX: &str = "muster/keyring/";
/// Prefix of the names of the secrets with admin keys.
pub const ADMIN_PREFIX: &str = "muster/admin/";
/// Prefix of the names of the secrets that sign webhooks.
pub const WEBHOOK_PREFIX: &str = "muster/webhook/";
/// The keyring for imported tokens.
const KEYRING: &str = "k1";

const TEMPLATE: &str = include_str!("../../../template.yaml");
const TABLE_TEMPLATE: &str = include_str!("../../table.yaml");

/// Why the stack cannot start.
pub type StartError = Box<dyn Error + Send + Sync>;

/// Whether functions share their caches of keys, tenants and rates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CacheSharing {
    /// Each function has its own, as in AWS, where every function is a process.
    PerFunction,
    /// All functions share one: a change takes effect everywhere at once.
    Shared,
}

pub struct Options {
    /// Address of the gateway.
    pub listen: SocketAddr,
    /// Base URL for links in responses; by default the address that the client connected to.
    pub public_url: Option<String>,
    pub storage: Storage,
    /// A DynamoDB to use instead of the embedded one.
    pub endpoint: Option<String>,
    /// Faults to inject into DynamoDB calls.
    pub faults: Option<Faults>,
    pub caches: CacheSharing,
    /// Requests per second that a tenant may make.
    pub rate: Option<u32>,
    pub clock: Clock,
    pub ids: Ids,
}

/// The stand-ins for `DynamoDB` and Secrets Manager.
pub struct Services {
    _proxy: Option<Proxy>,
    dynamo: Option<Dynamo>,
    secrets: Secrets,
    pub clients: Clients,
    /// The endpoint URL of `DynamoDB`.
    pub dynamodb: String,
}

/// The running stack.
pub struct Stack {
    /// Address of the gateway.
    pub address: SocketAddr,
    /// The service of the function `admin`; with [`CacheSharing::Shared`] of all functions.
    pub service: Arc<Service>,
    functions: Functions,
    /// The admin API and console.
    pub admin: Arc<VendorSide>,
    /// The initial admin key.
    pub admin_key: String,
    pub services: Services,
    clock: Clock,
    ids: Ids,
    stop: oneshot::Sender<()>,
    gateway: JoinHandle<()>,
}

#[derive(Clone)]
struct Functions {
    admin: Arc<Service>,
    /// The other functions' services; empty if all share the one of `admin`.
    others: Vec<(Function, Arc<Service>)>,
}

impl Functions {
    fn new(caches: CacheSharing, make: impl Fn() -> Service) -> Self {
        let others = Function::ALL
            .into_iter()
            .filter(|function| caches == CacheSharing::PerFunction && *function != Function::Admin);
        Self {
            admin: Arc::new(make()),
            others: others
                .map(|function| (function, Arc::new(make())))
                .collect(),
        }
    }

    fn of(&self, function: Function) -> Arc<Service> {
        let found = self.others.iter().find(|(name, _)| *name == function);
        Arc::clone(found.map_or(&self.admin, |(_, service)| service))
    }
}

/// A tenant with what its identity provider needs.
#[derive(Clone, PartialEq, Eq)]
pub struct TenantAccess {
    pub tenant: String,
    /// The SCIM base URL.
    pub base: String,
    pub token: String,
}

/// The routes of `template.yaml`.
///
/// # Errors
///
/// When the template cannot be used.
pub fn routes() -> Result<Vec<TemplateRoute>, StartError> {
    Ok(template::routes(&template::parse(TEMPLATE)?)?)
}

/// The table of `infra/table.yaml`.
///
/// # Errors
///
/// When the template cannot be used.
pub fn table() -> Result<TableDefinition, StartError> {
    Ok(template::table(&template::parse(TABLE_TEMPLATE)?)?)
}

impl Services {
    /// Starts the stand-ins; port 0 picks a free port.
    ///
    /// # Errors
    ///
    /// When the data cannot be opened, or a port is taken.
    pub async fn start(
        storage: &Storage,
        endpoint: Option<&str>,
        faults: Option<Faults>,
        (dynamodb_port, secrets_port): (u16, u16),
    ) -> Result<Self, StartError> {
        let secrets = Secrets::start(storage, secrets_port).await?;
        let (dynamo, dynamodb) = if let Some(endpoint) = endpoint {
            (None, endpoint.to_owned())
        } else {
            let dynamo = Dynamo::start(storage, dynamodb_port).await?;
            dynamo.create_table(TABLE, &table()?)?;
            dynamo.sweep()?;
            let endpoint = dynamo.endpoint().to_owned();
            (Some(dynamo), endpoint)
        };
        let proxy = match faults {
            Some(faults) => Some(Proxy::start(&dynamodb, faults).await?),
            None => None,
        };
        let dynamodb = proxy
            .as_ref()
            .map_or(dynamodb, |proxy| proxy.endpoint().to_owned());
        let clients = to_stand_ins(&dynamodb, secrets.endpoint())?;
        if dynamo.is_none() {
            external_table::create_table(&clients.dynamodb, &table()?).await?;
        }
        Ok(Self {
            _proxy: proxy,
            dynamo,
            secrets,
            clients,
            dynamodb,
        })
    }

    /// The environment variables by which a function finds the stand-ins.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.clone()),
            (
                "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                self.secrets.endpoint().to_owned(),
            ),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("MUSTER_TABLE", TABLE.to_owned()),
            ("MUSTER_KEYRING_PREFIX", KEYRING_PREFIX.to_owned()),
            ("MUSTER_ADMIN_PREFIX", ADMIN_PREFIX.to_owned()),
            ("MUSTER_WEBHOOK_PREFIX", WEBHOOK_PREFIX.to_owned()),
        ]
    }

    /// Writes items into the table unchanged, past the service.
    ///
    /// # Errors
    ///
    /// When the items cannot be written.
    pub async fn load(&self, items: Vec<RawItem>) -> Result<(), StartError> {
        match &self.dynamo {
            Some(dynamo) => Ok(dynamo.load(TABLE, items)?),
            None => external_table::load(&self.clients.dynamodb, items).await,
        }
    }

    /// Stops the stand-ins; answered writes are kept.
    pub async fn shutdown(self) {
        self.secrets.shutdown().await;
        if let Some(dynamo) = self.dynamo {
            dynamo.shutdown().await;
        }
    }
}

impl Stack {
    /// Starts everything. The gateway accepts requests when this returns.
    ///
    /// # Errors
    ///
    /// When the data cannot be opened, or the address is taken.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|error| format!("cannot listen on {}: {error}", options.listen))?;
        let endpoint = options.endpoint.as_deref();
        let services = Services::start(&options.storage, endpoint, options.faults, (0, 0)).await?;
        let config = Config {
            rate: options.rate,
            ..config(options.public_url)
        };
        let (clock, ids) = (options.clock.clone(), options.ids.clone());
        let functions = Functions::new(options.caches, || {
            let (config, clients) = (config.clone(), services.clients.clone());
            Service::new(config, clients, clock.clone(), ids.clone())
        });
        let service = functions.of(Function::Admin);
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let admin_key = admin_key(&services.clients, &options.ids).await?;
        let admin = Arc::new(vendor_side(Arc::clone(&service), &services.clients));
        let (behind, aside) = (functions.clone(), Arc::clone(&admin));
        let handler = move |function: String, request| {
            let function = Function::named(&function).unwrap_or(Function::CATCH_ALL);
            invoke(function, behind.of(function), Arc::clone(&aside), request)
        };
        let shutdown = async {
            let _ = stopped.await;
        };
        let gateway = tokio::spawn(gateway::serve(listener, routes()?, handler, shutdown));
        Ok(Self {
            address,
            service,
            functions,
            admin,
            admin_key,
            services,
            clock: options.clock,
            ids: options.ids,
            stop,
            gateway,
        })
    }

    #[must_use]
    pub fn of(&self, function: Function) -> Arc<Service> {
        self.functions.of(function)
    }

    /// Creates a tenant with provisioning turned on, or keeps an existing one unchanged. Then imports the given token, or
    /// issues a new one that replaces the token issued before.
    ///
    /// # Errors
    ///
    /// When the name or the token is malformed.
    pub async fn tenant(
        &self,
        name: &str,
        token: Option<&str>,
    ) -> Result<TenantAccess, StartError> {
        let base = format!("http://{}/{name}/scim/v2", self.address);
        let token = provision(&self.service, &self.clock, &self.ids, name, token).await?;
        Ok(TenantAccess {
            tenant: name.to_owned(),
            base,
            token,
        })
    }

    /// Replaces a tenant's extension schemas.
    ///
    /// # Errors
    ///
    /// When the tenant does not exist.
    pub async fn extend(&self, name: &str, extensions: Extensions) -> Result<(), StartError> {
        self.change(name, |tenant| tenant.settings.extensions = extensions)
            .await
    }

    /// Changes a stored tenant.
    ///
    /// # Errors
    ///
    /// When the tenant does not exist, or another process changes it at the same time.
    pub async fn change(
        &self,
        name: &str,
        change: impl FnOnce(&mut Tenant),
    ) -> Result<(), StartError> {
        let tenant = TenantId::parse(name).ok_or("not a tenant name")?;
        let (tenants, meter) = (self.service.tenants(), Meter::default());
        let current = tenants.load(&tenant, Age::Current, Closing::Allow, &meter);
        let current = current.await?;
        let mut next = Tenant::clone(&current);
        change(&mut next);
        let (now, write) = (self.clock.now(), self.ids.write());
        tenants.update(&current, next, now, &write, &meter).await?;
        Ok(())
    }

    /// Invokes functions for stream records and schedules in this process, without end.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub async fn events(&self) -> Result<Infallible, StartError> {
        let invoke = async |function: &str, timeout, payload| {
            let service = self.of(Function::named(function).unwrap_or(Function::Events));
            events::invoke(&service, function, timeout, payload).await
        };
        self.services.events(&self.clock, &invoke).await
    }

    /// Stops everything; answered writes are kept.
    pub async fn shutdown(self) {
        let _ = self.stop.send(());
        let _ = self.gateway.await;
        self.services.shutdown().await;
    }
}

/// Answers a request of the gateway with the function, as Lambda does.
async fn invoke(
    function: Function,
    service: Arc<Service>,
    admin: Arc<VendorSide>,
    request: Request,
) -> Response<Body> {
    match function {
        Function::Admin => {
            lambda::answered(request, |request, origin| admin.handle(request, origin)).await
        }
        function => lambda::answer(&service, function, request).await,
    }
}
