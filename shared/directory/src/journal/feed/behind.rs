//! Parts of a feed for deliveries. Where a reader gets an error, a delivery goes on and says what is missing.

use jiff::Timestamp;
use scim_core::event::{FeedEntry, Position, ResyncReason, Subscription};
use scim_core::sort::Direction;

use super::batch::Batch;
use super::page::Reading;
use super::{Feed, is_readable};
use crate::limits::{BATCHES_AT_ONCE, DELIVERY_PAGE};
use crate::table::DirectoryError;

/// The entries behind a position.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::journal) struct Behind {
    /// Those that are wanted.
    pub(in crate::journal) entries: Vec<(Position, FeedEntry)>,
    /// Up to where the feed was read.
    pub(in crate::journal) next: Position,
    /// Whether there is nothing behind.
    pub(in crate::journal) is_over: bool,
}

impl Feed {
    /// The entries behind a position. If the feed has lost some, the first of them says so. An epoch begins with an entry
    /// that says so itself.
    pub(in crate::journal) async fn behind(
        &self,
        after: Position,
        wanted: &Subscription,
        now: Timestamp,
    ) -> Result<Behind, DirectoryError> {
        let mut reading = Reading::new(after, DELIVERY_PAGE, wanted, now);
        let range = self.range(successor(after), Position::LAST);
        let mut pages = self.table.pages(&range, Direction::Ascending);
        let items = pages.next_of(Some(reading.most())).await?;
        let first = items.iter().flatten().next();
        let first = first.map(Batch::read).transpose()?;
        if first.as_ref().is_none_or(|first| !first.follows(after)) {
            let begun = self.last_until(after, now).await?;
            if let Some(begun) = begun.filter(|begun| after < begun.last()) {
                reading.go_on(&begun);
            }
        }
        reading.read_all(items, &mut pages).await?;
        if reading.is_broken && reading.next == after {
            let beyond = first.filter(|first| is_readable(first.expires, now));
            return self.expired(after, beyond.as_ref(), now).await;
        }
        Ok(Behind {
            is_over: reading.is_complete() && pages.is_over(),
            entries: reading.entries,
            next: reading.next,
        })
    }

    /// Goes on with the oldest entry behind a position, and says that what was before it is gone.
    async fn expired(
        &self,
        after: Position,
        beyond: Option<&Batch>,
        now: Timestamp,
    ) -> Result<Behind, DirectoryError> {
        let oldest = self.oldest(now).await?.filter(|oldest| *oldest > after);
        let Some(oldest) = oldest.or(beyond.map(|batch| batch.first)) else {
            return Ok(Behind {
                entries: Vec::new(),
                next: after,
                is_over: true,
            });
        };
        let entry = FeedEntry::resync_required(ResyncReason::Expired, None, now);
        Ok(Behind {
            entries: vec![(oldest.before(), entry)],
            next: oldest.before(),
            is_over: false,
        })
    }

    /// Whether the feed has a batch that begins behind a position.
    pub(in crate::journal) async fn has_behind(
        &self,
        after: Position,
    ) -> Result<bool, DirectoryError> {
        let range = self.range(successor(after), Position::LAST);
        let found = self.table.query(&range, Some(1)).await?;
        Ok(!found.is_empty())
    }

    /// The position up to which the feed was at an instant; 0 if it has nothing as old as that.
    pub(in crate::journal) async fn end_at(
        &self,
        instant: Timestamp,
    ) -> Result<Position, DirectoryError> {
        let range = self.range(Position::BEGINNING, Position::LAST);
        let mut pages = self.table.pages(&range, Direction::Descending);
        while let Some(items) = pages.next_of(Some(BATCHES_AT_ONCE)).await? {
            for item in &items {
                let batch = Batch::read(item)?;
                if batch.appended <= instant {
                    return Ok(batch.last());
                }
            }
        }
        Ok(Position::BEGINNING)
    }
}

/// The value behind a position, whatever its epoch.
fn successor(position: Position) -> Position {
    Position::new(position.value().saturating_add(1)).unwrap_or(Position::LAST)
}
