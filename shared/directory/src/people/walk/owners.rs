//! Whose page it is: the walks over one query that a key has under way, and which of them a request may
//! belong to. Pure: no table, no clock.
//!
//! A request says where it starts and nothing else, so a walk is known by where it stands. It stands at two
//! starts: where its next page starts, and where its latest one did, which it asks for again when the answer
//! was lost. A request belongs to a walk that stands at its start:
//!
//! - of those with the page size of the request, if there is one;
//! - of those that were not given their last page yet, if there is one; else of the others;
//! - of those that are not abandoned. A walk is abandoned when another one of these was asked for something
//!   [`super::PATIENCE`] later, or three times the walk's own slowest page, if that is longer. If the other one
//!   was given its last page the request may be either's.
//!
//! If several are left nobody can tell whose request it is. The page then starts at the one that is furthest
//! behind, and the walks are kept in such a way that each of them stands where it stood or further back: no
//! walk misses a resource, one may be given a resource twice.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::stand::{Spot, Stand, State, Walk};
use crate::table::{DirectoryError, Item, corrupt, n, number_if, s, text};

/// How long a walk that nobody continues is remembered.
pub const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How many walks are kept at once: less than four kilobytes, one read unit. It takes several walks that meet
/// page after page to be more than a kilobyte, one write unit.
const MOST: usize = 40;
/// How many are kept of those that are over, of those that are abandoned, and of those that jump and do not go on.
const FEW: usize = 2;
/// How many are kept of those that begin and do not go on, and how many may begin before it is seen to that.
const FEWER: usize = 4;
const BEGUN: usize = 8;
/// How the attribute of a walk is called, and the one that says how many began alike.
const WALK: char = 'w';
const ALIKE: char = 'n';
const NAME_LENGTH: usize = 9;

/// What was asked for, and what was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) start: u64,
    pub(super) count: usize,
    pub(super) now: Timestamp,
    /// After what the page begins; `None` when it was served by rank.
    pub(super) after: Option<Spot>,
    pub(super) first: Option<Spot>,
    pub(super) last: Option<Spot>,
    /// Where the next page starts.
    pub(super) next: u64,
    /// Whether no page follows.
    pub(super) is_last: bool,
}

/// A change to an attribute: what it was and what it is to be.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Change {
    pub(super) name: String,
    pub(super) from: Option<AttributeValue>,
    pub(super) to: Option<AttributeValue>,
}

/// The walks of one key over one query.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Walks {
    kept: BTreeMap<String, Walk>,
    /// The attributes that are in nobody's way any more.
    expired: Vec<String>,
}

impl Walks {
    /// The walks that an item keeps.
    pub(super) fn read(item: &Item, now: Timestamp) -> Result<Self, DirectoryError> {
        let mut walks = Self::default();
        for name in item.keys() {
            if name.len() != NAME_LENGTH || !name.starts_with(WALK) {
                continue;
            }
            let walk = text(item, name).and_then(Walk::parse);
            let mut walk = walk.ok_or_else(|| corrupt("walk"))?;
            if let Some(many) = number_if(item, &alike(name))? {
                walk.many = many;
            }
            if now.as_second() < walk.at.saturating_add(LIFE.as_secs()) {
                walks.kept.insert(name.clone(), walk);
            } else {
                walks.expired.extend([name.clone(), alike(name)]);
            }
        }
        Ok(walks)
    }

    /// The name of a walk that goes on.
    pub(super) fn name(random: [u8; 4]) -> String {
        format!("{WALK}{:08x}", u32::from_be_bytes(random))
    }

    /// The attribute of a walk that begins and what it is to be, and the attribute that counts those that begin
    /// alike: with the same page in the same minute.
    pub(super) fn begun(answer: &Answer) -> Option<(String, String, String)> {
        let new = answer.walk(State::Begun)?;
        let minute = new.at.div_euclid(60);
        let like = format!("{} {minute} {:?}", new.count, new.next);
        let digest = Sha256::digest(like).first_chunk().copied();
        let name = Self::name(digest.unwrap_or_default());
        let alike = alike(&name);
        Some((name, new.to_text(), alike))
    }

    /// The walks that a request may belong to.
    fn owners(&self, start: u64, count: usize) -> Vec<(&String, &Walk)> {
        let mut there: Vec<_> = self.kept.iter().collect();
        there.retain(|one| one.1.at(start).is_some());
        narrow(&mut there, |walk| walk.count == count);
        let (mut over, mut owners): (Vec<_>, Vec<_>) =
            there.into_iter().partition(|one| one.1.is_over());
        retain_fresh(&mut over);
        retain_fresh(&mut owners);
        // Whoever had the last page misses nothing behind it, but may ask for it again.
        let is_again = |walk: &Walk| walk.next.start != start;
        if owners.is_empty() {
            narrow(&mut over, is_again);
            if over.iter().all(|one| !is_again(one.1)) {
                let furthest = over.iter().map(|one| one.1.next.after).max();
                over.retain(|one| Some(one.1.next.after) == furthest);
            }
            return over;
        }
        let is_later = |walk: &Walk| owners.iter().all(|one| one.1.is_left_by(walk));
        over.retain(|one| is_again(one.1) && is_later(one.1));
        owners.extend(over);
        owners
    }

    /// After what the page at a start begins, if a walk stands there.
    pub(super) fn after(&self, start: u64, count: usize) -> Option<Spot> {
        let owners = self.owners(start, count);
        owners.iter().filter_map(|one| one.1.at(start)).min()
    }

