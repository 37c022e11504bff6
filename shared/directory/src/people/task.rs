//! Tasks: large writes in progress, and finishing those whose owner died.
//!
//! A plan (`write::large`), or a deletion that does not fit one transaction, begins by writing a task and ends by
//! deleting it. The next writer of the same resource finishes an open task. [`Directory::finish`] finishes all tasks of a
//! tenant; two callers use it: the function that the table's stream triggers when a task begins, and the one that
//! periodically scans all tenants.
//!
//! An open task does no harm, because readers see its result once it is committed. So a finisher skips a task while its
//! owner may still be working on it, instead of making the same writes in parallel. The edges of a deleted group are the
//! exception: an owner either clears them at once or leaves them to a finisher.
//!
//! A task without a commit is abandoned once it is older than any request can be: its commit fails from then on, and its
//! prepared items are deleted. The items have no TTL, because a commit would then have to rewrite every part to remove it.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use jiff::Timestamp;
use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use crate::limits::{OWNED, PREPARATION, TASKS_SIDE_BY_SIDE};
use crate::people::directory::Directory;
use crate::people::task_item::{Task, TaskKind};
use crate::people::write::KeptUser;
use crate::table::keys::{self, attribute};
use crate::table::{DirectoryError, Item, Meter, Range, Store, WriteId, corrupt, sort_key, text};
use crate::tenants::Status;
use keyring::TenantId;

/// A task that a finisher processed.
#[derive(Debug)]
pub struct TaskResult {
    /// The sort key of its item.
    pub sk: String,
    /// The outcome.
    pub outcome: TaskOutcome,
}

/// The outcome of a finisher's attempt at a task.
#[derive(Debug)]
pub enum TaskOutcome {
    /// The task is finished.
    Finished,
    /// The task was skipped because its owner may still be working on it.
    Young,
    /// The task could not be finished now and needs a later attempt or an operator; the writes made so far remain.
    Failed(DirectoryError),
}

/// Which tasks to finish.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Selection {
    /// Tasks whose owner has had its time.
    Abandoned,
    /// All tasks that can be finished.
    All,
}

impl Directory {
    /// Finishes every large write of the tenant whose owner has had its time: committed writes are applied, uncommitted
    /// writes are abandoned once they have been preparing for too long. Returns the outcome of each task; a task that
    /// cannot be finished does not stop the others.
    ///
    /// # Errors
    ///
    /// When the tasks cannot be read.
    pub async fn finish(
        &self,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<Vec<TaskResult>, DirectoryError> {
        let range = Range::all(keys::tasks(self.table.tenant()));
        self.finish_in(&range, Selection::Abandoned, now, by).await
    }

    /// Finishes a deletion whose owner died after its commit.
    pub async fn finish_deletion(
        &self,
        id: ResourceId,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let range = Range::prefix(keys::tasks(self.table.tenant()), &format!("{id}#"));
        let finished = self.afterwards(
            OWNED.unsigned_abs(),
            self.finish_in(&range, Selection::All, now, by),
        );
        for result in finished.await.ok_or(DirectoryError::OutOfTime)?? {
            if let TaskOutcome::Failed(error) = result.outcome {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn finish_in(
        &self,
        range: &Range,
        selection: Selection,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<Vec<TaskResult>, DirectoryError> {
        let items = self.table.query(range, None).await?;
        // Tasks of the same resource run one after the other, because they would contend for the same groups.
        let mut of_one: BTreeMap<Option<ResourceId>, Vec<&Item>> = BTreeMap::new();
        for item in &items {
            let id = keys::tasked(sort_key(item)).map(|(id, _)| id);
            of_one.entry(id).or_default().push(item);
        }
        let each: Vec<_> = of_one
            .into_values()
            .map(|items| async move {
                let mut results = Vec::new();
                for item in items {
                    results.push(self.finish_item(&range.pk, item, selection, now, by).await);
                }
                results
            })
            .collect();
        let results = stream::iter(each).buffer_unordered(TASKS_SIDE_BY_SIDE);
        Ok(results.concat().await)
    }

    async fn finish_item(
        &self,
        pk: &str,
        item: &Item,
        selection: Selection,
        now: Timestamp,
        by: &WriteId,
    ) -> TaskResult {
        let sk = sort_key(item).to_owned();
        let (branch, by) = (self.branch(), by.derived(&sk));
        let finished = match Task::read(pk, item) {
            Some(task) => branch.finish_task(&task, selection, now, &by).await,
            None => Err(corrupt("task")),
        };
        let outcome = finished.unwrap_or_else(TaskOutcome::Failed);
        TaskResult { sk, outcome }
    }

    /// Finishes a task if it is old, or committed and due.
    async fn finish_task(
        &self,
        task: &Task,
        selection: Selection,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<TaskOutcome, DirectoryError> {
        let age = now.duration_since(task.begun);
        let is_old = age > PREPARATION;
        let is_due = age > OWNED || selection == Selection::All;
        match task.work {
            TaskKind::Change => {
                let head = self.get(ResourceKind::Group, task.id).await?;
                let is_open =
                    head.is_some_and(|head| head.plan.as_deref() == Some(task.write.as_str()));
                if !(is_open && is_due || is_old) {
                    return Ok(TaskOutcome::Young);
                }
                self.give_up(task.id, &task.write, now, by).await?;
            }
            TaskKind::Deletion(kind) => {
                let is_gone = self.get(kind, task.id).await?.is_none();
                if is_gone && (is_due || kind == ResourceKind::Group) {
                    self.clear_behind(kind, task.id, now, by).await?;
                    self.close_task(&task.key).await?;
                } else if is_old {
                    self.stay(task.id, &task.write).await?;
                } else {
                    return Ok(TaskOutcome::Young);
                }
            }
        }
        Ok(TaskOutcome::Finished)
    }

    /// Finishes the deletion of a kept user, so that the user can be restored.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn ready(
        &self,
        kept: &KeptUser,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        self.finish_deletion(kept.id, now, by).await
    }
}

/// The ids of all tenants in a table, each with its status if that is readable.
///
/// # Errors
///
/// When the table does not answer.
pub async fn tenants(
    store: &Store,
    meter: &Meter,
) -> Result<Vec<(TenantId, Option<Status>)>, DirectoryError> {
    let range = Range::all(keys::TENANTS.to_owned());
    let mut names = Vec::new();
    // Only one page at a time is in memory, because the settings of all tenants together may not fit.
    let mut pages = store.pages(&range, Direction::Ascending, meter);
    while let Some(items) = pages.next().await? {
        // An item whose key is not a tenant id has no tasks.
        names.extend(items.iter().filter_map(|item| {
            let status = text(item, attribute::tenant::STATUS).and_then(Status::parse);
            Some((TenantId::parse(sort_key(item))?, status))
        }));
    }
    Ok(names)
}
