//! A batch of entries as an item.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use keyring::TenantId;
use scim_core::event::{self, EntryKey, FeedEntry, Position, Sum};

use crate::limits::{BATCH_BYTES, BATCH_ENTRIES, BATCH_TEXT_BYTES, ENTRY_BYTES};
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::batch::{APPENDED, COUNT, ENTRIES, GREATEST, SUM};
use crate::table::{
    ConditionExpression, DirectoryError, Item, ItemUpdate, binary, bytes, corrupt, keys, n, number,
    sort_key,
};

/// A batch of a feed.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Batch {
    /// The position of its first entry.
    pub(crate) first: Position,
    pub(crate) entries: Vec<FeedEntry>,
    /// The greatest time of a record up to here, in seconds since 1970. It never falls.
    pub(crate) greatest: i64,
    /// When it was appended.
    pub(crate) appended: Timestamp,
    /// The sum of the live versions up to here; `None` if it is not known.
    pub(crate) sum: Option<Sum>,
    /// When it expires, in seconds since 1970.
    pub(crate) expires: i64,
}

impl Batch {
    /// The position of its last entry.
    pub(crate) fn last(&self) -> Position {
        let more = u64::try_from(self.entries.len()).unwrap_or(u64::MAX);
        self.first
            .advance(more.saturating_sub(1))
            .unwrap_or(self.first)
    }

    /// Whether no position is missing between this one and the batch.
    pub(crate) fn follows(&self, end: Position) -> bool {
        let is_new_epoch = self.first.epoch() > end.epoch() && self.first.number() == 1;
        is_new_epoch || end.next() == Some(self.first)
    }

    /// The keys of its entries.
    pub(crate) fn keys(&self) -> impl Iterator<Item = EntryKey> {
        self.entries.iter().filter_map(FeedEntry::key)
    }

    /// The entries with their positions.
    pub(crate) fn positions(&self) -> impl Iterator<Item = (Position, &FeedEntry)> {
        let positions = std::iter::successors(Some(self.first), |position| position.next());
        positions.zip(&self.entries)
    }

    /// The write that appends it, if its first position is free.
    pub(crate) fn put(&self, tenant: &TenantId) -> ItemUpdate {
        let update = ItemUpdate::of(keys::batch(tenant, self.first))
            .set(COUNT, n(self.entries.len()))
            .set(GREATEST, n(self.greatest))
            .set(APPENDED, n(self.appended.as_millisecond()))
            .set(ENTRIES, bytes(deflate(&event::print(&self.entries))))
            .set(EXPIRES, n(self.expires))
            .when(ConditionExpression::Absent);
        match self.sum {
            Some(sum) => update.set(SUM, bytes(sum.to_bytes().to_vec())),
            None => update,
        }
    }

    pub(crate) fn read(item: &Item) -> Result<Self, DirectoryError> {
        let read = || {
            let entries = event::read(&inflate(binary(item, ENTRIES)?)?).ok()?;
            let count: usize = number(item, COUNT)?;
            let sum = match binary(item, SUM) {
                Some(sum) => Some(Sum::from_bytes(sum.try_into().ok()?)),
                None => None,
            };
            Some(Self {
                first: Position::parse(sort_key(item))?,
                greatest: number(item, GREATEST)?,
                appended: Timestamp::from_millisecond(number(item, APPENDED)?).ok()?,
                expires: number(item, EXPIRES)?,
                sum,
                entries,
            })
            .filter(|batch| batch.entries.len() == count && count > 0)
        };
        read().ok_or_else(|| corrupt("batch of the feed"))
    }
}

/// How many of the entries, from the first one on, one batch holds. An entry that is too large loses its resource.
pub(crate) fn fitting(entries: &mut [FeedEntry]) -> usize {
    let mut room = BATCH_BYTES;
    for (at, entry) in entries.iter_mut().take(BATCH_ENTRIES).enumerate() {
        let mut size = size(entry);
        if size > ENTRY_BYTES {
            entry.truncate();
            size = self::size(entry);
        }
        match room.checked_sub(size) {
            Some(rest) => room = rest,
            None => return at.max(1),
        }
    }
    entries.len().min(BATCH_ENTRIES)
}

/// The bytes of an entry, deflated alone; in a batch it is smaller.
fn size(entry: &FeedEntry) -> usize {
    deflate(&event::print(std::slice::from_ref(entry))).len()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default()
}

/// The text of a batch, which only this module writes. The bound is for items that something else has written.
fn inflate(deflated: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let decoder = DeflateDecoder::new(deflated);
    let read = decoder.take(BATCH_TEXT_BYTES).read_to_end(&mut text).ok()?;
    (u64::try_from(read).ok()? < BATCH_TEXT_BYTES).then_some(text)
}

#[cfg(test)]
mod tests {
    use scim_core::event::{EntryData, EventType, Stamp};

    use super::*;

    fn entry(text: &str) -> FeedEntry {
        let data = EntryData {
            resource: Some([("title".to_owned(), text.into())].into_iter().collect()),
            ..EntryData::default()
        };
        let stamp = Stamp::default();
        FeedEntry::new(EventType::UserCreated, Timestamp::UNIX_EPOCH, stamp, data)
    }

    /// Text that does not become much smaller.
    fn noise(length: usize) -> String {
        let mut state = 88_172_645_463_325_252_u64;
        let next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'!' + u8::try_from(state % 90).unwrap())
        };
        std::iter::repeat_with(next).take(length).collect()
    }

    #[test]
    fn a_batch_holds_a_hundred_small_entries() {
        let mut entries = vec![entry("x"); 250];
        assert_eq!(fitting(&mut entries), BATCH_ENTRIES);
        assert_eq!(fitting(&mut entries[..7]), 7);
    }

    #[test]
    fn a_batch_ends_before_it_is_too_large_and_an_entry_that_is_loses_its_resource() {
        let mut entries = vec![entry(&noise(150_000)); 3];
        let fits = fitting(&mut entries);
        assert!(fits < 3, "{fits}");
        let large = &mut [entry(&noise(400_000)), entry("x")];
        assert_eq!(fitting(large), 2);
        assert!(large[0].data().truncated && large[0].data().resource.is_none());
        assert!(!large[1].data().truncated);
    }

    #[test]
    fn a_text_beyond_the_bound_is_not_read() {
        let bomb = deflate(&vec![b' '; usize::try_from(BATCH_TEXT_BYTES).unwrap() + 1]);
        assert_eq!(inflate(&bomb), None);
        assert_eq!(inflate(&deflate(b"[]")).as_deref(), Some(&b"[]"[..]));
    }
}
