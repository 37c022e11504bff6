//! The new version of a group: the update of its item, with who joins and leaves.

use jiff::Timestamp;
use scim_core::{Attributes, ResourceKind};

use super::{PasswordHash, successor};
use crate::people::directory::Directory;
use crate::people::item::{Indexed, Stored, indexed, no_plan, same_fence, taken};
use crate::people::members::{Delta, Edges};
use crate::table::keys::attribute::resource::{DELTA, MEMBERS};
use crate::table::{DirectoryError, ItemUpdate, Role, WriteId, n};

/// A group before and after a change.
pub(crate) struct Changing {
    pub(crate) next: Stored,
    pub(crate) before: Indexed,
    pub(crate) after: Indexed,
    /// Whether the attributes are unchanged.
    pub(super) is_same: bool,
}

impl Changing {
    pub(super) fn new(current: &Stored, attributes: Attributes, now: Timestamp) -> Self {
        Self {
            is_same: attributes == current.resource.attributes,
            before: indexed(ResourceKind::Group, &current.resource.attributes),
            after: indexed(ResourceKind::Group, &attributes),
            next: successor(current, attributes, now),
        }
    }

    /// The error for these rejected actions; `None` if the rejection concerns only members.
    pub(crate) fn refusal(&self, refused: &[Role]) -> Option<DirectoryError> {
        let is_stale = [Role::Ancestor, Role::Resource, Role::Task];
        if refused.iter().any(|role| is_stale.contains(role)) {
            return Some(DirectoryError::Stale);
        }
        let is_taken = refused.contains(&Role::Marker);
        is_taken.then(|| taken(ResourceKind::Group, self.after.name.clone()))
    }
}

impl Directory {
    /// The update of a group's own item.
    pub(crate) fn group_head(
        &self,
        changing: &Changing,
        edges: &Edges,
        balance: i64,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<ItemUpdate, DirectoryError> {
        let next = &changing.next.resource;
        let delta = Delta::of(edges);
        let head = if changing.is_same && !edges.is_fenced() {
            self.touch(next.id, &delta, balance, now, write)
        } else {
            let head = self.head(next, &PasswordHash::Keep, write)?;
            head.set(DELTA, delta.attribute(write))
                .add(MEMBERS, n(balance))
                .when(no_plan())
        };
        Ok(match edges.fence() {
            Some(fence) => head.when(same_fence(fence)),
            None => head,
        })
    }
}
