//! The steps of the writers on an abstract table. What was worked out once is looked up from then on.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use scim_core::ResourceId;
use scim_core::event::Position;

use super::super::append::{Appender, Ask, FeedRecord, TableAnswer};
use super::super::batch::Batch;
use super::super::tail::{self, Tail};
use super::rules::{self, Rule};
use super::script::{SHARDS, Script, at};
use super::{Mistake, planted};
use crate::journal::numbered::Numbered;
use crate::limits::LOOK_BACK;

/// The table as far as a writer of one feed sees it.
#[derive(Clone, Default)]
pub(super) struct Table {
    pub(super) tenant: usize,
    pub(super) batches: BTreeMap<Position, Rc<Batch>>,
    noted: BTreeSet<ResourceId>,
}

/// A batch with all that a reader or a rule looks at.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.tenant, self.noted)?;
        for (first, batch) in &self.batches {
            write!(f, "; {first} {} {:?}", batch.greatest, batch.sum)?;
            for entry in &batch.entries {
                write!(f, ", {entry:?} {:?}", entry.data().members.early)?;
            }
        }
        Ok(())
    }
}

/// A writer that appends records, and whom they introduce.
#[derive(Clone, Debug)]
struct Writer {
    appender: Appender,
    new: Vec<ResourceId>,
}

/// How a writer begins.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Begin {
    pub(super) tenant: usize,
    pub(super) shard: usize,
    pub(super) from: u8,
    pub(super) to: u8,
    pub(super) tail: Option<u32>,
    pub(super) is_late: bool,
    pub(super) clock: u8,
}

/// What a step of a writer leads to.
#[derive(Clone, Copy)]
pub(super) enum Next {
    /// It goes on.
    Goes { writer: u32, table: u32 },
    /// It has put a batch; `lost` is how it goes on if the answer was lost and the put was repeated.
    Put { writer: u32, table: u32, lost: u32 },
    /// It has ended. The records from `left` on are retried.
    Ended {
        table: u32,
        left: Option<u8>,
        tail: Option<u32>,
    },
}

pub(super) struct Machine {
    pub(super) script: Script,
    created: BTreeMap<ResourceId, jiff::Timestamp>,
    tables: Numbered<Table>,
    writers: Numbered<Writer>,
    tails: Numbered<Tail>,
    begun: HashMap<Begin, u32>,
    stepped: HashMap<(u32, u32), Next>,
    /// What was found done.
    done: HashSet<(u32, [u8; SHARDS])>,
}

impl Machine {
    pub(super) fn new(script: Script) -> Self {
        Self {
            created: script.created(),
            script,
            tables: Numbered::new(),
            writers: Numbered::new(),
            tails: Numbered::new(),
            begun: HashMap::new(),
            stepped: HashMap::new(),
            done: HashSet::new(),
        }
    }

    /// The empty table of a tenant.
    pub(super) fn empty(&mut self, tenant: usize) -> u32 {
        let table = Table {
            tenant,
            ..Table::default()
        };
        self.tables.of(table).0
    }

    pub(super) fn begin(&mut self, begin: Begin) -> u32 {
        if let Some(writer) = self.begun.get(&begin) {
            return *writer;
        }
        let Begin {
            tenant,
            shard,
            from,
            to,
            ..
        } = begin;
        let records = &self.script.streams[tenant][shard][usize::from(from)..usize::from(to)];
        let mut records: Vec<FeedRecord> = records.to_vec();
        if begin.is_late {
            for one in &mut records {
                one.time += LOOK_BACK;
            }
        }
        if planted() == Some(Mistake::EveryInsertFirst) {
            records.sort_by_key(|one| !one.entries.iter().any(|entry| entry.data().restored));
        }
        let setting = self.script.setting(tenant, begin.clock);
        let tail = begin.tail.map(|tail| self.tails.get(tail).clone());
        let tail = match planted() {
            Some(Mistake::KeptCache) => tail.map(|tail| tail.forged(setting.epoch)),
            _ => tail,
        };
        let new = records
            .iter()
            .flat_map(|one| tail::introduced(&one.entries));
        let writer = Writer {
            new: new.collect(),
            appender: Appender::new(setting, tail, records),
        };
        let (number, _) = self.writers.of(writer);
        self.begun.insert(begin, number);
        number
    }

