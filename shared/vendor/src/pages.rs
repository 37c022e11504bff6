//! The pages under `/console`: the vendor's console, and a customer's setup page behind a setup link.
//!
//! [`visit()`] is the journey of a request to a page. The server renders the pages, and they need no script. They call
//! the same operations as the admin API, so they have the same permissions and the same error texts. The table of
//! [`crate::actor`] says what a customer's session may do.
//!
//! A cookie identifies the session. A form is accepted only with the session's form token and only from a page of
//! this site, so another site cannot submit a form for a signed-in person.

use std::sync::Arc;

use bytes::Bytes;
use directory::Meter;
use http::{Request, Response};
use scim_core::{ErrorKind, ScimError};

mod activity;
mod address;
mod admin_keys;
mod assets;
mod check;
mod desk;
mod files;
mod form;
mod frame;
mod front;
mod glance;
mod guard;
mod keys;
mod links;
mod opened;
mod page;
mod parts;
mod people;
mod person;
mod provider;
mod reply;
mod requests;
mod routes;
mod settings;
mod setup;
mod steps;
mod tenant;
mod tenant_frame;
mod tenants;
mod text;
mod visit;
mod words;

pub use page::{Page, Who};
pub use routes::pages;

use crate::admin::{Admin, Trace};
use crate::problem::Problem;
use crate::query::Query;
use desk::Desk;
use form::Form;
use reply::Reply;
use routes::Found;
use service::{Origin, wire};
use visit::Visit;

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
pub(crate) async fn visit(
    admin: &Admin,
    request: &Request<Bytes>,
    origin: &Origin,
    meter: &Arc<Meter>,
    trace: &mut Trace,
) -> Response<Bytes> {
    let (prefix, segments) = page_path(request.uri().path()).unwrap_or_default();
    let site = admin.service.site(origin, request.headers(), &prefix);
    let base = format!("{prefix}/{CONSOLE}");
    let is_secure = site.starts_with("https:");
    let query = Query::parse(request.uri().query().unwrap_or_default());
    let (query, refused) = match query {
        Ok(query) => (query, None),
        Err(problem) => (Query::default(), Some(problem)),
    };
    let visit = Visit {
        admin,
        request,
        origin,
        meter,
        now: admin.service.now(),
        site,
        base,
        query,
    };
    let reply = match refused {
        Some(problem) => visit.frame().problem(&problem, &origin.request_id),
        None => Box::pin(answer(&visit, &segments, trace)).await,
    };
    reply.into_response(is_secure)
}

async fn answer(visit: &Visit<'_>, segments: &[&str], trace: &mut Trace) -> Reply {
    match found(visit, segments) {
        Ok(found) => {
            trace.operation = Some(found.page.name);
            trace.tenant = found.address.tenant().map(str::to_owned);
            admitted(visit, found, trace).await
        }
        Err(problem) => visit.frame().problem(&problem, &visit.origin.request_id),
    }
}

fn found(visit: &Visit<'_>, segments: &[&str]) -> Result<Found, Problem> {
    let decoded: Vec<String> = segments
        .iter()
        .map(|segment| wire::decode(segment))
        .collect::<Result<_, ScimError>>()?;
    let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
    routes::find(visit.request.method(), &segments)
}

/// Serves a page if the visitor may see it.
async fn admitted(visit: &Visit<'_>, found: Found, trace: &mut Trace) -> Reply {
    let request_id = &visit.origin.request_id;
    let entrant = match guard::admit(visit, &found.address).await {
        Ok(entrant) => entrant,
        Err(guard::Refusal::Problem(problem)) => {
            return visit.frame().problem(&problem, request_id);
        }
        Err(guard::Refusal::NotSignedIn) => return front::wanted(visit),
        Err(guard::Refusal::SessionExpired) => return opened::ended(visit),
    };
    trace.key = entrant.name();
    let form = match found.page.takes_form() {
        false => Ok(Form::default()),
        true => guard::form(visit, &entrant),
    };
    let mut desk = Desk::new(visit, &found.address, entrant);
    let served = match form {
        Ok(form) => {
            desk.form = form;
            (found.page.handler)(&desk).await
        }
        Err(problem) => Err(problem),
    };
    served.unwrap_or_else(|problem| {
        // A defect must be distinguishable from a rejected request in the log.
        if problem.kind() == ErrorKind::Internal {
            tracing::error!(detail = problem.detail(), "page");
        }
        desk.frame().problem(&problem, request_id)
    })
}
