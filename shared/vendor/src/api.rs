//! The vendor's side: the JSON API under `/admin/v1` and the pages under `/console`, in `http` types.
//!
//! [`Admin::handle`] is the journey of a request. Each area (tenants, keys, …) is a module with its routes, and
//! with operations that the API and the pages share. Whatever goes wrong is a [`Problem`], RFC 9457.

use std::sync::Arc;

use bytes::Bytes;
use directory::tenant_keys::By;
use directory::{Clients, Meter, RevokedAdminKeys, Spent};
use http::{HeaderMap, Method, Request, Response};
use keyring::{AdminKeyrings, Digest, KeyId};
use scim_core::ErrorKind;
use tracing::Instrument;

mod activity;
pub mod answer;
pub mod auth;
pub(crate) mod call;
mod idempotency;
mod index;
mod keys;
mod links;
pub mod openapi;
mod passwords;
mod people;
mod person;
pub mod problem;
pub mod requests;
pub mod routes;
mod tenants;

pub use answer::Answer;
pub use problem::Problem;

use service::{Origin, Service, request};

use crate::pages;
use activity::Act;
use auth::{Caller, Gate};
use call::{Call, Query};
use idempotency::Name;
use routes::{Match, Route};

/// Where the API is.
pub const API: [&str; 2] = ["admin", "v1"];

/// The vendor's side of the service.
pub struct Admin {
    /// The service provider, whose tenants and keys these are.
    pub(crate) service: Arc<Service>,
    pub(crate) keys: AdminKeyrings,
    pub(crate) revoked: RevokedAdminKeys,
}

/// What the log says of a request, as far as it got.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) tenant: Option<String>,
    pub(crate) key: Option<String>,
    pub(crate) operation: Option<&'static str>,
}

/// Where a request goes: what stands before the path, and the segments behind it.
struct Address {
    prefix: String,
    segments: Vec<String>,
}

impl Admin {
    /// The vendor's side of a service. `prefix` is what the names of the secrets with admin keys begin with.
    #[must_use]
    pub fn new(service: Arc<Service>, clients: &Clients, prefix: &str) -> Self {
        Self {
            revoked: RevokedAdminKeys::new(Arc::clone(service.store())),
            service,
            keys: AdminKeyrings::new(clients.secrets.clone(), prefix),
        }
    }

    /// Opens the connections that requests need. What fails here is left to the first request.
    pub async fn warm(&self) {
        let keys = async {
            let _ = self.keys.warm(self.service.now()).await;
        };
        tokio::join!(self.service.warm_table(), keys);
    }

    /// Answers a request. What it consumed is among the response's extensions, as [`Spent`].
    pub async fn handle(&self, request: Request<Bytes>, origin: Origin) -> Response<Bytes> {
        let started = self.service.now();
        let meter = Arc::new(Meter::default());
        let mut trace = Trace::default();
        let span = tracing::info_span!("request", request.id = origin.request_id);
        let mut response = if pages::address(request.uri().path()).is_some() {
            let page = Box::pin(pages::visit(self, &request, &origin, &meter, &mut trace));
            page.instrument(span).await
        } else {
            let answer = Box::pin(self.answer(&request, &origin, &meter, &mut trace));
            let result = answer.instrument(span).await;
            match result.and_then(Answer::into_response) {
                Ok(response) => response,
                Err(problem) => problem.into_response(&origin.request_id),
            }
        };
        let spent = meter.spent();
        self.log(&origin, &trace, &response, &spent, started);
        response.extensions_mut().insert(spent);
        response
    }

    /// The caller with the admin key among these headers.
    ///
    /// # Errors
    ///
    /// 401, and what the keys fail with.
    pub(crate) async fn admit(
        &self,
        headers: &HeaderMap,
        origin: &Origin,
    ) -> Result<Caller, Problem> {
        let gate = Gate {
            keys: &self.keys,
            revoked: &self.revoked,
            now: self.service.now(),
            source: origin.source,
        };
        gate.admit(headers).await
    }

