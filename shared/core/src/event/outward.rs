//! Entries as receivers get them, and as batches store them.

use serde::Serialize;

use super::entry::{EntryData, FeedEntry};
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
    tenant: &'e str,
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
        Outward {
            id: EventId::of(tenant, position),
            name: self.name(),
            timestamp: timestamp(self.timestamp()),
            tenant,
            position,
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
