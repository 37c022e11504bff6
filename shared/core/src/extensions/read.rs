//! Parses extension schemas from JSON. It records each fault with its place and continues.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::{Declared, ExtensionFaults, check};
use crate::error::quote;
use crate::limits;
use crate::schema::{
    Attribute, Mutability, Profile, ResourceKind, Returned, Schema, Type, Uniqueness,
};

const ENTRY: &[&str] = &["resourceType", "required", "schema"];
/// `schemas` and `meta` are accepted and ignored, because published schemas have them.
const SCHEMA: &[&str] = &["id", "name", "description", "attributes", "schemas", "meta"];
const ATTRIBUTE: &[&str] = &[
    "name",
    "type",
    "multiValued",
    "description",
    "required",
    "canonicalValues",
    "caseExact",
    "mutability",
    "returned",
    "uniqueness",
    "referenceTypes",
    "subAttributes",
];

const KINDS: &[(&str, ResourceKind)] =
    &[("User", ResourceKind::User), ("Group", ResourceKind::Group)];
const TYPES: &[(&str, Type)] = &[
    ("string", Type::String),
    ("boolean", Type::Boolean),
    ("decimal", Type::Decimal),
    ("integer", Type::Integer),
    ("dateTime", Type::DateTime),
    ("binary", Type::Binary),
    ("reference", Type::Reference),
    ("complex", Type::Complex),
];
const MUTABILITIES: &[(&str, Mutability)] = &[
    ("readOnly", Mutability::ReadOnly),
    ("readWrite", Mutability::ReadWrite),
    ("immutable", Mutability::Immutable),
    ("writeOnly", Mutability::WriteOnly),
];
const RETURNED: &[(&str, Returned)] = &[
    ("always", Returned::Always),
    ("never", Returned::Never),
    ("default", Returned::Default),
    ("request", Returned::Request),
];
const UNIQUENESS: &[(&str, Uniqueness)] = &[
    ("none", Uniqueness::None),
    ("server", Uniqueness::Server),
    ("global", Uniqueness::Global),
];

/// Parses and records faults.
#[derive(Default)]
pub(super) struct ExtensionReader {
    pub(super) faults: ExtensionFaults,
    /// The attributes and sub-attributes so far.
    attributes: usize,
}

/// The given members of an object by their canonical names.
struct GivenMembers<'v> {
    at: String,
    given: BTreeMap<&'static str, &'v Value>,
}

impl<'v> GivenMembers<'v> {
    fn get(&self, name: &str) -> Option<&'v Value> {
        self.given.get(name).copied()
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }
}

impl ExtensionReader {
    pub(super) fn extensions(&mut self, given: &Value) -> Vec<Declared> {
        let entries = match given {
            Value::Array(entries) if entries.len() <= limits::EXTENSIONS => entries,
            Value::Array(_) => {
                let most = limits::EXTENSIONS;
                self.faults.add(
                    "",
                    format!("a tenant can have at most {most} extension schemas"),
                );
                return Vec::new();
            }
            _ => {
                self.faults.add("", "extension schemas must be an array");
                return Vec::new();
            }
        };
        let entries = entries.iter().enumerate();
        entries
            .filter_map(|(index, entry)| self.extension(entry, format!("/{index}")))
            .collect()
    }

    fn extension(&mut self, entry: &Value, at: String) -> Option<Declared> {
        let members = self.members(entry, at, "an extension", ENTRY)?;
        if members.get("resourceType").is_none() {
            self.faults.add(
                &members.at,
                "`resourceType` is missing; it must be User or Group",
            );
        }
        let kind = self.keyword(&members, "resourceType", KINDS);
        let required = self.flag(&members, "required").unwrap_or_default();
        let Some(schema) = members.get("schema") else {
            self.faults.add(
                &members.at,
                "`schema` is missing; it must have the format of /Schemas",
            );
            return None;
        };
        let schema = Arc::new(self.schema(schema, members.place("schema"))?);
        Some(Declared {
            kind: kind?,
            required,
            schema,
        })
    }

    fn schema(&mut self, given: &Value, at: String) -> Option<Schema> {
        let members = self.members(given, at, "a schema", SCHEMA)?;
        if members.get("id").is_none() {
            self.faults.add(
                &members.at,
                "`id` is missing; it must be the URN of the schema",
            );
        }
        let id = self.text(&members, "id");
        if let Some(id) = &id {
            check::id(id, &members.place("id"), &mut self.faults);
        }
        let name = self.text(&members, "name").or_else(|| id.clone());
        let description = self.text(&members, "description").unwrap_or_default();
        let attributes = self.attributes(&members, "attributes", false);
        if attributes.is_empty() && members.get("attributes").is_none_or(is_empty) {
            self.faults.add(
                &members.at,
                "`attributes` is missing or empty; at least one is required",
            );
        }
        Some(Schema {
            id: id?,
            name: name?,
            description,
            attributes,
        })
    }

