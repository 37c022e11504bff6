//! A tenant's extension schemas, RFC 7643 §3.3, §6 and §7.
//!
//! They are a JSON array. Each entry names a resource type and holds a schema in the form of `/Schemas`:
//!
//! ```json
//! [{ "resourceType": "User", "required": false,
//!    "schema": { "id": "urn:example:badges:1.0:User", "attributes": [{ "name": "badge" }] } }]
//! ```
//!
//! Every published characteristic is enforced: one that the service provider would not enforce for extension attributes is
//! rejected here with the reason. Member names are read in any case. Unknown members are rejected, because a misspelt
//! characteristic would silently get its default.
//!
//! Stored settings are read by the same rules. Rules can therefore be relaxed at any time, but tightened only after
//! checking the stored settings.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::schema::{Catalogue, Extension, ResourceKind, Schema};

mod check;
mod faults;
mod read;

#[cfg(test)]
mod tests;

pub use faults::{ExtensionFault, ExtensionFaults};

/// A tenant's extension schemas, and its catalogue of all schemas and resource types.
#[derive(Clone, Debug)]
pub struct Extensions {
    declared: Vec<Declared>,
    catalogue: Arc<Catalogue>,
}

/// An extension schema.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Declared {
    /// The extended resource type.
    #[serde(rename = "resourceType", serialize_with = "by_name")]
    pub kind: ResourceKind,
    /// Whether every resource must have the extension.
    pub required: bool,
    /// The schema.
    #[serde(serialize_with = "plainly")]
    pub schema: Arc<Schema>,
}

impl Extensions {
    /// Parses extension schemas.
    ///
    /// # Errors
    ///
    /// All faults, up to 100.
    pub fn parse(given: &Value) -> Result<Self, ExtensionFaults> {
        let mut reader = read::ExtensionReader::default();
        let declared = reader.extensions(given);
        let mut faults = reader.faults;
        if faults.list().is_empty() {
            check::together(&declared, &mut faults);
        }
        match faults.list().is_empty() {
            true => Ok(Self {
                catalogue: Arc::new(Catalogue::standard().extended(&declared)),
                declared,
            }),
            false => Err(faults),
        }
    }

    /// The schemas in the order of the input.
    #[must_use]
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The catalogue of standard schemas and resource types with these extensions.
    #[must_use]
    pub const fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Whether the tenant has no extension schemas.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.declared.is_empty()
    }
}

impl Catalogue {
    /// The catalogue with a tenant's extensions.
    fn extended(&self, declared: &[Declared]) -> Self {
        let mut extended = self.clone();
        for one in declared {
            let of = match one.kind {
                ResourceKind::User => &mut extended.user,
                ResourceKind::Group => &mut extended.group,
            };
            of.extensions.push(Extension {
                schema: Arc::clone(&one.schema),
                required: one.required,
            });
            extended.schemas.push(Arc::clone(&one.schema));
        }
        extended
    }
}

impl Default for Extensions {
    fn default() -> Self {
        Self {
            declared: Vec::new(),
            catalogue: Arc::clone(Catalogue::standard()),
        }
    }
}

impl PartialEq for Extensions {
    fn eq(&self, other: &Self) -> bool {
        self.declared == other.declared
    }
}

impl Eq for Extensions {}

impl Serialize for Extensions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.declared.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Extensions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given = Value::deserialize(deserializer)?;
        Self::parse(&given).map_err(de::Error::custom)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn by_name<S: Serializer>(kind: &ResourceKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.name())
}

fn plainly<S: Serializer>(schema: &Arc<Schema>, serializer: S) -> Result<S::Ok, S::Error> {
    schema.as_ref().serialize(serializer)
}
