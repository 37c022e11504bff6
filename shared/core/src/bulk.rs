//! Bulk requests, RFC 7644 §3.7: parsing here, references in [`references`], the order of work in [`plan`].
//!
//! A malformed request is rejected as a whole; a malformed operation fails alone. This module does not execute operations.

use serde_json::{Map, Value};

use crate::error::reason::{self, Word};
use crate::error::{Context, ScimError};
use crate::limits;
use crate::patch::take;
use crate::resource::check_schemas;
use crate::schema::ResourceKind;
use crate::urn;

mod order;
pub mod plan;
pub mod references;

pub use plan::BulkPlan;

/// A bulk request.
#[derive(Clone, PartialEq, Debug)]
pub struct BulkRequest {
    /// Number of failures after which no further operation is tried; `None` is unlimited.
    pub fail_on_errors: Option<usize>,
    /// The operations in the order of the request; at least one.
    pub operations: Vec<BulkOperation>,
}

/// An operation of a bulk request.
#[derive(Clone, PartialEq, Debug)]
pub struct BulkOperation {
    /// The method to repeat in the result: the client's own text if it is not a known method.
    pub method: Option<String>,
    /// The client's `bulkId` for the operation.
    pub bulk_id: Option<String>,
    /// The work to do, or why the operation is malformed.
    pub task: Result<BulkTask, ScimError>,
}

/// The work of an operation.
#[derive(Clone, PartialEq, Debug)]
pub struct BulkTask {
    /// The resource type.
    pub kind: ResourceKind,
    /// What happens to the resource.
    pub action: Action,
    /// The request body; null for a deletion.
    pub data: Value,
    /// The version that the resource must have, as in `If-Match`.
    pub version: Option<String>,
}

/// What happens to a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// POST.
    Create,
    /// PUT.
    Replace(BulkSubject),
    /// PATCH.
    Modify(BulkSubject),
    /// DELETE.
    Delete(BulkSubject),
}

/// The resource that an operation changes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum BulkSubject {
    /// An existing resource, by its id.
    Id(String),
    /// A resource that the request creates, by its `bulkId`.
    Made(String),
}

impl Action {
    /// The resource that must exist, if any.
    #[must_use]
    pub const fn subject(&self) -> Option<&BulkSubject> {
        match self {
            Self::Create => None,
            Self::Replace(subject) | Self::Modify(subject) | Self::Delete(subject) => Some(subject),
        }
    }
}

impl BulkRequest {
    /// Parses the body of a bulk request.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` for the wrong shape, `invalidValue` for a wrong `failOnErrors`, `tooLarge` for
    /// more operations than [`limits::BULK_OPERATIONS`].
    pub fn parse(body: Value) -> Result<Self, ScimError> {
        let Value::Object(mut body) = body else {
            return Err(reason::body_not_object("bulk request"));
        };
        check_schemas(&body, urn::BULK_REQUEST)?;
        let fail_on_errors = fail_on_errors(take(&mut body, "failOnErrors"))?;
        let Some(Value::Array(given)) = take(&mut body, "Operations") else {
            return Err(reason::operations_not_array());
        };
        if given.is_empty() {
            return Err(reason::bulk_empty());
        }
        if given.len() > limits::BULK_OPERATIONS {
            return Err(reason::bulk_too_large(given.len(), limits::BULK_OPERATIONS));
        }
        let mut operations = given
            .into_iter()
            .enumerate()
            .map(|(index, one)| {
                BulkOperation::parse(one).map_err(|error| error.within(operation_context(index)))
            })
            .collect::<Result<Vec<_>, _>>()?;
        reject_duplicate_bulk_ids(&mut operations);
        Ok(Self {
            fail_on_errors,
            operations,
        })
    }
}

/// The name of an operation in error details, counted from 1.
#[must_use]
pub const fn operation_context(index: usize) -> Context {
    Context::Bulk(index.saturating_add(1))
}

fn fail_on_errors(given: Option<Value>) -> Result<Option<usize>, ScimError> {
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .or_else(|| value.as_str()?.trim().parse().ok())
            .filter(|number| *number > 0)
            .map(|number| Some(usize::try_from(number).unwrap_or(usize::MAX)))
            .ok_or_else(reason::other_fail_on_errors),
    }
}

