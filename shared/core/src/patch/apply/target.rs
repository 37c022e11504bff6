//! Applies one operation to the value of one attribute.

use serde_json::{Map, Value};

use super::super::Op;
use super::merge;
use crate::active;
use crate::effort::{Effort, EffortExceeded, of_copy, of_value};
use crate::error::ScimError;
use crate::error::reason::{self, Found};
use crate::filter::eval::{conditions, selects};
use crate::filter::{Logic, Operator, Term, Test};
use crate::limits;
use crate::schema::{Attribute, ResolvedAttribute, Type};
use crate::value::{self, ValuePosition, keep_primary, unique};

/// The steps to compare a value with the others of its attribute.
const COMPARED: u64 = 8;
/// The steps to rewrite a value.
pub(super) const WRITTEN: u64 = 20;

/// The error for a change of a read-only attribute.
pub(super) fn read_only(target: ResolvedAttribute<'_>) -> ScimError {
    reason::read_only(target)
}

/// The error for the removal of a required attribute.
pub(super) fn required(target: ResolvedAttribute<'_>) -> ScimError {
    reason::required_removed(target)
}

/// The error for a filter on an attribute that cannot be read.
pub(super) fn never_read(target: ResolvedAttribute<'_>) -> ScimError {
    reason::secret_selected(target.whole())
}

/// Unwraps a value from an object with the attribute's own name: some clients send `{"members": […]}` for the path
/// `members`.
pub(super) fn unnamed(target: ResolvedAttribute<'_>, value: Value) -> Value {
    let named = target.sub.unwrap_or(target.attribute);
    match value {
        Value::Object(mut parts) if parts.len() == 1 && named.sub(&named.name).is_none() => {
            let name = parts.keys().next().cloned().unwrap_or_default();
            let is_own = name.eq_ignore_ascii_case(&named.name)
                && !(named.kind != Type::Complex && name.eq_ignore_ascii_case("value"));
            let inner = is_own.then(|| parts.remove(&name)).flatten();
            inner.unwrap_or(Value::Object(parts))
        }
        value => value,
    }
}

/// The new value of the attribute, or `None` if it becomes unassigned.
pub(super) fn change(
    op: Op,
    target: ResolvedAttribute<'_>,
    filter: Option<&Logic<Term>>,
    value: Option<Value>,
    stored: Option<Value>,
    effort: &Effort,
) -> Result<Option<Value>, ScimError> {
    if !target.attribute.multi_valued {
        if let Some(filter) = filter {
            check_selected(target, filter, stored.as_ref(), effort)?;
        }
        return one(op, target, value, stored);
    }
    let before = match stored {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    };
    for value in &before {
        effort.spend(COMPARED + of_value(value))?;
    }
    let primary = before
        .iter()
        .find(|value| value::is_primary(value))
        .cloned();
    let mut after = match filter {
        Some(filter) => selected(op, target, filter, value, before, effort)?,
        None => all(op, target, value, before, effort)?,
    };
    if after.len() > limits::VALUES {
        return Err(reason::too_many_values_then(target, limits::VALUES));
    }
    settle_primary(primary.as_ref(), &mut after);
    Ok((!after.is_empty()).then_some(Value::Array(after)))
}

/// Checks that a filter on a single-valued attribute selects its value (Entra ID removes `manager[value eq "…"]`).
fn check_selected(
    target: ResolvedAttribute<'_>,
    filter: &Logic<Term>,
    stored: Option<&Value>,
    effort: &Effort,
) -> Result<(), ScimError> {
    let conditions = conditions(filter, target)?;
    let is_selected = match stored {
        Some(value) => selects(&conditions, value, effort)?,
        None => false,
    };
    match is_selected {
        true => Ok(()),
        false => Err(unmatched(target, filter)),
    }
}

fn unmatched(target: ResolvedAttribute<'_>, filter: &Logic<Term>) -> ScimError {
    reason::no_match(described(target, filter))
}

