//! What holds of a feed in every world.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use scim_core::event::{FeedEntry, Position, Sum};
use scim_core::{ResourceId, Version};

use super::super::batch::Batch;
use super::machine::Table;
use super::script::{OLD, Script, id};

pub(super) type Rule = Result<(), &'static str>;

/// Rules of one feed.
pub(super) fn check(table: &Table, script: &Script) -> Rule {
    for tenant in 0..2 {
        let epoch = Script::epoch(tenant);
        let batches = table.batches.values();
        let of_epoch: Vec<&Rc<Batch>> = batches.filter(|one| one.first.epoch() == epoch).collect();
        let ids = script.ids(tenant);
        let mut entries = of_epoch.iter().flat_map(|batch| &batch.entries);
        if entries.any(|entry| entry.data().id.is_some_and(|id| !ids.contains(&id))) {
            return Err("an entry stands in the feed of another tenant");
        }
        // What writers of a tenant that is gone leave behind, nobody reads.
        if tenant == table.tenant {
            Reader::default().read(&of_epoch, Position::first_of(epoch))?;
        }
    }
    Ok(())
}

/// Rules of what a put made of a table.
pub(super) fn check_put(before: &Table, after: &Table) -> Rule {
    let is_kept = |(first, batch)| after.batches.get(first) == Some(batch);
    if !before.batches.iter().all(is_kept) {
        return Err("a batch was changed");
    }
    let mut new = after.batches.keys();
    let epoch = Script::epoch(after.tenant);
    let is_behind = |first: &&Position| {
        let mut old = before.batches.keys();
        first.epoch() == epoch
            && !before.batches.contains_key(*first)
            && old.any(|old| old > *first)
    };
    match new.find(is_behind) {
        Some(_) => Err("a batch appears behind a position that was read"),
        None => Ok(()),
    }
}

/// What a reader of the feed keeps.
#[derive(Default)]
struct Reader {
    versions: BTreeMap<ResourceId, Version>,
    introduced: BTreeSet<ResourceId>,
    sum: Option<Sum>,
}

impl Reader {
    fn read(&mut self, batches: &[&Rc<Batch>], first: Position) -> Rule {
        self.sum = Some(Sum::EMPTY);
        let (mut next, mut greatest) = (first, i64::MIN);
        for batch in batches {
            if batch.first != next {
                return Err("the positions have a gap");
            }
            if batch.greatest < greatest {
                return Err("the time falls");
            }
            for entry in &batch.entries {
                self.take(entry)?;
            }
            if batch.sum != self.sum {
                return Err("the sum is not that of the entries");
            }
            greatest = batch.greatest;
            next = batch.last().next().unwrap();
        }
        Ok(())
    }

    fn take(&mut self, entry: &FeedEntry) -> Rule {
        let data = entry.data();
        if entry.breaks_sum() {
            self.sum = None;
            return match self.versions.is_empty() {
                true => Ok(()),
                false => Err("an epoch begins twice"),
            };
        }
        let (id_of, version) = (data.id.unwrap(), data.version.unwrap());
        match self.versions.insert(id_of, version) {
            Some(before) if before == version => return Err("an entry stands twice"),
            Some(before) if before > version => return Err("a version falls"),
            Some(before) if before.next() == version => {}
            None if version == Version::FIRST => {}
            _ => return Err("a version is missing"),
        }
        for member in &data.members.added {
            let is_early = data.members.early.contains(member);
            let is_known = self.introduced.contains(&member.id) || member.id == id(OLD);
            match (is_known, is_early) {
                (false, false) => return Err("somebody joins before being introduced"),
                (true, true) => return Err("somebody is named as early who is not"),
                _ => {}
            }
        }
        self.introduced.extend(entry.introduces().map(|(_, id)| id));
        if let Some(effect) = entry.effect() {
            self.sum = self.sum.map(|sum| sum.after(&effect));
        }
        Ok(())
    }
}
