//! Large writes under way, and finishing those whose owner died.
//!
//! A plan (`members::change`) or a deletion that one transaction does not hold begins with a task, and ends with
//! the task's deletion. The next writer of the same resource finishes what it meets; [`Directory::finish`]
//! finishes everything, for whoever comes by: the function that is told by the table's stream that a task was
//! begun, and the one that looks through all tenants from time to time.
//!
//! Nothing is wrong while a task is open: readers see what it comes to. So whoever comes by leaves a task alone
//! as long as its owner may be at it, rather than write the same beside it. The edges of a deleted group are
//! the exception: an owner that clears them itself is done at once, and one that does not never will be.
//!
//! A task that never got to its commit is given up once it is older than any request: from then on its commit
//! fails, and what it prepared is cleared. Nothing expires by itself: at the time of a commit the parts would
//! have to be told, each of them, that they stay.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use crate::people::directory::Directory;
use crate::table::keys::{self, Key};
use crate::table::{
    self, DirectoryError, Item, Meter, Put, Range, Store, WriteId, corrupt, n, number, s, sort_key,
    text, update,
};
use crate::tenants::Status;
use keyring::TenantId;

/// How long a task may prepare its commit. The gateway waits 30 seconds for an answer.
pub const PREPARATION: SignedDuration = SignedDuration::from_mins(1);

/// How long the owner of a task may be at it: by then the gateway has given up, and the function has ended.
pub const OWNED: SignedDuration = SignedDuration::from_secs(30);

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

/// A task that somebody came by.
#[derive(Debug)]
pub struct Met {
    /// The sort key of its item.
    pub sk: String,
    /// What became of it.
    pub fate: Fate,
}

/// What becomes of a task that somebody comes by.
#[derive(Debug)]
pub enum Fate {
    /// It is finished.
    Finished,
    /// Its owner may be at it still.
    Young,
    /// It is left for another time, or for somebody to look at; what was done of it is done.
    Failed(DirectoryError),
}

/// Which tasks are finished.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// Those that no owner is at.
    Abandoned,
    /// All that can be.
    All,
}

/// The item of a task.
pub(crate) fn task_item(key: &Key, work: Work, begun: Timestamp) -> Item {
    let begun = n(begun.as_second());
    table::item(key, [("k", s(work.word())), ("b", begun)])
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

    /// Finishes every large write of the tenant whose owner is not at it any more: what is committed is carried
    /// out, what is not is given up once it has been preparing for too long. Says what became of each task that
    /// there was; one that cannot be finished keeps no other from it.
    ///
    /// # Errors
    ///
    /// When the tasks cannot be read.
    pub async fn finish(&self, now: Timestamp, by: &WriteId) -> Result<Vec<Met>, DirectoryError> {
        let range = Range::all(keys::tasks(&self.tenant));
        self.finish_in(&range, Due::Abandoned, now, by).await
    }

    /// Finishes a deletion whose owner died after its commit.
    pub async fn finish_deletion(
        &self,
        id: ResourceId,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let range = Range::prefix(keys::tasks(&self.tenant), &format!("{id}#"));
        let finished = self.afterwards(
            OWNED.unsigned_abs(),
            self.finish_in(&range, Due::All, now, by),
        );
        for met in finished.await.ok_or(DirectoryError::OutOfTime)?? {
            if let Fate::Failed(error) = met.fate {
                return Err(error);
            }
        }
        Ok(())
    }

    async fn finish_in(
        &self,
        range: &Range,
        due: Due,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<Vec<Met>, DirectoryError> {
        let items = self.store.query(range, None, &self.meter).await?;
        // One after the other those of one resource, which would contend for the same groups.
        let mut of_one: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for item in &items {
            let (id, _) = sort_key(item).split_once('#').unwrap_or_default();
            of_one.entry(id).or_default().push(item);
        }
        let each: Vec<_> = of_one
            .into_values()
            .map(|items| async move {
                let mut met = Vec::new();
                for item in items {
                    met.push(self.finish_item(&range.pk, item, due, now, by).await);
                }
                met
            })
            .collect();
        let met = stream::iter(each).buffer_unordered(SIDE_BY_SIDE);
        Ok(met.concat().await)
    }

    async fn finish_item(
        &self,
        pk: &str,
        item: &Item,
        due: Due,
        now: Timestamp,
        by: &WriteId,
    ) -> Met {
        let sk = sort_key(item).to_owned();
        let (branch, by) = (self.branch(), by.derived(&sk));
        let finished = match Task::read(pk, item) {
            Some(task) => branch.finish_task(&task, due, now, &by).await,
            None => Err(corrupt("task")),
        };
        let fate = finished.unwrap_or_else(Fate::Failed);
        Met { sk, fate }
    }

    /// Finishes a task, if it is committed or old, and due.
    async fn finish_task(
        &self,
        task: &Task,
        due: Due,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<Fate, DirectoryError> {
        let age = now.duration_since(task.begun);
        let is_old = age > PREPARATION;
        let is_due = age > OWNED || due == Due::All;
        match task.work {
            Work::Change => {
                let head = self.get(ResourceKind::Group, task.id).await?;
                let is_open =
                    head.is_some_and(|head| head.plan.as_deref() == Some(task.write.as_str()));
                if !(is_open && is_due || is_old) {
                    return Ok(Fate::Young);
                }
                self.give_up(task.id, &task.write, by).await?;
            }
            Work::Deletion(kind) => {
                let is_gone = self.get(kind, task.id).await?.is_none();
                if is_gone && (is_due || kind == ResourceKind::Group) {
                    self.clear_behind(kind, task.id, now, by).await?;
                    self.close_task(&task.key).await?;
                } else if is_old {
                    self.stay(task.id, &task.write).await?;
                } else {
                    return Ok(Fate::Young);
                }
            }
        }
        Ok(Fate::Finished)
    }
}

/// The names of all tenants of a table, and the status of each where it can be read.
///
/// # Errors
///
/// When they cannot be read.
pub async fn tenants(
    store: &Store,
    meter: &Meter,
) -> Result<Vec<(TenantId, Option<Status>)>, DirectoryError> {
    let range = Range::all(keys::TENANTS.to_owned());
    let (mut names, mut next) = (Vec::new(), None);
    loop {
        // A page at a time: the settings of all tenants together may be more than memory holds.
        let (items, following) = store
            .query_page(&range, None, next, Direction::Ascending, meter)
            .await?;
        // What is no name of a tenant has no tasks.
        names.extend(items.iter().filter_map(|item| {
            let status = text(item, "status").and_then(Status::parse);
            Some((TenantId::parse(sort_key(item))?, status))
        }));
        if following.is_none() {
            return Ok(names);
        }
        next = following;
    }
}
