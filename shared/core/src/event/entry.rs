//! Entries of a feed, and what the code around the feed asks of them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::data::EntryData;
use super::event_type::{EventType, kind_of};
use super::version::Stamp;
use crate::ids::{ResourceId, Version};
use crate::schema::ResourceKind;

/// An entry as a batch stores it. Its position, and with it its id, follow from its place.
///
/// An entry that newer code wrote is read and printed without loss, even if its type or a member is unknown here.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedEntry {
    #[serde(rename = "type")]
    name: String,
    #[serde(with = "instant")]
    timestamp: Timestamp,
    #[serde(flatten)]
    stamp: Stamp,
    data: EntryData,
}

/// Why a receiver needs a new snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResyncReason {
    /// A record could not be read.
    Unreadable,
    /// The table was restored, or its stream is a new one.
    Restored,
    /// Entries that the receiver has not read expired.
    Expired,
    /// The sum of the feed was not that of the table.
    Mismatch,
}

impl ResyncReason {
    /// Its name in `data.reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Restored => "restored",
            Self::Expired => "expired",
            Self::Mismatch => "mismatch",
        }
    }
}

/// What an entry is about. Two entries of a feed with the same key are the same event, given out twice.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum EntryKey {
    /// A version of a user or group.
    Version {
        /// User or group.
        kind: ResourceKind,
        /// The id.
        id: ResourceId,
        /// The version.
        version: Version,
        /// The part, from 1.
        part: u32,
    },
    /// A version of a tenant.
    Tenant {
        /// The id.
        id: String,
        /// When this tenant of that id was created.
        created: String,
        /// The version.
        version: Version,
    },
    /// The stream's number of a record that could not be read.
    Record(String),
}

/// How an entry changes which versions are live.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effect {
    /// User or group.
    pub kind: ResourceKind,
    /// The id.
    pub id: ResourceId,
    /// The version that is live no longer.
    pub leaves: Option<Version>,
    /// The version that is live from here on.
    pub enters: Option<Version>,
}

impl FeedEntry {
    /// An entry of any type.
    #[must_use]
    pub fn new(what: EventType, timestamp: Timestamp, stamp: Stamp, data: EntryData) -> Self {
        Self {
            name: what.name().to_owned(),
            timestamp,
            stamp,
            data,
        }
    }

    /// `directory.resync_required`. `record` is the number of the record that could not be read.
    #[must_use]
    pub fn resync_required(
        reason: ResyncReason,
        record: Option<&str>,
        timestamp: Timestamp,
    ) -> Self {
        let data = EntryData {
            reason: Some(reason.name().to_owned()),
            record: record.map(str::to_owned),
            ..EntryData::default()
        };
        let what = EventType::DirectoryResyncRequired;
        Self::new(what, timestamp, Stamp::default(), data)
    }

    /// `directory.baseline`.
    #[must_use]
    pub fn baseline(timestamp: Timestamp) -> Self {
        let what = EventType::DirectoryBaseline;
        Self::new(what, timestamp, Stamp::default(), EntryData::default())
    }

    /// `test.event`.
    #[must_use]
    pub fn test(timestamp: Timestamp, stamp: Stamp) -> Self {
        Self::new(EventType::Test, timestamp, stamp, EntryData::default())
    }

    /// The name of its type.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type, unless only newer code knows it.
    #[must_use]
    pub fn event_type(&self) -> Option<EventType> {
        EventType::parse(&self.name)
    }

    /// When it happened.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// Who did it.
    #[must_use]
    pub const fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    /// What it says.
    #[must_use]
    pub const fn data(&self) -> &EntryData {
        &self.data
    }

    /// The user or group that it is about.
    #[must_use]
    pub fn subject(&self) -> Option<(ResourceKind, ResourceId)> {
        Some((kind_of(&self.name)?, self.data.id?))
    }

    /// What it is about; `None` for an entry that is appended only once anyway.
    #[must_use]
    pub fn key(&self) -> Option<EntryKey> {
        if let Some(record) = &self.data.record {
            return Some(EntryKey::Record(record.clone()));
        }
        if let (Some(id), Some(created)) = (&self.data.tenant, &self.data.created) {
            return Some(EntryKey::Tenant {
                id: id.clone(),
                created: created.clone(),
                version: self.data.version?,
            });
        }
        let (kind, id) = self.subject()?;
        Some(EntryKey::Version {
            kind,
            id,
            version: self.data.version?,
            part: self.data.part.unwrap_or(1),
        })
    }

    /// How it changes which versions are live. Of several parts, only the last one does.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        let (kind, id) = self.subject()?;
        if self.data.part != self.data.parts {
            return None;
        }
        let is_gone = self.data.deleted || self.name.ends_with(".deleted");
        Some(Effect {
            kind,
            id,
            leaves: self.data.previous_version,
            enters: self.data.version.filter(|_| !is_gone),
        })
    }

    /// Whether the feed does not say what happened before it, so that its sum is not known.
    #[must_use]
    pub fn breaks_sum(&self) -> bool {
        matches!(
            self.event_type(),
            Some(EventType::DirectoryResyncRequired | EventType::DirectoryBaseline)
        )
    }

    /// The new user or group that it introduces.
    #[must_use]
    pub fn introduces(&self) -> Option<(ResourceKind, ResourceId)> {
        let is_first =
            self.data.part.unwrap_or(1) == 1 && self.data.version == Some(Version::FIRST);
        self.subject().filter(|_| is_first)
    }

    /// Whether it takes a user's access away.
    #[must_use]
    pub fn is_deprovisioning(&self) -> bool {
        matches!(
            self.event_type(),
            Some(EventType::UserDeactivated | EventType::UserDeleted)
        )
    }

    /// Names the members that join before the feed introduces them.
    pub fn name_early(&mut self, is_early: impl Fn(ResourceId) -> bool) {
        let members = &mut self.data.members;
        let early = members.added.iter().filter(|member| is_early(member.id));
        members.early = early.copied().collect();
    }

    /// Cuts out the resource, which is too large for the feed.
    pub fn truncate(&mut self) {
        self.cut();
        self.data.truncated = true;
    }

    /// Cuts out what the entry says about an erased person. It keeps position, id and versions.
    pub fn erase(&mut self) {
        self.cut();
        self.data.erased = true;
    }

    fn cut(&mut self) {
        self.data.resource = None;
        self.data.before = None;
        self.data.emails = Vec::new();
    }
}

/// Shows no values of people.
impl fmt::Debug for FeedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(id) = self.data.id {
            write!(f, " {id}")?;
        }
        if let Some(Version(version)) = self.data.version {
            write!(f, " {version}")?;
        }
        match (self.data.part, self.data.parts) {
            (Some(part), Some(parts)) => write!(f, " {part}/{parts}"),
            _ => Ok(()),
        }
    }
}

/// Instants with milliseconds, as in `meta`.
mod instant {
    use std::borrow::Cow;

    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::resource::timestamp;

    pub(super) fn serialize<S: Serializer>(
        instant: &Timestamp,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&timestamp(*instant))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Timestamp, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
