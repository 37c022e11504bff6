//! Client input ([`Draft`]) and stored resources ([`Resource`]), RFC 7643 §3.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Attributes;
use crate::error::ScimError;
use crate::error::reason::{self, KnownName};
use crate::ids::{ResourceId, Version};
use crate::members::{self, Member};
use crate::path::{AttrPath, NamedAttributes};
use crate::schema::{Mutability, ResolvedAttribute, ResourceKind, ResourceType, Returned, Schema};
use crate::urn;
use crate::value::{self, ValuePosition};

mod invalid_references;
mod password;
#[cfg(test)]
mod provider_tests;
mod represent;
mod required;

pub use invalid_references::invalid_references;
pub use password::Password;
pub use required::{check_kept, check_required};

/// Valid client input for a POST or PUT.
#[derive(Clone)]
pub struct Draft {
    /// The attributes in normal form, without read-only ones, members and password.
    pub attributes: Attributes,
    /// The members of a group; empty if the client gave none.
    pub members: Vec<Member>,
    /// The password of a user, if the client gave one.
    pub password: Option<Password>,
}

impl Draft {
    /// Parses the body of a POST or PUT.
    ///
    /// Read-only attributes, unknown attributes and unknown schema URNs are ignored (RFC 7644 §3.3). Missing required
    /// attributes are an error.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` for a malformed body, `invalidValue` for invalid values.
    pub fn parse(body: Value, of: &ResourceType) -> Result<Self, ScimError> {
        let draft = Self::parse_change(body, of)?;
        check_required(&draft.attributes, of)?;
        Ok(draft)
    }

    /// Parses the body of a PUT without checking the required attributes of extensions: the caller uses [`check_required`]
    /// once it knows whether the user is active.
    ///
    /// # Errors
    ///
    /// As [`Draft::parse`].
    pub fn parse_change(body: Value, of: &ResourceType) -> Result<Self, ScimError> {
        let Value::Object(body) = body else {
            return Err(reason::body_not_object("resource"));
        };
        check_schemas(&body, &of.schema.id)?;
        let mut draft = Self {
            attributes: Map::new(),
            members: Vec::new(),
            password: None,
        };
        draft.read(body, of)?;
        required::check_own(&draft.attributes, of)?;
        Ok(draft)
    }

    fn read(&mut self, given: Map<String, Value>, of: &ResourceType) -> Result<(), ScimError> {
        let mut seen = Vec::with_capacity(given.len());
        let mut unqualified = Vec::new();
        for (name, value) in given {
            let Ok(path) = AttrPath::parse(&name) else {
                continue;
            };
            let Ok(named) = path.resolve(of) else {
                continue;
            };
            let target = match named {
                NamedAttributes::Base => {
                    if let Value::Object(inner) = value::opened(value)? {
                        self.read(inner, of)?;
                    }
                    continue;
                }
                NamedAttributes::Extension(schema) => {
                    self.read_extension(schema, value, of)?;
                    continue;
                }
                NamedAttributes::Attribute(target) if target.sub.is_none() => target,
                NamedAttributes::Attribute(_) => continue,
            };
            if target.container.is_some() && path.urn.is_none() {
                unqualified.push((target, value));
                continue;
            }
            if seen.contains(&target) {
                return Err(value::twice(ValuePosition::at(target)));
            }
            seen.push(target);
            self.assign(target, value, of)?;
        }
        // A value in the object of its extension takes precedence over an unqualified one.
        for (target, value) in unqualified {
            if get(&self.attributes, target).is_none() {
                self.assign(target, value, of)?;
            }
        }
        Ok(())
    }

    fn read_extension(
        &mut self,
        schema: &Schema,
        value: Value,
        of: &ResourceType,
    ) -> Result<(), ScimError> {
        let inner = match value::opened(value)? {
            nothing if value::is_nothing(&nothing) => return Ok(()),
            Value::Object(inner) => inner,
            _ => {
                return Err(reason::extension_not_object(schema));
            }
        };
        let mut seen = Vec::with_capacity(inner.len());
        for (name, value) in inner {
            let Some(target) = schema.target(&name) else {
                continue;
            };
            if seen.contains(&target) {
                return Err(value::twice(ValuePosition::at(target)));
            }
            seen.push(target);
            self.assign(target, value, of)?;
        }
        Ok(())
    }

    fn assign(
        &mut self,
        target: ResolvedAttribute<'_>,
        value: Value,
        of: &ResourceType,
    ) -> Result<(), ScimError> {
        let attribute = target.attribute;
        if attribute.is_read_only() || target.is_own("schemas") {
            return Ok(());
        }
        if attribute.is_secret() {
            self.password = Password::parse(value)?;
            return Ok(());
        }
        if of.is_membership(target) {
            self.members = members::parse(value)?;
            return Ok(());
        }
        let value = value::normalize(attribute, value, ValuePosition::at(target))?;
        put(&mut self.attributes, target, value);
        Ok(())
    }

