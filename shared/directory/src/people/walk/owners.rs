//! Finds the walks that a request may belong to, among the walks in progress of an API key over a query. This module uses
//! neither the table nor the clock.
//!
//! A request contains only its `startIndex`, so a walk is recognised by its position. A walk has two possible
//! starts: that of its next page, and that of its latest page, which the client requests again if the response
//! was lost. A request belongs to a walk with the same start:
//!
//! - among those with the request's page size, if there are any;
//! - among those that have not got their last page, if there are any; otherwise among the others;
//! - among those that are not abandoned. A walk is abandoned if another one of these had a request
//!   [`WALK_PATIENCE`](crate::limits::WALK_PATIENCE) later, or three times the walk's own slowest page, if that is longer. If the other one
//!   has got its last page, the request may belong to either.
//!
//! If several candidates are left, the page starts at the walk that is furthest behind, and the walks are stored so that
//! each stays at its position or moves back. So no walk misses a resource, but a walk may get a resource twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::position::{StartPosition, Walk, WalkPosition, WalkState};
use crate::limits::{WALK_LIFE, WALKS};
use crate::table::keys::attribute::anchor::{ALIKE, WALK};
use crate::table::{DirectoryError, Item, Value, corrupt, n, number_if, s, text};

/// The number of walks to keep in each of these states: finished, abandoned, and jumped without continuing.
const FEW: usize = 2;
/// The number of begun walks to keep if they do not continue, and the number of them that triggers a cleanup.
const FEWER: usize = 4;
const BEGUN: usize = 8;
const NAME_LENGTH: usize = 9;

/// A request and the bounds of the page that was served.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnsweredPage {
    pub(super) start: u64,
    pub(super) count: usize,
    pub(super) now: Timestamp,
    /// The position after which the page begins; `None` if it was served by rank.
    pub(super) after: Option<WalkPosition>,
    pub(super) first: Option<WalkPosition>,
    pub(super) last: Option<WalkPosition>,
    /// The rank at which the next page starts.
    pub(super) next: u64,
    /// Whether this is the last page.
    pub(super) is_last: bool,
}

/// A change to an attribute: its old and new value.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct AttributeChange {
    pub(super) name: String,
    pub(super) from: Option<Value>,
    pub(super) to: Option<Value>,
}

/// The walks of one API key over one query.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Walks {
    kept: BTreeMap<String, Walk>,
    /// The attributes of expired walks.
    expired: Vec<String>,
}

impl Walks {
    /// Reads the walks in an item.
    pub(super) fn read(item: &Item, now: Timestamp) -> Result<Self, DirectoryError> {
        let mut walks = Self::default();
        for name in item.names() {
            if name.len() != NAME_LENGTH || !name.starts_with(WALK) {
                continue;
            }
            let walk = text(item, name).and_then(Walk::parse);
            let mut walk = walk.ok_or_else(|| corrupt("walk"))?;
            if let Some(many) = number_if(item, &alike(name))? {
                walk.many = many;
            }
            if now.as_second() < walk.at.saturating_add(WALK_LIFE.as_secs()) {
                walks.kept.insert(name.to_owned(), walk);
            } else {
                walks.expired.extend([name.to_owned(), alike(name)]);
            }
        }
        Ok(walks)
    }

    /// The attribute name for a walk that continues.
    pub(super) fn name(random: [u8; 4]) -> String {
        format!("{WALK}{:08x}", u32::from_be_bytes(random))
    }

