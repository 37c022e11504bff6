//! Appends the entries of records to the feed: performs the steps of `append`.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::future::try_join_all;
use jiff::Timestamp;
use scim_core::event::{
    Epoch, FeedEntry, Gone, MemberChange, MemberSets, Position, ResyncReason, VersionChange, derive,
};
use scim_core::sort::Direction;
use scim_core::{Catalogue, ResourceId, ResourceKind};

use super::append::{Appender, Ask, FeedRecord, Setting, TableAnswer};
use super::batch::Batch;
use super::image::read_gone;
use super::tail::Tail;
use super::{Feed, ImageError, StreamChange, expiry, introduced};
use crate::limits::{BATCHES_AT_ONCE, EARLIER_TENANT, FEED_RENEWAL};
use crate::people::add_members;
use crate::table::keys::attribute::resource::CREATED;
use crate::table::keys::attribute::{EXPIRES, delta};
use crate::table::keys::{self, Key, Partition};
use crate::table::{
    self, ConditionExpression, DirectoryError, Item, ItemUpdate, Put, Range, binary, corrupt, n,
    number, sort_key, stream_note_expiry,
};
use crate::tenants::Tenant;

/// The result of an append.
#[derive(Debug)]
pub struct Appended {
    /// The numbers of the records that must be retried: a member that joins was not introduced yet.
    pub left: BTreeSet<String>,
    /// How many entries were appended.
    pub entries: usize,
    /// The known end of the feed, for the next records.
    pub tail: Option<Tail>,
}

impl Feed {
    /// Keeps the last batch of an idle feed, because only this batch shows which positions are taken. Returns whether its
    /// expiry was extended.
    ///
    /// # Errors
    ///
    /// When the table does not answer, or the batch cannot be read.
    pub async fn renew(&self, now: Timestamp) -> Result<bool, DirectoryError> {
        let last = self.before(None).await?;
        let end = now.saturating_add(FEED_RENEWAL).unwrap_or(now).as_second();
        let Some(last) = last.first().filter(|last| last.expires < end) else {
            return Ok(false);
        };
        let key = keys::batch(self.table.tenant(), last.first);
        let renewed = ItemUpdate::of(key)
            .set(EXPIRES, n(expiry(now)))
            .when(ConditionExpression::Present);
        Ok(matches!(self.table.update(&renewed).await?, Put::Done))
    }

    /// Appends what the feed does not have of these records, each once and in order. `streamed` is when the stream began,
    /// and `tail` what an earlier call returned. The tenant must be as stored now, because an earlier one with the same id has
    /// a feed of its own.
    ///
    /// # Errors
    ///
    /// When the table does not answer: the records must be retried.
    pub async fn append(
        &self,
        records: Vec<Result<StreamChange, ImageError>>,
        tenant: &Tenant,
        streamed: Timestamp,
        tail: Option<Tail>,
        now: Timestamp,
    ) -> Result<Appended, DirectoryError> {
        let began = streamed.max(tenant.created);
        let epoch = Epoch::at(began).ok_or_else(|| corrupt("time"))?;
        let setting = Setting {
            now,
            epoch,
            streamed,
            is_whole: tenant.is_fed,
        };
        let incoming = self.incoming(records, tenant).await?;
        let new: BTreeSet<ResourceId> = incoming
            .iter()
            .flat_map(|record| super::tail::introduced(&record.entries))
            .collect();
        let mut appender = Appender::new(setting, tail, incoming);
        loop {
            let told = match appender.ask() {
                Ask::Before(position) => TableAnswer::Before(self.before(position).await?),
                Ask::From(position) => TableAnswer::From(self.from(position).await?),
                Ask::Introduced(ids) => TableAnswer::Introduced(self.introduced(&ids).await?),
                Ask::Created(members) => TableAnswer::Created(self.created(&members).await?),
                Ask::Put(batch) => self.put(batch).await?,
                Ask::Nothing => break,
            };
            appender.tell(told);
        }
        let left: BTreeSet<String> = appender.left().into_iter().map(str::to_owned).collect();
        // Also for records that were in the feed already: their writer may have stopped before this step.
        let noted = new.into_iter().filter(|id| appender.introduces(*id));
        self.note(noted, now).await?;
        Ok(Appended {
            left,
            entries: appender.appended(),
            tail: appender.into_tail(),
        })
    }

