//! Evaluates filters on resources, and value filters on single values.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparand, Condition, Leaf, Predicate, Resolved};
use crate::Attributes;
use crate::effort::{Effort, EffortExceeded};
use crate::filter::{Logic, Operator};
use crate::schema::{Attribute, Type};
use crate::text;
use crate::value;

impl Resolved<'_> {
    /// Whether `resource`, a complete representation in normal form, matches the filter.
    ///
    /// # Errors
    ///
    /// When the effort is spent.
    pub fn matches(&self, resource: &Attributes, effort: &Effort) -> Result<bool, EffortExceeded> {
        self.holds(&|leaf: &Leaf<'_>| leaf.matches(resource, effort))
    }
}

impl Leaf<'_> {
    fn matches(&self, resource: &Attributes, effort: &Effort) -> Result<bool, EffortExceeded> {
        effort.spend(1)?;
        let attributes = match self.target.container {
            None => Some(resource),
            Some(urn) => resource.get(urn).and_then(Value::as_object),
        };
        let stored = attributes.and_then(|held| held.get(&self.target.attribute.name));
        let values = match stored {
            None => &[][..],
            Some(Value::Array(values)) => values,
            Some(single) => std::slice::from_ref(single),
        };
        let predicate = ValuePredicate {
            predicate: &self.predicate,
            sub: self.target.sub,
            compared: self.target.compared(),
            kind: self.target.attribute.kind,
        };
        let is_wanted = self.predicate != Predicate::Unassigned;
        for value in values {
            let is_selected = match &self.values {
                None => true,
                Some(conditions) => selects(conditions, value, effort)?,
            };
            if is_selected && predicate.is_answered(value, effort)? {
                return Ok(is_wanted);
            }
        }
        Ok(!is_wanted)
    }
}

/// Whether a value matches a value filter.
///
/// # Errors
///
/// When the effort is spent.
pub fn selects(
    conditions: &Logic<Condition<'_>>,
    value: &Value,
    effort: &Effort,
) -> Result<bool, EffortExceeded> {
    conditions.holds(&|condition: &Condition<'_>| condition.matches(value, effort))
}

impl Condition<'_> {
    fn matches(&self, one: &Value, effort: &Effort) -> Result<bool, EffortExceeded> {
        let kind = match one {
            Value::Object(_) => Type::Complex,
            _ => Type::String,
        };
        let predicate = ValuePredicate {
            predicate: &self.predicate,
            sub: self.sub,
            compared: self.sub,
            kind,
        };
        let is_wanted = self.predicate != Predicate::Unassigned;
        Ok(predicate.is_answered(one, effort)? == is_wanted)
    }
}

/// A predicate on each value. `sub` is the named sub-attribute, `compared` the attribute that comparisons use.
struct ValuePredicate<'f> {
    predicate: &'f Predicate,
    sub: Option<&'f Attribute>,
    compared: Option<&'f Attribute>,
    kind: Type,
}

impl ValuePredicate<'_> {
    /// Whether the answer for the value is yes. For [`Predicate::Unassigned`] it tells whether the value is assigned, and the
    /// caller negates it. A value without `primary` counts as not primary (RFC 7643 §2.4).
    fn is_answered(&self, value: &Value, effort: &Effort) -> Result<bool, EffortExceeded> {
        effort.spend(1)?;
        match self.predicate {
            Predicate::Exists => Ok(true),
            Predicate::Present | Predicate::Unassigned => {
                Ok(self.part(value, self.sub).is_some_and(is_present))
            }
            Predicate::Compare(operator, comparand) => {
                let part = match self.part(value, self.compared) {
                    None if self.kind == Type::Complex && self.compared.is_some_and(is_flag) => {
                        Some(&Value::Bool(false))
                    }
                    part => part,
                };
                match part {
                    None => Ok(false),
                    Some(part) => compare(part, *operator, comparand, self.compared, effort),
                }
            }
        }
    }

    fn part<'v>(&self, value: &'v Value, part: Option<&Attribute>) -> Option<&'v Value> {
        match part {
            Some(part) if self.kind == Type::Complex => value.get(&part.name),
            _ => Some(value),
        }
    }
}

fn is_flag(attribute: &Attribute) -> bool {
    attribute.name == "primary" && attribute.kind == Type::Boolean
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(parts) => parts.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compare(
    value: &Value,
    operator: Operator,
    comparand: &Comparand,
    attribute: Option<&Attribute>,
    effort: &Effort,
) -> Result<bool, EffortExceeded> {
    if let Value::Array(values) = value {
        for one in values {
            if compare(one, operator, comparand, attribute, effort)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    Ok(match comparand {
        Comparand::Boolean(asked) => value
            .as_bool()
            .is_some_and(|truth| ordered(operator, truth.cmp(asked))),
        Comparand::Number(asked) => value
            .as_f64()
            .and_then(|number| number.partial_cmp(asked))
            .is_some_and(|ordering| ordered(operator, ordering)),
        Comparand::Instant(asked) => value
            .as_str()
            .and_then(value::instant)
            .is_some_and(|instant| ordered(operator, instant.cmp(asked))),
        Comparand::Text(asked) => {
            let Value::String(text) = value else {
                return Ok(false);
            };
            let text = match attribute {
                Some(attribute) => {
                    effort.spend(text::effort(attribute, text))?;
                    text::comparable(attribute, text)
                }
                None => Cow::Borrowed(text.as_str()),
            };
            match operator {
                Operator::Co => text.contains(asked.as_str()),
                Operator::Sw => text.starts_with(asked.as_str()),
                Operator::Ew => text.ends_with(asked.as_str()),
                _ => ordered(operator, text.as_ref().cmp(asked.as_str())),
            }
        }
    })
}

const fn ordered(operator: Operator, ordering: Ordering) -> bool {
    match operator {
        Operator::Eq => ordering.is_eq(),
        Operator::Ne => ordering.is_ne(),
        Operator::Gt => ordering.is_gt(),
        Operator::Ge => ordering.is_ge(),
        Operator::Lt => ordering.is_lt(),
        Operator::Le => ordering.is_le(),
        Operator::Co | Operator::Sw | Operator::Ew => false,
    }
}
