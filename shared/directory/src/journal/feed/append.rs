//! The steps of a feed writer, without I/O: its next request to the table, and what follows from the answer.
//!
//! A writer that stops before its put leaves nothing behind. If it stops after the put, its records are retried, found in
//! the feed and dropped. If two writers put at the same position, one put fails: its writer reads the batch there and
//! continues after it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use scim_core::event::Position;
use scim_core::event::{Epoch, FeedEntry, ResyncReason, Sum, arranged};
use scim_core::{ResourceId, ResourceKind};

use super::batch::{Batch, fitting};
use super::expiry;
use super::joining::{Introduction, WaitingEntry, kinds, unknown_members};
use super::tail::{Earlier, LaterEpoch, Tail};
use crate::limits::{INTRODUCED_BY_AGE, INTRODUCTION_WAIT, LOOK_BACK};

/// A stream record from which entries are derived.
#[derive(Clone, Debug)]
pub(crate) struct FeedRecord {
    /// Its number in the stream.
    pub(crate) sequence: String,
    /// Its time, in seconds since 1970.
    pub(crate) time: i64,
    pub(crate) entries: Vec<FeedEntry>,
}

/// A writer's request to the table.
#[derive(Debug)]
pub(crate) enum Ask {
    /// The last batches before a position, or of the whole feed, consistently, from the last one on.
    Before(Option<Position>),
    /// Which of these users and groups were introduced.
    Introduced(Vec<ResourceId>),
    /// When these users and groups were created, including deleted ones.
    Created(Vec<(Option<ResourceKind>, ResourceId)>),
    /// Batches from this position on; the newest may be missing.
    From(Position),
    /// Append a batch if its first position is free.
    Put(Batch),
    /// The writer is done.
    Nothing,
}

/// An answer of the table.
#[derive(Debug)]
pub(crate) enum TableAnswer {
    /// The batches before, from the last one on; none at the beginning.
    Before(Vec<Batch>),
    Introduced(BTreeSet<ResourceId>),
    Created(BTreeMap<ResourceId, Timestamp>),
    From(Vec<Batch>),
    Appended(Batch),
    /// Another batch has this position.
    Refused(Batch),
}

/// What a writer knows when it begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) now: Timestamp,
    /// The epoch of the stream and the tenant.
    pub(crate) epoch: Epoch,
    /// When the stream began.
    pub(crate) streamed: Timestamp,
    /// Whether the feed has everything since the tenant was created.
    pub(crate) is_whole: bool,
}

/// A writer that appends the entries of some records.
#[derive(Clone, Debug)]
pub(crate) struct Appender {
    setting: Setting,
    tail: Option<Tail>,
    /// The entries that are not in the feed, in the order in which they can be appended.
    waiting: Vec<WaitingEntry>,
    /// Members that were looked for, each with whether the feed introduced it before.
    members: BTreeMap<ResourceId, Introduction>,
    /// Whether the batches of other writers were read since the last put failed.
    has_looked: bool,
    /// The feed ends in a later epoch, so these records do not belong to it.
    is_over: bool,
    appended: usize,
}

/// How much further back than its oldest record a writer looks, in seconds.
#[cfg(not(test))]
const fn look_back() -> i64 {
    LOOK_BACK
}

/// A test may plant a mistake.
#[cfg(test)]
fn look_back() -> i64 {
    super::model::look_back(LOOK_BACK)
}

impl Appender {
    /// A writer of these records, which begins with what it knows of the feed's end. Knowledge of another
    /// epoch is ignored.
    pub(crate) fn new(setting: Setting, tail: Option<Tail>, records: Vec<FeedRecord>) -> Self {
        let mut keys = BTreeSet::new();
        let mut entries = Vec::new();
        for record in records {
            for entry in record.entries {
                // An entry without a key could not be found in the feed, so each retry would append it again.
                let Some(key) = entry.key().filter(|key| keys.insert(key.clone())) else {
                    continue;
                };
                entries.push(WaitingEntry {
                    sequence: record.sequence.clone(),
                    time: record.time,
                    entry,
                    key,
                });
            }
        }
        Self {
            setting,
            tail: tail.filter(|tail| tail.epoch() == setting.epoch),
            waiting: arranged(entries, |waiting: &WaitingEntry| &waiting.entry),
            members: BTreeMap::new(),
            has_looked: false,
            is_over: false,
            appended: 0,
        }
    }

