//! What a stored version of a user or group says, and what a deletion leaves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::ResourceId;
use crate::resource::Resource;
use crate::schema::ResourceKind;

/// Who wrote a version, and with which request.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// The id of the write. All versions of one write have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txn: Option<String>,
    /// The key, the admin or the background task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The id of the request.
    #[serde(default, rename = "requestId", skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// A user's password as something that can be compared, and neither shown nor stored.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct PasswordMark(Option<[u8; 32]>);

impl PasswordMark {
    /// The mark of a stored password hash.
    #[must_use]
    pub fn of(stored: Option<&str>) -> Self {
        Self(stored.map(|hash| Sha256::digest(hash.as_bytes()).into()))
    }
}

/// A user or group that joins or leaves a group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct GroupMember {
    /// User or group. Of a member that leaves it may be unknown, and nobody needs it to take the member out.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ResourceKind>,
    /// The id.
    #[serde(rename = "value")]
    pub id: ResourceId,
}

/// The members that join and leave a group with one version. Nobody is in both, and the order is that of the ids.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MemberSets {
    joined: BTreeMap<ResourceId, ResourceKind>,
    left: BTreeMap<ResourceId, Option<ResourceKind>>,
}

impl MemberSets {
    /// Adds a member that joins. A member that left with the same version joins.
    pub fn join(&mut self, id: ResourceId, kind: ResourceKind) {
        self.left.remove(&id);
        self.joined.insert(id, kind);
    }

    /// Adds a member that leaves. A member that joined with the same version leaves.
    pub fn leave(&mut self, id: ResourceId, kind: Option<ResourceKind>) {
        self.joined.remove(&id);
        self.left.insert(id, kind);
    }

    /// The members that join.
    pub fn joined(&self) -> impl Iterator<Item = GroupMember> {
        let joined = self.joined.iter();
        joined.map(|(id, kind)| GroupMember {
            kind: Some(*kind),
            id: *id,
        })
    }

    /// The members that leave.
    pub fn left(&self) -> impl Iterator<Item = GroupMember> {
        let left = self.left.iter();
        left.map(|(id, kind)| GroupMember {
            kind: *kind,
            id: *id,
        })
    }
}

/// What a version of a group says about its members.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MemberChange {
    /// Who joins and leaves.
    Known(MemberSets),
    /// A large change, in this many lists of its own. Whoever has read them makes it [`MemberChange::Known`]; else it counts
    /// as unknown. The lists must be read consistently, so that a repeated record gives the same entries.
    Listed(usize),
    /// The writer did not say it.
    Unknown,
}

impl MemberChange {
    /// Nobody joins or leaves, as with every version of a user.
    #[must_use]
    pub fn none() -> Self {
        Self::Known(MemberSets::default())
    }
}

/// A stored version of a user or group.
#[derive(Clone)]
pub struct StoredVersion {
    /// The resource. Its attributes have neither members nor memberships nor a password.
    pub resource: Resource,
    /// Who wrote it.
    pub stamp: Stamp,
    /// The user's password.
    pub password: PasswordMark,
    /// Whether it is a user from before provisioning that no client has adopted yet.
    pub waiting: bool,
    /// The change of the group's members.
    pub members: MemberChange,
}

/// What a deletion leaves for two days.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Gone {
    /// Who deleted the resource.
    pub stamp: Stamp,
    /// Whether the tenant keeps the user, who can come back under the same id.
    pub kept: bool,
}

/// What happened to the item of a user or group.
#[derive(Clone, Copy)]
pub enum VersionChange<'v> {
    /// The item is new.
    Inserted(&'v StoredVersion),
    /// The item changed.
    Modified {
        /// The version before.
        before: &'v StoredVersion,
        /// The version after, which may be the same.
        after: &'v StoredVersion,
    },
    /// The item is gone.
    Removed {
        /// The last version.
        last: &'v StoredVersion,
        /// What the deletion left, if it is found.
        gone: Option<&'v Gone>,
    },
}

impl<'v> VersionChange<'v> {
    /// The change from one image of an item to the other. `gone` counts only where the item is gone.
    #[must_use]
    pub fn between(
        before: Option<&'v StoredVersion>,
        after: Option<&'v StoredVersion>,
        gone: Option<&'v Gone>,
    ) -> Option<Self> {
        match (before, after) {
            (None, Some(after)) => Some(Self::Inserted(after)),
            (Some(before), Some(after)) => Some(Self::Modified { before, after }),
            (Some(last), None) => Some(Self::Removed { last, gone }),
            (None, None) => None,
        }
    }
}