    /// The entries of records. A record that cannot be read gives one that says so.
    async fn incoming(
        &self,
        records: Vec<Result<StreamChange, ImageError>>,
        tenant: &Tenant,
    ) -> Result<Vec<FeedRecord>, DirectoryError> {
        let bound = tenant.created.saturating_sub(EARLIER_TENANT).ok();
        let is_earlier = |change: &StreamChange| {
            let written = change.written().zip(bound);
            written.is_some_and(|(written, bound)| written < bound)
        };
        let mut incoming = Vec::with_capacity(records.len());
        let changes = records.iter().filter_map(|record| record.as_ref().ok());
        let deletions: Vec<Key> = changes.filter_map(StreamChange::gone_key).collect();
        let gone = self.gone(&deletions).await?;
        for record in records {
            match record {
                Err(error) => incoming.push(error.incoming()),
                Ok(change) if is_earlier(&change) => {}
                Ok(mut change) => {
                    self.read_lists(&mut change).await?;
                    let gone = change.gone_key().and_then(|key| gone.get(&key));
                    let entries = change.entries(gone, tenant.catalogue());
                    incoming.push(entries);
                }
            }
        }
        incoming.retain(|record| !record.entries.is_empty());
        Ok(incoming)
    }

    /// The notes of deletions.
    async fn gone(&self, keys: &[Key]) -> Result<BTreeMap<Key, Gone>, DirectoryError> {
        let unique: BTreeSet<&Key> = keys.iter().collect();
        let wanted: Vec<Key> = unique.into_iter().cloned().collect();
        let found = self.table.batch_get(&wanted).await?;
        let pk = Partition::Gone.of(self.table.tenant());
        let by_key = found.iter().map(|item| {
            let key = Key {
                pk: pk.clone(),
                sk: sort_key(item).to_owned(),
            };
            (key, read_gone(item))
        });
        Ok(by_key.collect())
    }

    /// Reads the lists of a large change. A list that expired leaves the members unknown.
    async fn read_lists(&self, change: &mut StreamChange) -> Result<(), DirectoryError> {
        let group = change.id;
        let Some(after) = &mut change.after else {
            return Ok(());
        };
        let MemberChange::Listed(number_of) = after.members else {
            return Ok(());
        };
        let write = after.stamp.txn.as_deref().unwrap_or_default();
        let pk = Partition::Delta.of(self.table.tenant());
        let range = Range::prefix(pk, &keys::delta_lists_prefix(group, write));
        let lists = self.table.query(&range, None).await?;
        after.members =
            joined(&lists, number_of).map_or(MemberChange::Unknown, MemberChange::Known);
        Ok(())
    }

    /// The last batches before a position, from the last one on.
    async fn before(&self, position: Option<Position>) -> Result<Vec<Batch>, DirectoryError> {
        let end = match position {
            None => Position::LAST,
            Some(position) => position.before(),
        };
        let range = self.range(Position::BEGINNING, end);
        // The end of a feed is usually all that is needed.
        let most = position.map_or(1, |_| BATCHES_AT_ONCE);
        let items = self
            .table
            .query_in(&range, Some(most), Direction::Descending)
            .await?;
        items.iter().map(Batch::read).collect()
    }

    /// The batches from a position on. One that this misses has the position of the next put, which is refused then.
    async fn from(&self, position: Position) -> Result<Vec<Batch>, DirectoryError> {
        let range = self.range(position, Position::LAST);
        let pages = self.table.pages(&range, Direction::Ascending);
        let (mut pages, mut batches) = (pages.eventually(), Vec::new());
        while let Some(items) = pages.next().await? {
            for item in &items {
                batches.push(Batch::read(item)?);
            }
        }
        Ok(batches)
    }

    /// Which of these users and groups have a note that the feed introduced them.
    async fn introduced(&self, ids: &[ResourceId]) -> Result<BTreeSet<ResourceId>, DirectoryError> {
        let wanted: Vec<Key> = ids.iter().map(|id| introduced(&self.table, *id)).collect();
        let found = self.table.batch_keys(&wanted).await?;
        let ids = found.iter().map(|item| ResourceId::parse(sort_key(item)));
        Ok(ids.flatten().collect())
    }

