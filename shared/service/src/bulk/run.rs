//! The progress of a bulk request: which steps may start, and the results.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::bulk::plan::{BulkStep, creations};
use scim_core::bulk::{BulkPlan, BulkRequest};
use scim_core::error::reason;

use super::{Ended, Made};
use crate::limits::BULK_CONCURRENCY;

pub(super) struct Run<'p> {
    request: &'p BulkRequest,
    plan: &'p BulkPlan,
    creations: BTreeMap<&'p str, usize>,
    /// The steps that have not started.
    left: BTreeSet<usize>,
    /// The steps in progress.
    running: BTreeSet<usize>,
    errors: usize,
    /// The result of each operation.
    pub results: BTreeMap<usize, Ended>,
    /// The ids of created resources.
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

    /// Starts the next step that is ready.
    pub fn next(&mut self) -> Option<(usize, &'p BulkStep)> {
        if self.running.len() >= BULK_CONCURRENCY || self.may_fail() {
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

    /// Whether the client's limit of errors would be reached if all running operations failed.
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

    /// The created resources that a step refers to.
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

    /// Records the results of a step.
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

    /// Adds an error for each operation that was not started, or has not ended, for lack of time. Operations that
    /// were skipped because of `failOnErrors` have no result.
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
