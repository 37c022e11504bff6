//! All pages, and who may see them.

use std::pin::Pin;

use http::Method;

use super::desk::Desk;
use super::reply::Reply;
use super::{
    activity, admin_keys, assets, check, front, keys, links, opened, people, person, requests,
    settings, setup, steps, tenant, tenants,
};
use crate::problem::{Problem, reason};

/// The handler of a page.
pub(crate) type Handler = for<'d> fn(&'d Desk<'d>) -> Serving<'d>;

/// The future of a handler.
pub(crate) type Serving<'d> = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send + 'd>>;

/// Who may see a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Everybody.
    Anyone,
    Vendor,
    /// The vendor, and the tenant's customer. The path is relative to the tenant's.
    Either,
    /// The tenant's customer. The path is relative to the tenant's.
    Customer,
}

/// On whose side a visitor sees a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Anyone,
    Vendor,
    Customer,
}

pub struct Page {
    pub method: Method,
    /// The path with its variables in braces.
    pub path: &'static str,
    /// Its name in the log.
    pub name: &'static str,
    /// Who may see it.
    pub who: Who,
    pub(crate) handler: Handler,
}

/// The paths of a tenant's pages, for the vendor and for the customer.
const HOMES: [(Side, &str); 2] = [
    (Side::Vendor, "tenants/{tenant}"),
    (Side::Customer, "setup/{tenant}"),
];

impl Page {
    pub(crate) const fn get(
        path: &'static str,
        name: &'static str,
        who: Who,
        handler: Handler,
    ) -> Self {
        Self {
            method: Method::GET,
            path,
            name,
            who,
            handler,
        }
    }

    pub(crate) const fn post(
        path: &'static str,
        name: &'static str,
        who: Who,
        handler: Handler,
    ) -> Self {
        Self {
            method: Method::POST,
            path,
            name,
            who,
            handler,
        }
    }

    /// Whether the page accepts a form and changes something.
    pub(crate) fn takes_form(&self) -> bool {
        self.method == Method::POST
    }

    /// Its paths after `/console`, each with its side.
    fn paths(&self) -> Vec<(Side, String)> {
        let at_home = |(side, home): &(Side, &str)| (*side, format!("{home}{}", self.path));
        match self.who {
            Who::Anyone => vec![(Side::Anyone, self.path.to_owned())],
            Who::Vendor => vec![(Side::Vendor, self.path.to_owned())],
            Who::Either => HOMES.iter().map(at_home).collect(),
            Who::Customer => {
                let customer = HOMES.iter().filter(|(side, _)| *side == Side::Customer);
                customer.map(at_home).collect()
            }
        }
    }

    /// Its paths including `/console`.
    #[must_use]
    pub fn addresses(&self) -> Vec<String> {
        let paths = self.paths().into_iter();
        paths
            .map(|(_, path)| format!("/console/{}", path.trim_start_matches('/')))
            .collect()
    }
}

static AREAS: [&[Page]; 16] = [
    assets::PAGES,
    front::PAGES,
    opened::PAGES,
    setup::PAGES,
    tenants::PAGES,
    tenant::PAGES,
    keys::PAGES,
    links::PAGES,
    requests::PAGES,
    activity::PAGES,
    people::PAGES,
    person::PAGES,
    settings::PAGES,
    steps::PAGES,
    check::PAGES,
    admin_keys::PAGES,
];

pub fn pages() -> impl Iterator<Item = &'static Page> {
    AREAS.iter().copied().flatten()
}

/// The page of a request, with the side and the variables of its path.
pub(crate) struct Found {
    pub(crate) page: &'static Page,
    pub(crate) side: Side,
    pub(crate) variables: Vec<(String, String)>,
}

impl Found {
    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn tenant(&self) -> Option<&str> {
        Some(self.variable("tenant")).filter(|tenant| !tenant.is_empty())
    }
}

/// Finds the page for a method and the segments after `/console`.
pub(crate) fn find(method: &Method, segments: &[&str]) -> Result<Found, Problem> {
    let mut others = Vec::new();
    for page in pages() {
        for (side, path) in page.paths() {
            let Some(variables) = bind(&path, segments) else {
                continue;
            };
            if page.method == method {
                return Ok(Found {
                    page,
                    side,
                    variables,
                });
            }
            others.push(page.method.clone());
        }
    }
    match others.is_empty() {
        false => Err(Problem::allowed(&others)),
        true => Err(reason::no_page()),
    }
}

fn bind(path: &str, segments: &[&str]) -> Option<Vec<(String, String)>> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut variables = Vec::new();
    for (part, segment) in parts.iter().zip(segments) {
        let name = part
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        match name {
            Some(name) => variables.push((name.to_owned(), (*segment).to_owned())),
            None if part == segment => {}
            None => return None,
        }
    }
    Some(variables)
}