    pub(super) fn step(&mut self, writer: u32, table: u32) -> Result<Next, &'static str> {
        if let Some(next) = self.stepped.get(&(writer, table)) {
            return Ok(*next);
        }
        let next = self.work_out(writer, table)?;
        self.stepped.insert((writer, table), next);
        Ok(next)
    }

    fn work_out(&mut self, number: u32, table: u32) -> Result<Next, &'static str> {
        let mut writer = self.writers.get(number).clone();
        let before = self.tables.get(table);
        let told = match writer.appender.ask() {
            Ask::Before(position) => {
                let end = position.unwrap_or(Position::LAST);
                let most = if position.is_some() { 2 } else { 1 };
                let batches = before.batches.range(..end).rev().take(most);
                TableAnswer::Before(batches.map(|(_, batch)| (**batch).clone()).collect())
            }
            Ask::From(position) => {
                let batches = before.batches.range(position..);
                let mut batches: Vec<_> = batches.map(|(_, batch)| (**batch).clone()).collect();
                // The query may miss the newest.
                if table % 2 == 1 {
                    batches.pop();
                }
                TableAnswer::From(batches)
            }
            Ask::Introduced(ids) => {
                let is_noted = |id: &ResourceId| {
                    before.noted.contains(id) || planted() == Some(Mistake::NoIntroduction)
                };
                TableAnswer::Introduced(ids.into_iter().filter(is_noted).collect())
            }
            Ask::Created(members) => {
                let created = members.into_iter();
                let created = created.filter_map(|(_, id)| Some((id, *self.created.get(&id)?)));
                TableAnswer::Created(created.collect())
            }
            Ask::Put(batch) => return self.put(writer, batch, table),
            Ask::Nothing => return self.end(writer, table),
        };
        writer.appender.tell(told);
        let (writer, _) = self.writers.of(writer);
        Ok(Next::Goes { writer, table })
    }

    fn put(&mut self, writer: Writer, batch: Batch, table: u32) -> Result<Next, &'static str> {
        let before = self.tables.get(table);
        let tell = |mut writer: Writer, told| {
            writer.appender.tell(told);
            writer
        };
        if let Some(there) = before.batches.get(&batch.first)
            && planted() != Some(Mistake::NoCondition)
        {
            let there = (**there).clone();
            let (writer, _) = self.writers.of(tell(writer, TableAnswer::Refused(there)));
            return Ok(Next::Goes { writer, table });
        }
        // No step depends on these two.
        let batch = Batch {
            appended: at(0),
            expires: 0,
            ..batch
        };
        let mut after = before.clone();
        after.batches.insert(batch.first, Rc::new(batch.clone()));
        let put = self.add(table, after)?;
        let lost = tell(writer.clone(), TableAnswer::Refused(batch.clone()));
        let (lost, _) = self.writers.of(lost);
        let (writer, _) = self.writers.of(tell(writer, TableAnswer::Appended(batch)));
        Ok(Next::Put {
            writer,
            table: put,
            lost,
        })
    }

    /// Checks a table that follows from another one.
    fn add(&mut self, before: u32, after: Table) -> Result<u32, &'static str> {
        rules::check_put(self.tables.get(before), &after)?;
        let (number, is_new) = self.tables.of(after);
        if is_new {
            rules::check(self.tables.get(number), &self.script)?;
        }
        Ok(number)
    }

    fn end(&mut self, writer: Writer, table: u32) -> Result<Next, &'static str> {
        let Writer { appender, new } = writer;
        let mut after = self.tables.get(table).clone();
        let noted = new.into_iter().filter(|id| appender.introduces(*id));
        after.noted.extend(noted);
        let left = appender.left();
        let left = left
            .iter()
            .map(|sequence| sequence.get(2..).unwrap().parse().unwrap());
        let left = left.min();
        let tail = appender.into_tail().map(|tail| self.tails.of(tail).0);
        Ok(Next::Ended {
            table: self.add(table, after)?,
            left,
            tail,
        })
    }

    /// The rule that what a shard's reader has done is in the feed.
    pub(super) fn check_done(&mut self, table: u32, done: [u8; SHARDS]) -> Rule {
        if !self.done.insert((table, done)) {
            return Ok(());
        }
        let table = self.tables.get(table);
        let epoch = Script::epoch(table.tenant);
        let batches = table.batches.values();
        let batches = batches.filter(|batch| batch.first.epoch() == epoch);
        let there: BTreeSet<_> = batches.flat_map(|batch| batch.keys()).collect();
        for (records, done) in self.script.streams[table.tenant].iter().zip(done) {
            let done = records.iter().take(usize::from(done));
            let mut keys = done.flat_map(|record| &record.entries);
            if !keys.all(|entry| entry.key().is_some_and(|key| there.contains(&key))) {
                return Err("a record was done that is not in the feed");
            }
        }
        Ok(())
    }

    /// The rule that the sum at the end is that of the table.
    pub(super) fn check_sum(&self, table: u32) -> Rule {
        let table = self.tables.get(table);
        let last = table.batches.values().next_back();
        match last.and_then(|batch| batch.sum) {
            Some(sum) if sum != self.script.sum(table.tenant) => {
                Err("the sum is not that of the table")
            }
            _ => Ok(()),
        }
    }
}
