//! Applies a committed plan, either by its owner or by the next writer.
//!
//! Any number of finishers may apply the same plan at once: each part is applied once, and the plan is closed once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use scim_core::{ResourceId, ResourceKind};

use super::plan_part::{PlanPart, joined};
use super::{Delta, Edges};
use crate::limits::{CARRY_OUT_TIME, SIDE_BY_SIDE};
use crate::people::directory::Directory;
use crate::table::keys::attribute::part::{DONE, GONE};
use crate::table::keys::attribute::resource::{MEMBERS, OPEN};
use crate::table::keys::{self, Key};
use crate::table::{
    Actions, ConditionExpression, DirectoryError, ItemUpdate, Put, Range, Role, WriteId, is, lacks,
    n, s,
};

/// Idempotency tokens for the transactions of one finisher.
struct Tokens {
    by: WriteId,
    next: AtomicU32,
}

impl Tokens {
    fn take(&self) -> String {
        self.by.token(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

/// What the closing of a plan changes.
struct PlanEnd<'p> {
    plan: &'p str,
    /// The change in the number of members.
    balance: i64,
    /// The joining members that had been deleted.
    gone: Delta,
}

impl Directory {
    /// Applies a committed plan and closes it, within the time that one request may take.
    ///
    /// # Errors
    ///
    /// `Contended` when the time is over; the parts applied by then stay applied.
    pub(crate) async fn carry_out(
        &self,
        group: ResourceId,
        plan: &str,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let applied = self.afterwards(CARRY_OUT_TIME, self.apply(group, plan, now, by));
        applied.await.unwrap_or(Err(DirectoryError::Contended))
    }

    async fn apply(
        &self,
        group: ResourceId,
        plan: &str,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let tokens = Tokens {
            by: by.derived(plan),
            next: AtomicU32::new(0),
        };
        let mut parts = self.parts(group, plan).await?;
        // Different finishers start at different parts, so that they compete less.
        let first = by.number().checked_rem(parts.len()).unwrap_or_default();
        parts.rotate_left(first);
        let open: Vec<_> = parts
            .iter()
            .filter(|part| part.done.is_none())
            .map(|part| {
                let tokens = &tokens;
                async move { self.branch().apply_part(part, tokens).await }
            })
            .collect();
        stream::iter(open)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect::<()>()
            .await?;
        let parts = self.parts(group, plan).await?;
        let balance: Option<i64> = parts.iter().map(|part| part.done).sum();
        let Some(balance) = balance else {
            return Err(DirectoryError::Contended);
        };
        let gone = parts.iter().flat_map(PlanPart::deleted).collect();
        let closing = PlanEnd {
            plan,
            balance,
            gone,
        };
        self.close(group, closing, now, &by.derived("close"))
            .await?;
        self.clear_plan(group, plan, &parts).await
    }

    /// The stored parts of a plan.
    async fn parts(&self, group: ResourceId, plan: &str) -> Result<Vec<PlanPart>, DirectoryError> {
        let pk = keys::members(self.table.tenant());
        self.parts_in(&Range::prefix(pk, &keys::parts_prefix(group, plan)))
            .await
    }

    /// Clears the stored parts of all plans of a group.
    pub(crate) async fn clear_plans(&self, group: ResourceId) -> Result<(), DirectoryError> {
        let range = Range::prefix(keys::members(self.table.tenant()), &format!("{group}#!"));
        let parts = self.parts_in(&range).await?;
        self.clear_parts(&parts).await
    }

    async fn parts_in(&self, range: &Range) -> Result<Vec<PlanPart>, DirectoryError> {
        let items = self.table.query(range, None).await?;
        let parts = items
            .iter()
            .map(|item| PlanPart::read(self.table.tenant(), item).transpose());
        parts.flatten().collect()
    }

    /// Applies one part unless it has been applied. Members that have already joined, have already left or were deleted do
    /// not count.
    async fn apply_part(&self, part: &PlanPart, tokens: &Tokens) -> Result<(), DirectoryError> {
        let mut edges = part.edges();
        let mut gone = BTreeSet::new();
        loop {
            let mut actions = Actions::default();
            let mut mark = ItemUpdate::of(part.key.clone())
                .set(DONE, n(edges.balance()))
                .when(ConditionExpression::Present.and(lacks(DONE)));
            if !gone.is_empty() {
                mark = mark.set(GONE, s(joined(gone.iter())));
            }
            actions.update(mark, Role::Resource);
            self.edges(&mut actions, &edges);
            let refused = self.run(actions, &tokens.take()).await?;
            if refused.is_empty() || refused.contains(&Role::Resource) {
                return Ok(());
            }
            gone.extend(edges.pass_over(&refused));
        }
    }

    /// Removes the name of an applied plan from its group, if the group still has it. The version that committed the plan
    /// named all members; if some of them had been deleted, a new version takes them out.
    async fn close(
        &self,
        group: ResourceId,
        closing: PlanEnd<'_>,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<(), DirectoryError> {
        let key = keys::resource(self.table.tenant(), ResourceKind::Group, group);
        let mut close = ItemUpdate::of(key)
            .remove(OPEN)
            .add(MEMBERS, n(closing.balance))
            .when(is(OPEN, s(closing.plan)));
        if !closing.gone.is_nothing() {
            self.write_lists(&closing.gone, group, now, write).await?;
            close = self.new_version(close, &closing.gone, now, write);
        }
        match self.table.update(&close).await? {
            Put::Done | Put::ConditionFailed(_) => Ok(()),
        }
    }

    /// Deletes the items of a plan, its task last.
    async fn clear_plan(
        &self,
        group: ResourceId,
        plan: &str,
        parts: &[PlanPart],
    ) -> Result<(), DirectoryError> {
        self.clear_parts(parts).await?;
        self.close_task(&keys::task(self.table.tenant(), group, plan))
            .await
    }

    async fn clear_parts(&self, parts: &[PlanPart]) -> Result<(), DirectoryError> {
        let intents = parts
            .iter()
            .flat_map(|part| part.intent_keys(self.table.tenant()));
        let intents: Vec<Key> = intents.collect();
        self.table.batch_delete(&intents).await?;
        let keys: Vec<Key> = parts.iter().map(|part| part.key.clone()).collect();
        self.table.batch_delete(&keys).await
    }

    /// Applies a plan if it is committed and abandons it otherwise. In both cases its items are deleted.
    pub(crate) async fn give_up(
        &self,
        group: ResourceId,
        plan: &str,
        now: Timestamp,
        by: &WriteId,
    ) -> Result<(), DirectoryError> {
        let task = keys::task(self.table.tenant(), group, plan);
        self.give_up_task(&task).await?;
        let head = self.get(ResourceKind::Group, group).await?;
        if head.is_some_and(|head| head.plan.as_deref() == Some(plan)) {
            return self.carry_out(group, plan, now, by).await;
        }
        let parts = self.parts(group, plan).await?;
        self.clear_plan(group, plan, &parts).await
    }
}

impl Edges {
    /// Drops the edges that a rejected transaction showed to exist already, to be gone already, or to have no member;
    /// returns the members that do not exist.
    fn pass_over(&mut self, refused: &[Role]) -> Vec<ResourceId> {
        let mut gone = Vec::new();
        for role in refused {
            match role {
                Role::Added(id) => {
                    self.add.remove(id);
                }
                Role::Member(id) => {
                    self.add.remove(id);
                    gone.push(*id);
                }
                Role::Removed(id) => {
                    self.remove.remove(id);
                }
                Role::Resource
                | Role::Ancestor
                | Role::Task
                | Role::Marker
                | Role::Seat
                | Role::Claim(_)
                | Role::Kept
                | Role::Left(_)
                | Role::Certain => {}
            }
        }
        gone
    }
}
