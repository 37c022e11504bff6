//! Counts resources, and finds the resource at a rank for index paging.
//!
//! 256 items count a tenant's resources, one item for each first byte of the id, so that parallel writes rarely touch the
//! same item. Each item holds the counts of 32 parts. Reading all items gives the total, and for any rank the part (of
//! 8,192) in which it lies and the distance to the part's ends. A page is read from the nearer end of its part: forwards
//! from the start, or backwards from the end to the rank and forwards beyond it. No users are read in vain while a part has
//! fewer users than a page, at any rank.
//!
//! Eight counts of four digits share one number. A DynamoDB number has 38 digits, can be increased without reading it, and
//! is billed by its digits: all counters of a tenant take 24 KB, or six read units, instead of 38 KB with one attribute per
//! count. A part holds up to 9,999 resources, a tenant 80 million.

use std::fmt::Display;

use futures_util::future::try_join;
use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use crate::people::directory::{Directory, ResourcePage, Spread};
use crate::people::item::{Stored, read_resource};
use crate::table::keys::attribute::count::NUMBERS;
use crate::table::{DirectoryError, Item, Range, corrupt, keys, number_if, sort_key};

/// Parts in each number.
const PARTS: u16 = 8;
/// The factor between two counts of a number, larger than any count.
const ROOM: u128 = 10_000;
/// Parts in each bucket.
const PER_BUCKET: u16 = 32;
/// Reading this many extra users costs no more than another query: one read unit.
const FEW: u64 = 4;

/// One of 8,192 parts of the id space: ids with the same first 13 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct IdPart(u16);

impl IdPart {
    /// The part of an id.
    #[must_use]
    pub fn of(id: ResourceId) -> Self {
        let digits = id.as_str().get(..4).unwrap_or_default();
        Self(u16::from_str_radix(digits, 16).unwrap_or_default() >> 3)
    }

    /// The attribute of the bucket's item that counts this part, and the value that adds one resource.
    #[must_use]
    pub fn counter(self) -> (&'static str, u128) {
        let within = self.0 % PER_BUCKET;
        let name = NUMBERS.get(usize::from(within / PARTS));
        let digits = u32::from(within % PARTS);
        (name.copied().unwrap_or_default(), ROOM.pow(digits))
    }

    /// A sort key before all ids of the part and after those of the previous part.
    fn start(self) -> String {
        format!("{:04x}", self.0 << 3)
    }

    /// A sort key after all ids of the part.
    fn end(self) -> String {
        match self.0 + 1 {
            8_192 => "~".to_owned(),
            next => Self(next).start(),
        }
    }
}

/// The number of resources in each non-empty part, in the order of ids.
#[derive(Debug, Default)]
pub(crate) struct Counts(Vec<(IdPart, u64)>);

/// The position of a rank.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct At {
    part: IdPart,
    /// Resources before it in its part.
    ahead: u64,
    /// Resources in its part from it on.
    behind: u64,
}

impl Counts {
    /// Parses the items of the buckets.
    fn read(items: &[Item]) -> Result<Self, DirectoryError> {
        let mut counts = Vec::new();
        for item in items {
            let bucket = u8::from_str_radix(sort_key(item), 16).map_err(|_| corrupt("counter"))?;
            let mut parts = (u16::from(bucket) * PER_BUCKET..).map(IdPart);
            for name in NUMBERS {
                // A number exists from the first resource on that it counts.
                let number = number_if::<u128>(item, name)?.unwrap_or_default();
                let counted = split(number).zip(parts.by_ref());
                let counted = counted.filter(|(count, _)| *count > 0);
                counts.extend(counted.map(|(count, part)| (part, count)));
            }
        }
        Ok(Self(counts))
    }

    /// The total number of resources.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// The number of resources in a part.
    fn within(&self, part: IdPart) -> u64 {
        let found = self.0.iter().find(|(other, _)| *other == part);
        found.map_or(0, |(_, count)| *count)
    }

    /// The number of resources after a part.
    fn beyond(&self, part: IdPart) -> u64 {
        let after = self.0.iter().filter(|(other, _)| *other > part);
        after.map(|(_, count)| count).sum()
    }

    /// The position after `skipped` resources.
    fn at(&self, skipped: u64) -> Option<At> {
        let mut before = 0;
        for (part, count) in &self.0 {
            if before + count > skipped {
                let ahead = skipped - before;
                return Some(At {
                    part: *part,
                    ahead,
                    behind: count - ahead,
                });
            }
            before += count;
        }
        None
    }
}

