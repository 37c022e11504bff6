//! Queries: a page of the resources that meet a filter, in an order.

use directory::directory::Found;
use directory::error::DirectoryError;
use directory::search::Query;
use directory::walk::Step;
use scim_core::ScimError;
use scim_core::filter::{Filter, Resolved};
use scim_core::list::{Count, Page, StartIndex};
use scim_core::projection::Projection;
use scim_core::sort::Sort;

use super::Resources;
use crate::request::Parameters;
use crate::response::{Outcome, explain};

/// A query that was understood.
struct Asked<'a> {
    filter: Option<Resolved<'a>>,
    sort: Option<Sort<'a>>,
    start: StartIndex,
    count: usize,
    /// The step of a walk that the page is.
    step: Step<'a>,
}

impl Resources<'_> {
    /// GET of many; `walker` is the key of the caller.
    pub async fn list(
        &self,
        parameters: &Parameters,
        projection: &Projection,
        walker: &str,
    ) -> Result<Outcome, ScimError> {
        let text = parameters.filter.as_deref().unwrap_or_default().trim();
        let filter = match text {
            "" => None,
            text => Some(Filter::parse(text)?.resolve(self.of)?),
        };
        let (by, order) = (&parameters.sort_by, &parameters.sort_order);
        let sort = Sort::parse(by.as_deref(), order.as_deref(), self.of)?;
        let start = StartIndex::parse(parameters.start_index.as_deref())?;
        let step = Step {
            walker,
            kind: self.of.kind,
            filter: text,
            start: start.get(),
        };
        let asked = Asked {
            step,
            filter,
            sort,
            start,
            count: Count::parse(parameters.count.as_deref())?.get(),
        };
        let found = self.find(&asked).await.map_err(explain)?;
        self.page(asked, found, projection).await
    }

    /// The page: after the last id of the page before it, if that is known; else by rank.
    async fn find(&self, asked: &Asked<'_>) -> Result<Found, DirectoryError> {
        let now = self.clock.now();
        if asked.filter.is_none() && asked.sort.is_none() {
            return self.directory.list(asked.step, asked.count, now).await;
        }
        // Sorted results are not walked: their order may change between two pages.
        let after = match (&asked.sort, asked.step.start) {
            (Some(_), _) | (_, 1) => None,
            (None, _) => self.directory.anchor(asked.step, now).await?,
        };
        let query = Query {
            of: self.of,
            filter: asked.filter.as_ref(),
            sort: asked.sort.as_ref(),
            base: self.base,
            after,
            skipped: after.map_or(asked.start.skipped(), |_| 0),
            count: asked.count,
        };
        let mut found = self.directory.search(query).await?;
        if after.is_some() {
            // What was given on the pages before, and what is left.
            found.total += asked.start.skipped();
        }
        Ok(found)
    }

    /// The page as it is answered, while the next one is prepared.
    async fn page(
        &self,
        asked: Asked<'_>,
        found: Found,
        projection: &Projection,
    ) -> Result<Outcome, ScimError> {
        let Found {
            total,
            page,
            spread,
        } = found;
        let next = asked.start.get() + u64::try_from(page.len()).unwrap_or_default();
        let last = page.last().map(|stored| stored.resource.id);
        let anchor = last.filter(|_| asked.sort.is_none() && next <= total);
        let beside = self.directory.branch();
        let (resources, ()) = tokio::try_join!(self.show_all(page, spread, projection), async {
            match anchor {
                Some(last) => {
                    let step = Step {
                        start: next,
                        ..asked.step
                    };
                    beside
                        .leave_anchor(step, last, self.clock.now())
                        .await
                        .map_err(explain)
                }
                None => Ok(()),
            }
        })?;
        let page = Page {
            total,
            start: asked.start,
            resources,
        };
        Ok(Outcome::Message(page.to_json()))
    }
}
