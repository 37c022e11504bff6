//! External references that are not URIs, RFC 7643 §2.3.7.
//!
//! People type such references, for example `linkedin.com/in/a b` as `profileUrl`. They are stored unchanged: rejecting the
//! user would be worse, and a provider that reads back another value would send it again forever. [`invalid_references`] lists them for
//! the failure log. References to resources are ids and addresses of this service and must be URIs.

use serde_json::Value;

use super::get;
use crate::Attributes;
use crate::schema::{Attribute, ResourceType, Type};
use crate::value::{ValuePosition, is_uri};

/// The positions of references that are not URIs, among the attributes that differ from `before`.
#[must_use]
pub fn invalid_references(
    of: &ResourceType,
    before: Option<&Attributes>,
    after: &Attributes,
) -> Vec<String> {
    let mut places = Vec::new();
    let references = of
        .targets()
        .filter(|target| has_reference(target.attribute));
    for target in references {
        let (was, is) = (
            before.and_then(|before| get(before, target)),
            get(after, target),
        );
        if let Some(value) = is.filter(|_| is != was) {
            look(
                target.attribute,
                value,
                ValuePosition::at(target),
                &mut places,
            );
        }
    }
    places
}

fn has_reference(attribute: &Attribute) -> bool {
    attribute.kind == Type::Reference || attribute.sub_attributes.iter().any(has_reference)
}

fn look(attribute: &Attribute, value: &Value, place: ValuePosition<'_>, places: &mut Vec<String>) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{Catalogue, ResourceKind};

    #[test]
    fn n07_a_changed_external_reference_that_is_not_a_uri_is_reported() {
        let of = Catalogue::standard().resource_type(ResourceKind::User);
        let ask = |before: Option<&Value>, after: &Value| {
            let before = before.and_then(Value::as_object);
            invalid_references(of, before, after.as_object().unwrap())
        };
        let odd = json!({"profileUrl": "a b", "title": "a b", "photos": [{"value": "p"}, {"value": "a b"}]});
        assert_eq!(ask(None, &odd), ["profileUrl", "photos[1].value"]);
        assert_eq!(ask(Some(&odd), &odd), [""; 0], "once is enough");
        let before = json!({"profileUrl": "a b"});
        assert_eq!(ask(Some(&before), &odd), ["photos[1].value"]);
        assert_eq!(ask(None, &json!({"profileUrl": "https://x"})), [""; 0]);
    }
}
