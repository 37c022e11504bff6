//! Queries: a page of the resources that match a filter, in an order; of one resource type or of all.

use std::collections::HashMap;

use directory::search::{PageStart, SortedPageStart};
use directory::walk::{Last, ServedPage, StoredWalks, WalkStep};
use directory::{Directory, Spread, Stored};
use scim_core::ScimError;
use scim_core::list::{self, ListPage, StartIndex};
use scim_core::projection::Projection;
use scim_core::sort::{Direction, SortKey};
use serde_json::Value;

use super::Resources;
use crate::clock::{Clock, Ids};
use crate::cursor::{After, BoundQuery, Cursor};
use crate::gate::Caller;
use crate::wire::{Parameters, Success, explain};

mod query;

use query::{ListQuery, Paging, TypeQuery};

pub struct Listing<'r> {
    pub directory: &'r Directory,
    pub clock: &'r Clock,
    pub ids: &'r Ids,
    /// The resources of each type, in the order of [`scim_core::ResourceKind::ALL`].
    pub types: Vec<Resources<'r>>,
    pub caller: &'r Caller,
}

/// The results of a query.
struct Results {
    total: u64,
    page: Vec<Stored>,
    spread: Spread,
    /// The sort keys of sorted results.
    keys: Vec<SortKey>,
    /// The walks that the page may belong to.
    trail: Option<StoredWalks>,
}

