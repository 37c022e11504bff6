//! `attributes` and `excludedAttributes`, RFC 7644 §3.9, with `returned` of RFC 7643 §7.
//!
//! Unknown names are ignored, so that a client for another service provider gets the known attributes. Using both
//! parameters at once is an error.

use serde_json::{Map, Value};

use crate::Attributes;
use crate::error::{ScimError, reason};
use crate::limits;
use crate::path::{AttrPath, NamedAttributes};
use crate::schema::{Attribute, ResolvedAttribute, ResourceType, Returned, Schema};

/// The attributes that the client selected, and those that its request wrote.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Projection {
    selection: ShownAttributes,
    written: Vec<AttrPath>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum ShownAttributes {
    /// Attributes returned by default.
    #[default]
    Default,
    /// The named attributes and those always returned.
    Only(Vec<AttrPath>),
    /// Attributes returned by default, without the named ones.
    Without(Vec<AttrPath>),
}

impl Projection {
    /// Parses the two parameters; an empty one counts as absent.
    ///
    /// # Errors
    ///
    /// `invalidValue` if both are given, or one has too many names.
    pub fn parse<'n>(
        attributes: impl IntoIterator<Item = &'n str>,
        excluded: impl IntoIterator<Item = &'n str>,
    ) -> Result<Self, ScimError> {
        let only = names(attributes)?;
        let without = names(excluded)?;
        let selection = match (only, without) {
            (None, None) => ShownAttributes::Default,
            (Some(only), None) => ShownAttributes::Only(only),
            (None, Some(without)) => ShownAttributes::Without(without),
            (Some(_), Some(_)) => {
                return Err(reason::both_projections());
            }
        };
        Ok(Self {
            selection,
            written: Vec::new(),
        })
    }

    /// The projection for the response to a request that wrote these attributes: it also returns those with `returned`
    /// `request` (RFC 7643 §7).
    #[must_use]
    pub fn written(&self, written: Vec<AttrPath>) -> Self {
        Self {
            selection: self.selection.clone(),
            written,
        }
    }

    /// Whether the client used `attributes`; the response to a PATCH then has a body (RFC 7644 §3.5.2).
    #[must_use]
    pub const fn is_only(&self) -> bool {
        matches!(self.selection, ShownAttributes::Only(_))
    }

    /// Whether the response contains the attribute `name` outside extensions.
    #[must_use]
    pub fn wants(&self, name: &str, of: &ResourceType) -> bool {
        let Some(attribute) = of.attribute(name) else {
            return false;
        };
        self.on(of).extent(None, attribute) != Extent::Nothing
    }

    /// The representation with the selected attributes only.
    #[must_use]
    pub fn apply(&self, of: &ResourceType, mut whole: Attributes) -> Attributes {
        let view = self.on(of);
        whole.retain(|name, value| {
            let shown = view.shown(of, name, value.take());
            let is_shown = shown.is_some();
            *value = shown.unwrap_or_default();
            is_shown
        });
        whole
    }

    fn on<'s>(&self, of: &'s ResourceType) -> View<'s> {
        let (polarity, paths) = match &self.selection {
            ShownAttributes::Default => (Polarity::Without, &[][..]),
            ShownAttributes::Only(paths) => (Polarity::Only, paths.as_slice()),
            ShownAttributes::Without(paths) => (Polarity::Without, paths.as_slice()),
        };
        let resolved = |paths: &[AttrPath]| {
            let paths = paths.iter();
            paths.filter_map(|path| path.resolve(of).ok()).collect()
        };
        View {
            polarity,
            named: resolved(paths),
            written: resolved(&self.written),
        }
    }
}

