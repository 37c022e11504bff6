//! The first step of a request: everything that its address and headers say, read once.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use keyring::TenantId;
use scim_core::error::reason;
use scim_core::{ResourceId, ScimError};
use serde_json::Value;

use super::address::ScimAddress;
use super::body;
use super::coding::Coding;
use super::parameters::Parameters;
use super::preconditions::Preconditions;
use super::response::Failure;
use super::routes::{self, Endpoint, Route, RouteMatch};
use crate::{Function, Origin};

/// A request as read from the wire.
///
/// A caller without a valid token must not learn more than that it has none. So errors of the route and of the
/// parameters are values here, and become responses once the caller is admitted.
#[derive(Debug)]
pub struct Incoming<'r> {
    pub tenant: TenantId,
    /// The tenant's base address.
    pub base: String,
    /// The route, also if this function does not serve it.
    pub route: Option<&'static Route>,
    /// The value of the variable of its path.
    variable: Option<String>,
    /// Why this function does not serve the request.
    pub(crate) unserved: Option<Failure>,
    pub(crate) parameters: Result<Parameters, ScimError>,
    pub(crate) preconditions: Preconditions,
    /// The coding of the response.
    pub(crate) coding: Coding,
    request: &'r Request<Bytes>,
}

impl<'r> Incoming<'r> {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// `notFound` and `invalidVers`, as [`ScimAddress::parse`].
    pub(crate) fn read(
        request: &'r Request<Bytes>,
        function: Function,
        origin: &Origin,
        public_url: Option<&str>,
    ) -> Result<Self, ScimError> {
        let mut address = ScimAddress::parse(request.uri().path())?;
        let base = address.base(public_url, (origin, request.headers()));
        let segments: Vec<&str> = address.segments.iter().map(String::as_str).collect();
        let (route, has_variable, unserved) = match routes::find(request.method(), &segments) {
            RouteMatch::Route(route, variable) => {
                let unserved =
                    (!route.is_served_by(function)).then(|| reason::no_endpoint().into());
                (Some(route), variable.is_some(), unserved)
            }
            RouteMatch::OtherMethods(methods) => {
                let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
                (None, false, Some(Failure::allowed(&methods.join(", "))))
            }
            RouteMatch::Nothing => (None, false, Some(reason::no_endpoint().into())),
        };
        let variable = address.segments.pop().filter(|_| has_variable);
        let mut incoming = Self::at(request, address.tenant, base, (route, variable));
        incoming.unserved = unserved;
        Ok(incoming)
    }

    /// Reads a request of the vendor's side to a route of a tenant, whatever its address.
    #[must_use]
    pub fn to_route(
        request: &'r Request<Bytes>,
        tenant: TenantId,
        base: String,
        (route, variable): (&'static Route, Option<&str>),
    ) -> Self {
        let variable = variable.map(str::to_owned);
        Self::at(request, tenant, base, (Some(route), variable))
    }

    fn at(
        request: &'r Request<Bytes>,
        tenant: TenantId,
        base: String,
        (route, variable): (Option<&'static Route>, Option<String>),
    ) -> Self {
        Self {
            tenant,
            base,
            route,
            variable,
            unserved: None,
            parameters: Parameters::parse(request.uri().query().unwrap_or_default()),
            preconditions: Preconditions::parse(request.headers()),
            coding: Coding::accepted(request.headers()),
            request,
        }
    }

    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.route.map(|route| route.endpoint)
    }

    /// The value of the path's variable; empty if the path has none.
    #[must_use]
    pub fn variable(&self) -> &str {
        self.variable.as_deref().unwrap_or_default()
    }

    /// The id in the path, if it has one.
    #[must_use]
    pub fn resource(&self) -> Option<ResourceId> {
        self.variable.as_deref().and_then(ResourceId::parse)
    }

    pub(crate) fn method(&self) -> &Method {
        self.request.method()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    pub(crate) fn body(&self) -> &Bytes {
        self.request.body()
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// As [`body::json`].
    pub(crate) fn json(&self) -> Result<Value, ScimError> {
        body::json(self.headers(), self.body())
    }

    pub(crate) fn has_credentials(&self) -> bool {
        self.headers().contains_key(header::AUTHORIZATION)
    }

    /// Whether this is a request for the service provider configuration without a token. The configuration describes
    /// how to authenticate, so it needs no authentication (RFC 7643 §5).
    pub(crate) fn is_public(&self) -> bool {
        self.endpoint() == Some(Endpoint::ServiceProviderConfig) && !self.has_credentials()
    }

    /// Whether this function serves the request, and it reads or changes resources. Discovery has no rate limit, and
    /// does not count as a use of a token.
    pub(crate) fn concerns_resources(&self) -> bool {
        let endpoint = self.endpoint().filter(|_| self.unserved.is_none());
        endpoint.is_some_and(|endpoint| !endpoint.is_discovery())
    }
}
