//! Entries as receivers get them, and as batches store them.

use serde::Serialize;

use super::data::EntryData;
use super::entry::FeedEntry;
use super::id::EventId;
use super::position::Position;
use super::version::Stamp;
use crate::resource::timestamp;

/// A batch that cannot be parsed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UnreadableBatch;

/// The JSON of a batch: an array of entries, compact.
#[must_use]
pub fn print(entries: &[FeedEntry]) -> Vec<u8> {
    // Entries are JSON objects with text keys, which always can be printed.
    serde_json::to_vec(entries).unwrap_or_default()
}

/// Parses the JSON of a batch.
///
/// # Errors
///
/// When it is not an array of entries.
pub fn read(text: &[u8]) -> Result<Vec<FeedEntry>, UnreadableBatch> {
    serde_json::from_slice(text).map_err(|_| UnreadableBatch)
}

/// An entry as receivers get it.
#[derive(Serialize)]
pub struct Outward<'e> {
    id: EventId,
    #[serde(rename = "type")]
    name: &'e str,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant: Option<&'e str>,
    position: Position,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Position>,
    #[serde(flatten)]
    stamp: &'e Stamp,
    data: &'e EntryData,
}

impl FeedEntry {
    /// The entry at a position of a tenant's feed, as receivers get it.
    #[must_use]
    pub fn outward<'e>(&'e self, tenant: &'e str, position: Position) -> Outward<'e> {
        self.outward_of(EventId::of(tenant, position), Some(tenant))
    }

    /// The entry at a position of the account feed, as receivers get it. It has no `tenant`, so that nobody takes its
    /// position for one of a tenant's feed; `data` says which tenant it is about.
    #[must_use]
    pub fn outward_of_account(&self, position: Position) -> Outward<'_> {
        self.outward_of(EventId::of(EventId::ACCOUNT, position), None)
    }

    fn outward_of<'e>(&'e self, id: EventId, tenant: Option<&'e str>) -> Outward<'e> {
        Outward {
            id,
            name: self.name(),
            timestamp: timestamp(self.timestamp()),
            tenant,
            position: id.position(),
            previous: None,
            stamp: self.stamp(),
            data: self.data(),
        }
    }
}

impl Outward<'_> {
    /// The same with the position that the receiver acknowledged last. Between the two are only entries that it does not
    /// receive.
    #[must_use]
    pub const fn after(mut self, previous: Position) -> Self {
        self.previous = Some(previous);
        self
    }

    /// The id.
    #[must_use]
    pub const fn id(&self) -> EventId {
        self.id
    }
}