impl Listing<'_> {
    /// The name of the listed types in anchors and cursors.
    fn over(&self) -> &'static str {
        match self.types.as_slice() {
            [one] => one.of.kind.name(),
            _ => "all",
        }
    }

    fn step<'s>(&'s self, asked: &'s ListQuery<'_>, start: u64) -> WalkStep<'s> {
        WalkStep {
            walker: self.caller.credential.id().as_str(),
            over: self.over(),
            filter: asked.filter,
            start,
            count: asked.count,
            now: self.clock.now(),
        }
    }

    /// Answers a list request or a search request.
    pub async fn list(
        &self,
        parameters: &Parameters,
        projection: &Projection,
    ) -> Result<Success, ScimError> {
        let asked = self.read(parameters)?;
        let mut results = match asked.sorted {
            Some(direction) => self.sorted(&asked, direction).await?,
            None => self.unsorted(&asked).await?,
        };
        let is_last = results.page.len() <= asked.count;
        results.page.truncate(asked.count);
        let next = match &asked.paging {
            Paging::Cursor(query, _) if !is_last => self.next(query, &asked, &results),
            _ => None,
        };
        let left = self.leave_anchor(&asked, &mut results);
        let total = results.total;
        let shown = self.show(results.page, results.spread, projection);
        let (resources, ()) = tokio::try_join!(shown, left)?;
        let place = match asked.paging {
            Paging::Index(start) => list::PagePosition::Start(start),
            Paging::Cursor(..) => list::PagePosition::Next(next),
        };
        let page = ListPage {
            total,
            place,
            resources,
        };
        Ok(Success::Message(page.to_json()))
    }

    async fn sorted(
        &self,
        asked: &ListQuery<'_>,
        direction: Direction,
    ) -> Result<Results, ScimError> {
        let place = match &asked.paging {
            Paging::Index(start) => SortedPageStart::Rank(start.skipped()),
            Paging::Cursor(_, after) => after
                .clone()
                .and_then(After::sorted)
                .unwrap_or(SortedPageStart::Rank(0)),
        };
        let parts = asked.parts.iter();
        let queries: Vec<_> = parts.map(TypeQuery::sorted).collect();
        let found = self
            .directory
            .search_sorted(&queries, direction, &place, asked.wanted())
            .await
            .map_err(explain)?;
        let (keys, page) = found.page.into_iter().unzip();
        Ok(Results {
            total: found.total,
            page,
            spread: Spread::Scattered,
            keys,
            trail: None,
        })
    }

    /// A page in id order. It starts after the last result of the previous page if that is known, and else at a rank.
    async fn unsorted(&self, asked: &ListQuery<'_>) -> Result<Results, ScimError> {
        let start = match &asked.paging {
            Paging::Index(start) => *start,
            Paging::Cursor(_, after) => {
                let last = after.as_ref().and_then(After::last);
                return self
                    .gather(asked, last, 0)
                    .await
                    .map(|(results, _)| results);
            }
        };
        if asked.count == 0 {
            // A count of 0 only asks for the total and does not continue a walk.
            let counted = self.gather(asked, None, start.skipped()).await;
            return counted.map(|(results, _)| results);
        }
        let step = self.step(asked, start.get());
        if let ([part], "") = (asked.parts.as_slice(), asked.filter) {
            let found = self.directory.list(part.kind(), step).await;
            let (found, trail) = found.map_err(explain)?;
            return Ok(Results {
                total: in_walk(found.total, found.given, start),
                page: found.page,
                spread: found.spread,
                keys: Vec::new(),
                trail: Some(trail),
            });
        }
        let trail = self.directory.stored_walks(step).await.map_err(explain)?;
        let last = trail.last();
        let (mut results, given) = self.gather(asked, last, start.skipped()).await?;
        results.total = in_walk(results.total, last.map(|_| given), start);
        results.trail = Some(trail);
        Ok(results)
    }

    /// The page that starts after a resource or after a number of results, over all types in order. Also returns how
    /// many results there are up to that resource.
    async fn gather(
        &self,
        asked: &ListQuery<'_>,
        last: Option<Last>,
        skipped: u64,
    ) -> Result<(Results, u64), ScimError> {
        let mut results = Results::none();
        let mut given = 0;
        let mut ahead = last;
        let mut skipped = skipped;
        for part in &asked.parts {
            let room = asked.wanted() - results.page.len();
            let found = match ahead {
                Some(last) if last.kind == part.kind() => {
                    ahead = None;
                    part.find(PageStart::After(last.id), room).await?
                }
                // Earlier pages returned all of this type.
                Some(_) => {
                    let found = part.find(PageStart::Rank(0), 0).await?;
                    given += found.total;
                    found
                }
                None => part.find(PageStart::Rank(skipped), room).await?,
            };
            given += found.given.unwrap_or_default();
            skipped = skipped.saturating_sub(found.total);
            results.total += found.total;
            results.page.extend(found.page);
            results.spread = found.spread;
        }
        Ok((results, given))
    }

    /// The cursor of the next page.
    fn next(&self, query: &BoundQuery, asked: &ListQuery<'_>, results: &Results) -> Option<String> {
        let last = results.page.last()?.resource.id;
        let after = match asked.sorted {
            Some(_) => After::Key(results.keys.get(results.page.len() - 1)?.clone(), last),
            None => After::Last(last_of(&results.page)?),
        };
        let cursor = Cursor {
            issued: self.clock.now().as_second(),
            count: asked.count,
            after,
        };
        self.caller
            .credential
            .seal()
            .close(query, &cursor, self.ids.bytes())
    }

    /// Stores the end of the page as an anchor for the next page of a walk. Sorted results have no walks, because
    /// their order may change between two pages.
    fn leave_anchor<'s>(
        &'s self,
        asked: &'s ListQuery<'_>,
        results: &mut Results,
    ) -> impl Future<Output = Result<(), ScimError>> + 's {
        let size = u64::try_from(results.page.len()).unwrap_or_default();
        let step = match asked.paging {
            Paging::Index(start) => results
                .trail
                .take()
                .map(|trail| (trail, self.step(asked, start.get()))),
            Paging::Cursor(..) => None,
        };
        let (first, last, total) = (
            results.page.first().map(place_of),
            last_of(&results.page),
            results.total,
        );
        async move {
            let Some((trail, step)) = step else {
                return Ok(());
            };
            let next = step.start.saturating_add(size);
            let given = ServedPage {
                first,
                last,
                next,
                is_last: next > total,
            };
            let beside = self.directory.branch();
            let left = beside.leave_anchor(step, trail, given, self.ids.bytes());
            left.await.map_err(explain)
        }
    }

    /// Represents the resources type by type, and returns them in the order of the page.
    async fn show(
        &self,
        page: Vec<Stored>,
        spread: Spread,
        projection: &Projection,
    ) -> Result<Vec<Value>, ScimError> {
        if let [one] = self.types.as_slice() {
            return one.show_all(page, spread, projection).await;
        }
        let order: Vec<_> = page.iter().map(|stored| stored.resource.id).collect();
        let mut by_id = HashMap::new();
        let mut rest = page;
        for one in &self.types {
            let (own, others) = rest
                .into_iter()
                .partition(|stored| stored.resource.kind == one.of.kind);
            rest = others;
            for value in one.show_all(own, spread, projection).await? {
                let id = value.get("id").and_then(Value::as_str).unwrap_or_default();
                by_id.insert(id.to_owned(), value);
            }
        }
        Ok(order
            .iter()
            .filter_map(|id| by_id.remove(id.as_str()))
            .collect())
    }
}

impl Results {
    const fn none() -> Self {
        Self {
            total: 0,
            page: Vec::new(),
            spread: Spread::Scattered,
            keys: Vec::new(),
            trail: None,
        }
    }
}

/// The position of the page's last result.
fn last_of(page: &[Stored]) -> Option<Last> {
    page.last().map(place_of)
}

fn place_of(stored: &Stored) -> Last {
    Last {
        kind: stored.resource.kind,
        id: stored.resource.id,
    }
}

/// The total of a page. In a walk, `given` is the number of results up to the page's start; the total is then the
/// number that earlier pages returned plus the rest.
fn in_walk(total: u64, given: Option<u64>, start: StartIndex) -> u64 {
    given.map_or(total, |given| start.skipped() + total.saturating_sub(given))
}