/// Leaves one primary value: one that the operation made primary wins (RFC 7644 §3.5.2).
fn settle_primary(before: Option<&Value>, after: &mut [Value]) {
    let winner = after
        .iter()
        .rposition(|value| value::is_primary(value) && Some(value) != before)
        .or_else(|| after.iter().position(value::is_primary));
    keep_primary(after, winner);
}

/// Applies the operation to a single-valued attribute.
fn one(
    op: Op,
    target: ResolvedAttribute<'_>,
    value: Option<Value>,
    stored: Option<Value>,
) -> Result<Option<Value>, ScimError> {
    let attribute = target.attribute;
    let place = ValuePosition::at(target);
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
            (_, None) if target.is_own("active") => match op {
                Op::Remove => Err(active::removed()),
                Op::Add | Op::Replace => Ok(stored),
            },
            (_, value) => Ok(value),
        },
    }
}

/// Applies the operation to all values of a multi-valued attribute.
fn all(
    op: Op,
    target: ResolvedAttribute<'_>,
    value: Option<Value>,
    mut values: Vec<Value>,
    effort: &Effort,
) -> Result<Vec<Value>, ScimError> {
    let attribute = target.attribute;
    let place = ValuePosition::at(target);
    if let Some(sub) = target.sub {
        let given = value.filter(|_| op != Op::Remove).unwrap_or_default();
        if sub.name == "value" && given.as_str() == Some("") {
            return Err(value::valueless(place.part(&sub.name)));
        }
        if values.is_empty() && op != Op::Remove {
            values.push(Value::Object(Map::new()));
        }
        return with_part(target, sub, &given, values, effort, |_| Ok(true));
    }
    match (op, value) {
        (Op::Remove, None | Some(Value::Null)) => Ok(Vec::new()),
        (Op::Remove, Some(listed)) => {
            let listed = value::named(attribute, listed, place)?;
            Ok(value::without(attribute, values, &listed, effort)?)
        }
        (Op::Replace, value) => value::named(attribute, value.unwrap_or_default(), place),
        (Op::Add, value) => {
            let given = value::named(attribute, value.unwrap_or_default(), place)?;
            Ok(value::with(attribute, values, given))
        }
    }
}

/// Applies the operation to the values that a filter selects.
fn selected(
    op: Op,
    target: ResolvedAttribute<'_>,
    filter: &Logic<Term>,
    value: Option<Value>,
    values: Vec<Value>,
    effort: &Effort,
) -> Result<Vec<Value>, ScimError> {
    let conditions = conditions(filter, target)?;
    let matches = |value: &Value| selects(&conditions, value, effort);
    let given = value.unwrap_or_default();
    if op == Op::Remove {
        return match target.sub {
            None => Ok(but(values, matches)?),
            Some(sub) => with_part(target, sub, &Value::Null, values, effort, matches),
        };
    }
    let mut is_found = false;
    for value in &values {
        is_found = is_found || matches(value)?;
    }
    match target.sub {
        _ if !is_found => created(target, filter, given, values, matches),
        Some(sub) => with_part(target, sub, &given, values, effort, matches),
        None => written(op, target, filter, given, values, effort, matches),
    }
}

/// The values that do not match.
fn but(
    values: Vec<Value>,
    matches: impl Fn(&Value) -> Result<bool, EffortExceeded>,
) -> Result<Vec<Value>, EffortExceeded> {
    let mut left = Vec::with_capacity(values.len());
    for value in values {
        if !matches(&value)? {
            left.push(value);
        }
    }
    Ok(left)
}

/// Sets or removes a sub-attribute of the matching values. Removing `value` removes the whole value.
fn with_part(
    target: ResolvedAttribute<'_>,
    sub: &Attribute,
    given: &Value,
    values: Vec<Value>,
    effort: &Effort,
    matches: impl Fn(&Value) -> Result<bool, EffortExceeded>,
) -> Result<Vec<Value>, ScimError> {
    let mut after = Vec::with_capacity(values.len());
    let copy = WRITTEN + of_copy(given);
    for value in values {
        if !matches(&value)? {
            after.push(value);
            continue;
        }
        effort.spend(copy)?;
        let parts = Map::from_iter([(sub.name.clone(), given.clone())]);
        let place = ValuePosition::at(target);
        after.extend(merge(target, Some(value), parts, place)?);
    }
    Ok(unique(target.attribute, after))
}