    /// The given attributes with `returned` `request`, which the response must show (RFC 7643 §7).
    #[must_use]
    pub fn on_request(&self, of: &ResourceType) -> Vec<AttrPath> {
        let on_request = of
            .targets()
            .filter(|target| target.attribute.returned == Returned::Request);
        on_request
            .filter(|target| get(&self.attributes, *target).is_some())
            .map(AttrPath::from)
            .collect()
    }

    /// Checks that a PUT keeps the immutable values of the replaced resource (RFC 7644 §3.5.1).
    ///
    /// # Errors
    ///
    /// `mutability` if the draft changes or omits such a value.
    pub fn check_immutable(
        &self,
        current: &Attributes,
        of: &ResourceType,
    ) -> Result<(), ScimError> {
        for target in of.targets() {
            let attribute = target.attribute;
            if attribute.mutability != Mutability::Immutable {
                continue;
            }
            let stored =
                get(current, target).and_then(|stored| value::read_stored(attribute, stored));
            if stored.is_some_and(|stored| get(&self.attributes, target) != Some(&*stored)) {
                return Err(immutable(target));
            }
        }
        Ok(())
    }
}

/// The error for a change of an immutable attribute.
#[must_use]
pub fn immutable(target: ResolvedAttribute<'_>) -> ScimError {
    reason::other_immutable_value(target.whole())
}

/// Checks that the `schemas` of a body contain the base schema or message URN of its endpoint. A body without `schemas` is
/// accepted, because authentik and other clients omit them; `null` and `[]` count as absent (RFC 7643 §2.5).
///
/// # Errors
///
/// `invalidSyntax` with the expected URN if only others are given.
pub fn check_schemas(body: &Map<String, Value>, urn: &str) -> Result<(), ScimError> {
    let given = body
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("schemas"))
        .map(|(_, value)| value)
        .filter(|value| !value::is_nothing(value));
    let urns = match given {
        None => return Ok(()),
        Some(Value::Array(urns)) => urns.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    let mut urns = urns.iter().filter_map(Value::as_str);
    match urns.any(|given| urn::names(given, urn)) {
        true => Ok(()),
        false => Err(reason::other_schemas(KnownName::ours(urn))),
    }
}

/// The value of a target's attribute; the sub-attribute is ignored.
#[must_use]
pub fn get<'a>(attributes: &'a Attributes, target: ResolvedAttribute<'_>) -> Option<&'a Value> {
    match target.container {
        None => attributes.get(&target.attribute.name),
        Some(urn) => attributes.get(urn)?.get(&target.attribute.name),
    }
}

/// Sets the value of a target's attribute, or removes it with `None`. An extension without attributes is removed.
pub fn put(attributes: &mut Attributes, target: ResolvedAttribute<'_>, value: Option<Value>) {
    let name = &target.attribute.name;
    let Some(urn) = target.container else {
        match value {
            Some(value) => attributes.insert(name.clone(), value),
            None => attributes.shift_remove(name),
        };
        return;
    };
    if let Some(value) = value {
        let extension = attributes
            .entry(urn)
            .or_insert_with(|| Value::Object(Map::new()));
        if let Some(extension) = extension.as_object_mut() {
            extension.insert(name.clone(), value);
        }
        return;
    }
    let emptied = attributes
        .get_mut(urn)
        .and_then(Value::as_object_mut)
        .is_some_and(|extension| {
            extension.shift_remove(name);
            extension.is_empty()
        });
    if emptied {
        attributes.shift_remove(urn);
    }
}

/// The stored part of `meta`, RFC 7643 §3.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Meta {
    /// Time of creation.
    pub created: Timestamp,
    /// Time of the last change.
    pub last_modified: Timestamp,
    /// The current version.
    pub version: Version,
}

/// A stored user or group, without members and memberships.
#[derive(Clone, PartialEq)]
pub struct Resource {
    /// The resource type.
    pub kind: ResourceKind,
    /// The id.
    pub id: ResourceId,
    /// The stored part of `meta`.
    pub meta: Meta,
    /// The attributes in normal form.
    pub attributes: Attributes,
}

impl std::fmt::Debug for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.id)
    }
}

impl Resource {
    /// The URI of the resource below `base`.
    #[must_use]
    pub fn location(&self, base: &str) -> String {
        format!("{base}/{}/{}", self.kind.endpoint(), self.id)
    }

    /// The text of an attribute outside extensions.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }
}

