//! Random histories of several walks over an in-memory table, with a clock, and with creations and deletions between any
//! two pages. Every walk of a history must satisfy the guarantees of the module `walk`.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::{ResourceId, ResourceKind};

use super::super::Last;
use super::*;
use crate::table::number;

/// A pseudo-random generator with the same numbers in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// The in-memory table: the resources and the item with the walks.
struct Table {
    now: i64,
    ids: BTreeSet<u128>,
    item: Item,
    named: u32,
    /// The size of the item in bytes.
    size: usize,
}

impl Table {
    fn time(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + self.now).unwrap()
    }

    fn apply(&mut self, changes: Vec<AttributeChange>) {
        for change in changes {
            let old = self.item.get(&change.name);
            assert!(change.from.is_none() || change.from == old);
            match change.to {
                Some(to) => self.item.set(change.name, to),
                None => self.item.remove(&change.name),
            }
        }
    }

    /// A page as the directory serves it, and the total.
    fn page(&mut self, start: u64, count: usize) -> (Vec<u128>, u64) {
        let skipped = usize::try_from(start - 1).unwrap();
        let walks = match start {
            1 => Walks::default(),
            _ => Walks::read(&self.item, self.time()).unwrap(),
        };
        let after = walks.after(start, count);
        let (page, total): (Vec<u128>, usize) = if let Some(WalkPosition(_, id)) = after {
            let left: Vec<_> = self.ids.range(id + 1..).copied().collect();
            let total = skipped + left.len();
            (left.into_iter().take(count).collect(), total)
        } else {
            let page = self.ids.iter().skip(skipped).take(count);
            (page.copied().collect(), self.ids.len())
        };
        let total = u64::try_from(total).unwrap();
        let next = start + u64::try_from(page.len()).unwrap();
        let answer = AnsweredPage {
            start,
            count,
            now: self.time(),
            after,
            first: page.first().map(|id| WalkPosition(0, *id)),
            last: page.last().map(|id| WalkPosition(0, *id)),
            next,
            is_last: next > total,
        };
        self.named += 1;
        let name = Walks::name(self.named.to_be_bytes());
        if start > 1 {
            self.apply(walks.answered(&answer, name));
        } else if next <= total {
            let (name, walk, alike) = Walks::begun(&answer).unwrap();
            self.item.set(name, s(walk));
            let many = number::<u64>(&self.item, &alike).unwrap_or_default();
            self.item.set(alike, n(many + 1));
            let walks = Walks::read(&self.item, self.time()).unwrap();
            self.apply(walks.surplus(count));
        }
        // The key and the expiry take 99 bytes with a tenant id of 40 bytes.
        self.size = self.item.size() + 99;
        (page, total)
    }
}

/// A client that reads all pages.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties of a walk"
)]
struct Walker {
    count: usize,
    start: u64,
    seen: BTreeMap<u128, usize>,
    stable: BTreeSet<u128>,
    last: i64,
    slow: i64,
    /// Whether the walk must return each stable resource exactly once.
    is_exact: bool,
    /// Whether the walk must return each stable resource at least once.
    is_bound: bool,
    /// Whether nothing was written since the walk began.
    is_at_rest: bool,
    /// Whether the last page was served but its response was lost.
    is_at_end: bool,
}

#[derive(Default, Debug)]
struct Tally {
    exact: usize,
    bound: usize,
    void: usize,
    twice: usize,
    pages: usize,
    wide: usize,
}