    /// What is to be kept once a page was answered; `name` is free for a walk that nobody knew.
    pub(super) fn answered(&self, answer: &Answer, name: String) -> Vec<Change> {
        let owners = self.owners(answer.start, answer.count);
        let state = match (answer.is_last, owners.is_empty()) {
            (true, _) => State::Over,
            (false, true) => State::Jumped,
            (false, false) => State::Going,
        };
        let Some(new) = answer.walk(state) else {
            return Vec::new();
        };
        let mut after = self.clone();
        let (waiting, again): (Vec<_>, Vec<_>) = owners
            .into_iter()
            .partition(|one| one.1.next.start == answer.start);
        match waiting
            .iter()
            .max_by_key(|one| (one.1.next.after, one.1.at))
        {
            // It is one of those that wait here. Those that are left stand at the resources that are furthest behind.
            Some((own, walk)) if again.is_empty() => {
                after.take(own);
                after.put(new.following(walk), name);
            }
            // It goes on, or it asks again: it may stand in both places from now on.
            Some(_) => after.put(new, name),
            None => {
                for (own, walk) in &again {
                    after.kept.insert((*own).clone(), new.repeating(walk));
                }
                if again.iter().all(|one| one.1.next.start != new.next.start) {
                    after.put(new, name);
                }
            }
        }
        after.forget();
        self.changes(&after)
    }

    /// One walk less.
    fn take(&mut self, name: &str) {
        match self.kept.get_mut(name) {
            Some(walk) if walk.many > 1 => walk.many -= 1,
            _ => drop(self.kept.remove(name)),
        }
    }

    /// One walk more, with those that stand at the same starts.
    fn put(&mut self, new: Walk, name: String) {
        for walk in self.kept.values_mut() {
            if let Some(both) = new.with(walk) {
                *walk = both;
                return;
            }
        }
        self.kept.insert(name, new);
    }

    /// Of those that are over, abandoned, or do not go on, all but a few go.
    fn forget(&mut self) {
        let newest = self.kept.values().max_by_key(|walk| walk.at).copied();
        let is_left = |walk: &Walk| newest.is_some_and(|newest| walk.is_left_by(&newest));
        self.drop_all_but(FEW, Walk::is_over);
        self.drop_all_but(FEW, |walk| !walk.is_over() && is_left(walk));
        self.drop_all_but(FEW, |walk| walk.state == State::Jumped);
        self.drop_all_but(MOST, |_| true);
    }

    /// What is forgotten when too many walks with pages of a size began and did not go on.
    pub(super) fn surplus(&self, count: usize) -> Vec<Change> {
        let is_begun = |walk: &Walk| walk.count == count && walk.state == State::Begun;
        let mut after = self.clone();
        after.drop_all_but(BEGUN, is_begun);
        if after.kept.len() == self.kept.len() {
            return Vec::new();
        }
        after.drop_all_but(FEWER, is_begun);
        self.changes(&after)
    }

    /// Drops those of which something is true, but for so many that were asked for last.
    fn drop_all_but(&mut self, most: usize, is: impl Fn(&Walk) -> bool) {
        let mut those: Vec<_> = self.kept.iter().filter(|one| is(one.1)).collect();
        those.sort_by_key(|one| one.1.at);
        let spare = those.len().saturating_sub(most);
        let names = those.into_iter().take(spare);
        let names: Vec<_> = names.map(|one| one.0.clone()).collect();
        self.kept.retain(|name, _| !names.contains(name));
    }

    fn changes(&self, after: &Self) -> Vec<Change> {
        let names: BTreeSet<_> = self.kept.keys().chain(after.kept.keys()).collect();
        let mut changes = Vec::new();
        for name in names {
            let (from, to) = (self.kept.get(name), after.kept.get(name));
            if from == to {
                continue;
            }
            let text = |walk: Option<&Walk>| walk.map(|walk| s(walk.to_text()));
            changes.push(Change {
                from: text(from),
                to: text(to),
                name: name.clone(),
            });
            let number = |walk: Option<&Walk>| {
                let begun = walk.filter(|walk| walk.state == State::Begun);
                begun.map(|walk| n(walk.many))
            };
            if from.is_some_and(|walk| walk.state == State::Begun) {
                changes.push(Change {
                    from: number(from),
                    to: number(to),
                    name: alike(name),
                });
            }
        }
        changes.extend(self.expired.iter().map(|name| Change {
            name: name.clone(),
            from: None,
            to: None,
        }));
        changes
    }
}

impl Answer {
    /// The walk that it was given to.
    fn walk(&self, state: State) -> Option<Walk> {
        let from = self.after.or(self.first.map(Spot::before));
        Some(Walk {
            at: self.now.as_second(),
            slow: 0,
            count: self.count,
            many: 1,
            state,
            next: Stand {
                start: self.next,
                after: self.last.or(self.after)?,
            },
            // Nobody continues at the first page: that begins a walk.
            latest: from.filter(|_| self.start > 1).map(|after| Stand {
                start: self.start,
                after,
            }),
        })
    }
}

/// The attribute that says how many began like a walk.
fn alike(name: &str) -> String {
    name.replacen(WALK, &ALIKE.to_string(), 1)
}

/// Keeps those of which something is true, if there are any.
fn narrow(owners: &mut Vec<(&String, &Walk)>, is: impl Fn(&Walk) -> bool) {
    if owners.iter().any(|one| is(one.1)) {
        owners.retain(|one| is(one.1));
    }
}

/// Keeps those that are not abandoned beside another one of them.
fn retain_fresh(owners: &mut Vec<(&String, &Walk)>) {
    if let Some((_, newest)) = owners.iter().max_by_key(|one| one.1.at).copied() {
        owners.retain(|one| !one.1.is_left_by(newest));
    }
}

#[cfg(test)]
mod tests;
