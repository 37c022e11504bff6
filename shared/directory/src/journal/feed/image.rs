//! A record of the table's stream about a user or group.

use std::fmt;

use jiff::Timestamp;
use keyring::TenantId;
use scim_core::event::{Gone, MemberChange, PasswordMark, Stamp, StoredVersion};
use scim_core::{ResourceId, ResourceKind};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::people::{Stored, read_delta, read_resource};
use crate::table::keys::attribute::gone::KEPT;
use crate::table::keys::attribute::resource::{AUTHOR, DELTA, PASSWORD, REQUEST, WRITE};
use crate::table::keys::{self, Key};
use crate::table::{Item, binary, text};

/// The change of a user or group, from a record of the stream.
#[derive(Clone)]
pub struct StreamChange {
    /// The tenant.
    pub tenant: TenantId,
    /// The record's number in the stream.
    pub sequence: String,
    /// The record's time, in seconds since 1970.
    pub time: i64,
    pub(super) id: ResourceId,
    pub(super) before: Option<StoredVersion>,
    pub(super) after: Option<StoredVersion>,
}

/// A record about a user or group that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImageError {
    /// The tenant.
    pub tenant: TenantId,
    /// The record's number in the stream.
    pub sequence: String,
    /// The record's time, in seconds since 1970.
    pub time: i64,
}

#[derive(Deserialize)]
struct ImageRecord {
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    keys: Map<String, Value>,
    sequence_number: String,
    approximate_creation_date_time: f64,
    old_image: Option<Map<String, Value>>,
    new_image: Option<Map<String, Value>>,
}

/// Shows no values of people.
impl fmt::Debug for StreamChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamChange({} {})", self.tenant, self.id)
    }
}

impl StreamChange {
    /// Parses a record; `None` if it is not about a user or group.
    ///
    /// # Errors
    ///
    /// When it is about one that cannot be read.
    pub fn read(record: &Value) -> Option<Result<Self, ImageError>> {
        let ImageRecord { dynamodb: change } = ImageRecord::deserialize(record).ok()?;
        let key = Item::of_json(&change.keys);
        let (tenant, kind) = keys::resources_of(text(&key, keys::PARTITION_KEY)?)?;
        let id = text(&key, keys::SORT_KEY).and_then(ResourceId::parse);
        // A time has no fraction, or one that is cut off.
        #[expect(
            clippy::cast_possible_truncation,
            reason = "seconds since 1970 are small"
        )]
        let time = change.approximate_creation_date_time as i64;
        let image = |image: Option<Map<String, Value>>| match image {
            Some(image) => read_version(kind, &Item::of_json(&image)).map(Some),
            None => Some(None),
        };
        let read = || {
            Some(Self {
                tenant: tenant.clone(),
                sequence: change.sequence_number.clone(),
                time,
                id: id?,
                before: image(change.old_image)?,
                after: image(change.new_image)?,
            })
        };
        Some(read().ok_or(ImageError {
            tenant: tenant.clone(),
            sequence: change.sequence_number.clone(),
            time,
        }))
    }

    /// When the last version of the images was written.
    pub(super) fn written(&self) -> Option<Timestamp> {
        let last = self.after.as_ref().or(self.before.as_ref());
        last.map(|version| version.resource.meta.last_modified)
    }

    /// The key of the note that a deletion left; `None` of any other change.
    pub(super) fn gone_key(&self) -> Option<Key> {
        let last = self.before.as_ref().filter(|_| self.after.is_none())?;
        let version = last.resource.meta.version.next();
        Some(keys::gone(&self.tenant, self.id, version))
    }
}

/// The version in an item.
fn read_version(kind: ResourceKind, item: &Item) -> Option<StoredVersion> {
    let Stored {
        resource, waiting, ..
    } = read_resource(kind, item).ok()?;
    let stamp = read_stamp(item);
    let members = match kind {
        ResourceKind::User => MemberChange::none(),
        ResourceKind::Group => {
            let write = stamp.txn.as_deref().unwrap_or_default();
            binary(item, DELTA).map_or(MemberChange::Unknown, |delta| read_delta(delta, write))
        }
    };
    Some(StoredVersion {
        resource,
        stamp,
        password: PasswordMark::of(text(item, PASSWORD)),
        waiting,
        members,
    })
}

/// What a deletion left.
pub(super) fn read_gone(item: &Item) -> Gone {
    Gone {
        stamp: read_stamp(item),
        kept: item.has(KEPT),
    }
}

fn read_stamp(item: &Item) -> Stamp {
    let owned = |name| text(item, name).map(str::to_owned);
    Stamp {
        txn: owned(WRITE),
        by: owned(AUTHOR),
        request: owned(REQUEST),
    }
}
