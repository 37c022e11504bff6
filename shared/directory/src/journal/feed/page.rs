//! Pages of a feed for a reader.
//!
//! A page begins with one query behind `after`. If the batch found there begins right behind it, or there is none and this
//! process knows that `after` is the head, nothing else must be read to know that the reader misses nothing.
//!
//! Batches expire one by one, and the last batch of a quiet feed later than the ones behind it. So a page ends where
//! positions are missing, and the feed counts as beginning behind the gap.

use jiff::Timestamp;
use scim_core::event::{FeedEntry, Position, Subscription};
use scim_core::sort::Direction;

use super::batch::Batch;
use super::ends::Ends;
use super::{Feed, is_readable};
use crate::limits::{BATCH_ENTRIES, FEED_BATCHES, FEED_LOOKED_AT, FEED_PAGE, FEED_PAGE_BYTES};
use crate::table::{DirectoryError, Item, Pages};

/// A page of a feed.
#[derive(Clone, PartialEq, Debug)]
pub struct FeedPage {
    /// The entries that the reader wants, each with its position.
    pub entries: Vec<(Position, FeedEntry)>,
    /// Where the next page begins: after this position. It also moves past entries that the reader does not want.
    pub next: Position,
    /// The position of the last entry of the feed; 0 in an empty feed. It is at least `next`, and greater while there is
    /// more.
    pub head: Position,
    /// The position of the oldest entry of the feed; 0 in an empty feed.
    pub oldest: Position,
}

/// Why there is no page.
#[derive(Debug)]
pub enum NoPage {
    /// The feed no longer has, or never had, entries from that position on. Both ends are 0 if it is empty.
    Gone {
        /// The position of the oldest entry.
        oldest: Position,
        /// The position of the last entry.
        head: Position,
    },
    /// The table does not answer.
    Failed(DirectoryError),
}

impl From<DirectoryError> for NoPage {
    fn from(error: DirectoryError) -> Self {
        Self::Failed(error)
    }
}

impl Feed {
    /// The entries after a position that a reader wants, at most `count` and 5 MB. Position 0 is before the first entry.
    /// A page can have none of them although there are more behind it.
    ///
    /// # Errors
    ///
    /// `Gone` when the feed has nothing at this position; the reader then needs a new snapshot.
    pub async fn page(
        &self,
        after: Position,
        count: usize,
        wanted: &Subscription,
        now: Timestamp,
    ) -> Result<FeedPage, NoPage> {
        let known = self.known_ends(now);
        let mut reading = Reading::new(after, count.clamp(1, FEED_PAGE), wanted, now);
        let from = match after.number() {
            0 => match self.beginning(after, known, now).await? {
                Some(oldest) => oldest,
                None => return Ok(FeedPage::empty()),
            },
            _ => Position::new(after.value().saturating_add(1)).unwrap_or(Position::LAST),
        };
        let range = self.range(from, Position::LAST);
        let mut pages = self.table.pages(&range, Direction::Ascending);
        let items = pages.next_of(Some(reading.most())).await?;
        if after.number() == 0 {
            reading.end = from.before();
        } else {
            let first = items.iter().flatten().next();
            let first = first.map(Batch::read).transpose()?;
            self.join(&mut reading, first.as_ref(), known).await?;
        }
        reading.read_all(items, &mut pages).await?;
        if reading.is_broken && reading.next == after {
            return Err(self.ends_again(now).await?);
        }
        let is_over = reading.is_complete() && pages.is_over();
        Ok(self.finished(reading, is_over, known).await?)
    }

    /// The first entry for a reader who has none; `None` in an empty feed, which has nothing to miss.
    async fn beginning(
        &self,
        after: Position,
        known: Option<Ends>,
        now: Timestamp,
    ) -> Result<Option<Position>, NoPage> {
        let oldest = match known {
            Some(known) => Some(known.oldest),
            None => self.oldest(now).await?,
        };
        let is_beginning = after == Position::BEGINNING;
        let is_right = match oldest {
            Some(oldest) => is_beginning && oldest.number() == 1 || after == oldest.before(),
            None => is_beginning,
        };
        match is_right {
            true => Ok(oldest),
            false => Err(self.ends_again(now).await?),
        }
    }

