//! A world of the model.

use std::collections::BTreeSet;

use jiff::Timestamp;
use keyring::TenantId;
use scim_core::event::{EntryData, Epoch, EventType, FeedEntry, Position, Stamp};

use super::super::ask::{Breaker, RunSetting};
use super::super::schedule::DueMinute;
use crate::table::WriteId;

pub(super) const TENANTS: usize = 2;
/// The most runs at once.
pub(super) const RUNS: usize = 2;
/// How many deliveries must begin to fail in a row, so that two tenants suffice.
pub(super) const FAILURES: u8 = 2;
/// When the clock begins. A minute begins.
const BIRTH: i64 = 1_800_000_000;
/// The life of a run, in seconds.
const LIFE: i64 = 30;

/// How much may happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    /// The entries that each feed gets.
    pub(super) events: [u8; TENANTS],
    /// Deaths, repeated invocations and lost answers.
    pub(super) troubles: u8,
    /// Messages that the receiver does not accept.
    pub(super) refusals: u8,
    /// Receivers that ask for everything again.
    pub(super) replays: u8,
    /// Moments in which time passes although something can be done, of each length.
    pub(super) ticks: u8,
}

impl Budget {
    pub(super) const SMALL: Self = Self {
        events: [2, 0],
        troubles: 1,
        refusals: 0,
        replays: 1,
        ticks: 1,
    };
}

/// The state of a delivery.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum State {
    Well,
    Failing { attempts: u32, due: i64, since: i64 },
    Disabled,
}

/// A delivery as an item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Item {
    pub(super) through: Position,
    pub(super) acked: Position,
    pub(super) lease: Option<Lease>,
    pub(super) state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Lease {
    pub(super) owner: u8,
    pub(super) invocation: u8,
    pub(super) until: i64,
}

/// An invocation that waits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Pending {
    pub(super) tenant: u8,
    pub(super) invocation: u8,
}

/// A run that is alive.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct LiveRun {
    /// The number of its state.
    pub(super) run: u32,
    pub(super) tenant: u8,
    pub(super) invocation: u8,
    pub(super) owner: u8,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct World {
    /// Seconds since the beginning.
    pub(super) clock: i64,
    pub(super) ticks: [u8; 2],
    pub(super) troubles: u8,
    pub(super) refusals: u8,
    pub(super) replays: u8,
    /// How many entries each feed has.
    pub(super) feeds: [u8; TENANTS],
    pub(super) items: [Option<Item>; TENANTS],
    /// How many deliveries began to fail, and the last of them.
    pub(super) failures: u8,
    pub(super) probe: Option<u8>,
    /// The number of the entry up to which the receiver has everything.
    pub(super) received: [u64; TENANTS],
    pub(super) due: BTreeSet<(DueMinute, Option<u8>)>,
    pub(super) schedules: BTreeSet<DueMinute>,
    pub(super) pending: Vec<Pending>,
    pub(super) runs: [Option<LiveRun>; RUNS],
}

impl World {
    pub(super) const fn new() -> Self {
        Self {
            clock: 0,
            ticks: [0; 2],
            troubles: 0,
            refusals: 0,
            replays: 0,
            feeds: [0; TENANTS],
            items: [None; TENANTS],
            failures: 0,
            probe: None,
            received: [0; TENANTS],
            due: BTreeSet::new(),
            schedules: BTreeSet::new(),
            pending: Vec::new(),
            runs: [None; RUNS],
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        at(self.clock)
    }

    /// Adds an invocation that has a name of its own.
    pub(super) fn invoke(&mut self, tenant: u8) {
        let leases = self.items.iter().flatten().filter_map(|item| item.lease);
        let used: BTreeSet<u8> = leases
            .map(|lease| lease.invocation)
            .chain(self.pending.iter().map(|pending| pending.invocation))
            .chain(self.runs.iter().flatten().map(|run| run.invocation))
            .collect();
        let invocation = (0..u8::MAX).find(|name| !used.contains(name)).unwrap();
        self.pend(Pending { tenant, invocation });
    }

    pub(super) fn pend(&mut self, pending: Pending) {
        self.pending.push(pending);
        self.pending.sort_unstable();
    }

    /// A name that no run and no lease has.
    pub(super) fn new_owner(&self) -> u8 {
        let leases = self.items.iter().flatten().filter_map(|item| item.lease);
        let used: BTreeSet<u8> = leases
            .map(|lease| lease.owner)
            .chain(self.runs.iter().flatten().map(|run| run.owner))
            .collect();
        (0..u8::MAX).find(|name| !used.contains(name)).unwrap()
    }

    pub(super) fn setting(&self, pending: Pending, owner: u8) -> RunSetting {
        let breaker = match self.failures {
            0 => Breaker::Whole,
            few if few < FAILURES => Breaker::Counting,
            _ if self.probe == Some(pending.tenant) => Breaker::Probe,
            _ => Breaker::Open,
        };
        RunSetting {
            tenant: tenant(pending.tenant),
            batch: 2,
            breaker,
            invocation: pending.invocation.to_string(),
            owner: WriteId::new([owner; 16]),
            deadline: at(self.clock + LIFE),
            chance: 0,
        }
    }

    /// What is due by now is invoked.
    pub(super) fn fire(&mut self) {
        let minute = DueMinute::of(self.now());
        self.schedules.retain(|schedule| *schedule > minute);
        let due: Vec<_> = self.due.iter().copied().collect();
        for (at, tenant) in due {
            if at > minute {
                continue;
            }
            self.due.remove(&(at, tenant));
            let tenants = match tenant {
                Some(tenant) => tenant..tenant + 1,
                None => 0..u8::try_from(TENANTS).unwrap(),
            };
            tenants.for_each(|tenant| self.invoke(tenant));
        }
    }
}

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(BIRTH + second).unwrap()
}

/// Seconds since the beginning.
pub(super) fn seconds(instant: Timestamp) -> i64 {
    instant.as_second() - BIRTH
}

pub(super) fn tenant(number: u8) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).unwrap()
}

fn first() -> Position {
    Position::first_of(Epoch::at(at(-600)).unwrap())
}

/// The position of an entry; numbers begin with 1.
pub(super) fn position(number: u64) -> Position {
    first().before().advance(number).unwrap()
}

/// The number of the entry at a position; 0 before the first one.
pub(super) const fn number(position: Position) -> u64 {
    position.number()
}

/// Whether an entry is for the receiver.
pub(super) const fn is_wanted(number: u64) -> bool {
    number != 2
}

/// The number of the last entry for the receiver up to this one.
pub(super) fn last_wanted(number: u64) -> u64 {
    (1..=number).rev().find(|n| is_wanted(*n)).unwrap_or(0)
}

pub(super) fn entry() -> FeedEntry {
    let stamp = Stamp::default();
    FeedEntry::new(EventType::UserUpdated, at(0), stamp, EntryData::default())
}
