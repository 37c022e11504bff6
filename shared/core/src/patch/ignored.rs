//! Removes operations on attributes that a tenant does not accept ([`crate::policy`]) and, if the tenant wants that, on
//! unknown attributes. They have no effect and cause no error, like such attributes in a POST or PUT (RFC 7644 §3.3).

use serde_json::{Map, Value};

use super::{PatchOperation, PatchRequest};
use crate::error::Reason;
use crate::filter::Path;
use crate::path::{AttrPath, NamedAttributes};
use crate::policy::UnknownAttributes;
use crate::schema::{ResourceType, Schema, Type};
use crate::value;

impl PatchRequest {
    /// The accepted part of the request; `narrowed` is the resource type with the accepted attributes of `whole`.
    #[must_use]
    pub fn accepted(
        self,
        narrowed: &ResourceType,
        whole: &ResourceType,
        unknown: UnknownAttributes,
    ) -> Self {
        let acceptance = Acceptance {
            narrowed,
            whole,
            unknown,
        };
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
    unknown: UnknownAttributes,
}

impl<'t> Acceptance<'t> {
    fn operation(&self, mut operation: PatchOperation) -> Option<PatchOperation> {
        let Some(path) = &operation.path else {
            operation.value = self.entries(operation.value?);
            return operation.value.is_some().then_some(operation);
        };
        match self.path(path) {
            NameMeaning::PassedOver => None,
            NameMeaning::Extension(now, before) => {
                operation.value = match operation.value {
                    Some(value) => Some(self.within(value, now, before)?),
                    None => None,
                };
                Some(operation)
            }
            NameMeaning::Base => {
                operation.value = match operation.value {
                    Some(value) => Some(self.entries(value)?),
                    None => None,
                };
                Some(operation)
            }
            NameMeaning::AsItIs => Some(operation),
        }
    }

    fn path(&self, path: &Path) -> NameMeaning<'t> {
        if self.unknown == UnknownAttributes::Ignore && self.is_unknown(path) {
            return NameMeaning::PassedOver;
        }
        NameMeaning::of(
            path.resolve(self.narrowed).ok(),
            path.resolve(self.whole).ok(),
        )
    }

    /// Whether a path names an unknown attribute before, in or after its brackets. Misplaced brackets are another error
    /// and do not count.
    fn is_unknown(&self, path: &Path) -> bool {
        let target = match path.attribute.resolve(self.whole) {
            // An ambiguous name is not unknown.
            Err(unknown) => return unknown.reason() != Reason::AmbiguousAttribute,
            Ok(NamedAttributes::Attribute(target)) if target.sub.is_none() => target,
            Ok(_) => return false,
        };
        let attribute = target.attribute;
        let is_known = |name: &str| attribute.sub(name).is_some();
        let is_plain =
            |name: &str| attribute.kind != Type::Complex && name.eq_ignore_ascii_case("value");
        let terms = path.values.iter().flat_map(|values| values.leaves());
        let mut asked = terms.map(|term| term.path.attribute.to_string());
        asked.any(|name| !is_known(&name) && !is_plain(&name))
            || path.sub.as_ref().is_some_and(|sub| !is_known(sub))
    }

    /// The accepted members of a value without a path; `None` if all were removed.
    fn entries(&self, value: Value) -> Option<Value> {
        let entries = match value::legible(value) {
            Value::Object(entries) => entries,
            value => return Some(value),
        };
        let was_empty = entries.is_empty();
        let mut kept = Map::new();
        for (name, value) in entries {
            let path = AttrPath::parse(&name).ok();
            let now = path
                .as_ref()
                .and_then(|path| path.resolve(self.narrowed).ok());
            let before = path.as_ref().and_then(|path| path.resolve(self.whole).ok());
            let is_unknown = path.as_ref().is_none_or(|path| {
                path.resolve(self.whole)
                    .is_err_and(|unknown| unknown.reason() != Reason::AmbiguousAttribute)
            });
            let value = match NameMeaning::of(now, before) {
                NameMeaning::PassedOver => None,
                _ if is_unknown && self.unknown == UnknownAttributes::Ignore => None,
                NameMeaning::Extension(now, before) => self.within(value, now, before),
                NameMeaning::Base => self.entries(value),
                NameMeaning::AsItIs => Some(value),
            };
            kept.extend(value.map(|value| (name, value)));
        }
        (was_empty || !kept.is_empty()).then_some(Value::Object(kept))
    }

