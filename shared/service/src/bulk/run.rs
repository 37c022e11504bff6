//! How far a bulk request has come: what may be started, and what became of what.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::bulk::plan::{BulkStep, creations};
use scim_core::bulk::{BulkPlan, BulkRequest};
use scim_core::error::reason;

use super::{CONCURRENCY, Ended, Made};

/// The state of a request.
pub(super) struct Run<'p> {
    request: &'p BulkRequest,
    plan: &'p BulkPlan,
    creations: BTreeMap<&'p str, usize>,
    /// The steps that were not started.
    left: BTreeSet<usize>,
    /// The steps that were started and have not ended.
    running: BTreeSet<usize>,
    errors: usize,
    /// What became of each operation.
    pub results: BTreeMap<usize, Ended>,
    /// What was created.
    pub made: Made,
}

impl<'p> Run<'p> {
    pub fn new(request: &'p BulkRequest, plan: &'p BulkPlan) -> Self {
        Self {
            request,
            plan,
            creations: creations(request),
            left: (0..plan.steps.len()).collect(),
            running: BTreeSet::new(),
            errors: 0,
            results: BTreeMap::new(),
            made: Made::new(),
        }
    }

    /// Starts the first step that may be started.
    pub fn next(&mut self) -> Option<(usize, &'p BulkStep)> {
        if self.running.len() >= CONCURRENCY || self.may_fail() {
            return None;
        }
        let plan = self.plan;
        let is_ended = |at: &usize| !self.left.contains(at) && !self.running.contains(at);
        let (at, step) = self.left.iter().find_map(|at| {
            let step = plan.steps.get(*at)?;
            step.after.iter().all(is_ended).then_some((*at, step))
        })?;
        self.left.remove(&at);
        self.running.insert(at);
        Some((at, step))
    }

    /// Whether there are as many errors as the client accepts, should all fail that is running.
    fn may_fail(&self) -> bool {
        let running: usize = self.operations(&self.running).count();
        self.request
            .fail_on_errors
            .is_some_and(|most| self.errors.saturating_add(running) >= most)
    }

    fn operations<'s>(&'s self, steps: &'s BTreeSet<usize>) -> impl Iterator<Item = usize> + 's {
        let steps = steps.iter().filter_map(|at| self.plan.steps.get(*at));
        steps.flat_map(|step| step.work.operations().iter().copied())
    }

    /// What was created of that to which a step refers.
    pub fn made(&self, step: &BulkStep) -> Made {
        let indices = step.work.operations().iter();
        let operations = indices.filter_map(|index| self.request.operations.get(*index));
        let tasks = operations.filter_map(|operation| operation.task.as_ref().ok());
        let references = tasks.flat_map(scim_core::bulk::BulkTask::references);
        let made = references.filter_map(|bulk_id| {
            let id = self.made.get(bulk_id)?;
            Some((bulk_id.to_owned(), *id))
        });
        made.collect()
    }

    /// Takes down what became of a step.
    pub fn end(&mut self, at: usize, ended: Vec<(usize, Ended)>) {
        self.running.remove(&at);
        for (index, ended) in ended {
            let operation = self.request.operations.get(index);
            let bulk_id = operation.and_then(|operation| operation.bulk_id.as_deref());
            let own = |bulk_id: &&str| self.creations.get(bulk_id) == Some(&index);
            if let Some(bulk_id) = bulk_id.filter(own) {
                let id = ended.as_ref().ok().and_then(|done| done.id);
                self.made.insert(bulk_id.to_owned(), id);
            }
            self.errors += usize::from(ended.is_err());
            self.results.insert(index, ended);
        }
    }

    /// Gives a result to what was not tried, or has not ended, for want of time. What was not tried
    /// because of `failOnErrors` has none.
    pub fn finish(&mut self) {
        let running: Vec<usize> = self.operations(&self.running).collect();
        let mut left: Vec<usize> = self.operations(&self.left).collect();
        if self
            .request
            .fail_on_errors
            .is_some_and(|most| self.errors >= most)
        {
            left.clear();
        }
        let running = running
            .into_iter()
            .map(|index| (index, Err(reason::not_ended())));
        let left = left
            .into_iter()
            .map(|index| (index, Err(reason::not_tried())));
        self.results.extend(running.chain(left));
    }
}
