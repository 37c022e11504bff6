//! Finds the operations of a bulk request that must keep their order: those on the same resource or the same unique name.

use std::collections::{BTreeMap, BTreeSet};

use super::references::{named, texts};
use super::{Action, BulkRequest, BulkSubject, BulkTask};
use crate::ids::ResourceId;
use crate::schema::{Catalogue, ResourceKind};
use crate::text::comparable;
use crate::value::is_nothing;

/// The unique names of resources before the request, by the index of an operation on them.
pub type PresentNames = BTreeMap<usize, String>;

/// The operations whose resource's current name affects the order: they may give it up while another operation takes it.
#[must_use]
pub fn renaming(request: &BulkRequest) -> Vec<(usize, ResourceKind, ResourceId)> {
    let tasks = || request.operations.iter().enumerate();
    let taking: Vec<(usize, ResourceKind)> = tasks()
        .filter_map(|(index, operation)| Some((index, operation.task.as_ref().ok()?)))
        .filter(|(_, task)| !names(task).is_empty())
        .map(|(index, task)| (index, task.kind))
        .collect();
    tasks()
        .filter_map(|(index, operation)| {
            let task = operation.task.as_ref().ok()?;
            let Some(BulkSubject::Id(id)) = task.action.subject() else {
                return None;
            };
            let is_taken =
                |(other, kind): &(usize, ResourceKind)| *other != index && *kind == task.kind;
            let matters = gives_up(task) && taking.iter().any(is_taken);
            matters.then_some((index, task.kind, ResourceId::parse(id)?))
        })
        .collect()
}

/// A thing that operations read or write; order matters between them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum OrderKey {
    Subject(BulkSubject),
    Name(&'static str, String),
    /// The nesting of groups: of two operations that together would form a cycle, the second must fail.
    Nesting,
    /// The versions of groups, which the deletion of a member changes.
    GroupVersions,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum KeyUse {
    Reads,
    Writes,
}

/// The earlier operations that each operation must wait for.
pub(super) fn order(request: &BulkRequest, present: &PresentNames) -> Vec<BTreeSet<usize>> {
    let mut names = shared_names(request, present);
    let mut last: BTreeMap<OrderKey, (Option<usize>, Vec<usize>)> = BTreeMap::new();
    let mut order = Vec::with_capacity(request.operations.len());
    for (index, operation) in request.operations.iter().enumerate() {
        let mut before = BTreeSet::new();
        let Ok(task) = &operation.task else {
            order.push(before);
            continue;
        };
        let names = names.remove(&index).unwrap_or_default();
        for (key, way) in uses(task, names) {
            let (writer, readers) = last.entry(key).or_default();
            before.extend(*writer);
            match way {
                KeyUse::Reads => readers.push(index),
                KeyUse::Writes => {
                    before.extend(std::mem::take(readers));
                    *writer = Some(index);
                }
            }
        }
        before.remove(&index);
        order.push(before);
    }
    order
}

/// The names that each operation may take or give up: the resource's current name and every name that the request gives it.
fn shared_names(
    request: &BulkRequest,
    present: &PresentNames,
) -> BTreeMap<usize, BTreeSet<String>> {
    let mut of_subject: BTreeMap<BulkSubject, BTreeSet<String>> = BTreeMap::new();
    let mut concerned = Vec::new();
    for (index, operation) in request.operations.iter().enumerate() {
        let Ok(task) = &operation.task else { continue };
        let subject = match (task.action.subject(), &operation.bulk_id) {
            (Some(subject), _) => subject.clone(),
            (None, Some(bulk_id)) => BulkSubject::Made(bulk_id.clone()),
            (None, None) => continue,
        };
        let mut own = names(task);
        own.extend(
            present
                .get(&index)
                .map(|name| comparable_name(task.kind, name)),
        );
        let is_concerned = !own.is_empty() || gives_up(task);
        of_subject.entry(subject.clone()).or_default().extend(own);
        if is_concerned {
            concerned.push((index, subject));
        }
    }
    let names = concerned
        .into_iter()
        .filter_map(|(index, subject)| Some((index, of_subject.get(&subject)?.clone())));
    names.collect()
}

fn uses(task: &BulkTask, names: BTreeSet<String>) -> BTreeMap<OrderKey, KeyUse> {
    let mut uses = BTreeMap::new();
    let mut nests = false;
    texts(&task.data, "", &mut |name, text| {
        nests |= name.eq_ignore_ascii_case("type") && text.eq_ignore_ascii_case("Group");
        for piece in text.split(['"', '/']) {
            let subject = match named(piece) {
                Some(bulk_id) => BulkSubject::Made(bulk_id.to_owned()),
                None if ResourceId::parse(piece).is_some() => BulkSubject::Id(piece.to_owned()),
                None => continue,
            };
            uses.insert(OrderKey::Subject(subject), KeyUse::Reads);
        }
    });
    if nests && task.kind == ResourceKind::Group {
        uses.insert(OrderKey::Nesting, KeyUse::Writes);
    }
    if task.version.is_some() && task.kind == ResourceKind::Group {
        uses.insert(OrderKey::GroupVersions, KeyUse::Writes);
    } else if matches!(task.action, Action::Delete(_)) {
        uses.insert(OrderKey::GroupVersions, KeyUse::Reads);
    }
    let endpoint = task.kind.endpoint();
    uses.extend(
        names
            .into_iter()
            .map(|name| (OrderKey::Name(endpoint, name), KeyUse::Writes)),
    );
    if let Some(subject) = task.action.subject() {
        uses.insert(OrderKey::Subject(subject.clone()), KeyUse::Writes);
    }
    uses
}

/// Whether the operation may free the resource's unique name.
fn gives_up(task: &BulkTask) -> bool {
    match task.action {
        Action::Create => false,
        Action::Replace(_) | Action::Delete(_) => true,
        Action::Modify(_) => !names(task).is_empty(),
    }
}

/// The unique attribute of a resource type.
#[must_use]
pub const fn unique(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::User => "userName",
        ResourceKind::Group => "displayName",
    }
}

