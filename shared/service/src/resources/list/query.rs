//! Parses a query: its filter for each resource type, its order, and the page.

use directory::ResourcePage;
use directory::search::{Order, PageStart, ResourceQuery};
use scim_core::error::reason;
use scim_core::filter::{Filter, Resolved};
use scim_core::list::{Count, StartIndex};
use scim_core::sort::{Direction, Sort};
use scim_core::{ResourceKind, ScimError};

use super::Listing;
use crate::cursor::{After, BoundQuery};
use crate::resources::Resources;
use crate::wire::{Parameters, explain};

/// A parsed query.
pub(super) struct ListQuery<'a> {
    pub(super) parts: Vec<TypeQuery<'a>>,
    /// The filter as written.
    pub(super) filter: &'a str,
    /// The direction; `None` for id order.
    pub(super) sorted: Option<Direction>,
    pub(super) paging: Paging,
    pub(super) count: usize,
}

/// A query of one resource type.
pub(super) struct TypeQuery<'a> {
    resources: Resources<'a>,
    filter: Option<Resolved<'a>>,
    sort: Option<Sort<'a>>,
}

/// The requested page.
pub(super) enum Paging {
    Index(StartIndex),
    Cursor(BoundQuery, Option<After>),
}

impl<'a> TypeQuery<'a> {
    pub(super) const fn kind(&self) -> ResourceKind {
        self.resources.of.kind
    }

    fn query(&'a self, order: Order<'a>, place: PageStart, count: usize) -> ResourceQuery<'a> {
        ResourceQuery {
            of: self.resources.of,
            filter: self.filter.as_ref(),
            order,
            base: self.resources.base,
            effort: self.resources.effort,
            place,
            count,
        }
    }

    /// The query in the requested order.
    pub(super) fn sorted(&'a self) -> ResourceQuery<'a> {
        let order = self.sort.as_ref().map_or(Order::Alike, Order::By);
        self.query(order, PageStart::Rank(0), 0)
    }

    pub(super) async fn find(
        &self,
        place: PageStart,
        count: usize,
    ) -> Result<ResourcePage, ScimError> {
        let directory = self.resources.directory;
        let found = match &self.filter {
            None => directory.list_from(self.kind(), place, count).await,
            Some(_) => directory.search(self.query(Order::Ids, place, count)).await,
        };
        found.map_err(explain)
    }
}

impl ListQuery<'_> {
    /// The number of results to look for. With a cursor it is one more than the page's, to know whether another page
    /// follows.
    pub(super) fn wanted(&self) -> usize {
        match self.paging {
            Paging::Cursor(..) if self.count > 0 => self.count + 1,
            _ => self.count,
        }
    }
}

impl Listing<'_> {
    /// Parses a query.
    pub(super) fn read<'p>(
        &'p self,
        parameters: &'p Parameters,
    ) -> Result<ListQuery<'p>, ScimError> {
        let filter = parameters.filter.as_deref().unwrap_or_default().trim();
        let parsed = match filter {
            "" => None,
            text => Some(Filter::parse(text)?),
        };
        let by = parameters.sort_by.as_deref();
        let order = parameters.sort_order.as_deref();
        let mut sorts: Vec<_> = self
            .types
            .iter()
            .map(|one| Sort::parse(by, order, one.of))
            .collect();
        if sorts.iter().all(Result::is_err)
            && let Some(Err(error)) = sorts.pop()
        {
            return Err(error);
        }
        let mut parts = Vec::new();
        for (resources, sort) in self.types.iter().zip(sorts) {
            let resolved = parsed.as_ref().map(|filter| match self.types.len() {
                1 => filter.resolve(resources.of),
                _ => filter.resolve_among(resources.of),
            });
            parts.push(TypeQuery {
                resources: *resources,
                filter: resolved.transpose()?,
                // If a type lacks the attribute, its resources have no value to sort by.
                sort: sort.ok().flatten(),
            });
        }
        let is_sorted = parts.iter().any(|part| part.sort.is_some());
        let (paging, count) = self.paging(parameters, filter)?;
        Ok(ListQuery {
            parts,
            filter,
            sorted: is_sorted.then(|| Direction::parse(order)).transpose()?,
            paging,
            count,
        })
    }

    fn paging(&self, parameters: &Parameters, filter: &str) -> Result<(Paging, usize), ScimError> {
        let start = StartIndex::parse(parameters.start_index.as_deref())?;
        let count = parameters.count.as_deref();
        let largest = self.caller.tenant.largest_page();
        let Some(cursor) = parameters.cursor.as_deref().map(str::trim) else {
            return Ok((Paging::Index(start), Count::parse(count, largest)?.get()));
        };
        if start.get() > 1 {
            return Err(reason::two_ways_to_page());
        }
        let folded = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default().trim();
            text.to_ascii_lowercase()
        };
        let (by, order) = (folded(&parameters.sort_by), folded(&parameters.sort_order));
        let tenant = self.caller.tenant.id.as_str();
        let query = BoundQuery::to(&[tenant, self.over(), filter, &by, &order]);
        let cursor = match cursor {
            "" => None,
            text => Some(self.caller.credential.seal().open(&query, text)?),
        };
        if let Some(cursor) = &cursor {
            cursor.check_age(self.clock.now())?;
        }
        let first = cursor.as_ref().map(|cursor| cursor.count);
        let count = Count::with_cursor(count, first, largest)?.get();
        let after = cursor.map(|cursor| cursor.after);
        Ok((Paging::Cursor(query, after), count))
    }
}
