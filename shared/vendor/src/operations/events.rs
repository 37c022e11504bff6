//! The change feed of a tenant, as pages of events.

use directory::journal::feed::{Feed, FeedPage, NoPage};
use directory::limits::FEED_PAGE;
use directory::tenants::Closing;
use keyring::TenantId;
use scim_core::event::{EventType, Outward, Position, Subscription};
use serde::{Serialize, Serializer};

use super::Work;
use crate::actor::Operation;
use crate::limits::USUAL_EVENTS;
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, reason};
use crate::query::{Query, TYPE};

/// The input of a page of events.
pub(crate) struct EventSearch {
    after: Position,
    limit: usize,
    types: Subscription,
}

impl EventSearch {
    /// Reads `after`, `limit` and `type`.
    ///
    /// # Errors
    ///
    /// When `after` is no position, `limit` is out of range or a pattern in `type` matches no event.
    pub(crate) fn read(query: &Query) -> Result<Self, Problem> {
        let after = match query.given("after") {
            None => Position::BEGINNING,
            Some(text) => Position::parse(text).ok_or_else(|| reason::other_position(text))?,
        };
        let limit = match query.given("limit") {
            None => USUAL_EVENTS,
            Some(text) => {
                let limit = text.parse().ok();
                limit
                    .filter(|limit| (1..=FEED_PAGE).contains(limit))
                    .ok_or_else(|| reason::other_limit(FEED_PAGE, text))?
            }
        };
        let patterns: Vec<&str> = query.all(TYPE).flat_map(|text| text.split(',')).collect();
        let parsed = match patterns.is_empty() {
            true => Subscription::parse(["*"]),
            false => Subscription::parse(patterns.iter().copied()),
        };
        let types = parsed.map_err(|at| {
            let given = patterns.get(at).copied().unwrap_or_default();
            reason::unknown_event_type(given, families())
        })?;
        Ok(Self {
            after,
            limit,
            types,
        })
    }
}

/// The patterns for whole families of events.
fn families() -> OwnWords {
    let mut families: Vec<String> = EventType::ALL
        .map(|known| format!("`{}.*`", known.family()))
        .to_vec();
    families.dedup();
    OwnWords::list(families.iter().map(String::as_str))
}

/// A page of events.
pub(crate) struct EventPage {
    tenant: TenantId,
    page: FeedPage,
}

#[derive(Serialize)]
struct EventPageView<'e> {
    events: Vec<Outward<'e>>,
    next: Position,
    head: Position,
    oldest: Position,
}

impl Serialize for EventPage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.page.entries.iter();
        let tenant = self.tenant.as_str();
        let view = EventPageView {
            events: entries
                .map(|(position, entry)| entry.outward(tenant, *position))
                .collect(),
            next: self.page.next,
            head: self.page.head,
            oldest: self.page.oldest,
        };
        view.serialize(serializer)
    }
}

/// Lists events of a tenant, oldest first.
pub(crate) async fn list(
    work: &Work<'_>,
    tenant: &TenantId,
    search: &EventSearch,
) -> Result<EventPage, Problem> {
    work.check(Operation::ListEvents, Some(tenant))?;
    let stored = work.tenant(tenant, Closing::Hide).await?;
    let table = work.service().table(tenant, work.meter);
    let feed = Feed::new(table).remembered(&work.vendor.feed_ends, &stored);
    let page = feed.page(search.after, search.limit, &search.types, work.now());
    match page.await {
        Ok(page) => Ok(EventPage {
            tenant: tenant.clone(),
            page,
        }),
        Err(NoPage::Failed(error)) => Err(error.into()),
        Err(NoPage::Gone { oldest, head }) => {
            let problem = reason::events_gone(OwnWords::ours(oldest));
            let problem = problem.with("oldest", oldest.value().into());
            Err(problem.with("head", head.value().into()))
        }
    }
}