/// Formats an instant as an xsd:dateTime with milliseconds.
#[must_use]
pub fn timestamp(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::schema::Catalogue;
    use serde_json::json;

    fn draft(kind: ResourceKind, body: Value) -> Result<Draft, ScimError> {
        Draft::parse(body, Catalogue::standard().resource_type(kind))
    }

    fn user(body: Value) -> Result<Attributes, ScimError> {
        draft(ResourceKind::User, body).map(|draft| draft.attributes)
    }

    #[test]
    fn c03_read_only_and_unknown_attributes_are_ignored() {
        let attributes = user(json!({
            "schemas": [urn::USER, "urn:example:unknown"],
            "id": "x", "meta": { "version": "1" }, "groups": [{ "value": "g" }],
            "USERNAME": "babs", "shoeSize": 44, "title": null, "name.givenName": "x",
            "urn:example:unknown": { "a": 1 },
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER": {
                "department": "Sales", "odd": 1, "manager": "m1"
            }
        }))
        .unwrap();
        assert_eq!(
            Value::Object(attributes),
            json!({
                "userName": "babs",
                (urn::ENTERPRISE_USER): { "department": "Sales", "manager": { "value": "m1" } }
            })
        );
    }

    #[test]
    fn c08_another_base_schema_is_rejected_and_a_missing_one_accepted() {
        for schemas in [
            json!([urn::GROUP]),
            json!([urn::ENTERPRISE_USER]),
            json!("x"),
            json!(""),
            json!([null]),
            json!(5),
            json!({}),
        ] {
            let error = user(json!({ "schemas": schemas, "userName": "a" })).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidSyntax, "{schemas}");
        }
        for schemas in [
            json!(null),
            json!([]),
            json!(urn::USER),
            json!(["urn:scim:schemas:core:2.0"]),
        ] {
            assert!(user(json!({ "schemas": schemas, "userName": "a" })).is_ok());
        }
        let extended =
            json!({ "userName": "a", (urn::ENTERPRISE_USER): { "department": "Sales" } });
        assert_eq!(
            Value::Object(user(extended.clone()).unwrap()),
            extended,
            "without schemas"
        );
    }

    #[test]
    fn c03_an_extension_attribute_may_be_unqualified() {
        let e = urn::ENTERPRISE_USER;
        for (given, department) in [
            (json!({ "department": "A" }), json!("A")),
            (json!({ "DEPARTMENT": "A" }), json!("A")),
            (
                json!({ "department": "A", e: { "department": "B" } }),
                json!("B"),
            ),
            (
                json!({ e: { "department": "B" }, "department": "A" }),
                json!("B"),
            ),
            (
                json!({ "department": "A", format!("{e}:department"): "B" }),
                json!("B"),
            ),
            (
                json!({ "department": null, e: { "department": "B" } }),
                json!("B"),
            ),
            (json!({ "department": null, "manager": null }), json!(null)),
            (
                json!({ "department": "A", e: { "manager": "m" } }),
                json!("A"),
            ),
        ] {
            let mut body = given.clone();
            body["userName"] = json!("a");
            let attributes = user(body).unwrap();
            let found = attributes.get(e).and_then(|held| held.get("department"));
            assert_eq!(found.cloned().unwrap_or_default(), department, "{given}");
        }
        let error = user(json!({ "userName": "a", "department": {} })).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
    }

    #[test]
    fn c07_required_attributes_must_be_given() {
        let error = user(json!({ "schemas": [urn::USER] })).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
        let error = draft(
            ResourceKind::Group,
            json!({ "schemas": [urn::GROUP], "displayName": "" }),
        )
        .map(drop)
        .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidValue);
    }

    #[test]
    fn w06_the_password_is_separate_from_the_attributes() {
        let draft = draft(
            ResourceKind::User,
            json!({ "schemas": [urn::USER], "userName": "a", "password": "t1meMa$heen" }),
        )
        .map_err(drop)
        .unwrap_or_else(|()| unreachable!());
        assert_eq!(draft.password.unwrap().expose(), "t1meMa$heen");
        assert!(!draft.attributes.contains_key("password"));
    }

    #[test]
    fn i18_representations_have_the_order_of_the_schema() {
        let of = Catalogue::standard().resource_type(ResourceKind::User);
        let resource = Resource {
            kind: ResourceKind::User,
            id: ResourceId::parse("2819c223-7f76-453a-919d-413861904646").unwrap(),
            meta: Meta {
                created: Timestamp::UNIX_EPOCH,
                last_modified: Timestamp::UNIX_EPOCH,
                version: Version::FIRST,
            },
            attributes: user(json!({
                "title": "Tour Guide", "userName": "babs", "externalId": "e", "schemas": [urn::USER],
                (urn::ENTERPRISE_USER): { "department": "Sales" }
            }))
            .unwrap(),
        };
        let whole = resource.represent(of, "https://example.com/acme/scim/v2");
        assert_eq!(
            whole.keys().collect::<Vec<_>>(),
            [
                "schemas",
                "id",
                "externalId",
                "userName",
                "title",
                urn::ENTERPRISE_USER,
                "meta"
            ]
        );
        assert_eq!(whole["schemas"], json!([urn::USER, urn::ENTERPRISE_USER]));
        assert_eq!(whole["meta"]["created"], "1970-01-01T00:00:00.000Z");
        assert_eq!(whole["meta"]["version"], "W/\"1\"");
    }
}
