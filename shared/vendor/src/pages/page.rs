//! A page: its method and path, who may see it, and its handler.

use std::pin::Pin;

use http::Method;

use super::address::Side;
use super::context::PageContext;
use super::reply::Reply;
use crate::problem::Problem;

/// The handler of a page.
pub(crate) type PageHandler = for<'d> fn(&'d PageContext<'d>) -> PageFuture<'d>;

/// The future of a handler.
pub(crate) type PageFuture<'d> = Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send + 'd>>;

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

pub struct Page {
    pub method: Method,
    /// The path with its variables in braces.
    pub path: &'static str,
    /// Its name in the log.
    pub name: &'static str,
    /// Who may see it.
    pub who: Who,
    pub(crate) handler: PageHandler,
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
        handler: PageHandler,
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
        handler: PageHandler,
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
    pub(super) fn paths(&self) -> Vec<(Side, String)> {
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
