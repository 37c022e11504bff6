//! What an entry says, as JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::version::GroupMember;
use crate::Attributes;
use crate::ids::{ResourceId, Version};

/// The `data` of an entry. What is absent, false or empty is left out of the JSON.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the members of a JSON object, which are flags for its receivers"
)]
pub struct EntryData {
    /// The user or group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ResourceId>,
    /// The tenant, in the account feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The display name of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The status of the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When the tenant was created: a later tenant can have the same id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Its version after the event. A deletion counts as a version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The live version that this one replaces; absent if the resource was not there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<Version>,
    /// The resource after the event, as SCIM shows it, without members, memberships and location.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<Attributes>,
    /// The e-mail addresses of the resource, or of the deleted one, in small letters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub emails: Vec<String>,
    /// The names of the attributes that changed: `title`, or `URN:name` in an extension.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// The former values of the attributes that changed, in the form of `resource`; a deleted resource as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Attributes>,
    /// Who joined and left the group.
    #[serde(skip_serializing_if = "MemberLists::is_empty")]
    pub members: MemberLists,
    /// The number of this part, from 1, if the event has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// How many parts the event has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
    /// The user was in the application before provisioning.
    #[serde(skip_serializing_if = "is_false")]
    pub imported: bool,
    /// A client adopted the imported user.
    #[serde(skip_serializing_if = "is_false")]
    pub adopted: bool,
    /// A client deleted the user, whom the tenant keeps.
    #[serde(skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// The kept user came back.
    #[serde(skip_serializing_if = "is_false")]
    pub restored: bool,
    /// The resource is too large for the feed and must be read by SCIM.
    #[serde(skip_serializing_if = "is_false")]
    pub truncated: bool,
    /// The person was erased, and with them what the event said.
    #[serde(skip_serializing_if = "is_false")]
    pub erased: bool,
    /// Why the receiver needs a new snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The stream's number of the record that could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// What newer code wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The members in an entry. An empty list is left out of the JSON.
#[derive(Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberLists {
    /// Who joined.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<GroupMember>,
    /// Who left.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<GroupMember>,
    /// Those of `added` whose own creation comes later in the feed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub early: Vec<GroupMember>,
    /// The change is not known: the members must be read by SCIM.
    #[serde(skip_serializing_if = "is_false")]
    pub unknown: bool,
}

impl MemberLists {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
const fn is_false(flag: &bool) -> bool {
    !*flag
}
