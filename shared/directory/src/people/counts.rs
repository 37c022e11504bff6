//! How many resources there are, and who stands at a rank.
//!
//! 256 items count the resources of a tenant, one for each first byte of the ids, so that writes side by
//! side seldom meet. Each says how its number is made up of 32 parts; so whoever asks for all of them knows
//! the total, and of any rank in which of 8,192 parts it lies and how far from its ends. A page is then read
//! from the end of a part that is nearer: backwards up to its own part's end and forwards from there, or
//! forwards from the part's start. What is read beside the page is nothing while a part has fewer
//! users than a page, whatever the page's rank.
//!
//! The 32 counts are eight to a number, four digits each. A number of DynamoDB has 38 digits, is added to without
//! being read, and is billed by the digits: all counters of a tenant are 24 KB, six read units, where
//! one attribute a count would take 38 KB. A part has room for 9,999, a tenant for 80 million.

use std::fmt::Display;

use futures_util::future::try_join;
use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use crate::people::directory::{Directory, Found, Spread};
use crate::people::item::{Stored, read_resource};
use crate::table::{DirectoryError, Item, Range, corrupt, keys, number_if, sort_key};

/// The numbers of a bucket, in the order of its parts.
const NUMBERS: [&str; 4] = ["a", "b", "c", "d"];
/// How many parts a number counts.
const PARTS: u16 = 8;
/// What lies between the counts of a number, and is more than each of them.
const ROOM: u128 = 10_000;
/// How many parts a bucket has.
const PER_BUCKET: u16 = 32;
/// So many users more are read rather than asked for apart: both cost a read unit.
const FEW: u64 = 4;

/// One of 8,192 parts of all ids: those that begin with the same 13 bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Part(u16);

impl Part {
    /// The part that an id falls into.
    #[must_use]
    pub fn of(id: ResourceId) -> Self {
        let digits = id.as_str().get(..4).unwrap_or_default();
        Self(u16::from_str_radix(digits, 16).unwrap_or_default() >> 3)
    }

    /// The number of the bucket's item that counts it, and what counts one there.
    #[must_use]
    pub fn counter(self) -> (&'static str, u128) {
        let within = self.0 % PER_BUCKET;
        let name = NUMBERS.get(usize::from(within / PARTS));
        let digits = u32::from(within % PARTS);
        (name.copied().unwrap_or_default(), ROOM.pow(digits))
    }

    /// What stands before all of its ids and after those of the part before it.
    fn start(self) -> String {
        format!("{:04x}", self.0 << 3)
    }

    /// What stands after all of its ids.
    fn end(self) -> String {
        match self.0 + 1 {
            8_192 => "~".to_owned(),
            next => Self(next).start(),
        }
    }
}

/// How many resources of a type there are in each part that has any, in the order of their ids.
#[derive(Debug, Default)]
pub(crate) struct Counts(Vec<(Part, u64)>);

/// Where a rank is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct At {
    part: Part,
    /// How many stand before it in its part.
    ahead: u64,
    /// How many stand in its part from it on.
    behind: u64,
}

impl Counts {
    /// What the items of the buckets say.
    fn read(items: &[Item]) -> Result<Self, DirectoryError> {
        let mut counts = Vec::new();
        for item in items {
            let bucket = u8::from_str_radix(sort_key(item), 16).map_err(|_| corrupt("counter"))?;
            let mut parts = (u16::from(bucket) * PER_BUCKET..).map(Part);
            for name in NUMBERS {
                // A number is there from the first resource on that it counts.
                let number = number_if::<u128>(item, name)?.unwrap_or_default();
                let counted = split(number).zip(parts.by_ref());
                let counted = counted.filter(|(count, _)| *count > 0);
                counts.extend(counted.map(|(count, part)| (part, count)));
            }
        }
        Ok(Self(counts))
    }

    /// The number of all.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// The number of those in a part.
    fn within(&self, part: Part) -> u64 {
        let found = self.0.iter().find(|(other, _)| *other == part);
        found.map_or(0, |(_, count)| *count)
    }

    /// The number of those after a part.
    fn beyond(&self, part: Part) -> u64 {
        let after = self.0.iter().filter(|(other, _)| *other > part);
        after.map(|(_, count)| count).sum()
    }

