//! What a page works with: who asks, for what, and the operations of the admin API.

use bytes::Bytes;
use data_encoding::BASE32_DNSSEC;
use directory::tenant_keys::By;
use http::{Method, Request, Response, header};
use keyring::TenantId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scim_core::ErrorKind;
use serde_json::Value;

use super::form::Form;
use super::frame::Frame;
use super::guard::Entrant;
use super::routes::{Found, Side};
use super::{Visit, words};
use crate::api::auth::Caller;
use crate::api::call::{Call, Query, no_tenant};
use crate::api::routes::{self, Match, Route};
use crate::api::{Answer, Problem, carry_out};

/// What a customer's session may have done, of its own tenant: methods and paths of the admin API.
const CUSTOMER_ROUTES: [(Method, &str); 13] = [
    (Method::GET, "/tenants/{tenant}"),
    (Method::POST, "/tenants/{tenant}/on"),
    (Method::POST, "/tenants/{tenant}/off"),
    (Method::GET, "/tenants/{tenant}/keys"),
    (Method::POST, "/tenants/{tenant}/keys"),
    (Method::GET, "/tenants/{tenant}/keys/{key}"),
    (Method::POST, "/tenants/{tenant}/keys/{key}/rotate"),
    (Method::DELETE, "/tenants/{tenant}/keys/{key}"),
    (Method::GET, "/tenants/{tenant}/requests"),
    (Method::GET, "/tenants/{tenant}/requests.csv"),
    (Method::GET, "/tenants/{tenant}/activity"),
    (Method::GET, "/tenants/{tenant}/users"),
    (Method::GET, "/tenants/{tenant}/groups"),
];

/// What a page works with.
pub(crate) struct Desk<'d> {
    pub(crate) visit: &'d Visit<'d>,
    pub(crate) found: &'d Found,
    pub(crate) entrant: Entrant,
    pub(crate) form: Form,
}

impl<'d> Desk<'d> {
    pub(crate) fn new(visit: &'d Visit<'d>, found: &'d Found, entrant: Entrant) -> Self {
        Self {
            visit,
            found,
            entrant,
            form: Form::default(),
        }
    }

    /// The value of a variable of the path.
    pub(crate) fn variable(&self, name: &str) -> &str {
        self.found.variable(name)
    }

    /// The tenant of the path. Whether there is one is not known.
    pub(crate) fn tenant(&self) -> Result<TenantId, Problem> {
        let name = self.variable("tenant");
        TenantId::parse(name).ok_or_else(|| no_tenant(name))
    }

    /// Whether this is a customer's page.
    pub(crate) fn is_customer(&self) -> bool {
        self.found.side == Side::Customer
    }

    /// What the paths of the tenant's pages begin with.
    pub(crate) fn home(&self) -> String {
        let (base, tenant) = (&self.visit.base, self.variable("tenant"));
        match self.is_customer() {
            true => format!("{base}/setup/{tenant}"),
            false => format!("{base}/tenants/{tenant}"),
        }
    }

    /// What every form carries.
    pub(crate) fn form_token(&self) -> String {
        let secret = self.entrant.secret();
        secret.map_or_else(String::new, directory::sessions::Secret::form_token)
    }

    /// A new name for what a form does, under which it is done once.
    pub(crate) fn once(&self) -> String {
        let ids = self.visit.admin.service.ids();
        BASE32_DNSSEC.encode(&ids.bytes::<16>())
    }

