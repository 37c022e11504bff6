//! Large writes under way, and finishing those whose owner died.
//!
//! A plan (`members::change`) or a deletion that one transaction does not hold begins with a task, and ends with
//! the task's deletion. The next writer of the same resource finishes what it meets; [`Directory::finish`]
//! finishes everything, for whoever comes by: the consumer of the table's stream, a schedule.
//!
//! A task that never got to its commit is given up once it is older than any request: from then on its commit
//! fails, and what it prepared is cleared. Nothing expires by itself: at the time of a commit the parts would
//! have to be told, each of them, that they stay.

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use scim_core::{ResourceId, ResourceKind};

use crate::directory::Directory;
use crate::error::{DirectoryError, corrupt};
use crate::items::{WriteId, n, s};
use crate::keys::{self, Key};
use crate::store::{self, Item, Put, Range, number, sort_key, text};
use crate::write::update;

/// How long a task may prepare its commit. The gateway waits 30 seconds for an answer.
pub const PREPARATION: SignedDuration = SignedDuration::from_mins(1);

/// How many tasks are finished side by side.
const SIDE_BY_SIDE: usize = 4;

/// What a task is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Work {
    /// A plan for the members of a group.
    Change,
    /// The deletion of a resource.
    Deletion(ResourceKind),
}

impl Work {
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

/// The item of a task.
pub(crate) fn task_item(key: &Key, work: Work, begun: Timestamp) -> Item {
    let begun = n(begun.as_second());
    store::item(key, [("k", s(work.word())), ("b", begun)])
}

/// A task as it is stored.
struct Task {
    key: Key,
    id: ResourceId,
    write: String,
    work: Work,
    begun: Timestamp,
}

impl Task {
    fn read(pk: &str, item: &Item) -> Option<Self> {
        let (id, write) = keys::tasked(sort_key(item))?;
        Some(Self {
            id,
            write: write.to_owned(),
            work: Work::parse(text(item, "k")?)?,
            begun: Timestamp::from_second(number(item, "b")?).ok()?,
            key: Key {
                pk: pk.to_owned(),
                sk: sort_key(item).to_owned(),
            },
        })
    }
}

impl Directory {
    /// Begins a task.
    pub(crate) async fn open_task(
        &self,
        key: &Key,
        work: Work,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let item = task_item(key, work, now);
        self.store.batch_put(vec![item], &self.meter).await
    }

    /// Ends a task.
    pub(crate) async fn close_task(&self, key: &Key) -> Result<(), DirectoryError> {
        let keys = std::slice::from_ref(key);
        self.store.batch_delete(keys, &self.meter).await
    }

    /// Makes the commit of a task fail from now on.
    pub(crate) async fn give_up_task(&self, key: &Key) -> Result<(), DirectoryError> {
        let condition = Some("attribute_exists(pk)");
        let values = vec![(":yes", n(1))];
        let dead = update(
            self.store.table(),
            key,
            "SET dead = :yes",
            condition,
            values,
        )?;
        match self.store.update(dead, &self.meter).await? {
            Put::Done | Put::Refused(_) => Ok(()),
        }
    }

    /// Finishes every large write of the tenant that is committed, and gives up those that have been preparing
    /// for too long. Gives the number of tasks that it left alone, because they are young.
    ///
    /// # Errors
    ///
    /// `Contended` when there is more to do than one call has time for; what is done is done.
    pub async fn finish(&self, now: Timestamp, by: &WriteId) -> Result<usize, DirectoryError> {
        let range = Range {
            pk: keys::tasks(&self.tenant),
            from: "0".to_owned(),
            to: "~".to_owned(),
        };
        self.finish_in(&range, now, by).await
    }

    /// Finishes a deletion whose owner died after its commit.
    pub async fn finish_deletion(
        &self,
        id: ResourceId,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let range = Range::prefix(keys::tasks(&self.tenant), &format!("{id}#"));
        self.finish_in(&range, now, by).await.map(drop)
    }

    async fn finish_in(
        &self,
        range: &Range,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<usize, DirectoryError> {
        let items = self.store.query(range, None, &self.meter).await?;
        let tasks: Option<Vec<Task>> = items
            .iter()
            .map(|item| Task::read(&range.pk, item))
            .collect();
        let tasks = tasks.ok_or_else(|| corrupt("task"))?;
        let each: Vec<_> = tasks
            .iter()
            .map(|task| {
                let (branch, by) = (self.branch(), by.derived(&task.key.sk));
                async move { branch.finish_task(task, now, &by).await }
            })
            .collect();
        let done: Vec<bool> = stream::iter(each)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(done.into_iter().filter(|done| !done).count())
    }

    /// Finishes a task, if it is committed or old; whether that was so.
    async fn finish_task(
        &self,
        task: &Task,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let is_old = now.duration_since(task.begun) > PREPARATION;
        match task.work {
            Work::Change => {
                let head = self.get(ResourceKind::Group, task.id).await?;
                let is_open =
                    head.is_some_and(|head| head.plan.as_deref() == Some(task.write.as_str()));
                if is_open || is_old {
                    self.give_up(task.id, &task.write, by).await?;
                }
                Ok(is_open || is_old)
            }
            Work::Deletion(kind) => {
                let is_gone = self.get(kind, task.id).await?.is_none();
                if is_gone {
                    self.clear_behind(kind, task.id, now, by).await?;
                    self.close_task(&task.key).await?;
                } else if is_old {
                    self.stay(task.id, &task.write).await?;
                }
                Ok(is_gone || is_old)
            }
        }
    }
}
