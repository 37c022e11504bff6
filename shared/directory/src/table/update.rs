//! The update of one item: what it changes, and the condition under which it applies.
//!
//! Callers give attribute names and domain values. The expressions of DynamoDB and their placeholders are written here
//! only. Every name has a placeholder, because some names, such as `status`, are reserved words.

use std::borrow::Cow;
use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::table::item::Value;
use crate::table::keys::{Key, PARTITION_KEY};

/// The name of an attribute.
type Name = Cow<'static, str>;

/// The update of one item.
#[derive(Clone, Debug)]
pub(crate) struct ItemUpdate {
    key: Key,
    set: Vec<(Name, Value)>,
    defaults: Vec<(Name, Value)>,
    remove: Vec<Name>,
    add: Vec<(Name, Value)>,
    delete: Vec<(Name, Value)>,
    condition: Option<ConditionExpression>,
}

impl ItemUpdate {
    /// An update of the item with this key that changes nothing yet.
    pub(crate) const fn of(key: Key) -> Self {
        Self {
            key,
            set: Vec::new(),
            defaults: Vec::new(),
            remove: Vec::new(),
            add: Vec::new(),
            delete: Vec::new(),
            condition: None,
        }
    }

    /// Gives an attribute this value.
    pub(crate) fn set(mut self, name: impl Into<Name>, value: Value) -> Self {
        self.set.push((name.into(), value));
        self
    }

    /// Gives an attribute this value if it has none.
    pub(crate) fn set_if_absent(mut self, name: impl Into<Name>, value: Value) -> Self {
        self.defaults.push((name.into(), value));
        self
    }

    /// Removes an attribute.
    pub(crate) fn remove(mut self, name: impl Into<Name>) -> Self {
        self.remove.push(name.into());
        self
    }

    /// Adds a number to a number, which may be absent, or texts to a set.
    pub(crate) fn add(mut self, name: impl Into<Name>, value: Value) -> Self {
        self.add.push((name.into(), value));
        self
    }

    /// Removes texts from a set.
    pub(crate) fn take_from(mut self, name: impl Into<Name>, texts: Value) -> Self {
        self.delete.push((name.into(), texts));
        self
    }

    /// Adds a condition; all conditions must hold.
    pub(crate) fn when(mut self, condition: ConditionExpression) -> Self {
        self.condition = Some(match self.condition.take() {
            Some(before) => before.and(condition),
            None => condition,
        });
        self
    }

    pub(super) const fn key(&self) -> &Key {
        &self.key
    }

    pub(super) const fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// The update as DynamoDB reads it, and the other parts of the request that it needs.
    pub(super) fn expressions(&self) -> (String, Expressed) {
        let mut used = Placeholders::default();
        let mut set = Vec::new();
        for (name, value) in &self.set {
            set.push(format!("{} = {}", used.name(name), used.value(value)));
        }
        for (name, value) in &self.defaults {
            let (name, value) = (used.name(name), used.value(value));
            set.push(format!("{name} = if_not_exists({name}, {value})"));
        }
        let remove = self.remove.iter().map(|name| used.name(name)).collect();
        let mut pairs = |pairs: &[(Name, Value)]| -> Vec<String> {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| format!("{} {}", used.name(name), used.value(value)))
                .collect()
        };
        let (add, delete) = (pairs(&self.add), pairs(&self.delete));
        let clauses = [
            ("SET", set),
            ("REMOVE", remove),
            ("ADD", add),
            ("DELETE", delete),
        ];
        let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
        let clauses: Vec<String> = clauses
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect();
        let condition = self.condition.as_ref().map(|one| one.write(&mut used));
        (clauses.join(" "), used.with(condition))
    }
}

/// A condition on the stored item.
#[derive(Clone, Debug)]
pub(crate) enum ConditionExpression {
    /// The item exists.
    Present,
    /// The item does not exist.
    Absent,
    /// The item has no such attribute.
    Lacks(&'static str),
    /// The attribute compares like this with the value.
    Compares(Name, Comparison, Value),
    /// The first attribute is below the second.
    BelowAttribute(&'static str, &'static str),
    /// The set has fewer than this many texts.
    SmallerThan(&'static str, usize),
    /// All of these hold.
    All(Vec<Self>),
    /// At least one of these holds.
    Any(Vec<Self>),
}

/// A comparison of an attribute with a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Comparison {
    Equal,
    Below,
    AtMost,
    Above,
}

impl Comparison {
    const fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Above => ">",
        }
    }
}

/// The attribute has this value.
pub(crate) fn is(name: impl Into<Name>, value: Value) -> ConditionExpression {
    ConditionExpression::Compares(name.into(), Comparison::Equal, value)
}

/// The attribute is below this number.
pub(crate) fn below(name: &'static str, value: Value) -> ConditionExpression {
    ConditionExpression::Compares(name.into(), Comparison::Below, value)
}

