//! Walks: reading all resources page by page, while others create and delete.
//!
//! A page at a rank skips a resource whenever one before it was deleted since the page before. So each
//! page leaves an *anchor*: the last id that it gave, under where the client will go on. A page that
//! finds an anchor continues after that id, whatever its rank is by now; a page without one is served by
//! rank. Anchors expire after ten minutes.
//!
//! A page that starts at 1 begins a walk and reads no anchor; each walk has anchors of its own. One item keeps the
//! walks of a key over a query, an attribute each. A later page reads it once and writes it once, the last one too:
//! a walk that is over is in nobody's way. What is sure:
//!
//! - A walk gives every resource that stays exactly once, and at rest the exact total, if each walk before it was
//!   given its last page, or was left alone for three minutes (or three times its own slowest page and one more).
//! - Walks side by side, and pages that are asked for again, never miss a resource that stays.
//!
//! No server can promise more. 25 users; the first page of ten is asked for; its first six users are deleted; the first
//! page is asked for again; then `startIndex=11`. If that is the first walk's it must go on after the tenth user, or
//! six are missed; if the first walk was given up it must go on after the sixteenth, or six are given twice. Both are
//! the same bytes. Where a request may belong to several walks the page begins at the one that is furthest
//! behind: the module `owners` tells which these are. What remains open:
//!
//! - A last page that is asked for again while another walk waits at the same start is taken for the other's, which then
//!   is not where it was.
//! - So is a page of a walk that rests for more than two minutes beside the other, or changes its page size to the
//!   other's, or is out of turn. Pages of one walk that are asked for side by side are such: each is by rank, unless
//!   the one ahead of it was answered before.
//! - Of walks that do not go on after a page only the newest two to eight are kept, and forty of all.

use futures_util::future::try_join;
use jiff::Timestamp;
use scim_core::{ResourceId, ResourceKind};
use sha2::{Digest, Sha256};

use crate::people::directory::{Directory, Found};
use crate::people::search::Place;
use crate::table::keys::{self, Key};
use crate::table::{DirectoryError, Put, n, s, update};
pub use owners::LIFE;
use owners::{Answer, Change, Walks};
pub use stand::PATIENCE;
use stand::Spot;

mod owners;
mod stand;

/// How often the walks are written beside others who write them.
const ATTEMPTS: usize = 4;

/// Who walks over what, and the page that is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Step<'w> {
    /// The key of the caller.
    pub walker: &'w str,
    /// What is walked over: the name of a resource type, or of several.
    pub over: &'w str,
    /// The filter, as it was written.
    pub filter: &'w str,
    /// The rank at which the page starts, from 1.
    pub start: u64,
    /// The size of the page.
    pub count: usize,
    /// When it was asked for.
    pub now: Timestamp,
}

/// The resource that a page ended with. Types come one after the other, in the order of
/// [`ResourceKind::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Last {
    /// Its type.
    pub kind: ResourceKind,
    /// Its id.
    pub id: ResourceId,
}

impl Last {
    /// As text that is in the order of a walk: the place of the type, and the id.
    #[must_use]
    pub fn to_text(self) -> String {
        let place = ResourceKind::ALL.iter().position(|kind| *kind == self.kind);
        format!("{}{}", place.unwrap_or_default(), self.id)
    }

    /// Reads what [`Self::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (place, id) = text.split_at_checked(1)?;
        Some(Self {
            kind: *ResourceKind::ALL.get(place.parse::<usize>().ok()?)?,
            id: ResourceId::parse(id)?,
        })
    }
}

/// The walks that a page was asked for beside, and after what it begins.
#[derive(Debug, Default)]
pub struct Trail {
    walks: Walks,
    after: Option<Spot>,
}

impl Trail {
    /// The resource after which the page begins; `None` when it is served by rank.
    #[must_use]
    pub fn last(&self) -> Option<Last> {
        self.after.and_then(Spot::last)
    }
}

/// What a page gave.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// The resource that it begins with.
    pub first: Option<Last>,
    /// The resource that it ends with.
    pub last: Option<Last>,
    /// Where the next page starts.
    pub next: u64,
    /// Whether no page follows.
    pub is_last: bool,
}

impl Step<'_> {
    fn key(&self, directory: &Directory) -> Key {
        let mut digest = Sha256::new();
        for part in [self.walker, self.over, self.filter] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        let digest = digest.finalize();
        // Half of it tells queries apart, and leaves room in the item.
        let half = digest.get(..16).unwrap_or_default();
        let name = data_encoding::HEXLOWER.encode(half);
        keys::anchor(&directory.tenant, &name)
    }

    /// When what it leaves expires.
    fn end(&self) -> i64 {
        let end = self.now.saturating_add(LIFE).unwrap_or(self.now);
        end.as_second()
    }
}

