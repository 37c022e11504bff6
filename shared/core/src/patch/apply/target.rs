//! One operation on one attribute: the stored value and the operation give the value afterwards.

use serde_json::{Map, Value};

use super::super::Op;
use super::merge;
use crate::error::ScimError;
use crate::filter::eval::{Condition, conditions};
use crate::filter::{Logic, Operator, Term, Test};
use crate::limits;
use crate::path::Target;
use crate::resource::immutable;
use crate::schema::{Attribute, Mutability, Type};
use crate::value::{self, Place, keep_primary, same};

/// The error for a change of a read-only attribute.
pub(super) fn read_only(target: Target<'_>) -> ScimError {
    ScimError::mutability(format!("`{target}` is read-only"))
}

/// The error for the removal of a required attribute.
pub(super) fn required(target: Target<'_>) -> ScimError {
    ScimError::mutability(format!("`{target}` is required and cannot be removed"))
}

/// Refuses a change of an immutable attribute that has a value (RFC 7643 §7).
pub(super) fn check_immutable(
    target: Target<'_>,
    stored: Option<&Value>,
    changed: Option<&Value>,
) -> Result<(), ScimError> {
    let is_fixed = target.attribute.mutability == Mutability::Immutable;
    if is_fixed && stored.is_some() && stored != changed {
        return Err(immutable(target.attribute));
    }
    Ok(())
}

