//! The users and groups of a tenant, read-only.
//!
//! The tenant's own SCIM endpoints answer, with the same parameters: the vendor sees what an identity provider sees.
//! The additional parameter `search` matches the start of a name.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use directory::tenants::{Closing, Tenant};
use http::{HeaderMap, Method, Request, Response};
use keyring::KeyId;
use keyring::Scope as TokenScope;
use keyring::TenantId;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::gate::{Caller, Credential};
use service::wire::routes::{self, Route, RouteMatch};
use service::wire::{Coding, Failure, Incoming, Success};

use super::Work;
use crate::actor::{Actor, Operation};
use crate::problem::{Problem, defect, reason};
use crate::query::Query;

/// The list parameters to pass on to the tenant's endpoints.
const PASSED_ON: [&str; 7] = [
    "startIndex",
    "count",
    "cursor",
    "sortBy",
    "sortOrder",
    "attributes",
    "excludedAttributes",
];

/// Parameters of a request to a tenant's endpoint.
pub(crate) type Parameters = Vec<(&'static str, String)>;

/// The JSON response of a tenant's endpoint.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct ScimDocument(Value);

impl ScimDocument {
    /// Reads the parts that a page shows.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_value(self.0.clone())
            .map_err(|_| defect("a SCIM response could not be read"))
    }

    /// The document as indented text.
    pub(crate) fn pretty(&self) -> String {
        serde_json::to_string_pretty(&self.0).unwrap_or_default()
    }

    pub(super) fn into_json(self) -> Value {
        self.0
    }
}

/// The parts of a list response that pages show.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub(crate) struct ListBody<T> {
    #[serde(default, rename = "totalResults")]
    pub(crate) total: i64,
    #[serde(default = "Vec::new", rename = "Resources")]
    pub(crate) resources: Vec<T>,
}

/// The parts of a user that pages show.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UserView {
    pub(crate) id: String,
    pub(crate) external_id: String,
    pub(crate) user_name: String,
    pub(crate) display_name: String,
    pub(crate) name: NameView,
    pub(crate) active: Option<bool>,
    pub(crate) emails: Vec<EmailView>,
    pub(crate) groups: Vec<MembershipView>,
    pub(crate) meta: MetaView,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct NameView {
    pub(crate) formatted: String,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct EmailView {
    pub(crate) value: String,
}

/// A group of a user.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct MembershipView {
    pub(crate) value: String,
    pub(crate) display: String,
}

/// The parts of a group that pages show.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct GroupView {
    pub(crate) id: String,
    pub(crate) external_id: String,
    pub(crate) display_name: String,
    pub(crate) meta: MetaView,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MetaView {
    pub(crate) created: String,
    pub(crate) last_modified: String,
}

impl UserView {
    /// The person's name, from the first attribute that has it.
    pub(crate) fn full_name(&self) -> String {
        let formatted = [&self.display_name, &self.name.formatted];
        let formatted = formatted.into_iter().find(|name| !name.is_empty());
        let parts = format!("{} {}", self.name.given_name, self.name.family_name);
        formatted.map_or_else(|| parts.trim().to_owned(), Clone::clone)
    }
}

/// A resource type with its endpoint and operations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ListKind {
    Users,
    Groups,
}

impl ListKind {
    const fn endpoint(self) -> &'static str {
        match self {
            Self::Users => "Users",
            Self::Groups => "Groups",
        }
    }

    /// The attribute that identifies a resource for people.
    const fn name(self) -> &'static str {
        match self {
            Self::Users => "userName",
            Self::Groups => "displayName",
        }
    }

    const fn lists(self) -> Operation {
        match self {
            Self::Users => Operation::ListUsers,
            Self::Groups => Operation::ListGroups,
        }
    }

    const fn reads(self) -> Operation {
        match self {
            Self::Users => Operation::ReadUser,
            Self::Groups => Operation::ReadGroup,
        }
    }
}

/// The input of a list.
#[derive(Default)]
pub(crate) struct ListSearch {
    /// The start of the names to list.
    pub(crate) search: Option<String>,
    pub(crate) filter: Option<String>,
    pub(crate) parameters: Parameters,
}

impl ListSearch {
    /// Reads `search`, `filter` and the parameters of the tenant's endpoints.
    pub(crate) fn read(query: &Query) -> Self {
        Self {
            search: query.get("search").map(str::to_owned),
            filter: query.get("filter").map(str::to_owned),
            parameters: passed_on(query),
        }
    }

    /// Only counts the resources.
    pub(crate) fn count() -> Self {
        Self {
            parameters: vec![("count", "0".to_owned())],
            ..Self::default()
        }
    }

    fn filter(&self, kind: ListKind) -> Option<String> {
        let search = self.search.as_deref();
        // `sw` matches the start of a name.
        let search = search.map(|text| format!("{} sw {}", kind.name(), Value::from(text)));
        match (search, &self.filter) {
            (Some(search), Some(filter)) => Some(format!("({search}) and ({filter})")),
            (Some(search), None) => Some(search),
            (None, filter) => filter.clone(),
        }
    }
}

/// The parameters of a query that the tenant's endpoints know.
pub(crate) fn passed_on(query: &Query) -> Parameters {
    let given = PASSED_ON.iter();
    let given = given.filter_map(|name| Some((*name, query.given(name)?.to_owned())));
    given.collect()
}