    /// Makes sure that the feed has the position where a page begins, and begins the page with the rest of its batch.
    /// `first` is the first batch that begins behind it.
    async fn join(
        &self,
        reading: &mut Reading<'_>,
        first: Option<&Batch>,
        known: Option<Ends>,
    ) -> Result<(), NoPage> {
        let (after, now) = (reading.next, reading.now);
        let is_known = match first {
            Some(batch) => after.next() == Some(batch.first),
            None => known.is_some_and(|known| known.head == after),
        };
        if !is_known {
            let begun = self.last_until(after, now).await?;
            match begun.filter(|begun| after <= begun.last()) {
                Some(begun) => reading.go_on(&begun),
                None => return Err(self.ends_again(now).await?),
            }
        }
        Ok(())
    }

    /// The page with both ends of the feed.
    async fn finished(
        &self,
        reading: Reading<'_>,
        is_over: bool,
        known: Option<Ends>,
    ) -> Result<FeedPage, DirectoryError> {
        let (end, now) = (reading.end, reading.now);
        let oldest = async {
            Ok::<_, DirectoryError>(match known {
                Some(known) => known.oldest,
                None => self.branch().oldest(now).await?.unwrap_or(end),
            })
        };
        let head = async {
            let known = known.filter(|known| known.head > reading.next);
            Ok(match known {
                _ if is_over => end,
                Some(known) => known.head.max(end),
                None => self.branch().head(now).await?.max(end),
            })
        };
        let (oldest, head) = futures_util::future::try_join(oldest, head).await?;
        self.remember(Ends {
            oldest,
            head,
            read: known.map_or(now, |known| known.read),
        });
        Ok(FeedPage {
            entries: reading.entries,
            next: reading.next,
            head,
            oldest,
        })
    }

    /// The feed has nothing at a position. Both ends are read again.
    async fn ends_again(&self, now: Timestamp) -> Result<NoPage, DirectoryError> {
        let oldest = self.oldest(now).await?.unwrap_or(Position::BEGINNING);
        let head = self.head(now).await?;
        if oldest > Position::BEGINNING {
            self.remember(Ends {
                oldest,
                head,
                read: now,
            });
        }
        Ok(NoPage::Gone { oldest, head })
    }

    fn known_ends(&self, now: Timestamp) -> Option<Ends> {
        self.remembered.as_ref()?.recall(now)
    }

    fn remember(&self, ends: Ends) {
        if let Some(remembered) = &self.remembered {
            remembered.remember(ends);
        }
    }

    fn branch(&self) -> Self {
        Self {
            table: self.table.branch(),
            remembered: self.remembered.clone(),
        }
    }

    /// The position of the last entry; 0 if there is none.
    async fn head(&self, now: Timestamp) -> Result<Position, DirectoryError> {
        let last = self.last_until(Position::LAST, now).await?;
        Ok(last.map_or(Position::BEGINNING, |batch| batch.last()))
    }

    /// The position of the oldest entry. It is enough that the next batch follows without a gap: only a batch that was the
    /// last one for months outlives others, and then those right behind it.
    pub(super) async fn oldest(&self, now: Timestamp) -> Result<Option<Position>, DirectoryError> {
        let range = self.range(Position::BEGINNING, Position::LAST);
        let mut pages = self.table.pages(&range, Direction::Ascending);
        let (mut oldest, mut most) = (None::<Batch>, 2);
        while let Some(items) = pages.next_of(Some(most)).await? {
            for item in &items {
                let batch = Batch::read(item)?;
                if !is_readable(batch.expires, now) {
                    oldest = None;
                    continue;
                }
                if let Some(oldest) = &oldest
                    && batch.follows(oldest.last())
                {
                    return Ok(Some(oldest.first));
                }
                oldest = Some(batch);
            }
            most = most.saturating_mul(2).min(FEED_BATCHES);
        }
        Ok(oldest.map(|batch| batch.first))
    }

    /// The last batch that begins at or before a position and may be read.
    pub(super) async fn last_until(
        &self,
        until: Position,
        now: Timestamp,
    ) -> Result<Option<Batch>, DirectoryError> {
        let range = self.range(Position::BEGINNING, until);
        let found = self
            .table
            .query_in(&range, Some(1), Direction::Descending)
            .await?;
        let batch = found.first().map(Batch::read).transpose()?;
        Ok(batch.filter(|batch| is_readable(batch.expires, now)))
    }
}