/// Splits a number into its counts.
fn split(number: u128) -> impl Iterator<Item = u64> {
    (0..u32::from(PARTS)).map(move |digits| {
        let count = number / ROOM.pow(digits) % ROOM;
        u64::try_from(count).unwrap_or_default()
    })
}

impl Directory {
    /// The number of resources in each part.
    pub(crate) async fn counts(&self, kind: ResourceKind) -> Result<Counts, DirectoryError> {
        let range = Range {
            pk: keys::counts(self.table.tenant(), kind),
            from: "0".to_owned(),
            to: "~".to_owned(),
        };
        let items = self.table.query(&range, None).await?;
        Counts::read(&items)
    }

    /// The number of all resources.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn total(&self, kind: ResourceKind) -> Result<u64, DirectoryError> {
        Ok(self.counts(kind).await?.total())
    }

    /// The page of resources after the first `skipped` ones, in the order of ids.
    pub(crate) async fn list_at(
        &self,
        kind: ResourceKind,
        counts: &Counts,
        skipped: u64,
        count: usize,
    ) -> Result<ResourcePage, DirectoryError> {
        let items = match counts.at(skipped).filter(|_| count > 0) {
            None => Vec::new(),
            Some(at) => self.items_at(kind, at, count).await?,
        };
        Ok(ResourcePage {
            total: counts.total(),
            given: None,
            page: resources(kind, &items)?,
            spread: Spread::Neighbours,
        })
    }

    async fn items_at(
        &self,
        kind: ResourceKind,
        at: At,
        count: usize,
    ) -> Result<Vec<Item>, DirectoryError> {
        let (ahead, behind) = (length(at.ahead), length(at.behind));
        let forwards = at.ahead.saturating_add(length_of(count));
        if forwards <= at.behind.max(length_of(count)).saturating_add(FEW) {
            let range = self.range(kind, at.part.start(), "~".to_owned());
            let limit = Some(ahead.saturating_add(count));
            let mut items = self.table.query(&range, limit).await?;
            items.drain(..ahead.min(items.len()));
            return Ok(items);
        }
        let own = self.range(kind, at.part.start(), at.part.end());
        let next = self.range(kind, at.part.end(), "~".to_owned());
        let missing = count.saturating_sub(behind);
        let beside = self.branch();
        let (mut items, following) = try_join(
            self.table
                .query_in(&own, Some(behind), Direction::Descending),
            async {
                match missing {
                    0 => Ok(Vec::new()),
                    _ => beside.table.query(&next, Some(missing)).await,
                }
            },
        )
        .await?;
        drop(beside);
        let is_end = following.len() < missing;
        items.reverse();
        items.extend(following);
        items.truncate(count);
        let missing = count - items.len();
        if missing > 0 && !is_end {
            // Some were deleted since the counters were read.
            let last = items.last().map(sort_key).map(after);
            let rest = self.range(kind, last.unwrap_or(at.part.end()), "~".to_owned());
            items.extend(self.table.query(&rest, Some(missing)).await?);
        }
        Ok(items)
    }

    /// The first resources after an id.
    pub(crate) async fn list_after(
        &self,
        kind: ResourceKind,
        counts: &Counts,
        id: ResourceId,
        count: usize,
    ) -> Result<ResourcePage, DirectoryError> {
        let part = IdPart::of(id);
        let count = count.max(1);
        // If a page ends in the part in which it begins, the rest of the part must be counted too. If that is at most half
        // a page, the same query reads it.
        let size = length(counts.within(part));
        let limit = match (count..=count + count / 2).contains(&size) {
            true => size,
            false => count,
        };
        let range = self.range(kind, after(id), "~".to_owned());
        let items = self.table.query(&range, Some(limit)).await?;
        let end = part.end();
        let within = items.iter().filter(|item| sort_key(item) < end.as_str());
        let within = within.count();
        let unread = match items.last().filter(|_| within == limit) {
            Some(last) => {
                let rest = self.range(kind, after(sort_key(last)), end);
                self.table.query(&rest, None).await?.len()
            }
            None => 0,
        };
        let left = counts.beyond(part) + length_of(within + unread);
        let page = items.get(..count).unwrap_or(&items);
        Ok(ResourcePage {
            total: counts.total(),
            given: Some(counts.total().saturating_sub(left)),
            page: resources(kind, page)?,
            spread: Spread::Neighbours,
        })
    }

    fn range(&self, kind: ResourceKind, from: String, to: String) -> Range {
        Range {
            pk: keys::resources(self.table.tenant(), kind),
            from,
            to,
        }
    }
}

