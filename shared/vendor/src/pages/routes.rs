//! The table of all pages, and the search for the page of a request.

use http::Method;

use super::address::PageAddress;
use super::page::Page;
use super::{
    activity, admin_keys, failures, files, keys, links, open_link, people, person, settings, setup,
    sign_in, steps, tenant, tenants, test_connection,
};
use crate::problem::{Problem, reason};

static AREAS: [&[Page]; 16] = [
    files::PAGES,
    sign_in::PAGES,
    open_link::PAGES,
    setup::PAGES,
    tenants::PAGES,
    tenant::PAGES,
    keys::PAGES,
    links::PAGES,
    failures::PAGES,
    activity::PAGES,
    people::PAGES,
    person::PAGES,
    settings::PAGES,
    steps::PAGES,
    test_connection::PAGES,
    admin_keys::PAGES,
];

/// The page of a request, and its address.
pub(crate) struct MatchedPage {
    pub(crate) page: &'static Page,
    pub(crate) address: PageAddress,
}

pub fn pages() -> impl Iterator<Item = &'static Page> {
    AREAS.iter().copied().flatten()
}

/// Finds the page for a method and the segments after `/console`.
pub(crate) fn find(method: &Method, segments: &[&str]) -> Result<MatchedPage, Problem> {
    let mut others = Vec::new();
    for page in pages() {
        for (side, path) in page.paths() {
            let Some(variables) = bind(&path, segments) else {
                continue;
            };
            if page.method == method {
                let address = PageAddress { side, variables };
                return Ok(MatchedPage { page, address });
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
