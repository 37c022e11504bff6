//! What a writer knows of the end of a feed. A warm process keeps it for its next batch.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use scim_core::ResourceId;
use scim_core::event::{EntryKey, Epoch, FeedEntry, Position, Sum};

use super::batch::Batch;
use crate::limits::{CONTESTED, TAIL_AGE};

/// How far back the batches are known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Horizon {
    /// To the beginning of the epoch.
    Beginning,
    /// All batches with records of a later time than this, in seconds since 1970.
    After(i64),
}

/// The end of a feed in one epoch, as one writer knows it.
#[derive(Clone, Debug)]
pub struct Tail {
    epoch: Epoch,
    /// Where the next entry goes.
    next: Position,
    /// The greatest time of a record so far.
    greatest: i64,
    sum: Option<Sum>,
    reach: Horizon,
    known: VecDeque<KnownBatch>,
    /// What an earlier epoch left.
    earlier: Earlier,
    /// Until when another writer may be appending, too.
    contested: Option<Timestamp>,
}

/// What the feed has before its first entry of the epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Earlier {
    /// Nothing.
    Nothing,
    /// An earlier epoch.
    Epoch,
    /// Not known, because the epoch has entries.
    Begun,
}

/// A batch that is known.
#[derive(Clone, Debug)]
struct KnownBatch {
    first: Position,
    greatest: i64,
    keys: BTreeSet<EntryKey>,
    introduced: BTreeSet<ResourceId>,
}

impl KnownBatch {
    fn of(batch: &Batch) -> Self {
        Self {
            first: batch.first,
            greatest: batch.greatest,
            keys: batch.keys().collect(),
            introduced: introduced(&batch.entries).collect(),
        }
    }
}

/// The users and groups that entries introduce.
pub(crate) fn introduced(entries: &[FeedEntry]) -> impl Iterator<Item = ResourceId> {
    let introduced = entries.iter().filter_map(FeedEntry::introduces);
    introduced.map(|(_, id)| id)
}

/// The feed ends in a later epoch than the writer's, which is a leftover of an earlier stream or tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LaterEpoch;

impl Tail {
    /// The end of a feed whose last batch is this one, of an epoch or of an earlier one.
    pub(crate) fn of(last: Option<&Batch>, epoch: Epoch) -> Result<Self, LaterEpoch> {
        let start = Self {
            epoch,
            next: Position::first_of(epoch),
            greatest: i64::MIN,
            sum: None,
            reach: Horizon::Beginning,
            known: VecDeque::new(),
            earlier: Earlier::Nothing,
            contested: None,
        };
        let Some(last) = last else {
            return Ok(start);
        };
        if last.first.epoch() > epoch {
            return Err(LaterEpoch);
        }
        if last.first.epoch() < epoch {
            return Ok(Self {
                earlier: Earlier::Epoch,
                ..start
            });
        }
        let mut tail = Self {
            reach: Horizon::After(last.greatest),
            earlier: Earlier::Begun,
            ..start
        };
        tail.push(last);
        Ok(tail)
    }

    /// The same as if it were of another epoch.
    #[cfg(test)]
    pub(crate) fn forged(self, epoch: Epoch) -> Self {
        Self { epoch, ..self }
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    pub(crate) const fn next(&self) -> Position {
        self.next
    }

    pub(crate) const fn greatest(&self) -> i64 {
        self.greatest
    }

    pub(crate) const fn sum(&self) -> Option<Sum> {
        self.sum
    }

    pub(crate) const fn earlier(&self) -> Earlier {
        self.earlier
    }

    /// Whether every batch is known that can have a record of this time, in seconds since 1970.
    pub(crate) const fn reaches(&self, time: i64) -> bool {
        match self.reach {
            Horizon::Beginning => true,
            Horizon::After(bound) => bound < time,
        }
    }

    /// The first position that is known; older batches are before it.
    pub(crate) fn oldest(&self) -> Position {
        self.known.front().map_or(self.next, |known| known.first)
    }

    /// Adds the batch before those that are known, or that there is none.
    pub(crate) fn extend_back(&mut self, before: Option<&Batch>) {
        match before.filter(|batch| batch.first.epoch() == self.epoch) {
            None => self.reach = Horizon::Beginning,
            Some(batch) => {
                self.reach = Horizon::After(batch.greatest);
                self.known.push_front(KnownBatch::of(batch));
            }
        }
    }

    /// Adds the batch after the end.
    pub(crate) fn push(&mut self, batch: &Batch) {
        self.next = batch.last().next().unwrap_or(self.next);
        self.greatest = batch.greatest;
        self.sum = batch.sum;
        self.earlier = Earlier::Begun;
        self.known.push_back(KnownBatch::of(batch));
    }

    /// Whether the feed has this entry.
    pub(crate) fn has(&self, key: &EntryKey) -> bool {
        self.known.iter().any(|known| known.keys.contains(key))
    }

    /// Whether a batch that is known introduces this user or group.
    pub(crate) fn introduces(&self, id: ResourceId) -> bool {
        let mut known = self.known.iter();
        known.any(|known| known.introduced.contains(&id))
    }

    /// Notes that another writer was faster.
    pub(crate) fn contest(&mut self, now: Timestamp) {
        self.contested = now.saturating_add(CONTESTED).ok();
    }

    /// Whether another writer may be appending, too. Then it costs less to look before a put that may be refused.
    pub(crate) fn is_contested(&self, now: Timestamp) -> bool {
        self.contested.is_some_and(|until| now < until)
    }

    /// Forgets batches that are older than any record that is still on its way.
    pub(crate) fn trim(&mut self, now: Timestamp) {
        let bound = now.saturating_sub(TAIL_AGE).unwrap_or(now).as_second();
        while let Some(known) = self.known.front()
            && known.greatest < bound
            && self.known.len() > 1
        {
            self.reach = Horizon::After(known.greatest);
            self.known.pop_front();
        }
    }
}
