//! The SCIM service provider, in `http` types: from a request to a response.
//!
//! [`Service::handle`] is the journey of a request. The crate `scim_core` knows what SCIM says about JSON, and the
//! crate `directory` what is stored. This crate knows methods, headers, callers and the order of steps.
//! stored in `directory`; this crate knows methods, headers, callers, and the order of things.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use directory::last_used::Uses;
use directory::tenant_keys::ImportedTokens;
use directory::tenants::Tenants;
use directory::{Clients, Deadline, Directory, Meter, Spent, Store, TimeLimits};
use http::{Request, Response, header};
use keyring::{KeyringId, Keyrings, TenantId};
use scim_core::effort::Effort;
use scim_core::error::reason;
use scim_core::{ResourceId, discovery, limits};
use tracing::Instrument;

mod access;
pub mod auth;
mod beside;
pub mod bulk;
pub mod clock;
pub mod coding;
pub mod config;
pub mod cursor;
mod describe;
pub mod events;
pub mod lambda;
pub mod patience;
pub mod rate;
pub mod request;
pub mod requests;
pub mod resources;
pub mod response;
pub mod routes;
mod serve;

pub use config::Config;
pub use routes::Function;

use auth::{Caller, Gate};
use clock::{Clock, Ids};
use coding::Coding;
use describe::{describe, describe_all};
use rate::Rates;
use request::{Address, Parameters, Preconditions};
use requests::{Report, Requests, Told, Trace};
use response::{Failure, Failures, Outcome};
use routes::{Endpoint, Match, Route};
use serve::Serving;

/// After how many days an entry of the failure log expires by default.
const REQUEST_DAYS: u32 = 30;

pub struct Service {
    store: Arc<Store>,
    /// The same table with a retry quota of its own, for background work.
    behind: OnceLock<Arc<Store>>,
    patience: TimeLimits,
    keyrings: Keyrings,
    imported_tokens: ImportedTokens,
    tenants: Tenants,
    public_url: Option<String>,
    rates: Rates,
    requests: Requests,
    uses: Uses,
    clock: Clock,
    ids: Ids,
}

/// The origin of a request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origin {
    /// The gateway's id of the request, for logs.
    pub request_id: String,
    pub source: Option<IpAddr>,
    /// The domain name that was called, as the gateway reports it.
    pub domain: Option<String>,
}

impl Service {
    #[must_use]
    pub fn new(config: Config, clients: Clients, clock: Clock, ids: Ids) -> Self {
        let store = Arc::new(Store::new(clients.dynamodb, config.table));
        let days = config.request_days.unwrap_or(REQUEST_DAYS);
        let requests = Requests::new(Arc::clone(&store), days, clock.clone(), ids.clone());
        Self {
            keyrings: Keyrings::new(clients.secrets, config.keyring_prefix)
                .encrypted_with(config.kms_key),
            imported_tokens: ImportedTokens::default(),
            tenants: Tenants::new(Arc::clone(&store)),
            store,
            behind: OnceLock::new(),
            patience: TimeLimits::USUAL,
            public_url: config.public_url,
            rates: Rates::new(config.rate),
            requests,
            uses: Uses::default(),
            clock,
            ids,
        }
    }

    /// Opens the connections that requests need. Errors are ignored, because the first request will report them.
    pub async fn warm(&self) {
        let first = KeyringId::parse("k1");
        let keyring = async {
            if let Some(first) = &first {
                let _ = self.keyrings.warm(first, self.clock.now()).await;
            }
        };
        tokio::join!(self.warm_table(), keyring);
    }

    /// Opens only the connection to the table, for a function that receives no tokens.
    pub async fn warm_table(&self) {
        self.store.warm().await;
    }

    /// Answers a request. The response's extensions contain its consumption, as [`Spent`], and the reasons of
    /// failures, as [`Failures`].
    pub async fn handle(
        &self,
        function: Function,
        request: Request<Bytes>,
        origin: Origin,
    ) -> Response<Bytes> {
        let started = self.clock.now();
        let meter = Arc::new(Meter::default());
        let mut trace = Trace::default();
        let span = tracing::info_span!("request", request.id = origin.request_id);
        // The future of all endpoints is large, so it is on the heap instead of in the stack frames of its callers.
        let deadline = Deadline::of(self.patience);
        let answer = self.answer(function, &request, &origin, &meter, &mut trace, deadline);
        let answer = patience::answered(deadline, &request, Box::pin(answer));
        let coding = Coding::accepted(request.headers());
        let mut result = answer.instrument(span).await;
        let (failed, unlike) = match &mut result {
            Ok(outcome) => (outcome.failed(), outcome.unlike()),
            Err(_) => (Vec::new(), Vec::new()),
        };
        let result =
            result.and_then(|outcome| outcome.into_response(coding).map_err(Failure::from));
        let report = Report {
            function,
            trace: &trace,
            request: &request,
            origin: &origin,
            meter: &meter,
            tenants: &self.tenants,
        };
        let failures = Failures::of(&result, &failed);
        match &result {
            Err(failure) => Box::pin(self.requests.refused(&report, &failure.error)).await,
            Ok(_) if !failed.is_empty() => Box::pin(self.requests.failed(&report, failed)).await,
            Ok(response) if !unlike.is_empty() => {
                let told = Told::unlike(response.status().as_u16(), unlike);
                Box::pin(self.requests.one(&report, &told)).await;
            }
            Ok(_) => {}
        }
        let mut response = result.unwrap_or_else(Failure::into_response);
        response.extensions_mut().insert(failures);
        response::guard(&mut response);
        let spent = meter.spent();
        self.log(&origin, &trace, &response, &spent, started);
        response.extensions_mut().insert(spent);
        response
    }

