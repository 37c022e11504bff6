//! The users and groups of a tenant, to look through.
//!
//! They are answered as the tenant's own endpoints answer them, and take the same parameters: what the vendor
//! sees is what an identity provider sees. `search` is for people: the beginning of a name.

use std::sync::Arc;

use bytes::Bytes;
use directory::Meter;
use directory::tenants::{Status, Tenant};
use http::{HeaderMap, Method, Request, Response};
use keyring::{Digest, KeyId, KeyRecord, Scope as TenantScope, TenantId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use scim_core::ErrorKind;
use scim_core::error::reason;
use serde_json::Value;

use super::auth::Scope;
use super::call::{Call, no_tenant};
use super::routes::Route;
use super::{Admin, Answer, Problem};
use service::auth::Caller;
use service::coding::Coding;
use service::response::{Failure, Outcome};
use service::routes::{self, Match};

const DATA: Option<Scope> = Some(Scope::Data);

pub(super) static ROUTES: &[Route] = &[
    Route::new(
        Method::GET,
        "/tenants/{tenant}/users",
        "listUsers",
        DATA,
        |call| Box::pin(list(call, "Users", "userName")),
    ),
    Route::new(
        Method::GET,
        "/tenants/{tenant}/users/{user}",
        "readUser",
        DATA,
        |call| Box::pin(read(call, "Users", "user")),
    ),
    Route::new(
        Method::GET,
        "/tenants/{tenant}/groups",
        "listGroups",
        DATA,
        |call| Box::pin(list(call, "Groups", "displayName")),
    ),
    Route::new(
        Method::GET,
        "/tenants/{tenant}/groups/{group}",
        "readGroup",
        DATA,
        |call| Box::pin(read(call, "Groups", "group")),
    ),
    Route::new(
        Method::GET,
        "/tenants/{tenant}/groups/{group}/members",
        "listMembers",
        DATA,
        |call| Box::pin(members(call)),
    ),
];

/// The parameters of a list that mean something to the tenant's endpoints.
const PASSED_ON: [&str; 7] = [
    "startIndex",
    "count",
    "cursor",
    "sortBy",
    "sortOrder",
    "attributes",
    "excludedAttributes",
];

async fn list(call: &Call<'_>, endpoint: &str, name: &str) -> Result<Answer, Problem> {
    let search = call.query.get("search").map(|text| begins(name, text));
    let filter = match (search, call.query.get("filter")) {
        (Some(search), Some(filter)) => Some(format!("({search}) and ({filter})")),
        (Some(search), None) => Some(search),
        (None, filter) => filter.map(str::to_owned),
    };
    let body = ask(call, &[endpoint], filter.as_deref()).await?;
    Ok(Answer::Shown(body))
}

/// The filter for names that begin like this.
fn begins(name: &str, text: &str) -> String {
    format!("{name} sw {}", Value::from(text))
}

async fn read(call: &Call<'_>, endpoint: &str, variable: &str) -> Result<Answer, Problem> {
    let body = ask(call, &[endpoint, call.variable(variable)], None).await?;
    Ok(Answer::Shown(body))
}

/// The users who are direct members of a group. Groups in it are at `/groups?filter=…` in the same way.
async fn members(call: &Call<'_>) -> Result<Answer, Problem> {
    let group = call.variable("group");
    // Tells a group without members from one that there is not.
    let head = [("excludedAttributes", "members".to_owned())];
    get(call, &["Groups", group], &head).await?;
    let filter = format!("groups.value eq {}", Value::from(group));
    let body = ask(call, &["Users"], Some(&filter)).await?;
    Ok(Answer::Shown(body))
}

/// What the tenant's endpoint answers, with the parameters of the call.
async fn ask(call: &Call<'_>, path: &[&str], filter: Option<&str>) -> Result<Value, Problem> {
    let given = PASSED_ON
        .iter()
        .filter_map(|name| Some((*name, call.query.given(name)?.to_owned())));
    let filter = filter.map(|filter| ("filter", filter.to_owned()));
    let parameters: Vec<_> = given.chain(filter).collect();
    get(call, path, &parameters).await
}

pub(super) async fn get(
    call: &Call<'_>,
    path: &[&str],
    parameters: &[(&str, String)],
) -> Result<Value, Problem> {
    let tenant = call.tenant()?;
    let defect = || Problem::new(ErrorKind::Internal, "the service asked itself wrongly");
    let Match::Route(route, variable) = routes::find(&Method::GET, path) else {
        return Err(defect());
    };
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    let request = Request::builder()
        .uri(format!("/?{}", query.join("&")))
        .body(Bytes::new())
        .map_err(|_| defect())?;
    let caller = stand_in(call.admin, &tenant, call.meter).await?;
    let base = format!("{}/{tenant}/scim/v2", call.site);
    let service = &call.admin.service;
    let directory = service.directory_of(&tenant, call.meter);
    let outcome = service
        .serve(caller, route, variable, &request, &base, directory)
        .await
        .map_err(|failure| Problem::from(failure.error))?;
    let (Outcome::Message(body) | Outcome::Resource { body, .. }) = outcome else {
        return Err(defect());
    };
    match body.to_string().len() > Coding::accepted(&HeaderMap::new()).largest() {
        true => Err(reason::answer_too_large().into()),
        false => Ok(body),
    }
}

/// A caller of the tenant's endpoints in the place of the one with the admin key, whatever the tenant's state.
async fn stand_in(admin: &Admin, tenant: &TenantId, meter: &Arc<Meter>) -> Result<Caller, Problem> {
    let service = &admin.service;
    let now = service.now();
    let found = service.tenants().read(tenant, meter).await?;
    let is_there = |settings: &Tenant| settings.status != Status::Closing;
    let settings = found.filter(is_there);
    let settings = settings.ok_or_else(|| no_tenant(tenant.as_str()))?;
    let key = KeyRecord {
        id: KeyId::from_bytes([0; 6]),
        tenant: tenant.clone(),
        sha256: nobody()?,
        purpose: String::new(),
        scopes: vec![TenantScope::Scim],
        created: now,
        expires: None,
        sources: Vec::new(),
        subject: None,
        imported: false,
        seal: [0; 16],
    };
    Ok(Caller {
        tenant: tenant.clone(),
        key: Arc::new(key),
        scope: TenantScope::Scim,
        settings: Arc::new(settings),
    })
}

/// The digest of no token.
fn nobody() -> Result<Digest, Problem> {
    let digest = Digest::from_hex(&"0".repeat(64));
    digest.ok_or_else(|| Problem::new(ErrorKind::Internal, "there is no such digest"))
}

impl Admin {
    /// What the tenant's endpoint answers to a GET, as it is on the wire, without the token that it would take and
    /// without a trace in the tenant's logs.
    ///
    /// # Errors
    ///
    /// When there is no such tenant or endpoint. What the endpoint refuses is in the response.
    pub(crate) async fn rehearse(
        &self,
        tenant: &TenantId,
        endpoint: &str,
        request: &Request<Bytes>,
        base: &str,
        meter: &Arc<Meter>,
    ) -> Result<Response<Bytes>, Problem> {
        let Match::Route(route, variable) = routes::find(&Method::GET, &[endpoint]) else {
            let detail = "there is no such endpoint";
            return Err(Problem::new(ErrorKind::NotFound, detail));
        };
        let caller = stand_in(self, tenant, meter).await?;
        let directory = self.service.directory_of(tenant, meter);
        let served = self
            .service
            .serve(caller, route, variable, request, base, directory)
            .await;
        let coding = Coding::accepted(request.headers());
        let response = served.and_then(|outcome| outcome.into_response(coding).map_err(Into::into));
        Ok(response.unwrap_or_else(Failure::into_response))
    }
}
