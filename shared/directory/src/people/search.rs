//! Searches resources with a filter.

use std::collections::BTreeSet;

use futures_util::future::{BoxFuture, try_join, try_join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use scim_core::effort::Effort;
use scim_core::filter::Resolved;
use scim_core::sort::{Direction, Sort, SortKey};
use scim_core::{ResourceId, ResourceKind, ResourceType};

use crate::limits::{MOST_CANDIDATES, SCAN_TIME, SIDE_BY_SIDE};
use crate::people::directory::{Directory, ResourcePage, Spread};
use crate::people::item::{Stored, read_resource};
use crate::people::query_plan::QueryPlan;
use crate::table::keys::{self, UniqueName, attribute};
use crate::table::{DirectoryError, Item, Range, sort_key, text};
use memberships::NeededMemberships;

mod matching;
mod memberships;
mod sorted;

pub use sorted::{Sorted, SortedPageStart};

/// The id ranges of a scan, one for each first digit, which are scanned in parallel.
const RANGES: [(&str, &str); 16] = [
    ("0", "1"),
    ("1", "2"),
    ("2", "3"),
    ("3", "4"),
    ("4", "5"),
    ("5", "6"),
    ("6", "7"),
    ("7", "8"),
    ("8", "9"),
    ("9", "a"),
    ("a", "b"),
    ("b", "c"),
    ("c", "d"),
    ("d", "e"),
    ("e", "f"),
    ("f", "g"),
];

/// A query: the filter, the order, and the requested page.
#[derive(Clone, Copy)]
pub struct ResourceQuery<'q> {
    /// The resource type to search.
    pub of: &'q ResourceType,
    /// The filter, if the client sent one.
    pub filter: Option<&'q Resolved<'q>>,
    /// The order of the results.
    pub order: Order<'q>,
    /// The base URL, for filters that compare `meta.location` or `$ref`.
    pub base: &'q str,
    /// The request's remaining work budget.
    pub effort: &'q Effort,
    /// The start of the page.
    pub place: PageStart,
    /// The most results on the page.
    pub count: usize,
}

/// The order of a query's results.
#[derive(Clone, Copy)]
pub enum Order<'q> {
    /// By id.
    Ids,
    /// By the value of an attribute.
    By(&'q Sort<'q>),
    /// By an attribute that the resource type does not have, so that all results are equal.
    Alike,
}

impl<'q> Order<'q> {
    pub(crate) const fn sort(self) -> Option<&'q Sort<'q>> {
        match self {
            Self::By(sort) => Some(sort),
            Self::Ids | Self::Alike => None,
        }
    }
}

/// The start of a page in id order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageStart {
    /// After this number of results.
    Rank(u64),
    /// After this id; earlier pages contained the results up to it.
    After(ResourceId),
}

impl PageStart {
    const fn skipped(self) -> u64 {
        match self {
            Self::Rank(skipped) => skipped,
            Self::After(_) => 0,
        }
    }
}

/// The results of one id range: their number, and the resources that may be on the page.
#[derive(Default)]
struct Matches {
    total: u64,
    /// The number of results that earlier pages contained.
    before: u64,
    /// The results that may be on the page, sorted by id.
    first: Vec<Stored>,
    /// The sort keys of all results, if the query sorts by an attribute.
    keys: Vec<(SortKey, ResourceId)>,
}

impl ResourceQuery<'_> {
    /// The most results of one range that may be on the page.
    fn within(&self) -> usize {
        usize::try_from(self.place.skipped())
            .unwrap_or(usize::MAX)
            .saturating_add(self.count)
    }
}

/// Assembles the page from the results of the ranges, in id order.
fn page(query: ResourceQuery<'_>, ranges: Vec<Matches>) -> ResourcePage {
    let total = ranges.iter().map(|matches| matches.total).sum();
    let given = match query.place {
        PageStart::Rank(_) => None,
        PageStart::After(_) => Some(ranges.iter().map(|matches| matches.before).sum()),
    };
    let skipped = usize::try_from(query.place.skipped()).unwrap_or(usize::MAX);
    let mut page = Vec::new();
    let mut before = 0_usize;
    for matches in ranges {
        let length = usize::try_from(matches.total).unwrap_or(usize::MAX);
        let ahead = skipped.saturating_sub(before);
        let wanted = query.count - page.len();
        page.extend(matches.first.into_iter().skip(ahead).take(wanted));
        before = before.saturating_add(length);
    }
    ResourcePage {
        total,
        given,
        page,
        spread: Spread::Scattered,
    }
}

/// The resource id in a marker.
fn marked(marker: &Item) -> Option<ResourceId> {
    ResourceId::parse(text(marker, attribute::marker::ID)?)
}

impl Directory {
    /// The page of the resources that match a filter, sorted by id.
    ///
    /// # Errors
    ///
    /// `TooMany` when no index serves the filter and a scan exceeds the time limit.
    pub async fn search(&self, query: ResourceQuery<'_>) -> Result<ResourcePage, DirectoryError> {
        Ok(page(query, self.matches(query).await?))
    }

