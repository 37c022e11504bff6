//! The routes of the admin API. The gateway passes everything below `/admin` on; what there is, is said here,
//! and described in `openapi`, which a test compares.

use std::pin::Pin;

use http::Method;

use super::auth::Scope;
use super::call::Call;
use super::{
    Answer, Problem, activity, index, keys, links, openapi, passwords, people, person, requests,
    tenants,
};

/// What serves a route.
pub(crate) type Handler = for<'c> fn(&'c Call<'c>) -> Serving<'c>;

/// An answer under way.
pub(crate) type Serving<'c> = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send + 'c>>;

/// A route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path behind `/admin/v1`, its variables in braces.
    pub path: &'static str,
    /// What it is called in the log and in the `OpenAPI` document.
    pub operation: &'static str,
    /// What the caller's key must have; none is open to everybody.
    pub scope: Option<Scope>,
    pub(crate) handler: Handler,
}

impl Route {
    pub(crate) const fn new(
        method: Method,
        path: &'static str,
        operation: &'static str,
        scope: Option<Scope>,
        handler: Handler,
    ) -> Self {
        Self {
            method,
            path,
            operation,
            scope,
            handler,
        }
    }
}

/// The areas of the API.
static AREAS: [&[Route]; 10] = [
    openapi::ROUTES,
    index::ROUTES,
    activity::ROUTES,
    keys::ROUTES,
    links::ROUTES,
    passwords::ROUTES,
    people::ROUTES,
    person::ROUTES,
    requests::ROUTES,
    tenants::ROUTES,
];

/// Every route.
pub fn routes() -> impl Iterator<Item = &'static Route> {
    AREAS.iter().copied().flatten()
}

/// The values of a path's variables.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// What a method and a path lead to.
pub(crate) enum Match {
    Route(&'static Route, Variables),
    /// A path that has routes for these methods only.
    OtherMethods(Vec<&'static Method>),
    Nothing,
}

/// Finds the route of a request; `segments` are those behind `/admin/v1`, decoded.
pub(crate) fn find(method: &Method, segments: &[&str]) -> Match {
    let mut others = Vec::new();
    for route in routes() {
        let Some(variables) = bind(route, segments) else {
            continue;
        };
        match route.method == method {
            true => return Match::Route(route, variables),
            false => others.push(&route.method),
        }
    }
    match others.is_empty() {
        false => Match::OtherMethods(others),
        true => Match::Nothing,
    }
}

fn bind(route: &Route, segments: &[&str]) -> Option<Variables> {
    let expected = || route.path.split('/').filter(|part| !part.is_empty());
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
