//! Text that is no URI where a reference to something outside SCIM is due, RFC 7643 §2.3.7.
//!
//! People type such references (`linkedin.com/in/a b` as a `profileUrl`). One that is no URI is kept as
//! it is: the person is not refused for it, and a provider that reads its value back does not send it
//! again for ever. [`unlike`] names them, so that the failure log can say so. References to resources
//! are ids and addresses that the service gave itself; these must be URIs.

use serde_json::Value;

use super::{Place, is_uri};
use crate::Attributes;
use crate::resource::{get, targets};
use crate::schema::{Attribute, ResourceType, Type};

/// Whether a reference points to something outside SCIM: it is to no type of resources.
pub(super) fn is_outward(attribute: &Attribute) -> bool {
    attribute.reference_types.iter().all(|kind| {
        ["external", "uri"]
            .iter()
            .any(|word| kind.eq_ignore_ascii_case(word))
    })
}

/// The places of references that are no URIs, among the attributes that are not as they were `before`.
#[must_use]
pub fn unlike(of: &ResourceType, before: Option<&Attributes>, after: &Attributes) -> Vec<String> {
    let mut places = Vec::new();
    let references = targets(of).filter(|target| has_reference(target.attribute));
    for target in references {
        let (was, is) = (
            before.and_then(|before| get(before, target)),
            get(after, target),
        );
        if let Some(value) = is.filter(|_| is != was) {
            look(target.attribute, value, Place::at(target), &mut places);
        }
    }
    places
}

fn has_reference(attribute: &Attribute) -> bool {
    attribute.kind == Type::Reference || attribute.sub_attributes.iter().any(has_reference)
}

fn look(attribute: &Attribute, value: &Value, place: Place<'_>, places: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                look(attribute, value, place.element(index), places);
            }
        }
        Value::Object(parts) => {
            for sub in &attribute.sub_attributes {
                if let Some(part) = parts.get(&sub.name) {
                    look(sub, part, place.part(&sub.name), places);
                }
            }
        }
        Value::String(text) if attribute.kind == Type::Reference && !is_uri(text) => {
            places.push(place.to_string());
        }
        _ => {}
    }
}