fn resources(kind: ResourceKind, items: &[Item]) -> Result<Vec<Stored>, DirectoryError> {
    items.iter().map(|item| read_resource(kind, item)).collect()
}

/// The sort key directly after an id.
fn after(id: impl Display) -> String {
    format!("{id}\u{0}")
}

fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn length_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{n, s};

    fn id(start: &str) -> ResourceId {
        ResourceId::parse(&format!("{start}0000-0000-4000-8000-000000000000")).unwrap()
    }

    fn bucket(sk: &str, ids: &[&str]) -> Item {
        let mut numbers = Item::default();
        numbers.set(keys::SORT_KEY, s(sk));
        for name in NUMBERS {
            let mine = ids.iter().map(|start| IdPart::of(id(start)).counter());
            let sum: u128 = mine.filter(|one| one.0 == name).map(|one| one.1).sum();
            numbers.set(name, n(sum));
        }
        numbers
    }

    #[test]
    fn a_part_contains_the_ids_between_its_start_and_end() {
        for (start, end, first, last) in [
            ("0000", "0008", "0000", "0007"),
            ("00f8", "0100", "00f8", "00ff"),
            ("3fa8", "3fb0", "3fa8", "3faf"),
            ("fff8", "~", "fff8", "ffff"),
        ] {
            let part = IdPart::of(id(first));
            assert_eq!((part.start().as_str(), part.end().as_str()), (start, end));
            assert_eq!(IdPart::of(id(last)), part);
            assert!(part.start().as_str() < id(first).as_str());
            assert!(id(last).as_str() < part.end().as_str());
        }
        assert_ne!(IdPart::of(id("3fa7")), IdPart::of(id("3fa8")));
    }

    #[test]
    fn every_part_of_a_bucket_has_its_own_digits() {
        let mut seen = std::collections::BTreeSet::new();
        for part in 0..PER_BUCKET {
            assert!(seen.insert(IdPart(part).counter()));
        }
        let most = IdPart(PER_BUCKET - 1).counter().1 * (ROOM - 1);
        assert!(most.to_string().len() <= 38);
    }

    #[test]
    fn ranks_are_found_from_the_counters() {
        let many = vec!["01ff"; 9_999];
        let items = [
            bucket("00", &["0000", "0007", "0008"]),
            bucket("01", &many),
            bucket("ff", &["ffff"]),
        ];
        let counts = Counts::read(&items).unwrap();
        assert_eq!(counts.total(), 10_003);
        let part = |start| IdPart::of(id(start));
        for (skipped, start, ahead, behind) in [
            (0, "0000", 0, 2),
            (1, "0000", 1, 1),
            (2, "0008", 0, 1),
            (3, "01f8", 0, 9_999),
            (10_001, "01f8", 9_998, 1),
            (10_002, "fff8", 0, 1),
        ] {
            let expected = At {
                part: part(start),
                ahead,
                behind,
            };
            assert_eq!(counts.at(skipped), Some(expected), "{skipped}");
        }
        assert_eq!(counts.at(10_003), None);
        assert_eq!(
            (counts.within(part("01ff")), counts.beyond(part("01ff"))),
            (9_999, 1)
        );
        assert_eq!(counts.within(part("8000")), 0);
    }

    #[test]
    fn counters_in_other_number_formats_are_read_and_unreadable_ones_are_errors() {
        let with = |text: &str| {
            let mut item = bucket("3f", &["3f00", "3fff"]);
            item.set("b", n(text));
            Counts::read(&[item])
        };
        for text in ["1.0E+28", "1E28", "10000000000000000000000000000"] {
            let counts = with(text).unwrap();
            assert_eq!(
                (counts.total(), counts.within(IdPart::of(id("3f7f")))),
                (3, 1)
            );
        }
        for text in ["", "1.5", "-1", "many", "1E+39"] {
            assert!(with(text).is_err(), "{text}");
        }
        let mut item = bucket("3f", &["3f00"]);
        item.remove("b");
        assert_eq!(Counts::read(&[item]).unwrap().total(), 1);
        assert!(Counts::read(&[bucket("xx", &[])]).is_err());
    }
}