    /// The frame of its pages.
    pub(crate) fn frame(&self) -> Frame<'_> {
        match (&self.entrant, self.found.side) {
            (Entrant::Known { caller, .. }, Side::Vendor) => Frame::vendor(
                &self.visit.base,
                self.form_token(),
                caller.key.name().to_owned(),
            ),
            (Entrant::Known { .. }, Side::Customer) => {
                Frame::customer(&self.visit.base, self.form_token(), self.home())
            }
            _ => self.visit.frame(),
        }
    }

    /// How long ago an instant was, in words.
    pub(crate) fn ago(&self, instant: &str) -> maud::Markup {
        words::ago(instant, self.visit.now)
    }

    /// Does an operation of the admin API as whoever is signed in; `path` is that behind `/admin/v1`.
    pub(crate) async fn ask(&self, method: Method, path: &[&str]) -> Result<Value, Problem> {
        value(self.request(method, path, &[], None).await?)
    }

    /// The same with a query.
    pub(crate) async fn query(
        &self,
        path: &[&str],
        parameters: &[(&str, &str)],
    ) -> Result<Value, Problem> {
        value(self.request(Method::GET, path, parameters, None).await?)
    }

    /// The same with a body.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<Value, Problem> {
        value(self.request(method, path, &[], Some(body)).await?)
    }

    /// What an operation answers, as it is.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &[&str],
        parameters: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Problem> {
        let Match::Route(route, variables) = routes::find(&method, path) else {
            return Err(nothing_there());
        };
        let caller = self.caller()?;
        self.check_reach(route, &variables)?;
        caller.check(route.scope)?;
        let name = self.name();
        let target = format!(
            "/{}{}",
            path.join("/"),
            query_string(parameters.iter().copied())
        );
        let request = built(method, &target, body, name)?;
        let visit = self.visit;
        let call = Call {
            admin: visit.admin,
            query: Query::parse(request.uri().query().unwrap_or_default())?,
            request: &request,
            origin: visit.origin,
            variables,
            caller: caller.clone(),
            by: self.by(),
            site: visit.site.clone(),
            meter: visit.meter,
            ids: visit.admin.service.ids().clone(),
        };
        carry_out(call, route).await
    }

    /// What a form that is sent once is called, to nobody but this session.
    fn name(&self) -> Option<(String, String)> {
        let name = self.form.given("once")?;
        let secret = self.entrant.secret()?;
        Some((secret.expose().to_owned(), name.to_owned()))
    }

    /// As whom operations are called.
    fn caller(&self) -> Result<&Caller, Problem> {
        match &self.entrant {
            Entrant::Known { caller, .. } => Ok(caller),
            Entrant::Nobody => Err(nothing_there()),
        }
    }

    /// For whom they are called.
    fn by(&self) -> By {
        match &self.entrant {
            Entrant::Known { session, .. } if session.tenant().is_some() => By::Customer,
            _ => By::Vendor,
        }
    }

    /// Refuses what a customer's session does not reach: other tenants, and what is the vendor's to do.
    fn check_reach(
        &self,
        route: &Route,
        variables: &[(&'static str, String)],
    ) -> Result<(), Problem> {
        let Entrant::Known { session, .. } = &self.entrant else {
            return Err(nothing_there());
        };
        let Some(own) = session.tenant() else {
            return Ok(());
        };
        let tenant = variables.iter().find(|(name, _)| *name == "tenant");
        let is_own = tenant.is_some_and(|(_, tenant)| tenant == own.as_str());
        let is_theirs = CUSTOMER_ROUTES
            .iter()
            .any(|(method, path)| *method == route.method && *path == route.path);
        match is_own && is_theirs {
            true => Ok(()),
            false => Err(nothing_there()),
        }
    }
}

/// Parameters as a query, with its question mark; nothing where all are empty.
pub(crate) fn query_string<'p>(parameters: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = parameters
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    match pairs.is_empty() {
        true => String::new(),
        false => format!("?{}", pairs.join("&")),
    }
}

fn built(
    method: Method,
    target: &str,
    body: Option<&Value>,
    name: Option<(String, String)>,
) -> Result<Request<Bytes>, Problem> {
    let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some((secret, name)) = name {
        request = request
            .header(header::AUTHORIZATION, format!("Session {secret}"))
            .header("idempotency-key", name);
    }
    request
        .body(body)
        .map_err(|_| Problem::new(ErrorKind::Internal, "the page asked wrongly"))
}

fn value(answer: Answer) -> Result<Value, Problem> {
    match answer {
        Answer::Shown(value)
        | Answer::Versioned(_, value)
        | Answer::Created(_, value)
        | Answer::Accepted(value) => Ok(value),
        Answer::Done => Ok(Value::Null),
        Answer::Repeated(response) => repeated(&response),
        Answer::File { .. } => Err(Problem::new(
            ErrorKind::Internal,
            "the page asked for a file in a wrong place",
        )),
    }
}

/// What was answered, now or when the form was sent first.
fn repeated(response: &Response<Bytes>) -> Result<Value, Problem> {
    match response.status().is_success() {
        true => Ok(serde_json::from_slice(response.body()).unwrap_or(Value::Null)),
        false => Err(Problem::of(response)),
    }
}

fn nothing_there() -> Problem {
    Problem::new(ErrorKind::NotFound, "there is no such page")
}