/// The attribute is this number or less.
pub(crate) fn at_most(name: &'static str, value: Value) -> ConditionExpression {
    ConditionExpression::Compares(name.into(), Comparison::AtMost, value)
}

/// The attribute is above this number.
pub(crate) fn above(name: &'static str, value: Value) -> ConditionExpression {
    ConditionExpression::Compares(name.into(), Comparison::Above, value)
}

/// The item has no such attribute.
pub(crate) const fn lacks(name: &'static str) -> ConditionExpression {
    ConditionExpression::Lacks(name)
}

impl ConditionExpression {
    /// Both conditions hold.
    pub(crate) fn and(self, other: Self) -> Self {
        let mut all = match self {
            Self::All(all) => all,
            one => vec![one],
        };
        match other {
            Self::All(others) => all.extend(others),
            one => all.push(one),
        }
        Self::All(all)
    }

    /// At least one of the conditions holds.
    pub(crate) fn or(self, other: Self) -> Self {
        let mut any = match self {
            Self::Any(any) => any,
            one => vec![one],
        };
        match other {
            Self::Any(others) => any.extend(others),
            one => any.push(one),
        }
        Self::Any(any)
    }

    /// The parts of a request that has this condition and no other expression.
    pub(super) fn expressed(condition: Option<&Self>) -> Expressed {
        let mut used = Placeholders::default();
        let condition = condition.map(|condition| condition.write(&mut used));
        used.with(condition)
    }

    /// The condition as DynamoDB reads it.
    fn write(&self, used: &mut Placeholders) -> String {
        match self {
            Self::Present => format!("attribute_exists({})", used.name(PARTITION_KEY)),
            Self::Absent => format!("attribute_not_exists({})", used.name(PARTITION_KEY)),
            Self::Lacks(name) => format!("attribute_not_exists({})", used.name(name)),
            Self::Compares(name, comparison, value) => {
                let (name, value) = (used.name(name), used.value(value));
                format!("{name} {} {value}", comparison.sign())
            }
            Self::BelowAttribute(name, other) => {
                format!("{} < {}", used.name(name), used.name(other))
            }
            Self::SmallerThan(name, most) => {
                let most = used.value(&super::item::n(most));
                format!("size({}) < {most}", used.name(name))
            }
            Self::All(all) => Self::join(all, " AND ", used),
            Self::Any(any) => Self::join(any, " OR ", used),
        }
    }

    /// DynamoDB rejects redundant parentheses, so only parts with several terms have them.
    fn join(parts: &[Self], word: &str, used: &mut Placeholders) -> String {
        let parts = parts.iter().map(|part| match part {
            Self::All(_) | Self::Any(_) => format!("({})", part.write(used)),
            one => one.write(used),
        });
        parts.collect::<Vec<_>>().join(word)
    }
}

/// The condition of a request, and the names and values of all its placeholders. Each is `None` if the request has none,
/// because DynamoDB rejects empty maps.
pub(super) struct Expressed {
    pub(super) condition: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

/// The placeholders of a request's expressions: `#name` for an attribute, `:0`, `:1` and so on for values.
#[derive(Default)]
struct Placeholders {
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Placeholders {
    fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: &Value) -> String {
        let placeholder = format!(":{}", self.values.len());
        self.values
            .insert(placeholder.clone(), value.clone().into_attribute());
        placeholder
    }

    fn with(self, condition: Option<String>) -> Expressed {
        let (names, values) = (self.names, self.values);
        Expressed {
            condition,
            names: (!names.is_empty()).then_some(names),
            values: (!values.is_empty()).then_some(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::item::{n, s};

    fn key() -> Key {
        Key {
            pk: "p".to_owned(),
            sk: "s".to_owned(),
        }
    }

    #[test]
    fn an_update_has_its_clauses_in_one_order_and_a_placeholder_for_each_name_and_value() {
        let update = ItemUpdate::of(key())
            .add("n", n(1))
            .set("status", s("on"))
            .remove("x")
            .set_if_absent("l", n(0));
        let (update, expressed) = update.expressions();
        assert_eq!(
            update,
            "SET #status = :0, #l = if_not_exists(#l, :1) REMOVE #x ADD #n :2"
        );
        assert_eq!(expressed.condition, None);
        let names = expressed.names.unwrap();
        assert_eq!(names.get("#status").map(String::as_str), Some("status"));
        assert_eq!((names.len(), expressed.values.unwrap().len()), (4, 3));
    }

    #[test]
    fn only_alternatives_inside_conjunctions_have_parentheses() {
        let update = ItemUpdate::of(key())
            .take_from("p", s("x"))
            .when(ConditionExpression::Present)
            .when(lacks("f").or(is("f", n(3))))
            .when(ConditionExpression::SmallerThan("x", 5));
        let (update, expressed) = update.expressions();
        assert_eq!(update, "DELETE #p :0");
        assert_eq!(
            expressed.condition.unwrap(),
            "attribute_exists(#pk) AND (attribute_not_exists(#f) OR #f = :1) AND size(#x) < :2"
        );
    }
}