    fn attributes(
        &mut self,
        members: &GivenMembers<'_>,
        name: &str,
        are_parts: bool,
    ) -> Vec<Attribute> {
        let at = members.place(name);
        let given = match members.get(name) {
            None => return Vec::new(),
            Some(Value::Array(given)) => given,
            Some(_) => {
                self.faults.add(at, format!("`{name}` must be an array"));
                return Vec::new();
            }
        };
        let before = self.attributes;
        self.attributes = self.attributes.saturating_add(given.len());
        if self.attributes > limits::EXTENSION_ATTRIBUTES {
            if before <= limits::EXTENSION_ATTRIBUTES {
                let most = limits::EXTENSION_ATTRIBUTES;
                self.faults.add(
                    at,
                    format!("the extension schemas of a tenant can have at most {most} attributes and sub-attributes"),
                );
            }
            return Vec::new();
        }
        let each = given.iter().enumerate();
        let attributes: Vec<Attribute> = each
            .filter_map(|(index, one)| self.attribute(one, format!("{at}/{index}"), are_parts))
            .collect();
        check::names(&attributes, &at, &mut self.faults);
        attributes
    }

    fn attribute(&mut self, given: &Value, at: String, is_part: bool) -> Option<Attribute> {
        let members = self.members(given, at, "an attribute", ATTRIBUTE)?;
        let before = self.faults.list().len();
        if members.get("name").is_none() {
            self.faults.add(&members.at, "`name` is missing");
        }
        let name = self.text(&members, "name");
        let kind = self.keyword(&members, "type", TYPES).unwrap_or_default();
        let sub_attributes = self.attributes(&members, "subAttributes", true);
        let case_exact = self.flag(&members, "caseExact");
        let attribute = Attribute {
            name: name?,
            kind,
            multi_valued: self.flag(&members, "multiValued").unwrap_or_default(),
            description: self.text(&members, "description").unwrap_or_default(),
            required: self.flag(&members, "required").unwrap_or_default(),
            canonical_values: self.texts(&members, "canonicalValues"),
            // RFC 7643 §2.3.6 and §2.3.7.
            case_exact: case_exact.unwrap_or(matches!(kind, Type::Binary | Type::Reference)),
            mutability: self
                .keyword(&members, "mutability", MUTABILITIES)
                .unwrap_or_default(),
            returned: self
                .keyword(&members, "returned", RETURNED)
                .unwrap_or_default(),
            uniqueness: self
                .keyword(&members, "uniqueness", UNIQUENESS)
                .unwrap_or_default(),
            reference_types: self.texts(&members, "referenceTypes"),
            profile: Profile::Plain,
            sub_attributes,
        };
        if self.faults.list().len() == before {
            check::attribute(&attribute, is_part, &members.at, &mut self.faults);
        }
        Some(attribute)
    }

    /// The members of an object. A member with `null` counts as absent (RFC 7643 §2.5).
    fn members<'v>(
        &mut self,
        given: &'v Value,
        at: String,
        what: &str,
        known: &'static [&'static str],
    ) -> Option<GivenMembers<'v>> {
        let Value::Object(object) = given else {
            self.faults.add(at, format!("{what} must be a JSON object"));
            return None;
        };
        let mut members = GivenMembers {
            at,
            given: BTreeMap::new(),
        };
        for (name, value) in object {
            let Some(known) = known.iter().find(|known| known.eq_ignore_ascii_case(name)) else {
                let name = quote(name);
                let known = known.join(", ");
                let detail = format!("{what} has no member {name}; the members are {known}");
                self.faults.add(&members.at, detail);
                continue;
            };
            if !value.is_null() && members.given.insert(known, value).is_some() {
                self.faults
                    .add(&members.at, format!("`{known}` is repeated"));
            }
        }
        Some(members)
    }

    fn text(&mut self, members: &GivenMembers<'_>, name: &str) -> Option<String> {
        let given = members.get(name)?.as_str();
        if given.is_none() {
            self.faults
                .add(members.place(name), format!("`{name}` must be text"));
        }
        given.map(str::to_owned)
    }

    fn texts(&mut self, members: &GivenMembers<'_>, name: &str) -> Vec<String> {
        let Some(given) = members.get(name) else {
            return Vec::new();
        };
        let given = given.as_array().and_then(|given| {
            let texts = given.iter().map(|one| one.as_str().map(str::to_owned));
            texts.collect::<Option<Vec<String>>>()
        });
        if given.is_none() {
            let detail = format!("`{name}` must be an array of strings");
            self.faults.add(members.place(name), detail);
        }
        given.unwrap_or_default()
    }

    fn flag(&mut self, members: &GivenMembers<'_>, name: &str) -> Option<bool> {
        let given = members.get(name)?.as_bool();
        if given.is_none() {
            let detail = format!("`{name}` must be true or false");
            self.faults.add(members.place(name), detail);
        }
        given
    }

    /// Parses a keyword in any case, because none of them is `caseExact` (RFC 7643 §7).
    fn keyword<T: Copy>(
        &mut self,
        members: &GivenMembers<'_>,
        name: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let given = members.get(name)?;
        let found = given.as_str().and_then(|given| {
            let mut words = words.iter();
            words.find(|(word, _)| word.eq_ignore_ascii_case(given))
        });
        if found.is_none() {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let given = quote(given.as_str().unwrap_or(&given.to_string()));
            let words = words.join(", ");
            let detail = format!("`{name}` must be one of {words}, not {given}");
            self.faults.add(members.place(name), detail);
        }
        found.map(|(_, found)| *found)
    }
}

fn is_empty(given: &Value) -> bool {
    given.as_array().is_some_and(Vec::is_empty)
}