    /// The accepted attributes of an extension's value; `None` if all were removed.
    fn within(&self, value: Value, now: &Schema, before: &Schema) -> Option<Value> {
        let entries = match value::legible(value) {
            Value::Object(entries) => entries,
            value => return Some(value),
        };
        let was_empty = entries.is_empty();
        let knows = |schema: &Schema, name: &str| {
            AttrPath::parse(name).is_ok_and(|path| path.within(schema).is_ok())
        };
        let is_kept = |name: &str| {
            knows(now, name) || (self.unknown == UnknownAttributes::Reject && !knows(before, name))
        };
        let kept: Map<String, Value> = entries
            .into_iter()
            .filter(|(name, _)| is_kept(name))
            .collect();
        (was_empty || !kept.is_empty()).then_some(Value::Object(kept))
    }
}

/// The meaning of a name in the narrowed type compared with the whole type.
enum NameMeaning<'s> {
    /// The same as in the whole type.
    AsItIs,
    /// An attribute of the whole type that the narrowed type does not have.
    PassedOver,
    /// An extension: its narrowed and its whole schema.
    Extension(&'s Schema, &'s Schema),
    /// The base schema.
    Base,
}

impl<'s> NameMeaning<'s> {
    const fn of(now: Option<NamedAttributes<'s>>, before: Option<NamedAttributes<'s>>) -> Self {
        match (now, before) {
            (None, Some(_)) => Self::PassedOver,
            (Some(NamedAttributes::Extension(now)), Some(NamedAttributes::Extension(before))) => {
                Self::Extension(now, before)
            }
            (Some(NamedAttributes::Base), _) => Self::Base,
            _ => Self::AsItIs,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::{Accepted, Groups};
    use crate::{Catalogue, ResourceKind, urn};

    fn left(operations: &Value) -> Vec<(String, Option<Value>)> {
        left_where(UnknownAttributes::Reject, operations)
    }

    fn left_where(unknown: UnknownAttributes, operations: &Value) -> Vec<(String, Option<Value>)> {
        let standard = Catalogue::standard();
        let department = format!("{}:department", urn::ENTERPRISE_USER);
        let accepted = Accepted::parse(&["name.givenName", &department], standard).unwrap();
        let narrowed = standard.narrowed(Some(&accepted), Groups::Offered);
        let kind = ResourceKind::User;
        let body = json!({ "schemas": [urn::PATCH_OP], "Operations": operations });
        let request = PatchRequest::parse(body).unwrap();
        let whole = standard.resource_type(kind);
        let request = request.accepted(narrowed.resource_type(kind), whole, unknown);
        let operations = request.operations.into_iter();
        operations
            .map(|one| {
                let path = one.path.map(|path| path.attribute.to_string());
                (path.unwrap_or_default(), one.value)
            })
            .collect()
    }

    #[test]
    fn attributes_that_are_not_accepted_are_ignored_with_and_without_a_path() {
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
    fn unknown_attributes_stay_and_are_rejected_later() {
        let operations = json!([{ "op": "replace", "path": "tilte", "value": "x" }]);
        assert_eq!(left(&operations).len(), 1);
    }

    #[test]
    fn unknown_attributes_are_ignored_if_the_tenant_wants_that() {
        let e = urn::ENTERPRISE_USER;
        let ignored = |operations: &Value| left_where(UnknownAttributes::Ignore, operations);
        let operations = json!([
            { "op": "replace", "path": "tilte", "value": "x" },
            { "op": "remove", "path": "shoeSize" },
            { "op": "add", "path": "name.nickName", "value": "x" },
            { "op": "add", "path": "name[nickName eq \"x\"]", "value": "x" },
            { "op": "replace", "path": "emails[type eq \"work\"].colour", "value": "x" },
            { "op": "remove", "path": "emails[colour eq \"red\"]" },
            { "op": "add", "path": "urn:example:none:1.0:User:badge", "value": "x" },
            { "op": "add", "path": format!("{e}:badge"), "value": "x" },
            { "op": "replace", "value": { "tilte": "x", "name.nickName": "y", "a b": 1,
                "urn:example:none:1.0:User": { "badge": 1 }, e: { "badge": "x" } } },
        ]);
        assert_eq!(ignored(&operations), []);
        assert_eq!(
            left(&operations).len(),
            8,
            "and kept for the refusal elsewhere; `emails` with its parts is known and not accepted"
        );
        let operations = json!([
            { "op": "replace", "value": { "tilte": "x", "name.givenName": "y",
                e: { "badge": 1, "department": "d" } } },
        ]);
        let kept = json!({ "name.givenName": "y", e: { "department": "d" } });
        assert_eq!(ignored(&operations), [(String::new(), Some(kept))]);
        let operations = json!([
            { "op": "replace", "path": "name.givenName[type eq \"x\"]", "value": "x" },
            { "op": "replace", "path": format!("{e}[department eq \"x\"]"), "value": "x" },
        ]);
        assert_eq!(ignored(&operations).len(), 2, "brackets at a wrong place");
    }
}
