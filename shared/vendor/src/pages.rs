//! The pages under `/console`: the vendor's console, and a customer's setup page behind a setup link.
//!
//! [`handle()`] is the journey of a request to a page. The server renders the pages, and they need no script. They call
//! the same operations as the admin API, so they have the same permissions and the same error texts. The table of
//! [`crate::actor`] says what a customer's session may do.
//!
//! A cookie identifies the session. A form is accepted only with the session's form token and only from a page of
//! this site, so another site cannot submit a form for a signed-in person.

use std::sync::Arc;

use bytes::Bytes;
use directory::Meter;
use http::{Request, Response};
use scim_core::ScimError;

mod activity;
mod address;
mod admin_keys;
mod assets;
mod components;
mod context;
mod failures;
mod figures;
mod files;
mod form;
mod frame;
mod guard;
mod keys;
mod links;
mod open_link;
mod page;
mod people;
mod person;
mod provider;
mod reply;
mod request;
mod routes;
mod settings;
mod setup;
mod sign_in;
mod steps;
mod tenant;
mod tenant_frame;
mod tenants;
mod test_connection;
mod text;
mod words;

pub use page::{Page, Who};
pub use routes::pages;

use crate::problem::Problem;
use crate::query::Query;
use crate::vendor_side::{Trace, VendorSide};
use context::PageContext;
use form::Form;
use reply::Reply;
use request::PageRequest;
use routes::MatchedPage;
use service::{Origin, wire};

/// The first segment of all pages.
const CONSOLE: &str = "console";

/// Splits a page's path: the part before `/console`, and the segments after it. `None` if it is not a page.
pub(crate) fn page_path(path: &str) -> Option<(String, Vec<&str>)> {
    let raw: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let at = raw.iter().position(|part| *part == CONSOLE)?;
    // A path of the API or of SCIM may contain this segment too, after segments of its own.
    let (before, behind) = raw.split_at(at);
    let is_api = before.windows(2).any(|pair| pair == crate::api::API);
    let is_scim = before.contains(&"scim");
    let prefix = before.iter().flat_map(|part| ["/", part]).collect();
    (!is_api && !is_scim).then(|| (prefix, behind.iter().skip(1).copied().collect()))
}

/// Answers a request to a page.
pub(crate) async fn handle(
    vendor: &VendorSide,
    request: &Request<Bytes>,
    origin: &Origin,
    meter: &Arc<Meter>,
    trace: &mut Trace,
) -> Response<Bytes> {
    let (prefix, segments) = page_path(request.uri().path()).unwrap_or_default();
    let site = vendor.service.site(origin, request.headers(), &prefix);
    let base = format!("{prefix}/{CONSOLE}");
    let is_secure = site.starts_with("https:");
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let (query, refused) = match query {
        Ok(query) => (query, None),
        Err(problem) => (Query::default(), Some(problem)),
    };
    let page_request = PageRequest {
        vendor,
        http: request,
        origin,
        meter,
        now: vendor.service.now(),
        site,
        base,
        query,
    };
    let reply = match refused {
        Some(problem) => page_request.frame().problem(&problem, &origin.request_id),
        None => Box::pin(serve(&page_request, &segments, trace)).await,
    };
    reply.into_response(is_secure)
}

async fn serve(request: &PageRequest<'_>, segments: &[&str], trace: &mut Trace) -> Reply {
    match find_page(request, segments) {
        Ok(found) => {
            trace.operation = Some(found.page.name);
            trace.tenant = found.address.tenant().map(str::to_owned);
            serve_if_admitted(request, found, trace).await
        }
        Err(problem) => request
            .frame()
            .problem(&problem, &request.origin.request_id),
    }
}

fn find_page(request: &PageRequest<'_>, segments: &[&str]) -> Result<MatchedPage, Problem> {
    let decoded: Vec<String> = segments
        .iter()
        .map(|segment| wire::decode(segment))
        .collect::<Result<_, ScimError>>()?;
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    routes::find(request.http.method(), &segments)
}

/// Serves a page if the visitor may see it.
async fn serve_if_admitted(
    request: &PageRequest<'_>,
    found: MatchedPage,
    trace: &mut Trace,
) -> Reply {
    let request_id = &request.origin.request_id;
    let visitor = match guard::admit(request, &found.address).await {
        Ok(visitor) => visitor,
        Err(guard::Refusal::Problem(problem)) => {
            return request.frame().problem(&problem, request_id);
        }
        Err(guard::Refusal::NotSignedIn) => return sign_in::sign_in_first(request),
        Err(guard::Refusal::SessionExpired) => return open_link::session_expired(request),
    };
    trace.key = visitor.name();
    let form = match found.page.takes_form() {
        false => Ok(Form::default()),
        true => guard::form(request, &visitor),
    };
    let mut context = PageContext::new(request, &found.address, visitor);
    let served = match form {
        Ok(form) => {
            context.form = form;
            (found.page.handler)(&context).await
        }
        Err(problem) => Err(problem),
    };
    served.unwrap_or_else(|problem| context.frame().problem(&problem, request_id))
}
