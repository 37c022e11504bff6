//! The execution plan of a bulk request as a value: which steps can run in parallel, and which must wait for others.
//!
//! RFC 7644 §3.7 allows any order that gives the same result as the request's order. An operation waits for earlier
//! operations that change the same resource, refer to the resource that it changes, or may take or free the same unique
//! name. It also waits for every operation, wherever it is in the request, that creates a resource to which it refers.
//! Creations that refer to each other in a cycle form one step. If references contradict the order of the request,
//! references win.

use std::collections::{BTreeMap, BTreeSet};

use super::order::order;
use super::{Action, BulkRequest, BulkTask};

pub use super::order::{PresentNames, renaming, unique};

/// The execution plan of a bulk request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BulkPlan {
    /// The steps. Each step waits only for earlier ones.
    pub steps: Vec<BulkStep>,
}

/// Operations that are executed together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BulkStep {
    /// The operations of the step.
    pub work: StepWork,
    /// The positions in the plan of the steps to wait for.
    pub after: BTreeSet<usize>,
}

/// The operations of a step, by their indices.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepWork {
    /// One operation.
    One(usize),
    /// Creations that refer to each other in a cycle, or one that refers to itself.
    Cycle(Vec<usize>),
}

impl StepWork {
    /// The indices of the operations.
    #[must_use]
    pub fn operations(&self) -> &[usize] {
        match self {
            Self::One(index) => std::slice::from_ref(index),
            Self::Cycle(indices) => indices,
        }
    }
}

impl BulkPlan {
    /// Plans a request, given the current names for [`renaming`].
    #[must_use]
    pub fn of(request: &BulkRequest, present: &PresentNames) -> Self {
        let needs = needs(request);
        let cycles = cycles(&needs);
        let order = order(request, present);
        let mut node_of = BTreeMap::new();
        let mut nodes: Vec<Node> = Vec::new();
        for index in 0..request.operations.len() {
            if node_of.contains_key(&index) {
                continue;
            }
            let cycle = cycles.iter().find(|cycle| cycle.contains(&index));
            let work = match cycle {
                Some(cycle) => StepWork::Cycle(cycle.iter().copied().collect()),
                None => StepWork::One(index),
            };
            for operation in work.operations() {
                node_of.insert(*operation, nodes.len());
            }
            nodes.push(Node {
                work,
                needs: BTreeSet::new(),
                order: BTreeSet::new(),
            });
        }
        for (own, node) in nodes.iter_mut().enumerate() {
            let of = |edges: &[BTreeSet<usize>]| -> BTreeSet<usize> {
                let operations = node.work.operations().iter();
                let before = operations.filter_map(|index| edges.get(*index)).flatten();
                let nodes = before.filter_map(|index| node_of.get(index).copied());
                nodes.filter(|other| *other != own).collect()
            };
            (node.needs, node.order) = (of(&needs), of(&order));
        }
        Self {
            steps: arranged(&nodes),
        }
    }
}

struct Node {
    work: StepWork,
    /// The nodes that create what this node refers to.
    needs: BTreeSet<usize>,
    /// The earlier nodes that this node must wait for.
    order: BTreeSet<usize>,
}

/// Sorts the nodes topologically and otherwise keeps their order.
fn arranged(nodes: &[Node]) -> Vec<BulkStep> {
    let mut left: BTreeMap<usize, &Node> = nodes.iter().enumerate().collect();
    let mut places = BTreeMap::new();
    let mut steps = Vec::with_capacity(nodes.len());
    while let Some(next) = next(&left) {
        let Some(node) = left.remove(&next) else {
            break;
        };
        let before = node.needs.union(&node.order);
        steps.push(BulkStep {
            work: node.work.clone(),
            after: before.filter_map(|one| places.get(one).copied()).collect(),
        });
        places.insert(next, places.len());
    }
    steps
}

fn next(left: &BTreeMap<usize, &Node>) -> Option<usize> {
    let is_done = |one: &usize| !left.contains_key(one);
    let ready = left
        .iter()
        .find(|(_, node)| node.needs.iter().all(is_done) && node.order.iter().all(is_done));
    if let Some((ready, _)) = ready {
        return Some(*ready);
    }
    // The first node waits for a later one that waits for it: references win over the order of the request.
    let mut first = *left.keys().next()?;
    while let Some(needed) = left
        .get(&first)
        .and_then(|node| node.needs.iter().find(|one| !is_done(one)))
    {
        first = *needed;
    }
    Some(first)
}

/// The creations that each operation refers to, by index.
fn needs(request: &BulkRequest) -> Vec<BTreeSet<usize>> {
    let made = creations(request);
    let needs = request.operations.iter().map(|operation| {
        let references = operation.task.as_ref().map(BulkTask::references);
        let references = references.unwrap_or_default();
        let known = references.iter().filter_map(|bulk_id| made.get(bulk_id));
        known.copied().collect()
    });
    needs.collect()
}

/// The creations of the request, by their `bulkId`.
#[must_use]
pub fn creations(request: &BulkRequest) -> BTreeMap<&str, usize> {
    let operations = request.operations.iter().enumerate();
    operations
        .filter(
            |(_, operation)| matches!(&operation.task, Ok(task) if task.action == Action::Create),
        )
        .filter_map(|(index, operation)| Some((operation.bulk_id.as_deref()?, index)))
        .collect()
}

/// The reference cycles: sets of creations that reach each other.
fn cycles(needs: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let mut needed_by = vec![BTreeSet::new(); needs.len()];
    for (index, needs) in needs.iter().enumerate() {
        for needed in needs {
            if let Some(by) = needed_by.get_mut(*needed) {
                by.insert(index);
            }
        }
    }
    let mut cycles: Vec<BTreeSet<usize>> = Vec::new();
    for index in 0..needs.len() {
        if cycles.iter().any(|cycle| cycle.contains(&index)) {
            continue;
        }
        let ahead = reached(index, needs);
        if ahead.contains(&index) {
            let behind = reached(index, &needed_by);
            cycles.push(ahead.intersection(&behind).copied().collect());
        }
    }
    cycles
}

/// The operations that can be reached from one operation over at least one edge.
fn reached(from: usize, edges: &[BTreeSet<usize>]) -> BTreeSet<usize> {
    let mut is_found = vec![false; edges.len()];
    let mut open = vec![from];
    while let Some(one) = open.pop() {
        for next in edges.get(one).into_iter().flatten() {
            if let Some(is_found) = is_found.get_mut(*next).filter(|is_found| !**is_found) {
                *is_found = true;
                open.push(*next);
            }
        }
    }
    let found = is_found
        .iter()
        .enumerate()
        .filter(|(_, is_found)| **is_found);
    found.map(|(index, _)| index).collect()
}