    /// The next request. It stays the same until its answer arrives.
    pub(crate) fn ask(&mut self) -> Ask {
        let oldest = self.waiting.iter().map(|waiting| waiting.time).min();
        let Some(oldest) = oldest.filter(|_| !self.is_over) else {
            return Ask::Nothing;
        };
        let Some(tail) = &self.tail else {
            return Ask::Before(None);
        };
        if !tail.reaches(oldest.saturating_sub(look_back())) {
            return Ask::Before(Some(tail.oldest()));
        }
        self.waiting.retain(|waiting| !tail.has(&waiting.key));
        if self.waiting.is_empty() {
            return Ask::Nothing;
        }
        if tail.is_contested(self.setting.now) && !self.has_looked {
            return Ask::From(tail.next());
        }
        let unknown = unknown_members(&self.waiting, &self.members, tail);
        if !unknown.is_empty() {
            return Ask::Introduced(unknown.into_keys().collect());
        }
        let undated = self.members.iter();
        let undated: BTreeSet<ResourceId> = undated
            .filter(|(_, state)| **state == Introduction::NotNoted)
            .map(|(id, _)| *id)
            .collect();
        if !undated.is_empty() {
            let kinds = kinds(&self.waiting);
            let dated = undated.into_iter();
            return Ask::Created(dated.map(|id| (kinds.get(&id).copied(), id)).collect());
        }
        // The note of an introduction is missing if its writer died, so the feed itself must be asked.
        if let Some(since) = self.missing_since(tail)
            && !tail.reaches(since.saturating_sub(LOOK_BACK))
        {
            return Ask::Before(Some(tail.oldest()));
        }
        match self.batch(tail) {
            Some(batch) => Ask::Put(batch),
            None => Ask::Nothing,
        }
    }

    /// Takes the answer to the last request.
    pub(crate) fn tell(&mut self, told: TableAnswer) {
        let now = self.setting.now;
        match (told, &mut self.tail) {
            (TableAnswer::Before(batches), None) => self.begin(&batches),
            (TableAnswer::Before(batches), Some(tail)) => extend_back(tail, &batches),
            (TableAnswer::Introduced(found), Some(tail)) => {
                let asked = unknown_members(&self.waiting, &self.members, tail);
                self.members.extend(asked.into_keys().map(|id| {
                    let state = match found.contains(&id) {
                        true => Introduction::Done,
                        false => Introduction::NotNoted,
                    };
                    (id, state)
                }));
            }
            (TableAnswer::Created(created), _) => {
                let asked = self.members.iter_mut();
                for (id, state) in asked.filter(|(_, state)| **state == Introduction::NotNoted) {
                    // A user or group that is not found was deleted long ago.
                    let young = created.get(id).filter(|at| self.setting.is_young(**at));
                    *state = young.map_or(Introduction::Done, |at| {
                        Introduction::Missing(at.as_second())
                    });
                }
            }
            (TableAnswer::From(batches), Some(tail)) => {
                self.has_looked = true;
                for batch in &batches {
                    self.is_over |= batch.first.epoch() > tail.epoch();
                    if batch.first == tail.next() {
                        tail.push(batch);
                    }
                }
            }
            (TableAnswer::Appended(batch), Some(tail)) => {
                self.appended += batch.entries.len();
                tail.push(&batch);
            }
            (TableAnswer::Refused(batch), Some(tail)) => {
                self.has_looked = false;
                tail.contest(now);
                tail.push(&batch);
            }
            (_, None) => {}
        }
    }

    /// Begins with the last batches of the feed.
    fn begin(&mut self, batches: &[Batch]) {
        let (last, others) = match batches.split_first() {
            Some((last, others)) => (Some(last), others),
            None => (None, batches),
        };
        match Tail::of(last, self.setting.epoch) {
            Ok(mut tail) => {
                for batch in others {
                    tail.extend_back(Some(batch));
                }
                self.tail = Some(tail);
            }
            Err(LaterEpoch) => self.is_over = true,
        }
    }