    async fn answer(
        &self,
        function: Function,
        request: &Request<Bytes>,
        origin: &Origin,
        meter: &Arc<Meter>,
        trace: &mut Trace,
        deadline: Deadline,
    ) -> Result<Outcome, Failure> {
        let address = Address::parse(request.uri().path())?;
        trace.tenant = Some(address.tenant.clone());
        let segments: Vec<&str> = address.segments.iter().map(String::as_str).collect();
        let found = routes::find(request.method(), &segments);
        if let Match::Route(route, variable) = &found {
            trace.route = Some(*route);
            trace.resource = variable.and_then(ResourceId::parse);
        }
        let base = address.base(self.public_url.as_deref(), (origin, request.headers()));
        if is_public(&found) && !request.headers().contains_key(header::AUTHORIZATION) {
            return Ok(Outcome::Message(discovery::service_provider_config(
                &base,
                limits::PAGE,
            )));
        }
        let gate = Gate {
            keyrings: &self.keyrings,
            imported_tokens: &self.imported_tokens,
            store: &self.store,
            tenants: &self.tenants,
            now: self.clock.now(),
            meter,
        };
        let caller = gate
            .admit(request.headers(), &address.tenant, origin.source)
            .await
            .map_err(|denied| {
                trace.who = denied.who;
                denied.error
            })?;
        trace.admit(&caller);
        let (route, variable) = routed(function, found)?;
        let directory = self.directory_of(&caller.tenant, meter).within(deadline);
        if route.endpoint.is_discovery() {
            return self
                .serve(caller, route, variable, request, &base, directory)
                .await;
        }
        let (rate, key) = (caller.settings.settings.rate, *caller.credential.id());
        let tenant = caller.tenant.clone();
        let served = self.serve(caller, route, variable, request, &base, directory);
        let served = self.in_turn(&tenant, rate, served, meter).await;
        if self.uses.is_due(&tenant, key, self.clock.now()) {
            self.tell_use(&tenant, key).await;
        }
        served
    }

    /// Serves a request of an admitted caller.
    ///
    /// # Errors
    ///
    /// The failure of the endpoint.
    pub async fn serve(
        &self,
        caller: Caller,
        route: &Route,
        variable: Option<&str>,
        request: &Request<Bytes>,
        base: &str,
        directory: Directory,
    ) -> Result<Outcome, Failure> {
        let parameters = Parameters::parse(request.uri().query().unwrap_or_default())?;
        if route.endpoint.is_discovery() && parameters.filter.is_some() {
            return Err(reason::no_filter_here().into());
        }
        caller.check_scope(route.endpoint, request.method())?;
        let catalogue = caller.settings.catalogue().as_ref();
        match route.endpoint {
            Endpoint::ServiceProviderConfig => {
                let largest = caller.settings.largest_page();
                let config = discovery::service_provider_config(base, largest);
                return Ok(Outcome::Message(config));
            }
            Endpoint::ResourceTypes | Endpoint::Schemas => {
                return Ok(describe_all(route, catalogue, base)?);
            }
            Endpoint::ResourceType | Endpoint::Schema => {
                let name = variable.unwrap_or_default();
                return Ok(describe(route, name, catalogue, base)?);
            }
            _ => {}
        }
        let serving = Serving {
            projection: parameters.projection()?,
            parameters,
            preconditions: Preconditions::parse(request.headers()),
            request,
            caller: &caller,
            base,
            effort: Effort::of_request(),
            directory: directory.by(caller.settings.settings.rules()),
            clock: &self.clock,
            ids: &self.ids,
        };
        serving
            .answer(route.endpoint, variable.unwrap_or_default())
            .await
    }

    fn log(
        &self,
        origin: &Origin,
        trace: &Trace,
        response: &Response<Bytes>,
        spent: &Spent,
        started: jiff::Timestamp,
    ) {
        let status = response.status().as_u16();
        let duration = self.clock.now().duration_since(started);
        tracing::info!(
            request.id = origin.request_id,
            tenant.id = trace.tenant.as_ref().map(TenantId::as_str),
            key.id = trace.key(),
            operation = trace.operation(),
            status,
            duration_ms = duration.as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            dynamodb.round_trips = spent.round_trips,
            "request"
        );
    }
}

/// Whether the request is for the service provider configuration. It describes how to authenticate, so it needs no
/// authentication (RFC 7643 §5).
fn is_public(found: &Match<'_>) -> bool {
    matches!(found, Match::Route(route, _) if route.endpoint == Endpoint::ServiceProviderConfig)
}

/// The route of a request if this function serves it: a function serves its own routes, and the catch-all function
/// serves all.
fn routed(function: Function, found: Match<'_>) -> Result<(&'static Route, Option<&str>), Failure> {
    match found {
        Match::Route(route, variable)
            if function == Function::CATCH_ALL || route.function == function =>
        {
            Ok((route, variable))
        }
        Match::OtherMethods(methods) => {
            let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
            Err(Failure::allowed(&methods.join(", ")))
        }
        Match::Route(..) | Match::Nothing => Err(reason::no_endpoint().into()),
    }
}