/// Lists users or groups.
pub(crate) async fn list(
    work: &Work<'_>,
    tenant: &TenantId,
    (kind, search): (ListKind, ListSearch),
) -> Result<ScimDocument, Problem> {
    work.check(kind.lists(), Some(tenant))?;
    let filter = search.filter(kind).map(|filter| ("filter", filter));
    let parameters: Parameters = search.parameters.into_iter().chain(filter).collect();
    work.scim_document(tenant, &[kind.endpoint()], &parameters)
        .await
}

pub(crate) async fn read(
    work: &Work<'_>,
    tenant: &TenantId,
    (kind, id, parameters): (ListKind, &str, &Parameters),
) -> Result<ScimDocument, Problem> {
    work.check(kind.reads(), Some(tenant))?;
    work.scim_document(tenant, &[kind.endpoint(), id], parameters)
        .await
}

/// Lists the users who are direct members of a group. `/groups?filter=…` lists its groups in the same way.
pub(crate) async fn members(
    work: &Work<'_>,
    tenant: &TenantId,
    (group, parameters): (&str, Parameters),
) -> Result<ScimDocument, Problem> {
    work.check(Operation::ListMembers, Some(tenant))?;
    // Reading the group first distinguishes an empty group from a missing one.
    let head = vec![("excludedAttributes", "members".to_owned())];
    work.scim_document(tenant, &["Groups", group], &head)
        .await?;
    let filter = format!("groups.value eq {}", Value::from(group));
    let filter = [("filter", filter)];
    let parameters: Parameters = parameters.into_iter().chain(filter).collect();
    work.scim_document(tenant, &["Users"], &parameters).await
}

/// The exact response of a tenant's endpoint to a GET, but without authentication and without an entry in the
/// tenant's logs. It shows an actor who may read the tenant what a provider would get.
pub(crate) async fn probe(
    work: &Work<'_>,
    tenant: &TenantId,
    (endpoint, parameters): (&str, &Parameters),
) -> Result<Response<Bytes>, Problem> {
    work.check(Operation::ReadTenant, Some(tenant))?;
    let RouteMatch::Route(route, variable) = routes::find(&Method::GET, &[endpoint]) else {
        return Err(defect("a SCIM endpoint does not exist"));
    };
    let request = Request::builder()
        .uri(target(endpoint, parameters))
        .header("accept", "application/scim+json")
        .body(Bytes::new())
        .map_err(|_| reason::parameters_too_long())?;
    let settings = work.tenant(tenant, Closing::Hide).await?;
    let served = work.serve_scim(settings, (route, variable), &request).await;
    let coding = Coding::accepted(request.headers());
    let response = served.and_then(|outcome| outcome.into_response(coding).map_err(Into::into));
    Ok(response.unwrap_or_else(Failure::into_response))
}

fn target(endpoint: &str, parameters: &Parameters) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    format!("/{endpoint}?{}", query.join("&"))
}

impl Work<'_> {
    /// The document that a tenant's endpoint returns.
    pub(super) async fn scim_document(
        &self,
        tenant: &TenantId,
        path: &[&str],
        parameters: &Parameters,
    ) -> Result<ScimDocument, Problem> {
        let RouteMatch::Route(route, variable) = routes::find(&Method::GET, path) else {
            return Err(defect("a SCIM endpoint does not exist"));
        };
        let request = Request::builder()
            .uri(target("", parameters))
            .body(Bytes::new())
            .map_err(|_| reason::parameters_too_long())?;
        let settings = self.tenant(tenant, Closing::Hide).await?;
        let outcome = self
            .serve_scim(settings, (route, variable), &request)
            .await
            .map_err(|failure| Problem::from(failure.error))?;
        let (Success::Message(body) | Success::Resource { body, .. }) = outcome else {
            return Err(defect("a SCIM response has no body"));
        };
        match body.to_string().len() > Coding::accepted(&HeaderMap::new()).largest_body() {
            true => Err(scim_core::error::reason::answer_too_large().into()),
            false => Ok(ScimDocument(body)),
        }
    }

    /// Serves a request to a tenant's endpoint, whatever the tenant's state.
    async fn serve_scim(
        &self,
        settings: Tenant,
        route: (&'static Route, Option<&str>),
        request: &Request<Bytes>,
    ) -> Result<Success, Failure> {
        let id = settings.id.clone();
        let base = format!("{}/{id}/scim/v2", self.site);
        let service = self.service();
        let directory = self.people(&id);
        let caller = Caller {
            tenant: settings.into(),
            credential: self.credential(),
            scope: TokenScope::Scim,
        };
        let incoming = Incoming::to_route(request, id, base, route);
        service.serve(&incoming, &caller, directory).await
    }

    /// The credential for requests to the tenant's endpoints.
    fn credential(&self) -> Credential {
        match self.actor {
            Actor::AdminKey(key) => Credential::Vendor {
                id: key.id,
                secret: key.sha256.to_hex(),
            },
            // No page gives a customer a cursor, so no later request has to open one.
            Actor::Customer { link, .. } => Credential::Vendor {
                id: KeyId::clone(link),
                secret: HEXLOWER.encode(&self.service().ids().bytes::<32>()),
            },
        }
    }
}
