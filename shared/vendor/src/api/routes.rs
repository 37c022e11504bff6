//! The routes of the admin API. Each is an operation; the table of [`crate::actor`] has its method and path. The
//! gateway passes everything under `/admin` on to these routes, and a test compares them with the document in
//! `openapi`.

use http::Method;

use super::request::Variables;
pub use super::route::ApiRoute;
use super::{caller, destinations, events, keys, links, logs, openapi, people, tenants};

static AREAS: [&[ApiRoute]; 9] = [
    openapi::ROUTES,
    caller::ROUTES,
    destinations::ROUTES,
    events::ROUTES,
    keys::ROUTES,
    links::ROUTES,
    people::ROUTES,
    logs::ROUTES,
    tenants::ROUTES,
];

pub fn routes() -> impl Iterator<Item = &'static ApiRoute> {
    AREAS.iter().copied().flatten()
}

/// The result of a search for a route.
pub(crate) enum Match {
    Route(&'static ApiRoute, Variables),
    /// A path that supports only these other methods.
    OtherMethods(Vec<Method>),
    Nothing,
}

/// Finds the route of a request; `segments` are the decoded ones after `/admin/v1`.
pub(crate) fn find(method: &Method, segments: &[&str]) -> Match {
    let mut others = Vec::new();
    for route in routes() {
        let Some(variables) = bind(route, segments) else {
            continue;
        };
        let its = route.operation.method();
        match its == method {
            true => return Match::Route(route, variables),
            false => others.push(its),
        }
    }
    match others.is_empty() {
        false => Match::OtherMethods(others),
        true => Match::Nothing,
    }
}

fn bind(route: &ApiRoute, segments: &[&str]) -> Option<Variables> {
    let expected = || {
        route
            .operation
            .path()
            .split('/')
            .filter(|part| !part.is_empty())
    };
    if expected().count() != segments.len() {
        return None;
    }
    let mut variables = Vec::new();
    for (part, segment) in expected().zip(segments) {
        let name = part
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match name {
            Some(name) => variables.push((name, (*segment).to_owned())),
            None if part == *segment => {}
            None => return None,
        }
    }
    Some(variables)
}
