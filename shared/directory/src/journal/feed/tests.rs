//! Writers of a feed on an abstract table.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use scim_core::event::{
    EntryData, Epoch, EventType, FeedEntry, GroupMember, MemberLists, Position, Stamp, Sum,
};
use scim_core::{ResourceId, ResourceKind, Version};

use super::append::{Appender, Ask, FeedRecord, Setting, TableAnswer};
use super::batch::Batch;
use super::tail::Tail;

/// The table as far as a writer of one feed sees it.
#[derive(Clone, Debug, Default)]
struct Abstract {
    batches: BTreeMap<Position, Batch>,
    noted: BTreeSet<ResourceId>,
    created: BTreeMap<ResourceId, Timestamp>,
}

impl Abstract {
    fn answer(&mut self, ask: Ask) -> Option<TableAnswer> {
        Some(match ask {
            Ask::Before(position) => {
                let end = position.unwrap_or(Position::LAST);
                let batches = self.batches.range(..end).rev().take(2);
                TableAnswer::Before(batches.map(|(_, batch)| batch.clone()).collect())
            }
            Ask::From(position) => {
                let batches = self.batches.range(position..);
                TableAnswer::From(batches.map(|(_, batch)| batch.clone()).collect())
            }
            Ask::Introduced(ids) => {
                let noted = ids.into_iter().filter(|id| self.noted.contains(id));
                TableAnswer::Introduced(noted.collect())
            }
            Ask::Created(members) => {
                let created = members.into_iter();
                let created = created.filter_map(|(_, id)| Some((id, *self.created.get(&id)?)));
                TableAnswer::Created(created.collect())
            }
            Ask::Put(batch) => {
                if let Some(there) = self.batches.get(&batch.first) {
                    return Some(TableAnswer::Refused(there.clone()));
                }
                self.batches.insert(batch.first, batch.clone());
                TableAnswer::Appended(batch)
            }
            Ask::Nothing => return None,
        })
    }

    /// Runs a writer to its end.
    fn run(&mut self, mut appender: Appender) -> Appender {
        while let Some(told) = self.answer(appender.ask()) {
            appender.tell(told);
        }
        appender
    }

    /// What the feed says: kind of event, first byte of the id, version.
    fn said(&self) -> Vec<(String, u8, u64)> {
        let entries = self.batches.values().flat_map(|batch| &batch.entries);
        let said = entries.map(|entry| {
            let data = entry.data();
            let id = data.id.map_or(0, |id| id.to_bytes()[0]);
            let version = data.version.map_or(0, |version| version.0);
            (entry.name().to_owned(), id, version)
        });
        said.collect()
    }

    /// The positions must have no gap, and the time of batches must not fall.
    fn check(&self) {
        let mut next = None;
        let mut greatest = i64::MIN;
        for (first, batch) in &self.batches {
            assert_eq!(*first, batch.first);
            if let Some(next) = next.filter(|next: &Position| next.epoch() == first.epoch()) {
                assert_eq!(*first, next, "a gap or an overlap");
                assert!(batch.greatest >= greatest, "the time falls");
            }
            greatest = batch.greatest;
            next = batch.last().next();
        }
    }
}

const BIRTH: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(BIRTH + second).unwrap()
}

fn id(n: u8) -> ResourceId {
    ResourceId::from_bytes([n; 16])
}

fn setting(now: i64) -> Setting {
    Setting {
        now: at(now),
        epoch: Epoch::at(at(0)).unwrap(),
        streamed: at(0),
        is_whole: true,
    }
}

fn record(number: u32, time: i64, what: EventType, n: u8, version: u64, adds: &[u8]) -> FeedRecord {
    let joins = adds.iter().map(|n| GroupMember {
        kind: Some(ResourceKind::User),
        id: id(*n),
    });
    let data = EntryData {
        id: Some(id(n)),
        version: Some(Version(version)),
        previous_version: (version > 1).then(|| Version(version - 1)),
        members: MemberLists {
            added: joins.collect(),
            ..MemberLists::default()
        },
        ..EntryData::default()
    };
    FeedRecord {
        sequence: format!("{number:04}"),
        time: BIRTH + time,
        entries: vec![FeedEntry::new(what, at(time), Stamp::default(), data)],
    }
}