    /// The matches of a query, per id range.
    async fn matches(&self, query: ResourceQuery<'_>) -> Result<Vec<Matches>, DirectoryError> {
        let plan = query.filter.map_or(QueryPlan::Scan, |filter| {
            QueryPlan::of(query.of.kind, filter)
        });
        let asked = NeededMemberships::of(query);
        match self.ids_of(query.of.kind, &plan).await? {
            Some(ids) => {
                let candidates = self.resources(query.of.kind, ids).await?;
                let few = !matches!(plan, QueryPlan::MembersOf(_));
                let few = few.then_some(candidates.len());
                let asked = self.with_descendants(asked, few).await?;
                let found = self.matching(query, &asked, candidates, Spread::Scattered);
                Ok(vec![found.await?])
            }
            None => tokio::time::timeout(SCAN_TIME, async {
                let asked = &self.with_descendants(asked, None).await?;
                try_join_all(RANGES.iter().map(|range| {
                    let branch = self.branch();
                    async move { branch.scan(query, asked, *range).await }
                }))
                .await
            })
            .await
            .map_err(|_| DirectoryError::TooMany)?,
        }
    }

    /// The candidate ids from an index; `None` if no index serves the plan or the index has too many candidates.
    fn ids_of<'a>(
        &'a self,
        kind: ResourceKind,
        plan: &'a QueryPlan,
    ) -> BoxFuture<'a, Result<Option<Vec<ResourceId>>, DirectoryError>> {
        Box::pin(async move {
            match plan {
                QueryPlan::Scan => Ok(None),
                QueryPlan::Id(id) => Ok(Some(Vec::from_iter(*id))),
                QueryPlan::Marker(value) => {
                    let key = keys::marker(self.table.tenant(), kind, &UniqueName::compared(value));
                    let marker = self.table.get(&key).await?;
                    Ok(Some(marker.as_ref().and_then(marked).into_iter().collect()))
                }
                QueryPlan::Markers(from, to) => self.names_between(kind, from, to).await,
                QueryPlan::Lookup(lookup, value) => {
                    let pk = keys::lookups(self.table.tenant(), kind, *lookup);
                    let prefix = keys::lookup_prefix(value);
                    let range = Range::prefix(pk, &prefix);
                    let ids = self.ids(&range, |sk| sk.strip_prefix(&prefix)).await?;
                    Ok(Some(ids))
                }
                QueryPlan::GroupsOf(None) | QueryPlan::MembersOf(None) => Ok(Some(Vec::new())),
                QueryPlan::GroupsOf(Some(member)) => self.edges_of(*member).await.map(Some),
                QueryPlan::MembersOf(Some(group)) => {
                    let descendants = self.descendants(*group, MOST_CANDIDATES).await?;
                    Ok(Some(descendants.users.into_iter().collect()))
                }
                QueryPlan::Union(plans) => self.ids_of_any(kind, plans).await,
            }
        })
    }

    /// The candidate ids of several plans. Unique names are looked up in batches of a hundred, the other plans run in
    /// parallel.
    async fn ids_of_any(
        &self,
        kind: ResourceKind,
        plans: &[QueryPlan],
    ) -> Result<Option<Vec<ResourceId>>, DirectoryError> {
        let mut names = BTreeSet::new();
        let mut others = Vec::new();
        for plan in plans {
            match plan {
                QueryPlan::Marker(value) => {
                    let name = UniqueName::compared(value);
                    names.insert(keys::marker(self.table.tenant(), kind, &name));
                }
                plan => others.push(async move { self.branch().ids_of(kind, plan).await }),
            }
        }
        let names = Vec::from_iter(names);
        let beside = self.branch();
        let (markers, others) = try_join(
            beside.table.batch_get(&names),
            stream::iter(others)
                .buffer_unordered(SIDE_BY_SIDE)
                .try_collect::<Vec<_>>(),
        )
        .await?;
        let Some(others) = others.into_iter().collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let mut ids = others.concat();
        ids.extend(markers.iter().filter_map(marked));
        Ok(Some(ids))
    }

    /// The ids of the resources in a range of unique names; `None` if there are too many.
    async fn names_between(
        &self,
        kind: ResourceKind,
        from: &str,
        to: &str,
    ) -> Result<Option<Vec<ResourceId>>, DirectoryError> {
        let (from, to) = keys::marker_range(from, to);
        let pk = keys::markers(self.table.tenant(), kind);
        let markers = self
            .table
            .query(&Range { pk, from, to }, Some(MOST_CANDIDATES + 1))
            .await?;
        Ok((markers.len() <= MOST_CANDIDATES).then(|| markers.iter().filter_map(marked).collect()))
    }

    async fn ids(
        &self,
        range: &Range,
        id: impl Fn(&str) -> Option<&str>,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let items = self.table.query(range, Some(MOST_CANDIDATES + 1)).await?;
        if items.len() > MOST_CANDIDATES {
            return Err(DirectoryError::TooMany);
        }
        Ok(items
            .iter()
            .filter_map(|item| ResourceId::parse(id(sort_key(item))?))
            .collect())
    }

    /// Scans one id range.
    async fn scan(
        &self,
        query: ResourceQuery<'_>,
        asked: &NeededMemberships,
        (from, to): (&str, &str),
    ) -> Result<Matches, DirectoryError> {
        let range = Range {
            pk: keys::resources(self.table.tenant(), query.of.kind),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let mut all = Matches::default();
        let mut pages = self.table.pages(&range, Direction::Ascending);
        while let Some(items) = pages.next().await? {
            let resources = items
                .iter()
                .map(|item| read_resource(query.of.kind, item))
                .collect::<Result<Vec<_>, _>>()?;
            let found = self
                .matching(query, asked, resources, Spread::Neighbours)
                .await?;
            all.total += found.total;
            all.before += found.before;
            all.keys.extend(found.keys);
            let room = query.within().saturating_sub(all.first.len());
            all.first.extend(found.first.into_iter().take(room));
        }
        Ok(all)
    }
}