fn names<'n>(given: impl IntoIterator<Item = &'n str>) -> Result<Option<Vec<AttrPath>>, ScimError> {
    let mut paths = Vec::new();
    let mut is_given = false;
    for name in given {
        let name = name.trim();
        if name.is_empty() {
            continue;
        }
        is_given = true;
        paths.extend(AttrPath::parse(name));
        if paths.len() > limits::PROJECTED_NAMES {
            return Err(reason::too_many_names(limits::PROJECTED_NAMES));
        }
    }
    Ok(is_given.then_some(paths))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Polarity {
    Only,
    Without,
}

/// The returned part of an attribute.
#[derive(Clone, PartialEq, Eq)]
enum Extent<'s> {
    Nothing,
    Whole,
    /// The named sub-attributes and those always returned.
    Parts(Vec<&'s str>),
    /// All sub-attributes but the named ones.
    AllBut(Vec<&'s str>),
}

struct View<'s> {
    polarity: Polarity,
    named: Vec<NamedAttributes<'s>>,
    written: Vec<NamedAttributes<'s>>,
}

impl<'s> View<'s> {
    fn extent(&self, container: Option<&str>, attribute: &Attribute) -> Extent<'s> {
        match attribute.returned {
            Returned::Always => return Extent::Whole,
            Returned::Never => return Extent::Nothing,
            Returned::Default | Returned::Request => {}
        }
        let mut is_named = false;
        let mut parts = Vec::new();
        for named in &self.named {
            match named {
                NamedAttributes::Base => is_named |= container.is_none(),
                NamedAttributes::Extension(schema) => {
                    is_named |= container == Some(schema.id.as_str());
                }
                NamedAttributes::Attribute(ResolvedAttribute {
                    container: of,
                    attribute: named,
                    sub,
                }) if *of == container && named.name == attribute.name => match sub {
                    None => is_named = true,
                    Some(sub) => parts.push(sub.name.as_str()),
                },
                NamedAttributes::Attribute(_) => {}
            }
        }
        let is_written = |named: &NamedAttributes<'_>| matches!(named, NamedAttributes::Attribute(target) if target.container == container && target.attribute.name == attribute.name);
        let by_default =
            attribute.returned == Returned::Default || self.written.iter().any(is_written);
        match self.polarity {
            Polarity::Only if is_named => Extent::Whole,
            Polarity::Only if parts.is_empty() => Extent::Nothing,
            Polarity::Only => Extent::Parts(parts),
            Polarity::Without if is_named || !by_default => Extent::Nothing,
            Polarity::Without if parts.is_empty() => Extent::Whole,
            Polarity::Without => Extent::AllBut(parts),
        }
    }

    /// The returned part of an attribute, or of a whole extension.
    fn shown(&self, of: &ResourceType, name: &str, value: Value) -> Option<Value> {
        if let Some(attribute) = of.attribute(name) {
            return self.value(None, attribute, value);
        }
        let extension = of.extension(name)?;
        let Value::Object(inner) = value else {
            return None;
        };
        let inner = self.extension(extension, inner);
        (!inner.is_empty()).then_some(Value::Object(inner))
    }

    fn extension(&self, schema: &Schema, inner: Map<String, Value>) -> Map<String, Value> {
        inner
            .into_iter()
            .filter_map(|(name, value)| {
                let attribute = schema.attribute(&name)?;
                let value = self.value(Some(&schema.id), attribute, value)?;
                Some((name, value))
            })
            .collect()
    }

    fn value(&self, container: Option<&str>, attribute: &Attribute, value: Value) -> Option<Value> {
        let extent = self.extent(container, attribute);
        let keep = |part: &str| {
            let returned = attribute.sub(part).map(|sub| sub.returned);
            match returned {
                None | Some(Returned::Never) => false,
                Some(Returned::Always) => true,
                Some(Returned::Default | Returned::Request) => match &extent {
                    Extent::Nothing => false,
                    Extent::Whole => returned == Some(Returned::Default),
                    Extent::Parts(named) => named.contains(&part),
                    Extent::AllBut(named) => {
                        returned == Some(Returned::Default) && !named.contains(&part)
                    }
                },
            }
        };
        if extent == Extent::Nothing {
            return None;
        }
        let mut parts = attribute.sub_attributes.iter();
        if extent == Extent::Whole && parts.all(|part| part.returned == Returned::Default) {
            return Some(value);
        }
        match value {
            Value::Object(parts) => cut(parts, keep),
            Value::Array(values) => {
                let values: Vec<Value> = values
                    .into_iter()
                    .filter_map(|value| match value {
                        Value::Object(parts) => cut(parts, keep),
                        value => Some(value),
                    })
                    .collect();
                (!values.is_empty()).then_some(Value::Array(values))
            }
            value => Some(value),
        }
    }
}

