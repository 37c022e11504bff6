//! Checks required attributes and extensions, RFC 7643 §6 and §7.
//!
//! A required extension must be present, and a present extension must have its required attributes. A resource that was
//! stored before its tenant required something may lack it; a PATCH of other attributes is still accepted. Like all rules
//! of a tenant, this does not apply to inactive users.

use serde_json::Value;

use super::get;
use crate::Attributes;
use crate::active::is_active;
use crate::error::reason::{self, KnownName};
use crate::error::{Context, ScimError};
use crate::schema::{Extension, ResolvedAttribute, ResourceType};

#[derive(Clone, Copy, PartialEq)]
enum Missing<'s> {
    Extension(&'s str),
    Attribute(ResolvedAttribute<'s>),
}

/// Checks that all required attributes and extensions are present.
///
/// # Errors
///
/// `invalidValue` with the first missing one.
pub fn check_required(attributes: &Attributes, of: &ResourceType) -> Result<(), ScimError> {
    check_own(attributes, of)?;
    match missing(attributes, of).next() {
        Some(missing) => Err(due(missing)),
        None => Ok(()),
    }
}

/// Checks that the required attributes of the base schema are present.
pub(super) fn check_own(attributes: &Attributes, of: &ResourceType) -> Result<(), ScimError> {
    let own = of.schema.attributes.iter().find_map(|attribute| {
        let is_missing = attribute.required && !attributes.contains_key(&attribute.name);
        is_missing.then_some(Missing::Attribute(ResolvedAttribute {
            container: None,
            attribute,
            sub: None,
        }))
    });
    match own {
        Some(missing) => Err(due(missing)),
        None => Ok(()),
    }
}

/// Checks that a PATCH neither removes required attributes or extensions nor adds an extension without its required
/// attributes.
///
/// # Errors
///
/// `mutability` if something required is removed, `invalidValue` if it was never present.
pub fn check_kept(
    before: &Attributes,
    after: &Attributes,
    of: &ResourceType,
) -> Result<(), ScimError> {
    let lacked: Vec<Missing<'_>> = missing(before, of).collect();
    let Some(missing) = missing(after, of).find(|missing| !lacked.contains(missing)) else {
        return Ok(());
    };
    if !is_active(before) {
        return Err(due(missing).within(Context::Activation));
    }
    Err(match missing {
        Missing::Extension(urn) => reason::required_extension_removed(KnownName::ours(urn)),
        Missing::Attribute(target) if target.sub.is_none() && get(before, target).is_some() => {
            reason::required_removed(target)
        }
        Missing::Attribute(_) => due(missing),
    })
}

fn due(missing: Missing<'_>) -> ScimError {
    match missing {
        Missing::Extension(urn) => reason::extension_required(KnownName::ours(urn)),
        Missing::Attribute(target) => reason::attribute_required(target),
    }
}

/// The missing required extensions and extension attributes.
fn missing<'s>(attributes: &Attributes, of: &'s ResourceType) -> impl Iterator<Item = Missing<'s>> {
    let extensions = of.extensions.iter().filter(|_| is_active(attributes));
    extensions.flat_map(move |extension| {
        let id = extension.schema.id.as_str();
        match attributes.get(id) {
            Some(Value::Object(held)) => lacked(held, extension),
            _ if extension.required => vec![Missing::Extension(id)],
            _ => Vec::new(),
        }
    })
}

fn lacked<'s>(held: &Attributes, extension: &'s Extension) -> Vec<Missing<'s>> {
    let mut lacked = Vec::new();
    for target in extension.schema.targets() {
        let attribute = target.attribute;
        let values = match held.get(&attribute.name) {
            None if attribute.required => {
                lacked.push(Missing::Attribute(target));
                continue;
            }
            None => continue,
            Some(Value::Array(values)) => values.as_slice(),
            Some(value) => std::slice::from_ref(value),
        };
        let parts = attribute.sub_attributes.iter().filter(|sub| sub.required);
        lacked.extend(parts.filter_map(|sub| {
            let is_lacked = values.iter().any(|value| value.get(&sub.name).is_none());
            is_lacked.then_some(Missing::Attribute(ResolvedAttribute {
                sub: Some(sub),
                ..target
            }))
        }));
    }
    lacked
}
