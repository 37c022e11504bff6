//! What happens in a world of the model: the records of the stream, and the times at which its clock can stand.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use scim_core::event::{
    EntryData, Epoch, EventType, FeedEntry, GroupMember, MemberLists, Stamp, Sum,
};
use scim_core::{ResourceId, ResourceKind, Version};

use super::super::append::{FeedRecord, Setting};
use super::{Mistake, planted};

/// When the tenant was created. A minute begins.
const BIRTH: i64 = 1_800_000_000;
/// When the tenant was created again, in seconds after its first creation.
const REBIRTH: i64 = 600;
pub(super) const SHARDS: usize = 3;

/// The records of each shard of a tenant.
pub(super) type Streams = [Vec<FeedRecord>; SHARDS];

#[derive(Debug)]
pub(super) struct Script {
    pub(super) name: &'static str,
    /// The times of the clock, in seconds after the creation of the tenant.
    pub(super) clock: Vec<i64>,
    /// The records of the tenant, and of the tenant that is created again.
    pub(super) streams: [Streams; 2],
    /// Until when the clock stands while the tenant is created again.
    pub(super) again: Option<usize>,
    /// Whether the time of a record is not always told alike.
    pub(super) is_vague: bool,
    pub(super) deaths: u8,
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(BIRTH + second).unwrap()
}

pub(super) fn id(n: u8) -> ResourceId {
    ResourceId::from_bytes([n; 16])
}

/// Whoever is older than the stream.
pub(super) const OLD: u8 = 3;

impl Script {
    /// Two users, one of whom is kept after a deletion and comes back, and a group that they join.
    pub(super) fn users_and_group() -> Self {
        Self {
            name: "users and group",
            clock: vec![5, 12, 13, 64, 125],
            streams: [
                [
                    vec![user(1, 1, 1), kept(4, 1, 2), back(5, 1, 3)],
                    vec![user(1, 2, 1), deleted(64, 2, 2)],
                    vec![group(3, 1, &[1, OLD]), group(4, 2, &[2]), group(64, 3, &[])],
                ],
                Streams::default(),
            ],
            again: None,
            is_vague: false,
            deaths: 2,
        }
        .numbered()
    }

    /// Two users whose records have the same time, which is told as a minute later now and then.
    pub(super) fn users() -> Self {
        Self {
            name: "users",
            clock: vec![5, 61, 130, 400],
            streams: [
                [
                    vec![user(1, 1, 1)],
                    vec![user(1, 2, 1), kept(1, 2, 2), back(1, 2, 3)],
                    vec![],
                ],
                Streams::default(),
            ],
            again: None,
            is_vague: true,
            deaths: 2,
        }
        .numbered()
    }

    /// A group that takes in users of the day before.
    pub(super) fn next_day() -> Self {
        let day = 26 * 3600;
        Self {
            name: "next day",
            clock: vec![2, 100, 110, day, day + 9, day + 10],
            streams: [
                [
                    vec![user(1, 1, 1)],
                    vec![user(1, 2, 1), user(day, 5, 1)],
                    vec![group(100, 1, &[1]), group(day, 2, &[2, 5])],
                ],
                Streams::default(),
            ],
            again: None,
            is_vague: false,
            deaths: 2,
        }
        .numbered()
    }

    /// The tenant is deleted and created again while its writers still work.
    pub(super) fn created_again() -> Self {
        Self {
            name: "created again",
            clock: vec![5, 602, 615],
            streams: [
                [
                    vec![user(1, 1, 1)],
                    vec![user(2, 2, 1)],
                    vec![group(3, 1, &[1])],
                ],
                [
                    vec![user(601, 11, 1), user(602, 11, 2)],
                    vec![user(601, 12, 1)],
                    vec![group(602, 1, &[11])],
                ],
            ],
            again: Some(0),
            is_vague: false,
            deaths: 2,
        }
        .numbered()
    }

    /// Gives each record its number.
    fn numbered(mut self) -> Self {
        for (shard, records) in self.streams.iter_mut().flatten().enumerate() {
            for (n, record) in records.iter_mut().enumerate() {
                record.sequence = format!("{shard}-{n:02}");
            }
        }
        self
    }