    /// The caller who was admitted before with this key, if it is still good.
    ///
    /// # Errors
    ///
    /// What the keys fail with.
    pub(crate) async fn again(
        &self,
        key: KeyId,
        sha256: &Digest,
        origin: &Origin,
    ) -> Result<Option<Caller>, Problem> {
        let now = self.service.now();
        let key = self.keys.again(key, sha256, now).await?;
        let Some(key) = key else {
            return Ok(None);
        };
        let is_revoked = self.revoked.has(key.id, now).await?;
        let good = (!is_revoked && key.admits(now, origin.source)).then_some(key);
        Ok(good.map(|key| Caller { key }))
    }

    async fn answer(
        &self,
        request: &Request<Bytes>,
        origin: &Origin,
        meter: &Arc<Meter>,
        trace: &mut Trace,
    ) -> Result<Answer, Problem> {
        let address = Address::parse(request.uri().path())?;
        let segments: Vec<&str> = address.segments.iter().map(String::as_str).collect();
        let found = routes::find(request.method(), &segments);
        if let Match::Route(route, variables) = &found {
            trace.operation = Some(route.operation);
            let tenant = variables.iter().find(|(name, _)| *name == "tenant");
            trace.tenant = tenant.map(|(_, value)| value.clone());
        }
        let site = self
            .service
            .site(origin, request.headers(), &address.prefix);
        if let Match::Route(route, _) = &found
            && route.scope.is_none()
        {
            return Ok(Answer::Shown(openapi::document(&site)));
        }
        let caller = self.admit(request.headers(), origin).await?;
        trace.key = Some(caller.key.name().to_owned());
        let (route, variables) = match found {
            Match::Route(route, variables) => (route, variables),
            Match::OtherMethods(methods) => return Err(Problem::allowed(&methods)),
            Match::Nothing => return Err(nothing_there()),
        };
        caller.check(route.scope)?;
        let call = Call {
            admin: self,
            request,
            origin,
            variables,
            query: Query::parse(request.uri().query().unwrap_or_default())?,
            caller,
            by: By::Vendor,
            site,
            meter,
            ids: self.service.ids().clone(),
        };
        carry_out(call, route).await
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
        let duration = self.service.now().duration_since(started);
        tracing::info!(
            request.id = origin.request_id,
            tenant.id = trace.tenant,
            admin_key.id = trace.key,
            operation = trace.operation.unwrap_or("unknown"),
            status,
            duration_ms = duration.as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            dynamodb.round_trips = spent.round_trips,
            "admin request"
        );
    }
}

impl Address {
    /// Reads a path; a slash more or at the end makes no difference.
    fn parse(path: &str) -> Result<Self, Problem> {
        let raw: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let at = raw
            .windows(API.len())
            .position(|pair| pair == API)
            .ok_or_else(nothing_there)?;
        let (before, behind) = raw.split_at(at);
        let segments = behind.iter().skip(API.len());
        Ok(Self {
            prefix: before.iter().flat_map(|part| ["/", part]).collect(),
            segments: segments
                .map(|segment| request::decode(segment))
                .collect::<Result<_, _>>()?,
        })
    }
}

/// Does what a request asks for, once if the request has a name, and notes what was done to a tenant.
pub(crate) async fn carry_out(call: Call<'_>, route: &Route) -> Result<Answer, Problem> {
    let act = Act::of(&call, route);
    let is_creation = call.request.method() == Method::POST;
    let answer = match Name::of(call.request.headers())?.filter(|_| is_creation) {
        Some(name) => idempotency::once(call, route, &name).await,
        None => (route.handler)(&call).await,
    }?;
    let Some(act) = act.filter(|_| idempotency::is_fresh(&answer)) else {
        return Ok(answer);
    };
    let hands_out = act.hands_out();
    match act.note().await {
        // What was changed is changed, noted or not; people's data leaves only with a note that says so.
        false if hands_out => Err(Problem::new(
            ErrorKind::Unavailable,
            "the activity cannot note at the moment that this was handed out, so it is not; try again later",
        )),
        _ => Ok(answer),
    }
}

fn nothing_there() -> Problem {
    Problem::new(
        ErrorKind::NotFound,
        "there is no such endpoint; GET /admin/v1/openapi.json describes those that there are",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_behind_any_prefix() {
        let address = Address::parse("/stage/admin/v1//tenants/a%20b/").unwrap();
        assert_eq!(address.prefix, "/stage");
        assert_eq!(address.segments, ["tenants", "a b"]);
        assert!(Address::parse("/admin/v2/tenants").is_err());
        assert!(Address::parse("/admin/v1/%ff").is_err());
    }
}