/// A history: clients that walk one after another or several at once, and the writes meanwhile.
struct History {
    dice: Dice,
    table: Table,
    live: Vec<Walker>,
    /// Until when unfinished walks, or walks that overlapped with others, affect new walks.
    unclear: i64,
    most: usize,
    tally: Tally,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let ids = (0..10 + dice.below(30)).map(|_| 0);
        let ids: Vec<u128> = ids.collect();
        let ids = ids
            .iter()
            .map(|_| u128::try_from(1 + dice.below(1_000_000)).unwrap());
        let ids = ids.collect();
        let most = 1 + dice.below(3);
        Self {
            table: Table {
                now: 0,
                ids,
                item: Item::default(),
                named: 0,
                size: 0,
            },
            dice,
            live: Vec::new(),
            unclear: -1,
            most,
            tally: Tally::default(),
        }
    }

    fn step(&mut self) {
        match self.dice.below(20) {
            0..2 => self.begin(),
            2..10 => self.go_on(),
            10..12 => self.write(),
            12 => self.repeat(),
            13 if self.dice.below(4) == 0 => self.abandon(),
            14..16 => self.pass(30),
            16 if self.live.is_empty() => self.pass(700),
            _ => self.pass(3),
        }
    }

    fn pass(&mut self, most: usize) {
        let rest = self.live.iter().map(|walker| walker.last).min();
        let most = match rest {
            Some(last) => most.min(usize::try_from(120 - (self.table.now - last)).unwrap()),
            None => most,
        };
        self.table.now += i64::try_from(self.dice.below(most + 1)).unwrap();
    }

    fn begin(&mut self) {
        if self.live.len() >= self.most {
            return;
        }
        let count = [2, 3, 3, 5][self.dice.below(4)];
        for other in &mut self.live {
            other.is_exact = false;
        }
        self.live.push(Walker {
            count,
            start: 1,
            seen: BTreeMap::new(),
            stable: self.table.ids.clone(),
            last: self.table.now,
            slow: 0,
            is_exact: self.live.is_empty() && self.table.now > self.unclear,
            is_bound: true,
            is_at_rest: true,
            is_at_end: false,
        });
        self.ask(self.live.len() - 1);
    }

    fn some(&mut self) -> Option<usize> {
        (!self.live.is_empty()).then(|| self.dice.below(self.live.len()))
    }

    fn go_on(&mut self) {
        if let Some(at) = self.some() {
            self.ask(at);
        }
    }

    /// A repeated last page may be attributed to another walk, whose position is then wrong.
    fn void(&mut self, at: usize) {
        let others = self.live.len() > 1 || self.table.now <= self.unclear;
        if self.live[at].is_at_end && others {
            for walker in &mut self.live {
                walker.is_bound = false;
            }
        }
    }

    /// The walker requests its next page and leaves after the last one.
    fn ask(&mut self, at: usize) {
        self.void(at);
        let walker = &mut self.live[at];
        let (page, total) = self.table.page(walker.start, walker.count);
        walker.slow = walker.slow.max(self.table.now - walker.last);
        walker.last = self.table.now;
        let size = self.table.size;
        assert!(size <= 4_096, "{size} bytes");
        self.tally.pages += usize::from(self.most == 1);
        self.tally.wide += usize::from(self.most == 1 && size > 1_024);
        if walker.is_exact && walker.is_at_rest {
            assert_eq!(usize::try_from(total).unwrap(), self.table.ids.len());
        }
        walker.start += u64::try_from(page.len()).unwrap();
        for id in page {
            *walker.seen.entry(id).or_default() += 1;
        }
        if walker.start > total {
            self.judge(at);
        }
    }

    fn judge(&mut self, at: usize) {
        let walker = self.live.remove(at);
        let times = |id| walker.seen.get(id).copied().unwrap_or_default();
        if walker.is_exact {
            self.tally.exact += 1;
            for id in &walker.stable {
                assert_eq!(times(id), 1, "{id} of a walk on its own");
            }
        } else {
            self.leave(&walker);
        }
        if walker.is_bound {
            self.tally.bound += 1;
            for id in &walker.stable {
                assert!(times(id) > 0, "{id} is missed");
            }
            self.tally.twice += usize::from(walker.seen.values().any(|times| *times > 1));
        } else {
            self.tally.void += 1;
        }
    }

    /// A walk that overlapped with others may keep its position until it counts as abandoned.
    fn leave(&mut self, walker: &Walker) {
        // Walks that begin identically in the same minute are not distinguished.
        let patience = 60 + 120.max(walker.slow * 3);
        self.unclear = self.unclear.max(walker.last + patience);
    }

    fn abandon(&mut self) {
        if let Some(at) = self.some() {
            let walker = self.live.remove(at);
            self.leave(&walker);
        }
    }

    /// The response is lost; the walker requests the same page again at once or later.
    fn repeat(&mut self) {
        let Some(at) = self.some() else {
            return;
        };
        self.void(at);
        let walker = &mut self.live[at];
        if walker.start == 1 {
            return;
        }
        let (page, total) = self.table.page(walker.start, walker.count);
        walker.slow = walker.slow.max(self.table.now - walker.last);
        walker.last = self.table.now;
        walker.is_exact = false;
        let end = walker.start + u64::try_from(page.len()).unwrap();
        walker.is_at_end |= end > total;
    }

    fn write(&mut self) {
        for _ in 0..=self.dice.below(5) {
            let ids = &mut self.table.ids;
            if self.dice.below(3) == 0 {
                ids.insert(u128::try_from(1 + self.dice.below(1_000_000)).unwrap());
            } else if ids.len() > 4 {
                // Most deleted resources are at the front, so that ranks and ids diverge.
                let at = self.dice.below(ids.len()).min(self.dice.below(ids.len()));
                let id = *ids.iter().nth(at).unwrap();
                ids.remove(&id);
                for walker in &mut self.live {
                    walker.stable.remove(&id);
                }
            }
        }
        for walker in &mut self.live {
            walker.is_at_rest = false;
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that fails shows where")]
fn p07_in_any_history_no_walk_misses_anyone_and_walks_without_overlap_are_exact() {
    let mut all = Tally::default();
    for seed in 0..300 {
        eprintln!("seed {seed}");
        let mut history = History::new(seed);
        for _ in 0..150 {
            history.step();
        }
        all.exact += history.tally.exact;
        all.bound += history.tally.bound;
        all.void += history.tally.void;
        all.twice += history.tally.twice;
        all.pages += history.tally.pages;
        all.wide += history.tally.wide;
    }
    // There are enough walks of each kind, and sequential walks exceed one write unit at most once in a thousand pages.
    assert!(all.exact > 300 && all.bound > all.exact + 900, "{all:?}");
    assert!(all.twice > 100 && all.void < all.bound / 4, "{all:?}");
    assert!(all.wide * 1_000 <= all.pages, "{all:?}");
}

#[test]
fn a_walk_is_read_as_it_was_written_and_anything_else_is_corrupt() {
    let start = |start, id| StartPosition {
        start,
        after: WalkPosition(1, id),
    };
    for latest in [None, Some(start(101, 7))] {
        let walk = Walk {
            at: 1_800_000_000,
            slow: 61,
            count: 100,
            many: 2,
            state: latest.map_or(WalkState::Jumped, |_| WalkState::Over),
            next: start(201, u128::MAX),
            latest,
        };
        assert_eq!(Walk::parse(&walk.to_text()), Some(walk));
    }
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let name = Walks::name([1, 2, 3, 4]);
    for value in [
        "",
        "x",
        "1800000000 0 10 1 g",
        "1800000000 0 10 1 g 11 0",
        "1800000000 0 10 1 x 11 0AAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let mut item = Item::default();
        item.set(name.clone(), s(value));
        assert!(Walks::read(&item, now).is_err(), "{value}");
    }
}

#[test]
fn a_spot_is_a_resource_and_back() {
    let id = ResourceId::parse("00f3a1b2-0000-4000-8000-00000000000f").unwrap();
    for kind in ResourceKind::ALL {
        let last = Last { kind, id };
        let spot = WalkPosition::of(last).unwrap();
        assert_eq!(spot.last(), Some(last));
        assert_eq!(WalkPosition::parse(&spot.to_text()), Some(spot));
        assert!(spot.before() < spot);
    }
}