/// Fails all creations that share a `bulkId`, because references to it would be ambiguous.
fn reject_duplicate_bulk_ids(operations: &mut [BulkOperation]) {
    let mut users = std::collections::BTreeMap::<String, Vec<usize>>::new();
    for (index, operation) in operations.iter().enumerate() {
        let is_creation = matches!(&operation.task, Ok(task) if task.action == Action::Create);
        if let Some(bulk_id) = operation.bulk_id.as_ref().filter(|_| is_creation) {
            users.entry(bulk_id.clone()).or_default().push(index);
        }
    }
    for (bulk_id, twins) in users.iter().filter(|(_, twins)| twins.len() > 1) {
        let others: Vec<String> = twins.iter().map(|index| (index + 1).to_string()).collect();
        let others = others.join(", ");
        for index in twins {
            if let Some(operation) = operations.get_mut(*index) {
                operation.task = Err(reason::bulk_id_shared(bulk_id, Word::ours(&others)));
            }
        }
    }
}

impl BulkOperation {
    fn parse(given: Value) -> Result<Self, ScimError> {
        let Value::Object(mut given) = given else {
            return Err(reason::operation_not_object());
        };
        let written = take(&mut given, "method").and_then(text);
        let bulk_id = take(&mut given, "bulkId");
        let is_odd = bulk_id
            .as_ref()
            .is_some_and(|given| !given.is_string() && !given.is_null());
        let bulk_id = bulk_id.and_then(text);
        let method = method(written.as_deref());
        Ok(Self {
            method: match &method {
                Ok(known) if !is_odd => Some((*known).to_owned()),
                _ => written,
            },
            task: match is_odd {
                true => Err(reason::not_text("bulkId")),
                false => method.and_then(|method| task(method, bulk_id.as_deref(), given)),
            },
            bulk_id,
        })
    }
}

fn task(
    method: &'static str,
    bulk_id: Option<&str>,
    mut given: Map<String, Value>,
) -> Result<BulkTask, ScimError> {
    let Some(Value::String(path)) = take(&mut given, "path") else {
        return Err(reason::bulk_path_missing());
    };
    let (kind, subject) = address(&path)?;
    let action = match (method, subject) {
        ("POST", None) if bulk_id.is_none() => {
            return Err(reason::bulk_id_missing());
        }
        ("POST", None) => Action::Create,
        ("PUT", Some(subject)) => Action::Replace(subject),
        ("PATCH", Some(subject)) => Action::Modify(subject),
        ("DELETE", Some(subject)) => Action::Delete(subject),
        (_, subject) => return Err(misplaced(method, kind, subject.is_some())),
    };
    let data = match (&action, take(&mut given, "data")) {
        (Action::Delete(_), _) => Value::Null,
        (_, Some(data @ Value::Object(_))) => data,
        _ => {
            return Err(reason::data_not_object());
        }
    };
    Ok(BulkTask {
        kind,
        action,
        data,
        version: version(take(&mut given, "version"))?,
    })
}

/// Non-empty text.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn method(given: Option<&str>) -> Result<&'static str, ScimError> {
    let known = ["POST", "PUT", "PATCH", "DELETE"];
    known
        .into_iter()
        .find(|known| given.is_some_and(|given| given.eq_ignore_ascii_case(known)))
        .ok_or_else(|| given.map_or_else(reason::method_missing, reason::other_method))
}

fn version(given: Option<Value>) -> Result<Option<String>, ScimError> {
    match given {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.chars().all(|c| c.is_ascii_graphic() || c == ' ') => {
            Ok(Some(text))
        }
        Some(_) => Err(reason::other_version_form()),
    }
}

/// Parses the path of an operation.
fn address(path: &str) -> Result<(ResourceKind, Option<BulkSubject>), ScimError> {
    let relative = path.strip_prefix('/').unwrap_or(path);
    let (endpoint, rest) = match relative.split_once('/') {
        Some((endpoint, rest)) => (endpoint, Some(rest)),
        None => (relative, None),
    };
    let kind = ResourceKind::ALL
        .into_iter()
        .find(|kind| kind.endpoint() == endpoint)
        .ok_or_else(|| reason::other_bulk_path(path))?;
    let subject = match rest {
        None => None,
        Some(id) => Some(match references::named(id) {
            Some(bulk_id) => BulkSubject::Made(bulk_id.to_owned()),
            None if id.is_empty() || id.contains(['/', '?', '#']) => {
                return Err(reason::other_bulk_path(path));
            }
            None => BulkSubject::Id(id.to_owned()),
        }),
    };
    Ok((kind, subject))
}

fn misplaced(method: &'static str, kind: ResourceKind, has_id: bool) -> ScimError {
    let endpoint = kind.endpoint();
    match has_id {
        true => reason::id_misplaced(method, endpoint),
        false => reason::id_missing(method, endpoint),
    }
}

#[cfg(test)]
mod tests;
