//! The wrappings that providers put around a value, taken off before it is checked.
//!
//! - a text that holds an object, or a list of objects, as JSON: Keycloak's groups, Entra ID's `roles`;
//! - the `value` of an element that holds the element as JSON (Entra ID's `AppRoleAssignmentsComplex`):
//!   the element is that document, and its `displayName` is the `display`;
//! - plain text where an object with `value` is due: Entra ID's `manager`;
//! - an object with nothing but `value` where plain text is due: Entra ID's simple attributes;
//! - an array of one object where an object is due.

use serde_json::{Map, Value};

use crate::error::ScimError;
use crate::json::{self, Unreadable};
use crate::schema::{Attribute, Type};

/// A string that stands for a complex value, or for several: as these.
pub(super) fn unpacked(attribute: &Attribute, value: Value) -> Result<Value, ScimError> {
    let Value::String(text) = &value else {
        return Ok(value);
    };
    if attribute.kind != Type::Complex {
        return Ok(value);
    }
    if let Some(inner) = in_text(text)? {
        return Ok(inner);
    }
    if attribute.sub("value").is_none() {
        return Ok(value);
    }
    Ok(Value::Object(Map::from_iter([("value".to_owned(), value)])))
}

/// The object, or list of objects, that a text holds as JSON.
///
/// # Errors
///
/// `invalidSyntax` when it gives a name twice.
pub(crate) fn in_text(text: &str) -> Result<Option<Value>, ScimError> {
    let inner = text.trim_start();
    if !inner.starts_with(['{', '[']) {
        return Ok(None);
    }
    match json::read(inner.as_bytes()) {
        Ok(inner) => Ok(is_objects(&inner).then_some(inner)),
        Err(twice @ Unreadable::Twice { .. }) => Err(twice.explain("the text")),
        Err(_) => Ok(None),
    }
}

fn is_objects(value: &Value) -> bool {
    match value {
        Value::Array(values) => values.iter().all(Value::is_object),
        value => value.is_object(),
    }
}

/// A value where an object is due: the one value of an array, and what a text holds as JSON.
///
/// # Errors
///
/// As [`in_text`].
pub(crate) fn opened(value: Value) -> Result<Value, ScimError> {
    match read(value)? {
        Value::Array(mut values) if values.len() == 1 => read(values.pop().unwrap_or_default()),
        value => Ok(value),
    }
}

/// The same; what cannot be read stays, to be refused by whoever applies it.
pub(crate) fn legible(value: Value) -> Value {
    match &value {
        Value::Object(_) => value,
        other => opened(other.clone()).unwrap_or(value),
    }
}

fn read(value: Value) -> Result<Value, ScimError> {
    match &value {
        Value::String(text) => Ok(in_text(text)?.unwrap_or(value)),
        _ => Ok(value),
    }
}

/// A value where one without parts is due: the `value` of an object that has no other part.
pub(crate) fn bare(value: Value) -> Value {
    match value {
        Value::Object(mut parts) if is_wrapping(&parts) => {
            let key = parts.keys().find(|name| is_value(name)).cloned();
            key.and_then(|key| parts.remove(&key)).unwrap_or_default()
        }
        value => value,
    }
}

/// The one value of an array, and the `value` of an object that has no other part.
pub(crate) fn sole(value: Value) -> Value {
    match value {
        Value::Array(mut values) if values.len() <= 1 => bare(values.pop().unwrap_or_default()),
        value => bare(value),
    }
}

fn is_wrapping(parts: &Map<String, Value>) -> bool {
    let mut named = parts.keys().filter(|name| is_value(name));
    named.next().is_some()
        && parts
            .iter()
            .all(|(name, part)| is_value(name) || part.is_null())
}

fn is_value(name: &str) -> bool {
    name.eq_ignore_ascii_case("value")
}

/// The parts of a complex value, those in a document in its `value` among them.
///
/// # Errors
///
/// As [`in_text`].
pub(super) fn unfolded(
    attribute: &Attribute,
    mut given: Map<String, Value>,
) -> Result<Map<String, Value>, ScimError> {
    while let Some(document) = document_of(&given)? {
        given.retain(|name, _| !is_value(name));
        for (name, part) in document {
            if !has(&given, &name) {
                given.insert(name, part);
            }
        }
    }
    if attribute.multi_valued
        && attribute.sub("displayName").is_none()
        && attribute.sub("display").is_some()
        && !has(&given, "display")
        && let Some(key) = key(&given, "displayName")
        && let Some(name) = given.shift_remove(&key)
    {
        given.insert("display".to_owned(), name);
    }
    Ok(given)
}

fn document_of(given: &Map<String, Value>) -> Result<Option<Map<String, Value>>, ScimError> {
    let value = given.iter().find(|(name, _)| is_value(name));
    match value.and_then(|(_, value)| value.as_str()) {
        Some(text) => document(text),
        None => Ok(None),
    }
}

/// The text that a text means as the `value` of a complex attribute, as [`unfolded`].
pub(crate) fn value_in(text: &str) -> Option<String> {
    let mut found = None;
    while let Ok(Some(inner)) = document(found.as_deref().unwrap_or(text)) {
        let key = key(&inner, "value")?;
        found = Some(inner.get(&key)?.as_str()?.to_owned());
    }
    found
}

/// The document that a text is, if it names a `value`.
fn document(text: &str) -> Result<Option<Map<String, Value>>, ScimError> {
    let Some(Value::Object(document)) = in_text(text)? else {
        return Ok(None);
    };
    let value = key(&document, "value").and_then(|key| document.get(&key)?.as_str());
    let is_named = value.is_some_and(|value| !value.is_empty());
    Ok(is_named.then_some(document))
}

fn has(parts: &Map<String, Value>, name: &str) -> bool {
    key(parts, name).is_some()
}

fn key(parts: &Map<String, Value>, name: &str) -> Option<String> {
    let mut keys = parts.keys();
    keys.find(|key| key.eq_ignore_ascii_case(name)).cloned()
}
