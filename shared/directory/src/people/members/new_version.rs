//! The new version of a group that gets or loses members.

use jiff::Timestamp;
use scim_core::{ResourceId, ResourceKind};

use super::Delta;
use crate::people::directory::Directory;
use crate::people::item::no_plan;
use crate::table::keys::attribute::resource::{DELTA, MEMBERS, MODIFIED, VERSION, WRITE};
use crate::table::{
    ConditionExpression, DirectoryError, ItemUpdate, WriteId, keys, n, s, to_millis,
};

impl Directory {
    /// The update of a group when only its members change, conditional on no open plan.
    pub(crate) fn touch(
        &self,
        group: ResourceId,
        delta: &Delta,
        balance: i64,
        now: Timestamp,
        write: &WriteId,
    ) -> ItemUpdate {
        let key = keys::resource(self.table.tenant(), ResourceKind::Group, group);
        self.new_version(ItemUpdate::of(key), delta, now, write)
            .add(MEMBERS, n(balance))
            .when(ConditionExpression::Present.and(no_plan()))
    }

    /// Adds to an update of a group that it makes a new version of only its members.
    pub(crate) fn new_version(
        &self,
        update: ItemUpdate,
        delta: &Delta,
        now: Timestamp,
        write: &WriteId,
    ) -> ItemUpdate {
        let update = update
            .set(MODIFIED, n(to_millis(now).as_millisecond()))
            .set(WRITE, s(write.as_str()))
            .set(DELTA, delta.attribute(write))
            .add(VERSION, n(1));
        self.author.sign_update(update)
    }

    /// Writes the lists of a long delta, before the write that makes it.
    pub(crate) async fn write_lists(
        &self,
        delta: &Delta,
        group: ResourceId,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let lists = delta.lists(self.table.tenant(), group, write, now);
        self.table.batch_put(lists).await
    }
}
