//! Pages of a feed for a reader.

use jiff::Timestamp;
use scim_core::event::{FeedEntry, Position, Subscription};
use scim_core::sort::Direction;

use super::batch::Batch;
use super::{Feed, is_readable};
use crate::limits::{FEED_PAGE, FEED_PAGE_BYTES};
use crate::table::DirectoryError;

/// A page of a feed.
#[derive(Clone, PartialEq, Debug)]
pub struct FeedPage {
    /// The entries that the reader wants, each with its position.
    pub entries: Vec<(Position, FeedEntry)>,
    /// Where the next page begins: after this position. It also moves past entries that the reader does not want.
    pub next: Position,
    /// The position of the last entry of the feed; 0 in an empty feed.
    pub head: Position,
    /// The position of the oldest entry of the feed; 0 in an empty feed.
    pub oldest: Position,
}

/// Why there is no page.
#[derive(Debug)]
pub enum NoPage {
    /// The feed no longer has, or never had, entries from that position on. It begins with this position.
    Gone(Position),
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
    ///
    /// # Errors
    ///
    /// `Gone` when the feed has nothing at this position; a reader without a gap would need a new snapshot.
    pub async fn page(
        &self,
        after: Position,
        count: usize,
        wanted: &Subscription,
        now: Timestamp,
    ) -> Result<FeedPage, NoPage> {
        let (oldest, last) = futures_util::future::try_join(
            self.branch().first_from(Position::BEGINNING, now),
            self.branch().last_until(Position::LAST, now),
        )
        .await?;
        let (Some(oldest), Some(last)) = (oldest, last) else {
            // An empty feed has nothing to miss, but a position that it never gave is a mistake.
            return match after == Position::BEGINNING {
                true => Ok(FeedPage::empty()),
                false => Err(NoPage::Gone(Position::BEGINNING)),
            };
        };
        let (first, head) = (oldest.first, last.last());
        let is_beginning = after == Position::BEGINNING && first.number() == 1;
        let begun = match after {
            _ if is_beginning || after == first.before() => None,
            _ => {
                let begun = self.last_until(after, now).await?;
                let is_in = |batch: &Batch| batch.first <= after && after <= batch.last();
                Some(begun.filter(is_in).ok_or(NoPage::Gone(first))?)
            }
        };
        let mut page = FeedPage {
            entries: Vec::new(),
            next: after,
            head,
            oldest: first,
        };
        let mut room = FEED_PAGE_BYTES;
        let count = count.clamp(1, FEED_PAGE);
        if let Some(begun) = &begun
            && !page.take(begun, count, wanted, &mut room)
        {
            return Ok(page);
        }
        let from = begun.map_or(first, |batch| batch.last());
        let range = self.range(from, Position::LAST);
        let mut pages = self.table.pages(&range, Direction::Ascending);
        while let Some(items) = pages.next_of(Some(10)).await? {
            for item in &items {
                let batch = Batch::read(item)?;
                page.head = page.head.max(batch.last());
                if batch.last() > page.next && !page.take(&batch, count, wanted, &mut room) {
                    return Ok(page);
                }
            }
        }
        Ok(page)
    }

    fn branch(&self) -> Self {
        Self {
            table: self.table.branch(),
        }
    }

    /// The first batch from a position on that may be read.
    async fn first_from(
        &self,
        from: Position,
        now: Timestamp,
    ) -> Result<Option<Batch>, DirectoryError> {
        let range = self.range(from, Position::LAST);
        let mut pages = self.table.pages(&range, Direction::Ascending);
        while let Some(items) = pages.next_of(Some(1)).await? {
            for item in &items {
                let batch = Batch::read(item)?;
                if is_readable(batch.expires, now) {
                    return Ok(Some(batch));
                }
            }
        }
        Ok(None)
    }

    /// The last batch that begins at or before a position and may be read.
    async fn last_until(
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

    /// Adds the entries of a batch behind `next`; returns whether the page has room for more.
    fn take(
        &mut self,
        batch: &Batch,
        count: usize,
        wanted: &Subscription,
        room: &mut usize,
    ) -> bool {
        for (position, entry) in batch.positions() {
            if position <= self.next {
                continue;
            }
            if wanted.wants(entry.name()) {
                let size = scim_core::event::print(std::slice::from_ref(entry)).len();
                let is_full = self.entries.len() >= count || size > *room;
                if is_full && !self.entries.is_empty() {
                    return false;
                }
                *room = room.saturating_sub(size);
                self.entries.push((position, entry.clone()));
            }
            self.next = position;
        }
        self.entries.len() < count
    }
}
