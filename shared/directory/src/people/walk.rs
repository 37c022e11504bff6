//! Walks: a client reads all resources page by page by index, while others create and delete resources.
//!
//! A page that starts at a rank skips a resource if an earlier resource was deleted since the previous page. So each
//! page stores an *anchor*: its last id, under the `startIndex` of the next page. A page with
//! an anchor continues after that id, whatever its rank is by now; a page without an anchor is served by
//! rank. Anchors expire after ten minutes.
//!
//! A page that starts at 1 begins a walk and reads no anchor; each walk has its own anchors. One item stores all walks of
//! an API key over a query, one attribute each. Every later page, including the last, reads and writes the item once. A
//! finished walk does not affect the others. The guarantees are:
//!
//! - A walk returns every resource that stays exactly once, and the exact total if nothing is written, provided that each
//!   earlier walk has got its last page or has been idle for three minutes (or three times its own slowest page plus one
//!   minute).
//! - Parallel walks and repeated pages never miss a resource that stays.
//!
//! No server can guarantee more. Example: of 25 users, a client requests the first page of ten; its first six users are
//! deleted; the first page is requested again; then a request has `startIndex=11`. If it belongs to the first walk, it must
//! continue after the tenth user, or six users are missed. If the first walk was abandoned, it must continue after the
//! sixteenth, or six users are returned twice. Both requests are identical. If a request may belong to several walks, its
//! page begins at the walk that is furthest behind; the module `owners` finds the candidates. The remaining gaps are:
//!
//! - If a last page is requested again while another walk waits at the same start, the request is attributed to the other
//!   walk, whose position is then wrong.
//! - The same happens to a page of a walk that is idle for more than two minutes beside the other walk, or changes its page
//!   size to that of the other walk, or requests pages out of order. Parallel requests for pages of one walk are out of
//!   order: each is served by rank, unless the page before it was answered first.
//! - Of walks that do not continue after a page, only the newest two to eight are kept, and at most forty of all walks.

use futures_util::future::try_join;
use jiff::Timestamp;
use scim_core::{ResourceId, ResourceKind};
use sha2::{Digest, Sha256};

use crate::limits::{WALK_ATTEMPTS, WALK_LIFE};
use crate::people::directory::{Directory, ResourcePage};
use crate::people::search::PageStart;
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::{self, Key};
use crate::table::{DirectoryError, ItemUpdate, Put, is, n, s};
use owners::{AnsweredPage, AttributeChange, Walks};
use position::WalkPosition;

mod owners;
mod position;

/// A request for one page of a walk.
#[derive(Clone, Copy, Debug)]
pub struct WalkStep<'w> {
    /// The API key of the caller.
    pub walker: &'w str,
    /// The resource type or types of the query.
    pub over: &'w str,
    /// The filter as the client wrote it.
    pub filter: &'w str,
    /// The rank of the page's first resource, from 1.
    pub start: u64,
    /// The page size.
    pub count: usize,
    /// The time of the request.
    pub now: Timestamp,
}

/// The last resource of a page. A walk over several types returns one type after the other, in the order of
/// [`ResourceKind::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Last {
    /// The resource type.
    pub kind: ResourceKind,
    /// The resource id.
    pub id: ResourceId,
}

impl Last {
    /// Formats the position as text that sorts in walk order: the index of the type, then the id.
    #[must_use]
    pub fn to_text(self) -> String {
        let place = ResourceKind::ALL.iter().position(|kind| *kind == self.kind);
        format!("{}{}", place.unwrap_or_default(), self.id)
    }

    /// Parses the text from [`Self::to_text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (place, id) = text.split_at_checked(1)?;
        Some(Self {
            kind: *ResourceKind::ALL.get(place.parse::<usize>().ok()?)?,
            id: ResourceId::parse(id)?,
        })
    }
}

/// The stored walks of a query and the position after which the requested page begins.
#[derive(Debug, Default)]
pub struct StoredWalks {
    walks: Walks,
    after: Option<WalkPosition>,
}

impl StoredWalks {
    /// The resource after which the page begins; `None` if the page is served by rank.
    #[must_use]
    pub fn last(&self) -> Option<Last> {
        self.after.and_then(WalkPosition::last)
    }
}

/// The bounds of a page that was served.
#[derive(Clone, Copy, Debug)]
pub struct ServedPage {
    /// The first resource of the page.
    pub first: Option<Last>,
    /// The last resource of the page.
    pub last: Option<Last>,
    /// The rank at which the next page starts.
    pub next: u64,
    /// Whether this is the last page.
    pub is_last: bool,
}

