//! Unwraps values that providers wrap, before they are checked.
//!
//! - Text that contains an object or a list of objects as JSON: Keycloak's groups, Entra ID's `roles`.
//! - A `value` that contains the whole element as JSON: Entra ID's `AppRoleAssignmentsComplex`. Its `displayName` becomes
//!   `display`.
//! - Plain text instead of an object with `value`: Entra ID's `manager`.
//! - An object with only `value` instead of plain text: Entra ID's simple attributes.
//! - An array of one object instead of an object.

use serde_json::{Map, Value};

use crate::error::ScimError;
use crate::json::{self, Unreadable};
use crate::schema::{Attribute, Type};

/// Converts text to the complex value, or values, that it stands for.
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

/// The object or list of objects in a text, as JSON.
///
/// # Errors
///
/// `invalidSyntax` if the JSON has a duplicate name.
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

/// Unwraps a value where an object is expected: from an array of one value, and from JSON in text.
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

/// Like [`opened`], but keeps an unreadable value; applying it reports the error.
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

/// Unwraps a value where a simple one is expected: from an object with only `value`.
pub(crate) fn bare(value: Value) -> Value {
    match value {
        Value::Object(mut parts) if is_wrapping(&parts) => {
            let key = parts.keys().find(|name| is_value(name)).cloned();
            key.and_then(|key| parts.remove(&key)).unwrap_or_default()
        }
        value => value,
    }
}

/// Unwraps a value from an array of one value, and from an object with only `value`.
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

/// The sub-attributes of a complex value, including those in a JSON document in its `value`.
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

/// The `value` in a JSON document in text, as [`unfolded`] reads it.
pub(crate) fn value_in(text: &str) -> Option<String> {
    let mut found = None;
    while let Ok(Some(inner)) = document(found.as_deref().unwrap_or(text)) {
        let key = key(&inner, "value")?;
        found = Some(inner.get(&key)?.as_str()?.to_owned());
    }
    found
}

/// The JSON document in a text, if it has a `value`.
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