    /// When users and groups were created, by their items or the notes of their deletions.
    async fn created(
        &self,
        members: &[(Option<ResourceKind>, ResourceId)],
    ) -> Result<BTreeMap<ResourceId, Timestamp>, DirectoryError> {
        let tenant = self.table.tenant();
        let wanted: Vec<Key> = members
            .iter()
            .flat_map(|(kind, id)| {
                let kinds = match kind {
                    Some(kind) => vec![*kind],
                    None => vec![ResourceKind::User, ResourceKind::Group],
                };
                kinds
                    .into_iter()
                    .map(|kind| keys::resource(tenant, kind, *id))
            })
            .collect();
        let found = self.table.batch_get(&wanted).await?;
        let mut created: BTreeMap<ResourceId, Timestamp> = found.iter().filter_map(dated).collect();
        let absent = members.iter().filter(|(_, id)| !created.contains_key(id));
        let notes = absent.map(|(_, id)| async move {
            let pk = Partition::Gone.of(self.table.tenant());
            let range = Range::prefix(pk, &format!("{id}#"));
            let notes = self.table.branch().query(&range, Some(1)).await?;
            let at = notes.first().and_then(|item| dated(item).map(|(_, at)| at));
            Ok::<_, DirectoryError>(at.map(|at| (*id, at)))
        });
        let notes = try_join_all(notes.collect::<Vec<_>>()).await?;
        created.extend(notes.into_iter().flatten());
        Ok(created)
    }

    async fn put(&self, batch: Batch) -> Result<TableAnswer, DirectoryError> {
        match self.table.update(&batch.put(self.table.tenant())).await? {
            Put::Done => Ok(TableAnswer::Appended(batch)),
            Put::ConditionFailed(Some(item)) => Batch::read(&item).map(TableAnswer::Refused),
            Put::ConditionFailed(None) => Err(corrupt("batch of the feed")),
        }
    }

    /// Notes that the feed has introduced users and groups.
    async fn note(
        &self,
        ids: impl Iterator<Item = ResourceId>,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let expires = stream_note_expiry(now);
        let note = |id| table::item(&introduced(&self.table, id), [(EXPIRES, n(expires))]);
        self.table.batch_put(ids.map(note).collect()).await
    }
}

/// Whose item it is, and when it was created; the sort key begins with the id.
fn dated(item: &Item) -> Option<(ResourceId, Timestamp)> {
    let id = ResourceId::parse(sort_key(item).split('#').next()?);
    let created = number(item, CREATED).and_then(|millis| Timestamp::from_millisecond(millis).ok());
    id.zip(created)
}

/// The members of all lists; `None` if one is missing.
fn joined(lists: &[Item], number_of: usize) -> Option<MemberSets> {
    let mut members = MemberSets::default();
    for list in lists {
        add_members(&mut members, binary(list, delta::MEMBERS)?)?;
    }
    (lists.len() == number_of).then_some(members)
}

impl ImageError {
    /// What the feed says of a record that cannot be read.
    fn incoming(self) -> FeedRecord {
        let Self { sequence, time, .. } = self;
        let at = Timestamp::from_second(time).unwrap_or(Timestamp::UNIX_EPOCH);
        let reason = ResyncReason::Unreadable;
        FeedRecord {
            entries: vec![FeedEntry::resync_required(reason, Some(&sequence), at)],
            sequence,
            time,
        }
    }
}

impl StreamChange {
    /// The entries that follow from the change.
    fn entries(self, gone: Option<&Gone>, catalogue: &Catalogue) -> FeedRecord {
        let (before, after) = (self.before.as_ref(), self.after.as_ref());
        let recorded = Timestamp::from_second(self.time).unwrap_or(Timestamp::UNIX_EPOCH);
        let derived = catch_unwind(AssertUnwindSafe(|| {
            let change = VersionChange::between(before, after, gone)?;
            derive(change, recorded, catalogue).ok()
        }));
        match derived {
            Ok(Some(entries)) => FeedRecord {
                sequence: self.sequence,
                time: self.time,
                entries,
            },
            Ok(None) | Err(_) => ImageError {
                tenant: self.tenant,
                sequence: self.sequence,
                time: self.time,
            }
            .incoming(),
        }
    }
}