impl FeedPage {
    const fn empty() -> Self {
        Self {
            entries: Vec::new(),
            next: Position::BEGINNING,
            head: Position::BEGINNING,
            oldest: Position::BEGINNING,
        }
    }
}

/// A page while it is read.
pub(super) struct Reading<'r> {
    wanted: &'r Subscription,
    now: Timestamp,
    count: usize,
    pub(super) entries: Vec<(Position, FeedEntry)>,
    pub(super) next: Position,
    /// The last position of the batches so far.
    end: Position,
    /// The bytes that the page has room for.
    room: usize,
    /// How many batches and entries were looked at.
    batches: usize,
    looked_at: usize,
    /// Whether the page has room for more, and positions do not end.
    pub(super) is_going_on: bool,
    /// Whether there are batches behind `end`.
    has_more: bool,
    /// Whether positions are missing behind `end`.
    pub(super) is_broken: bool,
}

impl<'r> Reading<'r> {
    pub(super) const fn new(
        after: Position,
        count: usize,
        wanted: &'r Subscription,
        now: Timestamp,
    ) -> Self {
        Self {
            wanted,
            now,
            count,
            entries: Vec::new(),
            next: after,
            end: after,
            room: FEED_PAGE_BYTES,
            batches: 0,
            looked_at: 0,
            is_going_on: true,
            has_more: false,
            is_broken: false,
        }
    }

    /// How many batches to read next: those that the page needs if they are like the ones before. One more shows in the
    /// same query that there is nothing behind them.
    pub(super) fn most(&self) -> usize {
        let missing = self.count.saturating_sub(self.entries.len());
        let needed = match self.batches {
            0 => missing.div_ceil(BATCH_ENTRIES),
            read => missing
                .saturating_mul(read)
                .div_ceil(self.entries.len().max(1)),
        };
        needed.saturating_add(1).min(FEED_BATCHES)
    }

    /// Reads these items and the pages after them, until the page is full or nothing is left.
    pub(super) async fn read_all(
        &mut self,
        first: Option<Vec<Item>>,
        pages: &mut Pages<'_>,
    ) -> Result<(), DirectoryError> {
        let mut items = first;
        while let Some(read) = items {
            self.read(&read)?;
            items = match self.is_going_on {
                true => pages.next_of(Some(self.most())).await?,
                false => None,
            };
        }
        Ok(())
    }

    fn read(&mut self, items: &[Item]) -> Result<(), DirectoryError> {
        for item in items {
            let batch = Batch::read(item)?;
            // Another query begins with the batch that the page has already.
            if batch.last() <= self.end {
                continue;
            }
            if !self.is_going_on {
                self.has_more = true;
                return Ok(());
            }
            if is_readable(batch.expires, self.now) && batch.follows(self.end) {
                self.go_on(&batch);
            } else {
                self.is_broken = true;
                self.is_going_on = false;
            }
        }
        Ok(())
    }

    /// Continues with a batch.
    pub(super) fn go_on(&mut self, batch: &Batch) {
        self.batches = self.batches.saturating_add(1);
        self.looked_at = self.looked_at.saturating_add(batch.entries.len());
        self.end = batch.last();
        self.is_going_on = self.take(batch) && self.looked_at < FEED_LOOKED_AT;
    }

    /// Whether the page has everything up to `end`, and nothing is known behind it.
    pub(super) fn is_complete(&self) -> bool {
        self.next == self.end && !self.has_more && !self.is_broken
    }

    /// Adds the entries of a batch behind `next`; returns whether the page has room for more.
    fn take(&mut self, batch: &Batch) -> bool {
        for (position, entry) in batch.positions() {
            if position <= self.next {
                continue;
            }
            if self.wanted.wants(entry.name()) {
                let size = scim_core::event::print(std::slice::from_ref(entry)).len();
                let is_full = self.entries.len() >= self.count || size > self.room;
                if is_full && !self.entries.is_empty() {
                    return false;
                }
                self.room = self.room.saturating_sub(size);
                self.entries.push((position, entry.clone()));
            }
            self.next = position;
        }
        self.entries.len() < self.count
    }
}
