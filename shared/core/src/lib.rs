//! The SCIM 2.0 core: pure functions on values, without I/O, clock or randomness. A module uses only modules above it:
//!
//! | module | what | section |
//! |---|---|---|
//! | [`limits`] | limits on client input | |
//! | [`urn`] | schema and message URNs | RFC 7643 §8.7, RFC 7644 §8.2 |
//! | [`ids`] | ids and versions as distinct types | RFC 7643 §3.1 |
//! | [`effort`] | limit on the work of a request | RFC 7644 §7.7 |
//! | [`error`] | all errors with status and `scimType` | RFC 7644 §3.12 |
//! | [`json`] | JSON without duplicate names | RFC 8259 §4 |
//! | [`schema`] | schemas, attributes and their characteristics as data | RFC 7643 §2, §7 |
//! | [`text`] | comparison of strings | RFC 7643 §2.2, RFC 7644 §5 |
//! | [`value`] | JSON values, checked and normalized by an attribute's characteristics | RFC 7643 §2.3 |
//! | [`path`] | attribute paths, parsed, printed and resolved against a schema | RFC 7644 §3.10 |
//! | [`extensions`] | the extension schemas of a tenant | RFC 7643 §3.3, §7 |
//! | [`filter`] | filters, and paths with a value filter, parsed, printed, resolved and evaluated | RFC 7644 §3.4.2.2, §3.5.2 |
//! | [`members`] | changes of group members | RFC 7643 §4.2 |
//! | [`active`] | whether a user is active | RFC 7643 §4.1.1 |
//! | [`policy`] | a tenant's rules beyond the schemas | RFC 7644 §3.3 |
//! | [`resource`] | client input ([`resource::Draft`]) and resources | RFC 7643 §3 |
//! | [`patch`] | PATCH requests and their effect | RFC 7644 §3.5.2 |
//! | [`bulk`] | bulk requests, their references and execution plan | RFC 7644 §3.7 |
//! | [`projection`] | `attributes` and `excludedAttributes` | RFC 7644 §3.9 |
//! | [`sort`] | the order of results | RFC 7644 §3.4.2.3 |
//! | [`list`] | pages and list messages | RFC 7644 §3.4.2 |
//! | [`discovery`] | service provider configuration, resource types, schemas | RFC 7643 §5–7 |
//! | [`event`] | what happened to users and groups, derived from their stored versions | |
//!
//! In this crate a resource is a JSON object in *normal form*: attribute names in the schema's spelling, no `null`, no
//! empty arrays, booleans as booleans, extension attributes in an object under the extension's URN. [`value`] converts
//! client input to the normal form; all other modules rely on it.

#![warn(missing_docs)]

pub mod active;
pub mod bulk;
#[cfg(test)]
mod characteristics;
pub mod discovery;
pub mod effort;
pub mod error;
pub mod event;
pub mod extensions;
pub mod filter;
pub mod ids;
pub mod json;
#[cfg(test)]
mod laws;
pub mod limits;
pub mod list;
pub mod members;
pub mod patch;
pub mod path;
pub mod policy;
pub mod projection;
pub mod resource;
pub mod schema;
pub mod sort;
pub mod text;
pub mod urn;
pub mod value;

pub use error::{ErrorKind, ScimError};
pub use extensions::Extensions;
pub use ids::{ResourceId, Version};
pub use resource::{Draft, Resource};
pub use schema::{Attribute, Catalogue, ResourceKind, ResourceType, Schema};

/// A JSON object in normal form.
pub type Attributes = serde_json::Map<String, serde_json::Value>;