/// The value of the attribute afterwards; `None` when it is unassigned.
pub(super) fn change(
    op: Op,
    target: Target<'_>,
    filter: Option<&Logic<Term>>,
    value: Option<Value>,
    stored: Option<Value>,
) -> Result<Option<Value>, ScimError> {
    if !target.attribute.multi_valued {
        if filter.is_some() {
            return Err(ScimError::invalid_path(format!(
                "`{}` has a single value, so it takes no filter in brackets",
                target.attribute.name
            )));
        }
        return one(op, target, value, stored);
    }
    let before = match stored {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    let mut after = match filter {
        Some(filter) => selected(op, target, filter, value, before.clone())?,
        None => all(op, target, value, before.clone())?,
    };
    if after.len() > limits::VALUES {
        return Err(ScimError::invalid_value(format!(
            "`{}` would have more than {} values",
            target.attribute.name,
            limits::VALUES
        )));
    }
    settle_primary(&before, &mut after);
    Ok((!after.is_empty()).then_some(Value::Array(after)))
}

/// A value that the operation made primary takes that from the others (RFC 7644 §3.5.2).
fn settle_primary(before: &[Value], after: &mut [Value]) {
    let winner = after
        .iter()
        .rposition(|value| value::is_primary(value) && !before.contains(value))
        .or_else(|| after.iter().position(value::is_primary));
    keep_primary(after, winner);
}

/// A single-valued attribute.
fn one(
    op: Op,
    target: Target<'_>,
    value: Option<Value>,
    stored: Option<Value>,
) -> Result<Option<Value>, ScimError> {
    let attribute = target.attribute;
    let place = Place::of(&attribute.name);
    let given = match (op, value) {
        (Op::Remove, _) | (_, None) => Value::Null,
        (_, Some(value)) => value,
    };
    if let Some(sub) = target.sub {
        let parts = Map::from_iter([(sub.name.clone(), given)]);
        return merge(target, stored, parts, place);
    }
    match given {
        Value::Object(parts) if attribute.kind == Type::Complex => {
            merge(target, stored, parts, place)
        }
        given => match (attribute.kind, value::normalize(attribute, given, place)?) {
            (Type::Complex, Some(Value::Object(parts))) => merge(target, stored, parts, place),
            (_, value) => Ok(value),
        },
    }
}

/// All values of a multi-valued attribute.
fn all(
    op: Op,
    target: Target<'_>,
    value: Option<Value>,
    mut values: Vec<Value>,
) -> Result<Vec<Value>, ScimError> {
    let attribute = target.attribute;
    let place = Place::of(&attribute.name);
    if let Some(sub) = target.sub {
        let given = value.filter(|_| op != Op::Remove).unwrap_or_default();
        if values.is_empty() && op != Op::Remove {
            values.push(Value::Object(Map::new()));
        }
        return with_part(target, sub, given, values, |_| true);
    }
    match (op, value) {
        (Op::Remove, None | Some(Value::Null)) => Ok(Vec::new()),
        (Op::Remove, Some(listed)) => {
            let listed = value::elements(attribute, listed, place)?;
            values.retain(|kept| !listed.iter().any(|gone| covers(attribute, gone, kept)));
            Ok(values)
        }
        (Op::Replace, value) => value::elements(attribute, value.unwrap_or_default(), place),
        (Op::Add, value) => {
            for given in value::elements(attribute, value.unwrap_or_default(), place)? {
                add(attribute, &mut values, given);
            }
            Ok(values)
        }
    }
}

/// Adds a value, or its parts to the value that it is.
fn add(attribute: &Attribute, values: &mut Vec<Value>, given: Value) {
    let known = values
        .iter_mut()
        .find(|known| same(attribute, known, &given));
    match (known, given) {
        (Some(Value::Object(known)), Value::Object(given)) => known.extend(given),
        (Some(_), _) => {}
        (None, given) => values.push(given),
    }
}

/// Whether every part that `listed` gives is that of `value`.
fn covers(attribute: &Attribute, listed: &Value, value: &Value) -> bool {
    match listed {
        Value::Object(parts) => parts.iter().all(|(name, part)| {
            name == "primary"
                || value::alike(attribute.sub(name), Some(part), value.get(name.as_str()))
        }),
        listed => value::alike(Some(attribute), Some(listed), Some(value)),
    }
}

/// The values that a filter selects.
fn selected(
    op: Op,
    target: Target<'_>,
    filter: &Logic<Term>,
    value: Option<Value>,
    values: Vec<Value>,
) -> Result<Vec<Value>, ScimError> {
    let conditions = conditions(filter, target)?;
    let matches =
        |value: &Value| conditions.holds(&|condition: &Condition<'_>| condition.matches(value));
    let given = value.unwrap_or_default();
    match (op, target.sub) {
        (Op::Remove, None) => Ok(values.into_iter().filter(|value| !matches(value)).collect()),
        (Op::Remove, Some(sub)) => with_part(target, sub, Value::Null, values, matches),
        _ if !values.iter().any(matches) => created(target, filter, given, values),
        (_, Some(sub)) => with_part(target, sub, given, values, matches),
        (_, None) => written(op, target, filter, given, values, matches),
    }
}

/// Sets or unassigns a part of the values that match; a value whose `value` goes, goes altogether.
fn with_part(
    target: Target<'_>,
    sub: &Attribute,
    given: Value,
    values: Vec<Value>,
    matches: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>, ScimError> {
    let mut after = Vec::with_capacity(values.len());
    for value in values {
        if !matches(&value) {
            after.push(value);
            continue;
        }
        let parts = Map::from_iter([(sub.name.clone(), given.clone())]);
        let place = Place::of(&target.attribute.name);
        after.extend(merge(target, Some(value), parts, place)?);
    }
    Ok(after)
}

/// Writes a whole value over those that match. What the filter says of them stays true unless the
/// value says otherwise, so that the same path finds them again.
fn written(
    op: Op,
    target: Target<'_>,
    filter: &Logic<Term>,
    given: Value,
    values: Vec<Value>,
    matches: impl Fn(&Value) -> bool,
) -> Result<Vec<Value>, ScimError> {
    let attribute = target.attribute;
    let place = Place::of(&attribute.name);
    let given = value::elements(attribute, given, place)?;
    let Some(given) = given.first() else {
        return Ok(values.into_iter().filter(|value| !matches(value)).collect());
    };
    let template = template(target, filter)?.unwrap_or_default();
    Ok(values
        .into_iter()
        .map(|value| match (matches(&value), value, given) {
            (true, Value::Object(mut parts), Value::Object(given)) => {
                if op == Op::Replace {
                    parts = template.clone();
                }
                parts.extend(given.clone());
                Value::Object(parts)
            }
            (true, _, given) => given.clone(),
            (false, value, _) => value,
        })
        .collect())
}

/// Creates the value that a filter describes, when nothing matches it (Entra ID's typed paths).
fn created(
    target: Target<'_>,
    filter: &Logic<Term>,
    given: Value,
    mut values: Vec<Value>,
) -> Result<Vec<Value>, ScimError> {
    let attribute = target.attribute;
    let place = Place::of(&attribute.name);
    let Some(template) = template(target, filter)? else {
        return Err(ScimError::no_target(format!(
            "no value of `{}` matches [{filter}]",
            attribute.name
        )));
    };
    let given = match target.sub {
        Some(sub) => value::single(
            attribute,
            Value::Object(Map::from_iter([(sub.name.clone(), given)])),
            place,
        )?,
        None => value::elements(attribute, given, place)?.into_iter().next(),
    };
    match given {
        Some(Value::Object(given)) => {
            let mut parts = template;
            parts.extend(given);
            values.push(Value::Object(parts));
        }
        Some(other) => values.push(other),
        None => {}
    }
    Ok(values)
}

/// The parts that a filter demands, if it is a conjunction of `eq` terms.
fn template(
    target: Target<'_>,
    filter: &Logic<Term>,
) -> Result<Option<Map<String, Value>>, ScimError> {
    let terms = filter.conjuncts();
    if terms.len() != filter.leaves().len() {
        return Ok(None);
    }
    let mut parts = Map::new();
    for term in terms {
        let Test::Compare(Operator::Eq, literal) = &term.test else {
            return Ok(None);
        };
        let Some(sub) = target.attribute.sub(&term.path.attribute.name) else {
            return Ok(None);
        };
        let place = Place::of(&target.attribute.name);
        if let Some(part) = value::normalize(sub, literal.clone(), place)? {
            parts.insert(sub.name.clone(), part);
        }
    }
    Ok(Some(parts))
}