fn user(number: u32, time: i64, n: u8, version: u64) -> FeedRecord {
    let what = match version {
        1 => EventType::UserCreated,
        _ => EventType::UserUpdated,
    };
    record(number, time, what, n, version, &[])
}

fn group(number: u32, time: i64, n: u8, version: u64, adds: &[u8]) -> FeedRecord {
    let what = match version {
        1 => EventType::GroupCreated,
        _ => EventType::GroupMembersChanged,
    };
    record(number, time, what, n, version, adds)
}

fn append(
    table: &mut Abstract,
    now: i64,
    tail: Option<Tail>,
    records: Vec<FeedRecord>,
) -> Appender {
    let done = table.run(Appender::new(setting(now), tail, records));
    table.check();
    done
}

#[test]
fn what_comes_again_is_in_the_feed_once() {
    let mut table = Abstract::default();
    let records = vec![user(1, 1, 1, 1), user(2, 2, 1, 2), user(3, 2, 2, 1)];
    let done = append(&mut table, 3, None, records.clone());
    assert!(done.left().is_empty());
    let said = table.said();
    assert_eq!(said.len(), 3);
    for tail in [None, done.into_tail()] {
        let again = append(&mut table, 9, tail, records.clone());
        assert_eq!((again.appended(), again.left().len()), (0, 0));
    }
    assert_eq!(table.said(), said);
}

#[test]
fn a_cold_writer_finds_a_record_that_stands_far_behind_the_end() {
    let mut table = Abstract::default();
    let old = user(1, 1, 1, 1);
    append(&mut table, 2, None, vec![old.clone()]);
    for n in 2..40 {
        let n = u8::try_from(n).unwrap();
        append(
            &mut table,
            2 + i64::from(n),
            None,
            vec![user(n.into(), n.into(), n, 1)],
        );
    }
    let again = append(&mut table, 50, None, vec![old]);
    assert_eq!(again.appended(), 0);
    assert_eq!(table.said().len(), 39);
}

#[test]
fn a_refused_writer_goes_on_behind_the_other_one() {
    let mut table = Abstract::default();
    let mut slow = Appender::new(setting(3), None, vec![user(1, 1, 1, 1), user(2, 2, 2, 1)]);
    let ask = slow.ask();
    let told = table.answer(ask).unwrap();
    slow.tell(told);
    let Ask::Put(_) = slow.ask() else { panic!() };
    append(
        &mut table,
        3,
        None,
        vec![user(2, 2, 2, 1), user(3, 2, 3, 1)],
    );
    let done = table.run(slow);
    table.check();
    assert_eq!(done.appended(), 1);
    let ids: Vec<u8> = table.said().into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(ids, [2, 3, 1]);
}

#[test]
fn nobody_joins_before_being_introduced() {
    let mut table = Abstract::default();
    table.created.insert(id(1), at(1));
    let joins = group(2, 2, 9, 1, &[1]);
    let held = append(
        &mut table,
        3,
        None,
        vec![joins.clone(), group(3, 2, 9, 2, &[])],
    );
    assert_eq!(held.left(), BTreeSet::from(["0002", "0003"]));
    assert_eq!(table.said(), []);
    // The user's record comes later; in one delivery the order does not matter.
    let records = vec![joins, group(3, 2, 9, 2, &[]), user(1, 1, 1, 1)];
    let done = append(&mut table, 4, held.into_tail(), records);
    assert!(done.left().is_empty());
    let said: Vec<(u8, u64)> = table.said().into_iter().map(|(_, id, v)| (id, v)).collect();
    assert_eq!(said, [(1, 1), (9, 1), (9, 2)]);
}

#[test]
fn a_member_that_is_not_introduced_for_ten_seconds_is_named() {
    let mut table = Abstract::default();
    table.created.insert(id(1), at(1));
    let done = append(&mut table, 12, None, vec![group(2, 2, 9, 1, &[1, 2])]);
    assert!(done.left().is_empty());
    let entry = table
        .batches
        .values()
        .flat_map(|batch| &batch.entries)
        .next()
        .unwrap();
    let early: Vec<ResourceId> = entry
        .data()
        .members
        .early
        .iter()
        .map(|one| one.id)
        .collect();
    assert_eq!(early, [id(1)], "the other one was deleted long ago");
}