impl Directory {
    /// The walks that a step may belong to. The first page continues none.
    pub async fn trail(&self, step: Step<'_>) -> Result<Trail, DirectoryError> {
        if step.start <= 1 {
            return Ok(Trail::default());
        }
        let item = self.store.get(&step.key(self), &self.meter).await?;
        let walks = Walks::read(&item.unwrap_or_default(), step.now)?;
        let after = walks.after(step.start, step.count);
        Ok(Trail { walks, after })
    }

    /// Leaves where the walk of a step stands now that its page was answered. `random` names it if it is new.
    /// A first page that is the only one leaves nothing.
    pub async fn leave_anchor(
        &self,
        step: Step<'_>,
        trail: Trail,
        given: Given,
        random: [u8; 4],
    ) -> Result<(), DirectoryError> {
        let answer = Answer {
            start: step.start,
            count: step.count,
            now: step.now,
            after: trail.after,
            first: given.first.and_then(Spot::of),
            last: given.last.and_then(Spot::of),
            next: given.next,
            is_last: given.is_last,
        };
        if step.start <= 1 {
            return match given.is_last {
                true => Ok(()),
                false => self.begin(step, &answer).await,
            };
        }
        let name = Walks::name(random);
        let mut walks = trail.walks;
        for _ in 0..ATTEMPTS {
            let changes = walks.answered(&answer, name.clone());
            let Some(update) = self.change(step, &changes)? else {
                return Ok(());
            };
            match self.store.update(update, &self.meter).await? {
                Put::Done => return Ok(()),
                Put::Refused(item) => {
                    walks = Walks::read(&item.unwrap_or_default(), step.now)?;
                }
            }
        }
        self.begin(step, &answer).await
    }

    /// Leaves a walk without a look at the others; if there are too many then, some are forgotten.
    async fn begin(&self, step: Step<'_>, answer: &Answer) -> Result<(), DirectoryError> {
        let Some((name, walk, alike)) = Walks::begun(answer) else {
            return Ok(());
        };
        let begun = update(
            self.store.table(),
            &step.key(self),
            &format!("SET {name} = :walk, expires = :end ADD {alike} :one"),
            None,
            vec![(":walk", s(walk)), (":one", n(1)), (":end", n(step.end()))],
        )?;
        let item = self.store.add(begun, &self.meter).await?;
        let surplus = Walks::read(&item, step.now)?.surplus(step.count);
        match self.change(step, &surplus)? {
            Some(update) => self.store.update(update, &self.meter).await.map(drop),
            None => Ok(()),
        }
    }

    /// The update that makes these changes, while what it changes is as it was read.
    fn change(
        &self,
        step: Step<'_>,
        changes: &[Change],
    ) -> Result<Option<aws_sdk_dynamodb::types::Update>, DirectoryError> {
        if changes.is_empty() {
            return Ok(None);
        }
        let mut values = vec![(":end".to_owned(), n(step.end()))];
        let (mut set, mut gone, mut same) = (vec!["expires = :end".to_owned()], vec![], vec![]);
        for (at, Change { name, from, to }) in changes.iter().enumerate() {
            match to {
                Some(to) => {
                    set.push(format!("{name} = :to{at}"));
                    values.push((format!(":to{at}"), to.clone()));
                }
                None => gone.push(name.as_str()),
            }
            if let Some(from) = from {
                same.push(format!("{name} = :from{at}"));
                values.push((format!(":from{at}"), from.clone()));
            }
        }
        let mut expression = format!("SET {}", set.join(", "));
        if !gone.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&gone.join(", "));
        }
        let condition = (!same.is_empty()).then(|| same.join(" AND "));
        let values = values
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()));
        let table = self.store.table();
        let key = step.key(self);
        update(
            table,
            &key,
            &expression,
            condition.as_deref(),
            values.collect(),
        )
        .map(Some)
    }

    /// The page of all resources of a type that a step asks for, in the order of their ids: after the
    /// last one of the page before it, if that is known, else by rank.
    pub async fn list(
        &self,
        kind: ResourceKind,
        step: Step<'_>,
    ) -> Result<(Found, Trail), DirectoryError> {
        let beside = self.branch();
        let (counts, trail) = try_join(self.counts(kind), beside.trail(step)).await?;
        drop(beside);
        let found = if let Some(last) = trail.last() {
            self.list_after(kind, &counts, last.id, step.count).await?
        } else {
            let skipped = step.start.saturating_sub(1);
            self.list_at(kind, &counts, skipped, step.count).await?
        };
        Ok((found, trail))
    }

    /// The page of all resources of a type that starts at a place, in the order of their ids.
    pub async fn list_from(
        &self,
        kind: ResourceKind,
        place: Place,
        count: usize,
    ) -> Result<Found, DirectoryError> {
        let counts = self.counts(kind).await?;
        match place {
            Place::After(id) => self.list_after(kind, &counts, id, count).await,
            Place::Rank(skipped) => self.list_at(kind, &counts, skipped, count).await,
        }
    }
}