/// The unique names that an operation may set, in comparable form. Includes false positives, which only cost parallelism,
/// but never misses a name.
fn names(task: &BulkTask) -> BTreeSet<String> {
    let unique = unique(task.kind);
    let is_unique = |path: &str| {
        let path = path.trim();
        let at = path.len().saturating_sub(unique.len());
        path.get(at..)
            .is_some_and(|end| end.eq_ignore_ascii_case(unique))
    };
    let mut found = BTreeSet::new();
    texts(&task.data, "", &mut |name, text| {
        if is_unique(name) {
            found.insert(comparable_name(task.kind, text));
        }
    });
    let entry = |object: &'_ serde_json::Value, wanted: &str| {
        let mut entries = object.as_object().into_iter().flatten();
        let found = entries.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found
            .map(|(_, value)| value.clone())
            .filter(|value| !is_nothing(value))
    };
    if let (Action::Modify(_), Some(operations)) = (&task.action, entry(&task.data, "Operations")) {
        for operation in operations.as_array().into_iter().flatten() {
            let path = entry(operation, "path");
            let is_named = path
                .as_ref()
                .and_then(|path| path.as_str())
                .is_some_and(is_unique);
            if let Some(value) = entry(operation, "value").filter(|_| is_named) {
                texts(&value, "", &mut |_, text| {
                    found.insert(comparable_name(task.kind, text));
                });
            }
        }
    }
    found
}

fn comparable_name(kind: ResourceKind, name: &str) -> String {
    let of = Catalogue::standard().resource_type(kind);
    match of.attribute(unique(kind)) {
        Some(attribute) => comparable(attribute, name).into_owned(),
        None => name.to_owned(),
    }
}
