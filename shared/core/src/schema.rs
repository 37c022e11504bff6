//! Schemas, attributes and their characteristics, RFC 7643 §2.2, §6 and §7.
//!
//! The schemas are data (`schema/*.json`). An entry states only the differences from the defaults of §2.2; all code in this
//! crate and its callers works from these characteristics.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::urn;

mod known_name;
mod resolved_attribute;
mod unqualified;

pub use resolved_attribute::ResolvedAttribute;

/// The data type of an attribute, RFC 7643 §2.3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Type {
    /// Text.
    #[default]
    String,
    /// `true` or `false`.
    Boolean,
    /// A number with an optional fraction.
    Decimal,
    /// A whole number.
    Integer,
    /// An instant, xsd:dateTime.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

/// When clients may change the value, RFC 7643 §7.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mutability {
    /// Never.
    ReadOnly,
    /// At any time.
    #[default]
    ReadWrite,
    /// Once, when it is first set.
    Immutable,
    /// At any time, but the value cannot be read.
    WriteOnly,
}

/// When the value is returned, RFC 7643 §7.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Returned {
    /// In every response.
    Always,
    /// In no response.
    Never,
    /// By default, unless excluded or not among the named attributes.
    #[default]
    Default,
    /// Only if named.
    Request,
}

/// The scope in which values are unique, RFC 7643 §7.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Uniqueness {
    /// Values are not unique.
    #[default]
    None,
    /// Within the tenant.
    Server,
    /// Across all tenants.
    Global,
}

/// How strings are prepared for comparison. Not part of the published schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Profile {
    /// By `caseExact` only.
    #[default]
    Plain,
    /// By the PRECIS profile for user names (RFC 7644 §5).
    UserName,
    /// By normal form C and `caseExact`.
    Composed,
}

/// An attribute or sub-attribute with its characteristics.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Attribute {
    /// The name in the schema's spelling.
    pub name: String,
    /// The data type.
    #[serde(rename = "type", default)]
    pub kind: Type,
    /// Whether the attribute has several values.
    #[serde(default)]
    pub multi_valued: bool,
    /// The description for people.
    #[serde(default)]
    pub description: String,
    /// Whether a value is required.
    #[serde(default)]
    pub required: bool,
    /// Suggested values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub canonical_values: Vec<String>,
    /// Whether case is significant.
    #[serde(default)]
    pub case_exact: bool,
    /// When clients may change it.
    #[serde(default)]
    pub mutability: Mutability,
    /// When it is returned.
    #[serde(default)]
    pub returned: Returned,
    /// The scope in which it is unique.
    #[serde(default)]
    pub uniqueness: Uniqueness,
    /// The kinds of targets of a reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reference_types: Vec<String>,
    /// How values are prepared for comparison.
    #[serde(default, skip_serializing)]
    pub profile: Profile,
    /// The sub-attributes of a complex attribute.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_attributes: Vec<Attribute>,
}

impl Attribute {
    /// The sub-attribute `name`, in any case.
    #[must_use]
    pub fn sub(&self, name: &str) -> Option<&Self> {
        find(&self.sub_attributes, name)
    }

    /// Whether clients cannot write it.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.mutability == Mutability::ReadOnly
    }

    /// Whether it must not appear in responses or filters, such as `password`.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.returned == Returned::Never
    }
}

/// The attribute `name`, in any case (RFC 7643 §2.1).
fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// A schema, RFC 7643 §7.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The URN.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The description for people.
    pub description: String,
    /// The attributes.
    pub attributes: Vec<Attribute>,
}

impl Schema {
    /// The attribute `name`, in any case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        find(&self.attributes, name)
    }
}

/// The stored resource types.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
pub enum ResourceKind {
    /// Users.
    User,
    /// Groups.
    Group,
}

impl ResourceKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// The name of the resource type, which is also `meta.resourceType` and a member's `type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// The endpoint below the base URL, without a slash.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }
}

/// An extension of a resource type.
#[derive(Clone, Debug)]
pub struct Extension {
    /// The schema.
    pub schema: Arc<Schema>,
    /// Whether every resource must have it.
    pub required: bool,
}

/// A resource type: its base schema, the common attributes and extensions. RFC 7643 §6.
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// The kind of resource.
    pub kind: ResourceKind,
    /// The description for people.
    pub description: &'static str,
    /// The base schema.
    pub schema: Arc<Schema>,
    /// The schema of the common attributes `schemas`, `id`, `externalId` and `meta`.
    pub common: Arc<Schema>,
    /// The extensions.
    pub extensions: Vec<Extension>,
}

