//! The item of a task, by which a large write is found if its owner dies; `task` finishes such writes.

use jiff::Timestamp;
use scim_core::{ResourceId, ResourceKind};

use crate::people::directory::Directory;
use crate::table::keys::attribute::task::{BEGUN, DEAD, WORK};
use crate::table::keys::{self, Key};
use crate::table::{
    self, ConditionExpression, DirectoryError, Item, ItemUpdate, Put, n, number, s, sort_key, text,
};

/// The kind of write that a task belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TaskKind {
    /// A large change of a group's members.
    Change,
    /// The deletion of a resource.
    Deletion(ResourceKind),
}

impl TaskKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Deletion(ResourceKind::User) => "user",
            Self::Deletion(ResourceKind::Group) => "group",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [
            Self::Change,
            Self::Deletion(ResourceKind::User),
            Self::Deletion(ResourceKind::Group),
        ]
        .into_iter()
        .find(|work| work.word() == word)
    }
}

/// Builds the item of a task.
pub(crate) fn task_item(key: &Key, work: TaskKind, begun: Timestamp) -> Item {
    let begun = n(begun.as_second());
    table::item(key, [(WORK, s(work.word())), (BEGUN, begun)])
}

/// A stored task.
pub(super) struct Task {
    pub(super) key: Key,
    pub(super) id: ResourceId,
    pub(super) write: String,
    pub(super) work: TaskKind,
    pub(super) begun: Timestamp,
}

impl Task {
    pub(super) fn read(pk: &str, item: &Item) -> Option<Self> {
        let (id, write) = keys::tasked(sort_key(item))?;
        Some(Self {
            id,
            write: write.to_owned(),
            work: TaskKind::parse(text(item, WORK)?)?,
            begun: Timestamp::from_second(number(item, BEGUN)?).ok()?,
            key: Key {
                pk: pk.to_owned(),
                sk: sort_key(item).to_owned(),
            },
        })
    }
}

impl Directory {
    /// Writes a task.
    pub(crate) async fn open_task(
        &self,
        key: &Key,
        work: TaskKind,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let item = task_item(key, work, now);
        self.table.batch_put(vec![item]).await
    }

    /// Deletes a task.
    pub(crate) async fn close_task(&self, key: &Key) -> Result<(), DirectoryError> {
        let keys = std::slice::from_ref(key);
        self.table.batch_delete(keys).await
    }

    /// Marks a task as abandoned, so that its commit fails from now on.
    pub(crate) async fn give_up_task(&self, key: &Key) -> Result<(), DirectoryError> {
        let dead = ItemUpdate::of(key.clone())
            .set(DEAD, n(1))
            .when(ConditionExpression::Present);
        match self.table.update(&dead).await? {
            Put::Done | Put::ConditionFailed(_) => Ok(()),
        }
    }
}