    /// Where somebody stands whom so many are before.
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

/// The counts in a number.
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
            pk: keys::counts(&self.tenant, kind),
            from: "0".to_owned(),
            to: "~".to_owned(),
        };
        let items = self.store.query(&range, None, &self.meter).await?;
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

    /// The page of all resources that begins after `skipped` of them, in the order of their ids.
    pub(crate) async fn list_at(
        &self,
        kind: ResourceKind,
        counts: &Counts,
        skipped: u64,
        count: usize,
    ) -> Result<Found, DirectoryError> {
        let items = match counts.at(skipped).filter(|_| count > 0) {
            None => Vec::new(),
            Some(at) => self.items_at(kind, at, count).await?,
        };
        Ok(Found {
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
            let mut items = self.store.query(&range, limit, &self.meter).await?;
            items.drain(..ahead.min(items.len()));
            return Ok(items);
        }
        let own = self.range(kind, at.part.start(), at.part.end());
        let next = self.range(kind, at.part.end(), "~".to_owned());
        let missing = count.saturating_sub(behind);
        let beside = self.branch();
        let (mut items, following) = try_join(
            self.store
                .query_in(&own, Some(behind), Direction::Descending, &self.meter),
            async {
                match missing {
                    0 => Ok(Vec::new()),
                    _ => {
                        beside
                            .store
                            .query(&next, Some(missing), &beside.meter)
                            .await
                    }
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
            // Somebody was deleted since they were counted.
            let last = items.last().map(sort_key).map(after);
            let rest = self.range(kind, last.unwrap_or(at.part.end()), "~".to_owned());
            items.extend(self.store.query(&rest, Some(missing), &self.meter).await?);
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
    ) -> Result<Found, DirectoryError> {
        let part = Part::of(id);
        let count = count.max(1);
        // A page that ends in the part in which it begins does not tell how many are left of the part;
        // when that takes half a page at most, they are read at once.
        let size = length(counts.within(part));
        let limit = match (count..=count + count / 2).contains(&size) {
            true => size,
            false => count,
        };
        let range = self.range(kind, after(id), "~".to_owned());
        let items = self.store.query(&range, Some(limit), &self.meter).await?;
        let end = part.end();
        let within = items.iter().filter(|item| sort_key(item) < end.as_str());
        let within = within.count();
        let unread = match items.last().filter(|_| within == limit) {
            Some(last) => {
                let rest = self.range(kind, after(sort_key(last)), end);
                self.store.query(&rest, None, &self.meter).await?.len()
            }
            None => 0,
        };
        let left = counts.beyond(part) + length_of(within + unread);
        let page = items.get(..count).unwrap_or(&items);
        Ok(Found {
            total: counts.total(),
            given: Some(counts.total().saturating_sub(left)),
            page: resources(kind, page)?,
            spread: Spread::Neighbours,
        })
    }

    fn range(&self, kind: ResourceKind, from: String, to: String) -> Range {
        Range {
            pk: keys::resources(&self.tenant, kind),
            from,
            to,
        }
    }
}

fn resources(kind: ResourceKind, items: &[Item]) -> Result<Vec<Stored>, DirectoryError> {
    items.iter().map(|item| read_resource(kind, item)).collect()
}

/// What stands directly after an id.
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
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;

    fn id(start: &str) -> ResourceId {
        ResourceId::parse(&format!("{start}0000-0000-4000-8000-000000000000")).unwrap()
    }

    fn bucket(sk: &str, ids: &[&str]) -> Item {
        let mut numbers: Item = Item::new();
        numbers.insert("sk".to_owned(), AttributeValue::S(sk.to_owned()));
        for name in NUMBERS {
            let mine = ids.iter().map(|start| Part::of(id(start)).counter());
            let sum: u128 = mine.filter(|one| one.0 == name).map(|one| one.1).sum();
            numbers.insert(name.to_owned(), AttributeValue::N(sum.to_string()));
        }
        numbers
    }

    #[test]
    fn a_part_holds_the_ids_between_its_start_and_its_end() {
        for (start, end, first, last) in [
            ("0000", "0008", "0000", "0007"),
            ("00f8", "0100", "00f8", "00ff"),
            ("3fa8", "3fb0", "3fa8", "3faf"),
            ("fff8", "~", "fff8", "ffff"),
        ] {
            let part = Part::of(id(first));
            assert_eq!((part.start().as_str(), part.end().as_str()), (start, end));
            assert_eq!(Part::of(id(last)), part);
            assert!(part.start().as_str() < id(first).as_str());
            assert!(id(last).as_str() < part.end().as_str());
        }
        assert_ne!(Part::of(id("3fa7")), Part::of(id("3fa8")));
    }

    #[test]
    fn every_part_of_a_bucket_has_digits_of_its_own() {
        let mut seen = std::collections::BTreeSet::new();
        for part in 0..PER_BUCKET {
            assert!(seen.insert(Part(part).counter()));
        }
        let most = Part(PER_BUCKET - 1).counter().1 * (ROOM - 1);
        assert!(most.to_string().len() <= 38);
    }

    #[test]
    fn ranks_are_found_in_the_parts_that_the_numbers_count() {
        let many = vec!["01ff"; 9_999];
        let items = [
            bucket("00", &["0000", "0007", "0008"]),
            bucket("01", &many),
            bucket("ff", &["ffff"]),
        ];
        let counts = Counts::read(&items).unwrap();
        assert_eq!(counts.total(), 10_003);
        let part = |start| Part::of(id(start));
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
    fn a_counter_in_another_form_counts_the_same_and_one_that_cannot_be_read_is_no_zero() {
        let with = |text: &str| {
            let mut item = bucket("3f", &["3f00", "3fff"]);
            item.insert("b".to_owned(), AttributeValue::N(text.to_owned()));
            Counts::read(&[item])
        };
        for text in ["1.0E+28", "1E28", "10000000000000000000000000000"] {
            let counts = with(text).unwrap();
            assert_eq!(
                (counts.total(), counts.within(Part::of(id("3f7f")))),
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
