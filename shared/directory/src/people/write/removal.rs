//! The actions that remove a resource, and a member from a group.

use jiff::Timestamp;
use scim_core::{Resource, ResourceId, ResourceKind};

use super::CountChange;
use super::kept::Keeps;
use crate::people::directory::Directory;
use crate::people::item::{Stored, indexed};
use crate::people::members::Delta;
use crate::people::rule_changes::UserState;
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::gone::KEPT;
use crate::table::keys::attribute::resource::{CREATED, FENCE, VERSION, WRITE};
use crate::table::{
    self, Actions, DirectoryError, Item, Role, WriteId, is, keys, lacks, n, s, stream_note_expiry,
    yes,
};

/// The actions for leaving a group: two edges, and the update of the group's version and member count.
pub(super) const ACTIONS_PER_GROUP: usize = 3;

impl Directory {
    /// The actions that delete a resource with its index entries.
    pub(super) fn removal(
        &self,
        current: &Stored,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Actions, DirectoryError> {
        let resource = &current.resource;
        let entries = indexed(resource.kind, &resource.attributes);
        let mut actions = Actions::default();
        self.remove_resource(&mut actions, current);
        self.index(&mut actions, resource, Some(&entries), None);
        actions.update(self.count(resource, CountChange::Less), Role::Certain);
        let side = UserState {
            attributes: &resource.attributes,
            entries: &entries,
        };
        let changes = self.rule_changes(resource.kind, Some(side), None);
        self.add_rule_changes(&mut actions, resource.id, &changes);
        let keeps = self.keep(&mut actions, resource, &entries, now)?;
        let note = self.deletion_note(resource, keeps, now, write);
        actions.put(note, Role::Certain);
        Ok(actions)
    }

    /// What the change feed says of a deletion: the stream has the deleted item only, which knows its own author.
    fn deletion_note(
        &self,
        resource: &Resource,
        keeps: Keeps,
        now: Timestamp,
        write: &WriteId,
    ) -> Item {
        let version = resource.meta.version.next();
        let key = keys::gone(self.table.tenant(), resource.id, version);
        let expires = stream_note_expiry(now);
        let created = n(resource.meta.created.as_millisecond());
        let mut item = table::item(
            &key,
            [
                (WRITE, s(write.as_str())),
                (CREATED, created),
                (EXPIRES, n(expires)),
            ],
        );
        self.author.sign(&mut item);
        if keeps == Keeps::User {
            item.set(KEPT, yes());
        }
        item
    }

    fn remove_resource(&self, actions: &mut Actions, current: &Stored) {
        let resource = &current.resource;
        let key = keys::resource(self.table.tenant(), resource.kind, resource.id);
        let is_same = is(VERSION, n(resource.meta.version.0));
        let is_same = match current.fence {
            0 => is_same.and(lacks(FENCE)),
            fence => is_same.and(is(FENCE, n(fence))),
        };
        actions.delete_if(key, is_same, Role::Resource);
    }

    /// Adds the actions that remove a member from a group.
    pub(super) fn leave(
        &self,
        actions: &mut Actions,
        (kind, member): (ResourceKind, ResourceId),
        group: ResourceId,
        exists: bool,
        now: Timestamp,
        write: &WriteId,
    ) {
        let key = keys::membership(self.table.tenant(), member, group);
        actions.delete(key);
        let key = keys::member(self.table.tenant(), group, member);
        if exists {
            actions.delete_present(key, Role::Removed(group));
            let delta = Delta::leaves(member, Some(kind));
            let touch = self.touch(group, &delta, -1, now, write);
            actions.update(touch, Role::Left(group));
        } else {
            actions.delete(key);
        }
    }
}
