//! Reads stored values under the current schema, because a tenant may change its extension schemas.

use std::borrow::Cow;

use serde_json::Value;

use super::{ValuePosition, has_form, multi_valued, normalize};
use crate::schema::{Attribute, Type};

/// A stored value under the current attribute: unchanged if it fits, else converted to normal form; `None` hides a value
/// that cannot be converted.
#[must_use]
pub fn read_stored<'v>(attribute: &Attribute, stored: &'v Value) -> Option<Cow<'v, Value>> {
    if fits(attribute, stored) {
        return Some(Cow::Borrowed(stored));
    }
    let place = ValuePosition::of(&attribute.name);
    if attribute.multi_valued {
        let values = multi_valued::stored(attribute, stored.clone(), place).ok()?;
        return (!values.is_empty()).then_some(Cow::Owned(Value::Array(values)));
    }
    let normal = normalize(attribute, stored.clone(), place);
    normal.ok().flatten().map(Cow::Owned)
}

/// Whether a value has the type of an attribute.
fn fits(attribute: &Attribute, value: &Value) -> bool {
    match value {
        Value::Array(values) => {
            attribute.multi_valued
                && !values.is_empty()
                && values.iter().all(|value| fits_one(attribute, value))
        }
        value => !attribute.multi_valued && fits_one(attribute, value),
    }
}

fn fits_one(attribute: &Attribute, value: &Value) -> bool {
    match (attribute.kind, value) {
        (Type::String, Value::String(_))
        | (Type::Boolean, Value::Bool(_))
        | (Type::Decimal, Value::Number(_)) => true,
        (Type::Integer, Value::Number(number)) => number.is_i64() || number.is_u64(),
        (Type::DateTime | Type::Binary | Type::Reference, Value::String(text)) => {
            has_form(attribute, text)
        }
        (Type::Complex, Value::Object(parts)) => parts.iter().all(|(name, part)| {
            let mut subs = attribute.sub_attributes.iter();
            let sub = subs.find(|sub| sub.name == *name);
            sub.is_some_and(|sub| fits(sub, part))
        }),
        _ => false,
    }
}