#[test]
fn whoever_is_noted_or_old_has_been_introduced() {
    let day = SignedDuration::from_hours(26).as_secs();
    for (noted, created, is_held) in [(true, 0, false), (false, 0, false), (false, day, true)] {
        let mut table = Abstract::default();
        table.created.insert(id(1), at(created));
        table.noted.extend(noted.then(|| id(1)));
        let done = append(&mut table, day, None, vec![group(1, day - 1, 9, 1, &[1])]);
        assert_eq!(!done.left().is_empty(), is_held, "{noted} {created}");
    }
}

#[test]
fn a_held_group_holds_the_groups_that_contain_it() {
    let mut table = Abstract::default();
    table
        .created
        .extend([(id(1), at(1)), (id(8), at(1)), (id(9), at(1))]);
    let records = vec![
        group(1, 1, 8, 1, &[1]),
        group(2, 1, 9, 1, &[8]),
        user(3, 1, 3, 1),
    ];
    let done = append(&mut table, 2, None, records);
    assert_eq!(done.left(), BTreeSet::from(["0001", "0002"]));
    assert_eq!(table.said().len(), 1);
}

#[test]
fn the_sum_is_that_of_the_live_versions() {
    let mut table = Abstract::default();
    append(
        &mut table,
        3,
        None,
        vec![user(1, 1, 1, 1), user(2, 2, 2, 1)],
    );
    append(
        &mut table,
        4,
        None,
        vec![
            user(3, 3, 1, 2),
            record(4, 3, EventType::UserDeleted, 2, 2, &[]),
        ],
    );
    let last = table.batches.values().next_back().unwrap();
    let sum = Sum::EMPTY.with(ResourceKind::User, id(1), Version(2));
    assert_eq!(last.sum, Some(sum));
}

#[test]
fn a_tenant_from_before_the_feed_begins_with_a_baseline_and_no_sum() {
    let mut table = Abstract::default();
    let setting = Setting {
        is_whole: false,
        ..setting(3)
    };
    table.run(Appender::new(setting, None, vec![user(1, 1, 1, 7)]));
    table.check();
    let (names, sums): (Vec<_>, Vec<_>) = table
        .batches
        .values()
        .flat_map(|batch| batch.entries.iter().map(|entry| (entry.name(), batch.sum)))
        .unzip();
    assert_eq!(names, ["directory.baseline", "user.updated"]);
    assert_eq!(sums, [None, None]);
}

#[test]
fn a_later_epoch_begins_with_a_demand_and_an_earlier_writer_adds_nothing_behind_it() {
    let mut table = Abstract::default();
    append(&mut table, 3, None, vec![user(1, 1, 1, 1)]);
    let later = Setting {
        epoch: Epoch::at(at(600)).unwrap(),
        streamed: at(600),
        ..setting(700)
    };
    table.run(Appender::new(later, None, vec![user(2, 650, 1, 2)]));
    let names: Vec<String> = table.said().into_iter().map(|(name, ..)| name).collect();
    assert_eq!(
        names,
        ["user.created", "directory.resync_required", "user.updated"]
    );
    let done = append(&mut table, 701, None, vec![user(3, 2, 2, 1)]);
    assert_eq!((done.appended(), done.left().len()), (0, 0));
    // What it remembers of another epoch is of no use.
    let tail = table.run(Appender::new(later, None, vec![])).into_tail();
    let done = append(&mut table, 702, tail, vec![user(4, 2, 3, 1)]);
    assert_eq!(done.appended(), 0);
}

#[test]
fn more_than_a_hundred_entries_are_several_batches() {
    let mut table = Abstract::default();
    let records = (0..250_u32).map(|n| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        let mut one = user(n, 1, 1, 1);
        let data = EntryData {
            id: Some(ResourceId::from_bytes(bytes)),
            version: Some(Version::FIRST),
            ..EntryData::default()
        };
        one.entries = vec![FeedEntry::new(
            EventType::UserCreated,
            at(1),
            Stamp::default(),
            data,
        )];
        one
    });
    append(&mut table, 3, None, records.collect());
    let sizes: Vec<usize> = table
        .batches
        .values()
        .map(|batch| batch.entries.len())
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
}