fn cut(parts: Map<String, Value>, keep: impl Fn(&str) -> bool) -> Option<Value> {
    let parts: Map<String, Value> = parts.into_iter().filter(|(name, _)| keep(name)).collect();
    (!parts.is_empty()).then_some(Value::Object(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Catalogue, ResourceKind};
    use crate::urn;
    use serde_json::json;

    fn of() -> &'static ResourceType {
        Catalogue::standard().resource_type(ResourceKind::User)
    }

    fn whole() -> Attributes {
        json!({
            "schemas": [urn::USER, urn::ENTERPRISE_USER],
            "id": "1",
            "userName": "babs",
            "name": { "givenName": "Barbara", "familyName": "Jensen" },
            "emails": [{ "value": "a@b", "type": "work" }, { "type": "home" }],
            (urn::ENTERPRISE_USER): { "department": "Sales", "manager": { "value": "m", "$ref": "r" } },
            "meta": { "resourceType": "User", "location": "l" }
        })
        .as_object()
        .unwrap()
        .clone()
    }

    fn shown(attributes: &str, excluded: &str) -> Value {
        let projection = Projection::parse(attributes.split(','), excluded.split(',')).unwrap();
        let once = projection.apply(of(), whole());
        assert_eq!(projection.apply(of(), once.clone()), once, "twice is once");
        Value::Object(once)
    }

    #[test]
    fn a02_a07_a08_named_attributes_and_those_always_returned_are_shown() {
        let schemas = json!([urn::USER, urn::ENTERPRISE_USER]);
        for (names, expected) in [
            (
                "userName",
                json!({ "schemas": schemas, "id": "1", "userName": "babs" }),
            ),
            (
                "USERNAME, nothing",
                json!({ "schemas": schemas, "id": "1", "userName": "babs" }),
            ),
            ("nothing", json!({ "schemas": schemas, "id": "1" })),
            (
                "name.givenname",
                json!({ "schemas": schemas, "id": "1", "name": { "givenName": "Barbara" } }),
            ),
            (
                "emails.value",
                json!({ "schemas": schemas, "id": "1", "emails": [{ "value": "a@b" }] }),
            ),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:userName",
                json!({ "schemas": schemas, "id": "1", "userName": "babs" }),
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                json!({ "schemas": schemas, "id": "1", (urn::ENTERPRISE_USER): { "manager": { "value": "m" } } }),
            ),
            (
                urn::ENTERPRISE_USER,
                json!({ "schemas": schemas, "id": "1", (urn::ENTERPRISE_USER): whole()[urn::ENTERPRISE_USER] }),
            ),
            ("password", json!({ "schemas": schemas, "id": "1" })),
        ] {
            assert_eq!(shown(names, ""), expected, "{names}");
        }
    }

    #[test]
    fn a03_a04_excluded_attributes_are_omitted_unless_always_returned() {
        let gone = shown(
            "",
            "id,schemas,name,emails.type,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,meta",
        );
        assert_eq!(
            gone,
            json!({
                "schemas": [urn::USER, urn::ENTERPRISE_USER],
                "id": "1", "userName": "babs", "emails": [{ "value": "a@b" }]
            })
        );
    }

    #[test]
    fn a09_both_parameters_together_are_rejected() {
        assert!(Projection::parse(["a"], ["b"]).is_err());
        assert_eq!(
            Projection::parse([""], [""]).unwrap(),
            Projection::default()
        );
    }
}