    pub(super) fn setting(&self, tenant: usize, clock: u8) -> Setting {
        Setting {
            now: at(self.clock[usize::from(clock)]),
            epoch: Self::epoch(tenant),
            streamed: at(-1000),
            is_whole: true,
        }
    }

    pub(super) fn epoch(tenant: usize) -> Epoch {
        Epoch::at(at([0, REBIRTH][tenant])).unwrap()
    }

    /// When the users and groups were created.
    pub(super) fn created(&self) -> BTreeMap<ResourceId, Timestamp> {
        let records = self.streams.iter().flatten().flatten();
        let first = records.filter_map(|record| {
            let (_, id) = record.entries[0].introduces()?;
            Some((id, Timestamp::from_second(record.time).unwrap()))
        });
        first.chain([(id(OLD), at(-2000))]).collect()
    }

    /// How many records of a shard have been written by now.
    pub(super) fn written(&self, tenant: usize, shard: usize, clock: u8) -> usize {
        let now = BIRTH + self.clock[usize::from(clock)];
        let records = self.streams[tenant][shard].iter();
        records.take_while(|record| record.time <= now).count()
    }

    /// The sum of what is in the table at the end.
    pub(super) fn sum(&self, tenant: usize) -> Sum {
        let mut live = BTreeMap::new();
        for entry in self.streams[tenant].iter().flatten().flat_map(entries) {
            let version = entry.data().version.unwrap();
            let is_gone = entry.data().deleted || entry.name().ends_with(".deleted");
            live.insert(entry.subject().unwrap(), (version, is_gone));
        }
        let live = live.into_iter().filter(|(_, (_, is_gone))| !is_gone);
        live.fold(Sum::EMPTY, |sum, ((kind, id), (version, _))| {
            sum.with(kind, id, version)
        })
    }

    /// The ids of a tenant.
    pub(super) fn ids(&self, tenant: usize) -> BTreeSet<ResourceId> {
        let entries = self.streams[tenant].iter().flatten().flat_map(entries);
        entries.map(|entry| entry.data().id.unwrap()).collect()
    }
}

fn entries(record: &FeedRecord) -> &[FeedEntry] {
    &record.entries
}

fn record(time: i64, what: EventType, of: u8, version: u64, data: EntryData) -> FeedRecord {
    let data = EntryData {
        id: Some(id(of)),
        version: Some(Version(version)),
        previous_version: (version > 1 && !data.restored).then(|| Version(version - 1)),
        ..data
    };
    FeedRecord {
        sequence: String::new(),
        time: BIRTH + time,
        entries: vec![FeedEntry::new(what, at(time), Stamp::default(), data)],
    }
}

fn user(time: i64, of: u8, version: u64) -> FeedRecord {
    let what = match version {
        1 => EventType::UserCreated,
        _ => EventType::UserUpdated,
    };
    record(time, what, of, version, EntryData::default())
}

/// The version of a deletion.
fn last(version: u64) -> u64 {
    match planted() {
        Some(Mistake::OldVersion) => version - 1,
        _ => version,
    }
}

fn kept(time: i64, of: u8, version: u64) -> FeedRecord {
    let data = EntryData {
        deleted: true,
        ..EntryData::default()
    };
    record(time, EventType::UserDeactivated, of, last(version), data)
}

fn back(time: i64, of: u8, version: u64) -> FeedRecord {
    let data = EntryData {
        restored: true,
        ..EntryData::default()
    };
    record(time, EventType::UserReactivated, of, version, data)
}

fn deleted(time: i64, of: u8, version: u64) -> FeedRecord {
    let data = EntryData::default();
    record(time, EventType::UserDeleted, of, last(version), data)
}

fn group(time: i64, version: u64, adds: &[u8]) -> FeedRecord {
    let what = match version {
        1 => EventType::GroupCreated,
        _ => EventType::GroupMembersChanged,
    };
    let joins = adds.iter().map(|n| GroupMember {
        kind: Some(ResourceKind::User),
        id: id(*n),
    });
    let data = EntryData {
        members: MemberLists {
            added: joins.collect(),
            ..MemberLists::default()
        },
        ..EntryData::default()
    };
    record(
        time,
        what,
        if time > REBIRTH && time < 3600 { 19 } else { 9 },
        version,
        data,
    )
}
