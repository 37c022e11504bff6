//! Tests of the rows M-01 to M-42 of the requirement matrix and of the providers' dialects.

use serde_json::{Map, Value, json};

use super::{PasswordChange, PatchError, Patched, apply};
use crate::effort::Effort;
use crate::patch::PatchRequest;
use crate::schema::{Catalogue, ResourceKind, ResourceType};
use crate::{Attributes, Draft, ErrorKind, ScimError, urn};

mod effort;
mod extensions;
mod groups;
mod malformed;
mod providers;
mod refused;
mod users;
mod wrapped;

const E: &str = urn::ENTERPRISE_USER;
const ID: &str = "2819c223-7f76-453a-919d-413861904646";

fn of(kind: ResourceKind) -> &'static ResourceType {
    Catalogue::standard().resource_type(kind)
}

fn object(value: Value) -> Attributes {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

fn request(operations: &Value) -> Result<PatchRequest, ScimError> {
    PatchRequest::parse(json!({ "schemas": [urn::PATCH_OP], "Operations": operations }))
}

/// The read-only part of a representation.
fn representation(kind: ResourceKind) -> Attributes {
    object(json!({
        "id": ID,
        "meta": { "resourceType": kind.name(), "version": "W/\"1\"" },
        "groups": [{ "value": "g1", "display": "Tour Guides" }]
    }))
}

fn patched(
    kind: ResourceKind,
    before: &Attributes,
    operations: &Value,
) -> Result<Patched, PatchError> {
    let request = request(operations).map_err(PatchError::Refused)?;
    apply(
        &request,
        of(kind),
        before,
        &representation(kind),
        None,
        &Effort::of_request(),
    )
}

fn refusal(kind: ResourceKind, before: &Value, operations: &Value) -> ScimError {
    match patched(kind, &object(before.clone()), operations) {
        Err(PatchError::Refused(error)) => error,
        Err(PatchError::NeedsMembers) => panic!("{operations} asks for the members"),
        Ok(_) => panic!("{operations} is not refused"),
    }
}

/// A user after the operations; asserts normal form.
fn user(before: &Value, operations: &Value) -> Value {
    let before = object(before.clone());
    let after = patched(ResourceKind::User, &before, operations)
        .unwrap_or_else(|fault| panic!("{operations}: {fault:?}"))
        .attributes;
    assert_normal(ResourceKind::User, &after);
    Value::Object(after)
}

/// Asserts normal form: parsing the attributes as a draft does not change them.
pub(super) fn assert_normal(kind: ResourceKind, attributes: &Attributes) {
    let of = of(kind);
    let mut body: Map<String, Value> = attributes.clone();
    body.insert("schemas".to_owned(), json!([of.schema.id]));
    let draft = Draft::parse(Value::Object(body), of)
        .unwrap_or_else(|error| panic!("{attributes:?}: {error}"));
    assert_eq!(&draft.attributes, attributes);
}

/// A user for rejected operations.
fn before() -> Value {
    json!({ "userName": "a", "title": "t", "emails": [{ "value": "w", "type": "work" }],
        (E): { "manager": { "value": "m" } } })
}

/// Asserts each row: the user before, the operations, the user after.
fn assert_users(table: impl IntoIterator<Item = (Value, Value, Value)>) {
    for (before, operations, after) in table {
        assert_eq!(user(&before, &operations), after, "{operations}");
    }
}

/// Asserts each row: the operations on the user, the user after.
fn assert_after(before: &Value, table: impl IntoIterator<Item = (Value, Value)>) {
    for (operations, after) in table {
        assert_eq!(user(before, &operations), after, "{operations}");
    }
}

/// Asserts each row: the operations on the resource, the kind of error, a part of the detail.
fn assert_refused<'t>(
    kind: ResourceKind,
    before: &Value,
    table: impl IntoIterator<Item = (Value, ErrorKind, &'t str)>,
) {
    for (operations, expected, named) in table {
        let error = refusal(kind, before, &operations);
        assert_eq!(error.kind(), expected, "{operations}: {error}");
        assert!(
            error.detail().to_string().contains(named),
            "{operations}: {error}"
        );
        assert!(!error.detail().to_string().ends_with('.'), "{error}");
    }
}

fn password(operations: &Value) -> Option<String> {
    match patched(
        ResourceKind::User,
        &object(json!({ "userName": "a" })),
        operations,
    ) {
        Ok(Patched {
            password: PasswordChange::Set(secret),
            ..
        }) => Some(secret.expose().to_owned()),
        Ok(Patched {
            password: PasswordChange::Remove,
            ..
        }) => Some(String::new()),
        _ => None,
    }
}
