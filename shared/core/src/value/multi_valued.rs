//! The values of a multi-valued attribute: without duplicates, with at most one `primary`. RFC 7643 §2.4.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::wrapped::unpacked;
use super::{ValuePosition, single, valueless};
use crate::effort::{Effort, EffortExceeded, of_value, steps};
use crate::error::{ScimError, reason};
use crate::limits;
use crate::schema::Attribute;
use crate::text;

/// The values of a multi-valued attribute in normal form: without duplicates and templates, with at most one `primary`.
///
/// # Errors
///
/// As [`super::normalize`], and `invalidValue` for an element without content: only `null` and `[]` mean no values (RFC
/// 7643 §2.5), and a mistake must not empty a list.
pub fn elements(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Vec<Value>, ScimError> {
    let given = given(attribute, value, place)?;
    gathered(attribute, given, place, |index| {
        Err(valueless(place.element(index)))
    })
}

/// Like [`elements`], for a PATCH: a list of only templates is also rejected. In a complete resource it means that the
/// resource has no values (Okta's PUT); in a PATCH it would empty the list or report a change that was not made.
///
/// # Errors
///
/// As [`elements`].
pub fn named(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Vec<Value>, ScimError> {
    let given = given(attribute, value, place)?;
    let is_empty = given.is_empty();
    let values = elements(attribute, Value::Array(given), place)?;
    match values.is_empty() && !is_empty {
        true => Err(valueless(place.element(0))),
        false => Ok(values),
    }
}

/// Stored values under the current schema; values that it does not allow are dropped.
pub(super) fn stored(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Vec<Value>, ScimError> {
    let given = given(attribute, value, place)?;
    gathered(attribute, given, place, |_| Ok(()))
}

/// The given elements; checks their number.
fn given(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Vec<Value>, ScimError> {
    let given = match unpacked(attribute, value)? {
        Value::Array(values) => values,
        Value::Null => Vec::new(),
        one => vec![one],
    };
    if given.len() > limits::VALUES {
        return Err(reason::too_many_values(place, limits::VALUES));
    }
    Ok(given)
}

fn gathered(
    attribute: &Attribute,
    given: Vec<Value>,
    place: ValuePosition<'_>,
    nothing: impl Fn(usize) -> Result<(), ScimError>,
) -> Result<Vec<Value>, ScimError> {
    let mut values: Vec<Value> = Vec::with_capacity(given.len());
    for (index, one) in given.into_iter().enumerate() {
        let one = unpacked(attribute, one)?;
        let is_template = says_something(attribute, &one);
        match single(attribute, one, place.element(index))? {
            Some(value) if value.as_str() != Some("") => values.push(value),
            _ if is_template => {}
            _ => nothing(index)?,
        }
    }
    let mut values = unique(attribute, values);
    let first = values.iter().position(is_primary);
    keep_primary(&mut values, first);
    Ok(values)
}

/// Whether an element has content besides an empty `value`, such as a type.
fn says_something(attribute: &Attribute, element: &Value) -> bool {
    let says = |(name, part): (&String, &Value)| {
        let is_empty =
            super::is_nothing(part) || part.as_str().is_some_and(|text| text.trim().is_empty());
        !is_empty
            && attribute
                .sub(name)
                .is_some_and(|sub| sub.name != "value" && !sub.is_read_only())
    };
    element
        .as_object()
        .is_some_and(|parts| parts.iter().any(says))
}

/// Merges duplicate values: the first one stays and gets the sub-attributes that only a later one has. It is primary if any
/// of them is.
#[must_use]
pub fn unique(attribute: &Attribute, values: Vec<Value>) -> Vec<Value> {
    united(attribute, values, complete)
}

/// Adds values. An existing value gets the given sub-attributes. An added value without a type equals an existing one with
/// any type: Entra ID creates a role with a type and adds it without one.
#[must_use]
pub fn with(attribute: &Attribute, mut values: Vec<Value>, mut added: Vec<Value>) -> Vec<Value> {
    let kinds = kinds_there(attribute, &values, &added);
    for (value, kind) in added.iter_mut().zip(kinds) {
        if let (Some(parts), Some(kind)) = (value.as_object_mut(), kind) {
            parts.insert("type".to_owned(), kind);
        }
    }
    values.extend(added);
    united(attribute, values, |known, given| {
        if let (Value::Object(known), Value::Object(given)) = (known, given) {
            known.extend(given);
        }
    })
}

/// For each added value without a type, the type of the existing value that it equals.
fn kinds_there(attribute: &Attribute, values: &[Value], added: &[Value]) -> Vec<Option<Value>> {
    let mut there: BTreeMap<Cow<'_, str>, Option<&Value>> = BTreeMap::new();
    for value in values {
        if let Identity::Pair(text, kind) = Identity::of(attribute, value) {
            let kind = kind.and_then(|_| value.get("type"));
            let known = there.entry(text).or_insert(kind);
            *known = known.and(kind).and(*known);
        }
    }
    let kind = |value| match Identity::of(attribute, value) {
        Identity::Pair(text, None) => there.get(&text).copied().flatten().cloned(),
        _ => None,
    };
    added.iter().map(kind).collect()
}

/// Merges equal values with `unite`, in their order.
fn united(
    attribute: &Attribute,
    values: Vec<Value>,
    unite: impl Fn(&mut Value, Value),
) -> Vec<Value> {
    let mut known = BTreeMap::new();
    let firsts: Vec<usize> = values
        .iter()
        .enumerate()
        .map(|(index, value)| *known.entry(Identity::of(attribute, value)).or_insert(index))
        .collect();
    if known.len() == values.len() {
        return values;
    }
    let mut kept: BTreeMap<usize, Value> = BTreeMap::new();
    for (first, value) in firsts.into_iter().zip(values) {
        match kept.entry(first) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(mut place) => unite(place.get_mut(), value),
        }
    }
    kept.into_values().collect()
}

/// Removes the listed values. They are compared by `value` and, if given, `type`; without a `value` by all sub-attributes
/// but `primary`.
///
/// # Errors
///
/// When the effort is spent.
pub fn without(
    attribute: &Attribute,
    values: Vec<Value>,
    listed: &[Value],
    effort: &Effort,
) -> Result<Vec<Value>, EffortExceeded> {
    let mut by_value = BTreeSet::new();
    let mut by_pair = BTreeSet::new();
    let mut by_parts = Vec::new();
    for one in listed {
        match Identity::of(attribute, one) {
            Identity::Pair(text, None) => {
                by_value.insert(text);
            }
            pair @ Identity::Pair(..) => {
                by_pair.insert(pair);
            }
            Identity::Whole(_) => by_parts.push(one),
        }
    }
    // Each value is compared with each of these.
    for value in &values {
        effort.spend(of_value(value) * steps(by_parts.len()))?;
    }
    let is_named = |value: &Value| {
        let identity = Identity::of(attribute, value);
        by_pair.contains(&identity)
            || matches!(&identity, Identity::Pair(text, _) if by_value.contains(text))
            || by_parts
                .iter()
                .any(|listed| covers(attribute, listed, value))
    };
    Ok(values
        .into_iter()
        .filter(|value| !is_named(value))
        .collect())
}

/// Whether `value` has all sub-attributes of `listed`. `primary` counts only if `listed` has nothing else.
fn covers(attribute: &Attribute, listed: &Value, value: &Value) -> bool {
    let Value::Object(parts) = listed else {
        return listed == value;
    };
    let is_alike =
        |(name, part): (&String, &Value)| alike(attribute.sub(name), Some(part), value.get(name));
    let mut telling = parts
        .iter()
        .filter(|(name, _)| *name != "primary")
        .peekable();
    match telling.peek() {
        Some(_) => telling.all(is_alike),
        None => !parts.is_empty() && parts.iter().all(is_alike),
    }
}

/// Adds the sub-attributes that only the duplicate has.
fn complete(value: &mut Value, repeated: Value) {
    let (Value::Object(parts), Value::Object(repeated)) = (value, repeated) else {
        return;
    };
    for (name, part) in repeated {
        if name == "primary" && part == Value::Bool(true) {
            parts.insert(name, part);
        } else {
            parts.entry(name).or_insert(part);
        }
    }
}

/// Leaves only the value at `winner` primary (RFC 7643 §2.4).
pub fn keep_primary(values: &mut [Value], winner: Option<usize>) {
    for (index, value) in values.iter_mut().enumerate() {
        if Some(index) != winner
            && is_primary(value)
            && let Some(parts) = value.as_object_mut()
        {
            parts.insert("primary".to_owned(), Value::Bool(false));
        }
    }
}

/// Whether the value has `primary: true`.
#[must_use]
pub fn is_primary(value: &Value) -> bool {
    value.get("primary") == Some(&Value::Bool(true))
}

/// Whether two values of an attribute are equal in their comparable form.
#[must_use]
pub fn alike(attribute: Option<&Attribute>, left: Option<&Value>, right: Option<&Value>) -> bool {
    match (attribute, left, right) {
        (Some(attribute), Some(Value::String(left)), Some(Value::String(right))) => {
            text::comparable(attribute, left) == text::comparable(attribute, right)
        }
        _ => left == right,
    }
}

/// What distinguishes the values of an attribute: `value` and `type` (RFC 7643 §2.4) or, without a `value`, everything but
/// `primary`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identity<'v> {
    /// `value` and `type` in comparable form.
    Pair(Cow<'v, str>, Option<Cow<'v, str>>),
    /// All sub-attributes but `primary` as JSON, sorted by name.
    Whole(Vec<(&'v str, String)>),
}

impl<'v> Identity<'v> {
    fn of(attribute: &Attribute, value: &'v Value) -> Self {
        let comparable = |name: &str, text: &'v str| match attribute.sub(name) {
            Some(sub) => text::comparable(sub, text),
            None => Cow::Borrowed(text),
        };
        let parts = match value {
            Value::Object(parts) => parts,
            Value::String(text) => return Self::Pair(text::comparable(attribute, text), None),
            other => return Self::Whole(vec![("", other.to_string())]),
        };
        if let Some(Value::String(text)) = parts.get("value") {
            let kind = parts.get("type").and_then(Value::as_str);
            return Self::Pair(
                comparable("value", text),
                kind.map(|kind| comparable("type", kind)),
            );
        }
        let mut whole: Vec<_> = parts
            .iter()
            .filter(|(name, _)| *name != "primary")
            .map(|(name, part)| (name.as_str(), part.to_string()))
            .collect();
        whole.sort_unstable();
        Self::Whole(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Catalogue, ResourceKind};
    use serde_json::json;

    #[test]
    fn n12_n13_duplicates_are_merged_and_one_value_stays_primary() {
        let of = Catalogue::standard().resource_type(ResourceKind::User);
        for (name, given, expected) in [
            (
                "emails",
                json!([
                    { "value": "a@b", "type": "work" },
                    { "value": "c@d", "primary": true },
                    { "value": "A@B", "type": "Work", "display": "A", "primary": true }
                ]),
                json!([
                    { "value": "a@b", "type": "work", "display": "A", "primary": true },
                    { "value": "c@d", "primary": false }
                ]),
            ),
            (
                "emails",
                json!([{ "value": "a@b", "type": "work" }, { "value": "a@b" }]),
                json!([{ "value": "a@b", "type": "work" }, { "value": "a@b" }]),
            ),
            (
                "addresses",
                json!([
                    { "type": "work", "country": "NO" },
                    { "country": "NO", "type": "work", "primary": true },
                    { "country": "SE", "type": "work" }
                ]),
                json!([
                    { "type": "work", "country": "NO", "primary": true },
                    { "country": "SE", "type": "work" }
                ]),
            ),
        ] {
            let attribute = of.attribute(name).unwrap();
            let normal = elements(attribute, given.clone(), ValuePosition::of(name)).unwrap();
            assert_eq!(Value::Array(normal), expected, "{given}");
        }
    }

    #[test]
    fn m27_a_list_with_only_primary_selects_the_primary_values() {
        let of = Catalogue::standard().resource_type(ResourceKind::User);
        let attribute = of.attribute("emails").unwrap();
        let first = json!({ "value": "a@b", "type": "work", "primary": true });
        let second = json!({ "value": "c@d", "type": "home" });
        for (listed, left) in [
            (json!({ "primary": true }), vec![&second]),
            (json!({ "primary": false }), vec![&first, &second]),
            (json!({ "primary": false, "type": "work" }), vec![&second]),
            (json!({}), vec![&first, &second]),
        ] {
            let values = vec![first.clone(), second.clone()];
            let found = without(
                attribute,
                values,
                std::slice::from_ref(&listed),
                &Effort::new(1_000),
            );
            let found = found.expect("little work");
            assert_eq!(found.iter().collect::<Vec<_>>(), left, "{listed}");
        }
    }
}