impl WalkStep<'_> {
    fn key(&self, directory: &Directory) -> Key {
        let mut digest = Sha256::new();
        for part in [self.walker, self.over, self.filter] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        let digest = digest.finalize();
        // Half of the digest distinguishes queries and leaves room in the item.
        let half = digest.get(..16).unwrap_or_default();
        let name = data_encoding::HEXLOWER.encode(half);
        keys::anchor(directory.table.tenant(), &name)
    }

    /// When the anchors of this request expire.
    fn end(&self) -> i64 {
        let end = self.now.saturating_add(WALK_LIFE).unwrap_or(self.now);
        end.as_second()
    }
}

impl Directory {
    /// Reads the walks that a request may belong to. A request for the first page continues no walk.
    pub async fn stored_walks(&self, step: WalkStep<'_>) -> Result<StoredWalks, DirectoryError> {
        if step.start <= 1 {
            return Ok(StoredWalks::default());
        }
        let item = self.table.get(&step.key(self)).await?;
        let walks = Walks::read(&item.unwrap_or_default(), step.now)?;
        let after = walks.after(step.start, step.count);
        Ok(StoredWalks { walks, after })
    }

    /// Stores the position of a walk after its page was served. `random` names the walk if it is new. A first page that is
    /// also the last stores nothing.
    pub async fn leave_anchor(
        &self,
        step: WalkStep<'_>,
        stored: StoredWalks,
        served: ServedPage,
        random: [u8; 4],
    ) -> Result<(), DirectoryError> {
        let answer = AnsweredPage {
            start: step.start,
            count: step.count,
            now: step.now,
            after: stored.after,
            first: served.first.and_then(WalkPosition::of),
            last: served.last.and_then(WalkPosition::of),
            next: served.next,
            is_last: served.is_last,
        };
        if step.start <= 1 {
            return match served.is_last {
                true => Ok(()),
                false => self.begin(step, &answer).await,
            };
        }
        let name = Walks::name(random);
        let mut walks = stored.walks;
        for _ in 0..WALK_ATTEMPTS {
            let changes = walks.answered(&answer, name.clone());
            let Some(update) = self.change(step, &changes) else {
                return Ok(());
            };
            match self.table.update(&update).await? {
                Put::Done => return Ok(()),
                Put::ConditionFailed(item) => {
                    walks = Walks::read(&item.unwrap_or_default(), step.now)?;
                }
            }
        }
        self.begin(step, &answer).await
    }

    /// Stores a new walk without reading the others first; if there are too many afterwards, some are deleted.
    async fn begin(&self, step: WalkStep<'_>, answer: &AnsweredPage) -> Result<(), DirectoryError> {
        let Some((name, walk, alike)) = Walks::begun(answer) else {
            return Ok(());
        };
        let begun = ItemUpdate::of(step.key(self))
            .set(name, s(walk))
            .set(EXPIRES, n(step.end()))
            .add(alike, n(1));
        let item = self.table.add(&begun).await?;
        let surplus = Walks::read(&item, step.now)?.surplus(step.count);
        match self.change(step, &surplus) {
            Some(update) => self.table.update(&update).await.map(drop),
            None => Ok(()),
        }
    }

    /// The update for these changes, conditional on the values that were read.
    fn change(&self, step: WalkStep<'_>, changes: &[AttributeChange]) -> Option<ItemUpdate> {
        if changes.is_empty() {
            return None;
        }
        let mut update = ItemUpdate::of(step.key(self)).set(EXPIRES, n(step.end()));
        for AttributeChange { name, from, to } in changes {
            update = match to {
                Some(to) => update.set(name.clone(), to.clone()),
                None => update.remove(name.clone()),
            };
            if let Some(from) = from {
                update = update.when(is(name.clone(), from.clone()));
            }
        }
        Some(update)
    }

    /// The requested page of all resources of a type, sorted by id: after the last resource of the previous page if that is
    /// known, otherwise by rank.
    pub async fn list(
        &self,
        kind: ResourceKind,
        step: WalkStep<'_>,
    ) -> Result<(ResourcePage, StoredWalks), DirectoryError> {
        let beside = self.branch();
        let (counts, stored) = try_join(self.counts(kind), beside.stored_walks(step)).await?;
        drop(beside);
        let found = if let Some(last) = stored.last() {
            self.list_after(kind, &counts, last.id, step.count).await?
        } else {
            let skipped = step.start.saturating_sub(1);
            self.list_at(kind, &counts, skipped, step.count).await?
        };
        Ok((found, stored))
    }

    /// The page of all resources of a type that starts at a position, sorted by id.
    pub async fn list_from(
        &self,
        kind: ResourceKind,
        place: PageStart,
        count: usize,
    ) -> Result<ResourcePage, DirectoryError> {
        let counts = self.counts(kind).await?;
        match place {
            PageStart::After(id) => self.list_after(kind, &counts, id, count).await,
            PageStart::Rank(skipped) => self.list_at(kind, &counts, skipped, count).await,
        }
    }
}