    /// The attribute name and value of a new walk, and the name of the attribute that counts identical beginnings: those
    /// with the same page in the same minute.
    pub(super) fn begun(answer: &AnsweredPage) -> Option<(String, String, String)> {
        let new = answer.walk(WalkState::Begun)?;
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
        // A finished walk misses nothing after its last page, but may request that page again.
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

    /// The position after which a page with this start begins, if a walk has this start.
    pub(super) fn after(&self, start: u64, count: usize) -> Option<WalkPosition> {
        let owners = self.owners(start, count);
        owners.iter().filter_map(|one| one.1.at(start)).min()
    }

    /// The changes to store after a page was served. `name` is the attribute for a new walk.
    pub(super) fn answered(&self, answer: &AnsweredPage, name: String) -> Vec<AttributeChange> {
        let owners = self.owners(answer.start, answer.count);
        let state = match (answer.is_last, owners.is_empty()) {
            (true, _) => WalkState::Over,
            (false, true) => WalkState::Jumped,
            (false, false) => WalkState::Going,
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
            // The request is one walk's next page. The other waiting walks stay at the positions that are furthest behind.
            Some((own, walk)) if again.is_empty() => {
                after.take(own);
                after.put(new.following(walk), name);
            }
            // The request is either a next page or a repeated page, so the walk may be at both positions from now on.
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

    /// Removes one walk.
    fn take(&mut self, name: &str) {
        match self.kept.get_mut(name) {
            Some(walk) if walk.many > 1 => walk.many -= 1,
            _ => drop(self.kept.remove(name)),
        }
    }

    /// Adds one walk, merging it with a walk that has the same starts.
    fn put(&mut self, new: Walk, name: String) {
        for walk in self.kept.values_mut() {
            if let Some(both) = new.with(walk) {
                *walk = both;
                return;
            }
        }
        self.kept.insert(name, new);
    }

    /// Drops all but a few of the walks that are finished, abandoned, or do not continue.
    fn forget(&mut self) {
        let newest = self.kept.values().max_by_key(|walk| walk.at).copied();
        let is_left = |walk: &Walk| newest.is_some_and(|newest| walk.is_left_by(&newest));
        self.drop_all_but(FEW, Walk::is_over);
        self.drop_all_but(FEW, |walk| !walk.is_over() && is_left(walk));
        self.drop_all_but(FEW, |walk| walk.state == WalkState::Jumped);
        self.drop_all_but(WALKS, |_| true);
    }

    /// The changes that drop walks with this page size if too many of them began and did not continue.
    pub(super) fn surplus(&self, count: usize) -> Vec<AttributeChange> {
        let is_begun = |walk: &Walk| walk.count == count && walk.state == WalkState::Begun;
        let mut after = self.clone();
        after.drop_all_but(BEGUN, is_begun);
        if after.kept.len() == self.kept.len() {
            return Vec::new();
        }
        after.drop_all_but(FEWER, is_begun);
        self.changes(&after)
    }

    /// Drops the walks that satisfy a predicate, except the `most` with the latest requests.
    fn drop_all_but(&mut self, most: usize, is: impl Fn(&Walk) -> bool) {
        let mut those: Vec<_> = self.kept.iter().filter(|one| is(one.1)).collect();
        those.sort_by_key(|one| one.1.at);
        let spare = those.len().saturating_sub(most);
        let names = those.into_iter().take(spare);
        let names: Vec<_> = names.map(|one| one.0.clone()).collect();
        self.kept.retain(|name, _| !names.contains(name));
    }

    fn changes(&self, after: &Self) -> Vec<AttributeChange> {
        let names: BTreeSet<_> = self.kept.keys().chain(after.kept.keys()).collect();
        let mut changes = Vec::new();
        for name in names {
            let (from, to) = (self.kept.get(name), after.kept.get(name));
            if from == to {
                continue;
            }
            let text = |walk: Option<&Walk>| walk.map(|walk| s(walk.to_text()));
            changes.push(AttributeChange {
                from: text(from),
                to: text(to),
                name: name.clone(),
            });
            let number = |walk: Option<&Walk>| {
                let begun = walk.filter(|walk| walk.state == WalkState::Begun);
                begun.map(|walk| n(walk.many))
            };
            if from.is_some_and(|walk| walk.state == WalkState::Begun) {
                changes.push(AttributeChange {
                    from: number(from),
                    to: number(to),
                    name: alike(name),
                });
            }
        }
        changes.extend(self.expired.iter().map(|name| AttributeChange {
            name: name.clone(),
            from: None,
            to: None,
        }));
        changes
    }
}

impl AnsweredPage {
    /// The walk that this page belongs to.
    fn walk(&self, state: WalkState) -> Option<Walk> {
        let from = self.after.or(self.first.map(WalkPosition::before));
        Some(Walk {
            at: self.now.as_second(),
            slow: 0,
            count: self.count,
            many: 1,
            state,
            next: StartPosition {
                start: self.next,
                after: self.last.or(self.after)?,
            },
            // A walk never continues at the first page, because that page begins a new walk.
            latest: from.filter(|_| self.start > 1).map(|after| StartPosition {
                start: self.start,
                after,
            }),
        })
    }
}

/// The attribute that counts the walks that began like this one.
fn alike(name: &str) -> String {
    name.replacen(WALK, &ALIKE.to_string(), 1)
}

/// Keeps the walks that satisfy a predicate, if there are any.
fn narrow(owners: &mut Vec<(&String, &Walk)>, is: impl Fn(&Walk) -> bool) {
    if owners.iter().any(|one| is(one.1)) {
        owners.retain(|one| is(one.1));
    }
}

/// Drops the walks that are abandoned compared with the newest of them.
fn retain_fresh(owners: &mut Vec<(&String, &Walk)>) {
    if let Some((_, newest)) = owners.iter().max_by_key(|one| one.1.at).copied() {
        owners.retain(|one| !one.1.is_left_by(newest));
    }
}

#[cfg(test)]
mod tests;