    /// When the oldest member was created that the next batch would name in `early`.
    fn missing_since(&self, tail: &Tail) -> Option<i64> {
        let waiting = self.waiting.iter();
        let waited = waiting.filter(|waiting| self.setting.has_waited(waiting));
        let added = waited.flat_map(|waiting| &waiting.entry.data().members.added);
        let missing = added.filter_map(|member| match self.members.get(&member.id) {
            Some(Introduction::Missing(since)) if !tail.introduces(member.id) => Some(*since),
            _ => None,
        });
        missing.min()
    }

    /// The next batch; `None` if everything waits for the introduction of members.
    fn batch(&self, tail: &Tail) -> Option<Batch> {
        let mut entries = Vec::new();
        let mut greatest = tail.greatest();
        let mut introduced = BTreeSet::new();
        let mut held = BTreeSet::new();
        for waiting in &self.waiting {
            let mut entry = waiting.entry.clone();
            let is_early = |id: ResourceId| {
                !introduced.contains(&id)
                    && !tail.introduces(id)
                    && self.members.get(&id) != Some(&Introduction::Done)
            };
            let subject = entry.subject().map(|(_, id)| id);
            if subject.is_some_and(|id| held.contains(&id)) {
                continue;
            }
            let mut added = entry.data().members.added.iter();
            if added.any(|member| is_early(member.id)) {
                if !self.setting.has_waited(waiting) {
                    held.extend(subject);
                    continue;
                }
                entry.name_early(is_early);
            }
            introduced.extend(entry.introduces().map(|(_, id)| id));
            greatest = greatest.max(waiting.time);
            entries.push(entry);
        }
        if entries.is_empty() {
            return None;
        }
        let (opening, sum) = self.opening(tail);
        entries.splice(0..0, opening);
        let fits = fitting(&mut entries);
        entries.truncate(fits);
        Some(Batch {
            first: tail.next(),
            sum: entries.iter().fold(sum, sum_after),
            entries,
            greatest,
            appended: self.setting.now,
            expires: expiry(self.setting.now),
        })
    }

    /// The entry that opens an epoch, and the sum before the next entry.
    fn opening(&self, tail: &Tail) -> (Option<FeedEntry>, Option<Sum>) {
        let now = self.setting.now;
        match (tail.earlier(), self.setting.is_whole) {
            (Earlier::Begun, _) => (None, tail.sum()),
            (Earlier::Nothing, true) => (None, Some(Sum::EMPTY)),
            (Earlier::Nothing, false) => (Some(FeedEntry::baseline(now)), None),
            (Earlier::Epoch, _) => {
                let reason = ResyncReason::Restored;
                (Some(FeedEntry::resync_required(reason, None, now)), None)
            }
        }
    }

    /// The numbers of the records that have an entry which is not in the feed.
    pub(crate) fn left(&self) -> BTreeSet<&str> {
        match self.is_over {
            true => BTreeSet::new(),
            false => self
                .waiting
                .iter()
                .map(|one| one.sequence.as_str())
                .collect(),
        }
    }

    /// Whether the feed is known to introduce this user or group.
    pub(crate) fn introduces(&self, id: ResourceId) -> bool {
        self.tail.as_ref().is_some_and(|tail| tail.introduces(id))
    }

    /// How many entries this writer has appended.
    pub(crate) const fn appended(&self) -> usize {
        self.appended
    }

    /// What it knows of the feed's end.
    pub(crate) fn into_tail(self) -> Option<Tail> {
        let now = self.setting.now;
        self.tail.map(|mut tail| {
            tail.trim(now);
            tail
        })
    }
}

impl Setting {
    /// Whether the members that join with an entry were waited for.
    fn has_waited(&self, waiting: &WaitingEntry) -> bool {
        let age = self.now.as_second().saturating_sub(waiting.time);
        age >= INTRODUCTION_WAIT
    }

    /// Whether a user or group that was created at this time may not have been introduced yet.
    fn is_young(&self, created: Timestamp) -> bool {
        created >= self.streamed && self.now.duration_since(created) <= INTRODUCED_BY_AGE
    }
}

fn extend_back(tail: &mut Tail, batches: &[Batch]) {
    if batches.is_empty() {
        tail.extend_back(None);
    }
    for batch in batches {
        tail.extend_back(Some(batch));
    }
}

fn sum_after(sum: Option<Sum>, entry: &FeedEntry) -> Option<Sum> {
    if entry.breaks_sum() {
        return None;
    }
    match entry.effect() {
        Some(effect) => sum.map(|sum| sum.after(&effect)),
        None => sum,
    }
}