impl ResourceType {
    /// The attribute `name` outside extensions, in any case.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.schema
            .attribute(name)
            .or_else(|| self.common.attribute(name))
    }

    /// The extension with this URN, in any case.
    #[must_use]
    pub fn extension(&self, urn: &str) -> Option<&Schema> {
        self.extensions
            .iter()
            .map(|extension| extension.schema.as_ref())
            .find(|schema| urn::names(urn, &schema.id))
    }

    /// Whether `urn` is that of the base schema, in any case.
    #[must_use]
    pub fn is_base(&self, urn: &str) -> bool {
        urn::names(urn, &self.schema.id)
    }

    /// Whether the target is the members of a group, which are stored apart from the resource.
    #[must_use]
    pub fn is_membership(&self, target: ResolvedAttribute<'_>) -> bool {
        self.kind == ResourceKind::Group && target.is_own("members")
    }
}

/// All schemas and resource types of a tenant.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(crate) user: ResourceType,
    pub(crate) group: ResourceType,
    pub(crate) schemas: Vec<Arc<Schema>>,
    pub(crate) kinds: &'static [ResourceKind],
}

impl Catalogue {
    /// The schemas and resource types of RFC 7643.
    #[must_use]
    pub fn standard() -> &'static Arc<Self> {
        static STANDARD: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::load()));
        &STANDARD
    }

    fn load() -> Self {
        let common = built_in(include_str!("schema/common.json"));
        let user = built_in(include_str!("schema/user.json"));
        let group = built_in(include_str!("schema/group.json"));
        let enterprise = built_in(include_str!("schema/enterprise_user.json"));
        let schemas = vec![
            Arc::clone(&user),
            Arc::clone(&enterprise),
            Arc::clone(&group),
            built_in(include_str!("schema/service_provider_config.json")),
            built_in(include_str!("schema/resource_type.json")),
            built_in(include_str!("schema/schema.json")),
        ];
        Self {
            user: ResourceType {
                kind: ResourceKind::User,
                description: "User account",
                schema: user,
                common: Arc::clone(&common),
                extensions: vec![Extension {
                    schema: enterprise,
                    required: false,
                }],
            },
            group: ResourceType {
                kind: ResourceKind::Group,
                description: "Group of users",
                schema: group,
                common,
                extensions: Vec::new(),
            },
            schemas,
            kinds: &ResourceKind::ALL,
        }
    }

    /// The resource type `kind`.
    #[must_use]
    pub const fn resource_type(&self, kind: ResourceKind) -> &ResourceType {
        match kind {
            ResourceKind::User => &self.user,
            ResourceKind::Group => &self.group,
        }
    }

    /// The kinds of resources that the tenant has.
    #[must_use]
    pub const fn kinds(&self) -> &'static [ResourceKind] {
        self.kinds
    }

    /// Every published schema.
    #[must_use]
    pub fn schemas(&self) -> &[Arc<Schema>] {
        &self.schemas
    }
}

#[expect(
    clippy::expect_used,
    reason = "compiled-in data that the tests below parse completely"
)]
fn built_in(text: &str) -> Arc<Schema> {
    Arc::new(serde_json::from_str(text).expect("a built-in schema is well-formed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_schemas_are_published() {
        let ids: Vec<_> = Catalogue::standard()
            .schemas()
            .iter()
            .map(|schema| schema.id.as_str())
            .collect();
        assert_eq!(
            ids,
            [
                urn::USER,
                urn::ENTERPRISE_USER,
                urn::GROUP,
                urn::SERVICE_PROVIDER_CONFIG,
                urn::RESOURCE_TYPE,
                urn::SCHEMA
            ]
        );
    }

    #[test]
    fn n02_attribute_names_are_valid_and_complex_attributes_one_level_deep() {
        fn check(attribute: &Attribute, depth: usize) {
            let mut chars = attribute.name.trim_start_matches('$').chars();
            assert!(chars.next().unwrap().is_ascii_alphabetic());
            assert!(chars.all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c)));
            assert_eq!(
                attribute.kind == Type::Complex,
                !attribute.sub_attributes.is_empty(),
                "{}",
                attribute.name
            );
            assert!(!attribute.description.is_empty(), "{}", attribute.name);
            for sub in &attribute.sub_attributes {
                assert!(depth > 0 && (sub.kind != Type::Complex || depth > 1));
                check(sub, depth - 1);
            }
        }
        for schema in Catalogue::standard().schemas() {
            // Only the schema of schemas has two levels: subAttributes.
            let depth = if schema.id == urn::SCHEMA { 2 } else { 1 };
            for attribute in &schema.attributes {
                check(attribute, depth);
            }
        }
    }

    #[test]
    fn names_are_found_in_any_case() {
        let user = Catalogue::standard().resource_type(ResourceKind::User);
        assert_eq!(user.attribute("USERNAME").unwrap().name, "userName");
        assert_eq!(user.attribute("ExternalID").unwrap().name, "externalId");
        assert!(
            user.extension("URN:ietf:params:scim:schemas:extension:enterprise:2.0:user")
                .is_some()
        );
        assert!(user.attribute("department").is_none());
    }

    #[test]
    fn d14_the_password_is_write_only_and_never_returned() {
        let user = Catalogue::standard().resource_type(ResourceKind::User);
        let password = user.attribute("password").unwrap();
        assert_eq!(password.mutability, Mutability::WriteOnly);
        assert!(password.is_secret());
    }
}