/// Writes a value over the matching ones. The sub-attributes in the filter are kept unless the new value gives others, so
/// that the same path still selects the value.
fn written(
    op: Op,
    target: ResolvedAttribute<'_>,
    filter: &Logic<Term>,
    given: Value,
    values: Vec<Value>,
    effort: &Effort,
    matches: impl Fn(&Value) -> Result<bool, EffortExceeded>,
) -> Result<Vec<Value>, ScimError> {
    let Some(given) = one_element(target, filter, given)? else {
        return Ok(but(values, matches)?);
    };
    let template = template(target, filter)?.unwrap_or_default();
    let copy = WRITTEN + of_copy(&given) + template.values().map(of_copy).sum::<u64>();
    let mut after = Vec::with_capacity(values.len());
    for value in values {
        if !matches(&value)? {
            after.push(value);
            continue;
        }
        effort.spend(copy)?;
        after.push(match (value, &given) {
            (Value::Object(mut parts), Value::Object(given)) => {
                if op == Op::Replace {
                    parts.clone_from(&template);
                }
                parts.extend(given.clone());
                Value::Object(parts)
            }
            (_, given) => given.clone(),
        });
    }
    Ok(unique(target.attribute, after))
}

/// The single value that is given for the selected ones.
fn one_element(
    target: ResolvedAttribute<'_>,
    filter: &Logic<Term>,
    given: Value,
) -> Result<Option<Value>, ScimError> {
    let place = ValuePosition::at(target);
    let mut given = value::named(target.attribute, given, place)?;
    if given.len() > 1 {
        let values = described(target, filter);
        return Err(reason::several_for_match(values, given.len()));
    }
    Ok(given.pop())
}

/// The values that a filter selects, for error details. It is no value that a client sent if it compares with
/// canonical values only, as `emails[type eq "work"]` does.
fn described(target: ResolvedAttribute<'_>, filter: &Logic<Term>) -> Found {
    let text = format!("{}[{filter}]", target.whole());
    let is_ours = |term: &&Term| {
        let sub = target.attribute.sub(&term.path.attribute.to_string());
        sub.is_some_and(|sub| match &term.test {
            Test::Compare(_, Value::String(text)) => sub.canonical_values.contains(text),
            Test::Compare(_, Value::Null | Value::Bool(_)) | Test::Present => true,
            Test::Compare(..) | Test::Matches => false,
        })
    };
    match filter.leaves().iter().all(is_ours) {
        true => Found::name(&text),
        false => Found::sent(&text),
    }
}

/// Creates the value that a filter describes if no value matches (Entra ID's typed paths).
fn created(
    target: ResolvedAttribute<'_>,
    filter: &Logic<Term>,
    given: Value,
    mut values: Vec<Value>,
    matches: impl Fn(&Value) -> Result<bool, EffortExceeded>,
) -> Result<Vec<Value>, ScimError> {
    let attribute = target.attribute;
    let place = ValuePosition::at(target);
    let template = template(target, filter)?.map(Value::Object);
    let is_described = template.as_ref().map_or(Ok(false), matches)?;
    let (Some(Value::Object(template)), true) = (template, is_described) else {
        return Err(unmatched(target, filter));
    };
    let given = match target.sub {
        Some(sub) => value::single(
            attribute,
            Value::Object(Map::from_iter([(sub.name.clone(), given)])),
            place,
        )?,
        None => one_element(target, filter, given)?,
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
    Ok(unique(attribute, values))
}

/// The sub-attributes that a filter requires, in normal form, if it is a conjunction of `eq` terms.
fn template(
    target: ResolvedAttribute<'_>,
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
        parts.insert(sub.name.clone(), literal.clone());
    }
    let place = ValuePosition::at(target);
    match value::single(target.attribute, Value::Object(parts), place)? {
        Some(Value::Object(parts)) => Ok(Some(parts)),
        _ => Ok(Some(Map::new())),
    }
}
