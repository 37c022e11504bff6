//! PATCH requests, RFC 7644 §3.5.2: parsing here, application in [`mod@apply`].
//!
//! Member names and operations are read in any case and order. Beyond the RFC, the value of an operation without a path may
//! have dotted and URN-qualified names, and a removal may list the values to remove (Entra ID).

use serde_json::{Map, Value};

use crate::error::{Context, ScimError, reason};
use crate::filter::Path;
use crate::limits;
use crate::resource::check_schemas;
use crate::urn;

pub mod apply;
mod ignored;

pub use apply::{PasswordChange, PatchError, Patched, apply};

/// The kind of an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// Adds values.
    Add,
    /// Removes values.
    Remove,
    /// Replaces values.
    Replace,
}

/// An operation of a PATCH request.
#[derive(Clone, PartialEq, Debug)]
pub struct PatchOperation {
    /// The kind of the operation.
    pub op: Op,
    /// The path, if given.
    pub path: Option<Path>,
    /// The value, if given. JSON `null` counts as given.
    pub value: Option<Value>,
}

/// A PATCH request.
#[derive(Clone, PartialEq, Debug)]
pub struct PatchRequest {
    /// The operations in order, without ignored ones.
    pub operations: Vec<PatchOperation>,
}

impl PatchRequest {
    /// Parses the body of a PATCH.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` for a malformed message, `invalidPath` or `invalidFilter` for a malformed path. Details name the
    /// operation, counted from 1.
    pub fn parse(body: Value) -> Result<Self, ScimError> {
        let Value::Object(mut body) = body else {
            return Err(reason::body_not_object("PATCH request"));
        };
        check_schemas(&body, urn::PATCH_OP)?;
        // Clients that compute differences may find none, so a PATCH without operations is valid.
        let is_named = body.iter().any(|(name, urns)| {
            name.eq_ignore_ascii_case("schemas")
                && urns.as_array().is_some_and(|urns| !urns.is_empty())
        });
        let given = match take(&mut body, "Operations") {
            Some(Value::Array(given)) => given,
            Some(Value::Null) => Vec::new(),
            None if is_named => Vec::new(),
            _ => return Err(reason::operations_not_array()),
        };
        if given.len() > limits::PATCH_OPERATIONS {
            return Err(reason::too_many_changes(limits::PATCH_OPERATIONS));
        }
        let operations = given
            .into_iter()
            .enumerate()
            .map(|(index, one)| {
                PatchOperation::parse(one)
                    .map_err(|error| error.within(Context::Operation(index + 1)))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { operations })
    }
}

impl PatchOperation {
    fn parse(given: Value) -> Result<Self, ScimError> {
        let Value::Object(mut given) = given else {
            return Err(reason::operation_not_object());
        };
        let op = match take(&mut given, "op") {
            Some(Value::String(word)) => op(&word).ok_or_else(|| reason::other_op(word))?,
            _ => return Err(reason::op_missing()),
        };
        let path = match take(&mut given, "path") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) if text.is_empty() => None,
            Some(Value::String(text)) => Some(Path::parse(&text)?),
            Some(_) => return Err(reason::path_not_text()),
        };
        let value = take(&mut given, "value");
        if op != Op::Remove && value.is_none() {
            return Err(reason::value_missing());
        }
        if op == Op::Remove && path.is_none() {
            return Err(reason::removal_without_path());
        }
        Ok(Self { op, path, value })
    }
}

fn op(word: &str) -> Option<Op> {
    [
        ("add", Op::Add),
        ("remove", Op::Remove),
        ("replace", Op::Replace),
    ]
    .into_iter()
    .find(|(known, _)| word.eq_ignore_ascii_case(known))
    .map(|(_, op)| op)
}

/// Removes a member from a message and returns it; the name is found in any case.
pub(crate) fn take(object: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let key = object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))?
        .clone();
    object.swap_remove(&key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use serde_json::json;

    fn parse(operations: &Value) -> Result<PatchRequest, ScimError> {
        PatchRequest::parse(json!({ "schemas": [urn::PATCH_OP], "Operations": operations }))
    }

    #[test]
    fn names_are_read_in_any_case_and_order() {
        let request = parse(&json!([
            { "VALUE": null, "Path": "title", "OP": "Replace" },
            { "op": "remove", "path": "title" }
        ]))
        .unwrap();
        assert_eq!(request.operations[0].op, Op::Replace);
        assert_eq!(request.operations[0].value, Some(Value::Null));
        assert_eq!(request.operations[1].value, None);
    }

    #[test]
    fn m01_m02_m07_m22_malformed_requests_are_rejected() {
        use ErrorKind::{
            InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, NoTarget, TooLarge,
        };
        for (operations, kind) in [
            (json!({}), InvalidSyntax),
            (json!(""), InvalidSyntax),
            (json!([5]), InvalidSyntax),
            (
                json!([{ "op": "move", "path": "title", "value": 1 }]),
                InvalidSyntax,
            ),
            (json!([{ "path": "title", "value": 1 }]), InvalidSyntax),
            (json!([{ "op": "add", "path": "title" }]), InvalidValue),
            (json!([{ "op": "remove" }]), NoTarget),
            (json!([{ "op": "add", "path": 5, "value": 1 }]), InvalidPath),
            (
                json!([{ "op": "add", "path": "a b", "value": 1 }]),
                InvalidPath,
            ),
            (
                json!([{ "op": "add", "path": "emails[type eq \"x\"", "value": 1 }]),
                InvalidFilter,
            ),
            (
                json!([{ "op": "add", "path": "emails[type eq \"x\"]x", "value": 1 }]),
                InvalidPath,
            ),
            (
                Value::Array(vec![json!({ "op": "remove", "path": "title" }); 1_001]),
                TooLarge,
            ),
        ] {
            assert_eq!(parse(&operations).unwrap_err().kind(), kind, "{operations}");
        }
        for schemas in [json!([""]), json!(["x"]), json!([urn::BULK_REQUEST])] {
            let body =
                json!({ "schemas": schemas, "Operations": [{ "op": "remove", "path": "x" }] });
            let error = PatchRequest::parse(body).unwrap_err();
            assert_eq!(error.kind(), InvalidSyntax, "{schemas}");
        }
    }

    #[test]
    fn m01_a_request_without_operations_changes_nothing() {
        for body in [
            json!({ "schemas": [urn::PATCH_OP] }),
            json!({ "schemas": [urn::PATCH_OP], "operations": null }),
            json!({ "schemas": [urn::PATCH_OP], "Operations": [] }),
            json!({ "Operations": [] }),
        ] {
            assert_eq!(PatchRequest::parse(body).unwrap().operations, []);
        }
        for body in [json!({}), json!({ "userName": "a" })] {
            let error = PatchRequest::parse(body).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSyntax, "it is no PATCH");
        }
    }

    #[test]
    fn m01_schemas_may_be_missing() {
        let body = json!({ "Operations": [{ "op": "remove", "path": "title" }] });
        assert_eq!(PatchRequest::parse(body).unwrap().operations.len(), 1);
    }
}
