//! The change feed of a tenant: what happened to its users and groups, as entries with positions, each once.
//!
//! A feed is a chain of *batches*. The key of a batch is its first position, and a batch is put only if no item has that
//! key. So two writers that saw the same end collide, and no position is given twice or left out. A writer looks back to
//! the time of its records before it appends: what is in the feed already is dropped. That makes the feed its own
//! checkpoint, so a record may arrive twice, late, and at two writers at once.
//!
//! | File | What is in it |
//! |---|---|
//! | `batch` | a batch as an item |
//! | `image` | a record of the table's stream: the versions of a user or group, and what a deletion left |
//! | `tail` | what a writer knows of the end of the feed |
//! | `append` | the steps of a writer, without I/O: what to ask of the table next |
//! | `joining` | who joins a group, and whether the feed introduced them |
//! | `write` | performs these steps |
//! | `page` | pages for a reader |
//! | `behind` | parts of the feed for a delivery, which says what it cannot deliver |
//! | `ends` | what a process remembers of both ends, for readers |
//!
//! `append` is pure so that a test can try every order of steps of several writers.

use std::sync::Arc;

use jiff::Timestamp;
use scim_core::event::Position;

use crate::limits::{FEED_AGE, FEED_GRACE};
use crate::table::keys::{self, Partition};
use crate::table::{Range, TenantTable};
use crate::tenants::Tenant;

mod append;
mod batch;
mod behind;
mod ends;
mod image;
mod joining;
#[cfg(test)]
mod model;
mod page;
mod tail;
#[cfg(test)]
mod tests;
mod write;

use ends::Remembered;

pub use ends::FeedEnds;
pub use image::{ImageError, StreamChange};
pub use page::{FeedPage, NoPage};
pub use tail::Tail;
pub use write::Appended;

/// The change feed of one tenant.
#[derive(Clone, Debug)]
pub struct Feed {
    table: TenantTable,
    remembered: Option<Remembered>,
}

impl Feed {
    /// The feed of a tenant.
    #[must_use]
    pub const fn new(table: TenantTable) -> Self {
        Self {
            table,
            remembered: None,
        }
    }

    /// The same for a reader in a process that remembers where feeds begin and end. The tenant must be as stored now.
    #[must_use]
    pub fn remembered(self, ends: &Arc<FeedEnds>, tenant: &Tenant) -> Self {
        Self {
            remembered: Some(Remembered::of(ends, tenant)),
            ..self
        }
    }

    /// The batches whose first position is in a range.
    fn range(&self, from: Position, to: Position) -> Range {
        Range {
            pk: Partition::Feed.of(self.table.tenant()),
            from: from.digits(),
            to: to.digits(),
        }
    }
}

/// Whether a batch that expires at this second may be read. The table deletes expired items in any order, so readers
/// stop well before.
fn is_readable(expires: i64, now: Timestamp) -> bool {
    let end = now.saturating_add(FEED_GRACE).unwrap_or(now);
    expires > end.as_second()
}

/// When a batch that is appended now expires, in seconds since 1970.
fn expiry(now: Timestamp) -> i64 {
    now.saturating_add(FEED_AGE).unwrap_or(now).as_second()
}

/// The key of the note that a resource was introduced.
fn introduced(table: &TenantTable, id: scim_core::ResourceId) -> keys::Key {
    keys::introduced(table.tenant(), id)
}
