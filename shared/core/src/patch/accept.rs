//! Passing over what a tenant does not accept ([`crate::policy`]): a PATCH of it changes nothing and is no error,
//! as a POST or PUT of it is none (RFC 7644 §3.3).

use serde_json::{Map, Value};

use super::{Operation, PatchRequest};
use crate::path::{AttrPath, Named, Path};
use crate::schema::{ResourceType, Schema};

impl PatchRequest {
    /// What is left of the request for a resource type that was narrowed from the `whole` one.
    #[must_use]
    pub fn accepted(self, narrowed: &ResourceType, whole: &ResourceType) -> Self {
        let acceptance = Acceptance { narrowed, whole };
        let operations = self.operations.into_iter();
        Self {
            operations: operations
                .filter_map(|operation| acceptance.operation(operation))
                .collect(),
        }
    }
}

struct Acceptance<'t> {
    narrowed: &'t ResourceType,
    whole: &'t ResourceType,
}

impl<'t> Acceptance<'t> {
    fn operation(&self, mut operation: Operation) -> Option<Operation> {
        let Some(path) = &operation.path else {
            operation.value = self.entries(operation.value?);
            return operation.value.is_some().then_some(operation);
        };
        match self.path(path) {
            Seen::PassedOver => None,
            Seen::Extension(now, before) => {
                operation.value = match operation.value {
                    Some(value) => Some(within(value, now, before)?),
                    None => None,
                };
                Some(operation)
            }
            Seen::Base => {
                operation.value = match operation.value {
                    Some(value) => Some(self.entries(value)?),
                    None => None,
                };
                Some(operation)
            }
            Seen::AsItIs => Some(operation),
        }
    }

    fn path(&self, path: &Path) -> Seen<'t> {
        Seen::of(
            path.resolve(self.narrowed).ok(),
            path.resolve(self.whole).ok(),
        )
    }

    /// The members of a value without a path; `None` when none is left of several.
    fn entries(&self, value: Value) -> Option<Value> {
        let Value::Object(entries) = value else {
            return Some(value);
        };
        let was_empty = entries.is_empty();
        let mut kept = Map::new();
        for (name, value) in entries {
            let path = AttrPath::parse(&name).ok();
            let now = path
                .as_ref()
                .and_then(|path| path.resolve(self.narrowed).ok());
            let before = path.as_ref().and_then(|path| path.resolve(self.whole).ok());
            let value = match Seen::of(now, before) {
                Seen::PassedOver => None,
                Seen::Extension(now, before) => within(value, now, before),
                Seen::Base => self.entries(value),
                Seen::AsItIs => Some(value),
            };
            kept.extend(value.map(|value| (name, value)));
        }
        (was_empty || !kept.is_empty()).then_some(Value::Object(kept))
    }
}

/// What a name means by the narrowed type.
enum Seen<'s> {
    /// The same as by the whole type.
    AsItIs,
    /// Nothing, but by the whole type it does.
    PassedOver,
    /// An extension, as it is now and as it is whole.
    Extension(&'s Schema, &'s Schema),
    /// The base schema.
    Base,
}

impl<'s> Seen<'s> {
    const fn of(now: Option<Named<'s>>, before: Option<Named<'s>>) -> Self {
        match (now, before) {
            (None, Some(_)) => Self::PassedOver,
            (Some(Named::Extension(now)), Some(Named::Extension(before))) => {
                Self::Extension(now, before)
            }
            (Some(Named::Base), _) => Self::Base,
            _ => Self::AsItIs,
        }
    }
}

/// The value of an extension without attributes that are not accepted; `None` when none is left of several.
fn within(value: Value, now: &Schema, before: &Schema) -> Option<Value> {
    let Value::Object(entries) = value else {
        return Some(value);
    };
    let was_empty = entries.is_empty();
    let kept: Map<String, Value> = entries
        .into_iter()
        .filter(|(name, _)| now.attribute(name).is_some() || before.attribute(name).is_none())
        .collect();
    (was_empty || !kept.is_empty()).then_some(Value::Object(kept))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::{Accepted, Groups};
    use crate::{Catalogue, ResourceKind, urn};

    fn left(operations: &Value) -> Vec<(String, Option<Value>)> {
        let standard = Catalogue::standard();
        let department = format!("{}:department", urn::ENTERPRISE_USER);
        let accepted = Accepted::parse(&["name.givenName", &department], standard).unwrap();
        let narrowed = standard.narrowed(Some(&accepted), Groups::Offered);
        let kind = ResourceKind::User;
        let body = json!({ "schemas": [urn::PATCH_OP], "Operations": operations });
        let request = PatchRequest::parse(body).unwrap();
        let request = request.accepted(narrowed.resource_type(kind), standard.resource_type(kind));
        let operations = request.operations.into_iter();
        operations
            .map(|one| {
                let path = one.path.map(|path| path.attribute.to_string());
                (path.unwrap_or_default(), one.value)
            })
            .collect()
    }

    #[test]
    fn what_is_not_accepted_is_passed_over_by_path_and_without() {
        let e = urn::ENTERPRISE_USER;
        let operations = json!([
            { "op": "replace", "path": "title", "value": "x" },
            { "op": "add", "path": "emails[type eq \"work\"].value", "value": "x" },
            { "op": "replace", "path": "name.familyName", "value": "x" },
            { "op": "remove", "path": format!("{e}:manager") },
            { "op": "replace", "value": { "title": "x" } },
            { "op": "replace", "path": e, "value": { "manager": "x" } },
        ]);
        assert_eq!(left(&operations), []);
        let operations = json!([
            { "op": "replace", "path": "active", "value": false },
            { "op": "replace", "value": { "title": "x", "userName": "y", "name.givenName": "z",
                e: { "manager": "m", "department": "d" }, format!("{e}:manager"): "m" } },
        ]);
        let kept = json!({ "userName": "y", "name.givenName": "z", e: { "department": "d" } });
        assert_eq!(
            left(&operations),
            [
                ("active".to_owned(), Some(json!(false))),
                (String::new(), Some(kept))
            ]
        );
    }

    #[test]
    fn what_no_schema_knows_is_still_refused_later() {
        let operations = json!([{ "op": "replace", "path": "tilte", "value": "x" }]);
        assert_eq!(left(&operations).len(), 1);
    }
}
