//! Sorting, RFC 7644 §3.4.2.3.
//!
//! Text is ordered by the code points of its comparable form, as for `eq`, without language-specific rules; instants by
//! time, numbers by value. A multi-valued attribute is sorted by its primary value, else its first. Resources without a
//! value come last in ascending order and first in descending order.

use std::borrow::Cow;
use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::Attributes;
use crate::effort::{Effort, EffortExceeded};
use crate::error::{Context, ErrorKind, ScimError, reason};
use crate::path::AttrPath;
use crate::resource::get;
use crate::schema::{ResolvedAttribute, ResourceType, Type};
use crate::{text, value};

/// The sort order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

impl Direction {
    /// Parses `sortOrder`; the default is ascending.
    ///
    /// # Errors
    ///
    /// `invalidValue` for other text than `ascending` and `descending`, in any case.
    pub fn parse(sort_order: Option<&str>) -> Result<Self, ScimError> {
        match sort_order.map(str::trim).filter(|order| !order.is_empty()) {
            None => Ok(Self::Ascending),
            Some(order) if order.eq_ignore_ascii_case("ascending") => Ok(Self::Ascending),
            Some(order) if order.eq_ignore_ascii_case("descending") => Ok(Self::Descending),
            Some(order) => Err(reason::other_sort_order(order)),
        }
    }

    /// Compares two keys in this order.
    #[must_use]
    pub fn order(self, one: &SortKey, other: &SortKey) -> Ordering {
        let ascending = one.order(other);
        match self {
            Self::Ascending => ascending,
            Self::Descending => ascending.reverse(),
        }
    }
}

/// The attribute and order to sort results by.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Sort<'s> {
    /// The attribute.
    pub target: ResolvedAttribute<'s>,
    /// The order.
    pub direction: Direction,
}

/// The value to sort a resource by.
#[derive(Clone, PartialEq, Debug)]
pub enum SortKey {
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// An instant.
    Instant(Timestamp),
    /// Text in its comparable form.
    Text(String),
    /// No value.
    Unassigned,
}

impl SortKey {
    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Boolean(one), Self::Boolean(other)) => one.cmp(other),
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Instant(one), Self::Instant(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            _ => self.rank().cmp(&other.rank()),
        }
    }

    /// The key as JSON for a cursor. Text is cut to `most` bytes.
    #[must_use]
    pub fn to_json(&self, most: usize) -> Value {
        match self {
            Self::Boolean(truth) => Value::Bool(*truth),
            // The bits, because decimal text can lose precision.
            Self::Number(number) => json!(number.to_bits()),
            Self::Instant(instant) => json!([instant.to_string()]),
            Self::Text(text) => Value::String(start(text, most).to_owned()),
            Self::Unassigned => Value::Null,
        }
    }

    /// Parses the JSON of [`Self::to_json`].
    #[must_use]
    pub fn from_json(json: &Value) -> Option<Self> {
        match json {
            Value::Bool(truth) => Some(Self::Boolean(*truth)),
            Value::Number(bits) => bits.as_u64().map(f64::from_bits).map(Self::Number),
            Value::String(text) => Some(Self::Text(text.clone())),
            Value::Array(instant) => {
                let instant = instant.first().and_then(Value::as_str)?;
                instant.parse().ok().map(Self::Instant)
            }
            Value::Null => Some(Self::Unassigned),
            Value::Object(_) => None,
        }
    }

    /// The key with text cut to `most` bytes.
    #[must_use]
    pub fn cut(&self, most: usize) -> Cow<'_, Self> {
        match self {
            Self::Text(text) if text.len() > most => {
                Cow::Owned(Self::Text(start(text, most).to_owned()))
            }
            other => Cow::Borrowed(other),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Number(_) => 1,
            Self::Instant(_) => 2,
            Self::Text(_) => 3,
            Self::Unassigned => 4,
        }
    }
}

impl<'s> Sort<'s> {
    /// Parses `sortBy` and `sortOrder`; `None` without `sortBy`.
    ///
    /// # Errors
    ///
    /// `invalidValue` for an unknown attribute, an attribute without an order, or an invalid `sortOrder`.
    pub fn parse(
        sort_by: Option<&str>,
        sort_order: Option<&str>,
        of: &'s ResourceType,
    ) -> Result<Option<Self>, ScimError> {
        let direction = Direction::parse(sort_order)?;
        let Some(name) = sort_by.map(str::trim).filter(|name| !name.is_empty()) else {
            return Ok(None);
        };
        let in_parameter = |error: ScimError| error.within(Context::Parameter("sortBy"));
        let target = AttrPath::parse(name)
            .and_then(|path| path.target(of))
            .map_err(|error| in_parameter(error.of_kind(ErrorKind::InvalidValue)))?;
        let compared = target
            .compared()
            .filter(|compared| compared.kind != Type::Complex && !target.attribute.is_secret());
        match compared {
            Some(_) => Ok(Some(Self { target, direction })),
            None => Err(in_parameter(reason::no_order(target))),
        }
    }

    /// The sort key of a representation.
    ///
    /// # Errors
    ///
    /// When the effort is spent.
    pub fn key(&self, resource: &Attributes, effort: &Effort) -> Result<SortKey, EffortExceeded> {
        let chosen = match get(resource, self.target) {
            Some(Value::Array(values)) => values
                .iter()
                .find(|value| value::is_primary(value))
                .or_else(|| values.first()),
            other => other,
        };
        let part = match (chosen, self.target.compared()) {
            (Some(Value::Object(parts)), Some(compared)) => parts.get(&compared.name),
            (other, _) => other,
        };
        let (Some(part), Some(compared)) = (part, self.target.compared()) else {
            return Ok(SortKey::Unassigned);
        };
        let text = part.as_str().unwrap_or_default();
        effort.spend(text::effort(compared, text))?;
        Ok(match (compared.kind, part) {
            (_, Value::Bool(truth)) => SortKey::Boolean(*truth),
            (_, Value::Number(number)) => SortKey::Number(number.as_f64().unwrap_or_default()),
            (Type::DateTime, Value::String(text)) => {
                value::instant(text).map_or(SortKey::Unassigned, SortKey::Instant)
            }
            (_, Value::String(text)) => {
                SortKey::Text(text::comparable(compared, text).into_owned())
            }
            _ => SortKey::Unassigned,
        })
    }
}

/// The start of a text, at most `most` bytes.
fn start(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Catalogue, ResourceKind};
    use serde_json::json;

    fn sorted(by: &str, order: &str, values: &Value) -> Vec<i64> {
        let of = Catalogue::standard().resource_type(ResourceKind::User);
        let sort = Sort::parse(Some(by), Some(order), of).unwrap().unwrap();
        let mut keyed: Vec<_> = values
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(at, one)| {
                (
                    sort.key(one.as_object().unwrap(), &Effort::of_request())
                        .unwrap(),
                    i64::try_from(at).unwrap(),
                )
            })
            .collect();
        keyed.sort_by(|one, other| sort.direction.order(&one.0, &other.0));
        keyed.into_iter().map(|(_, at)| at).collect()
    }

    #[test]
    fn o01_to_o06_results_are_ordered_by_value() {
        let names = json!([
            { "name": { "familyName": "b" } }, { "name": { "familyName": "A" } },
            { "name": { "givenName": "x" } }, { "name": { "familyName": "Ä" } }
        ]);
        assert_eq!(sorted("name.familyName", "", &names), [1, 0, 3, 2]);
        assert_eq!(
            sorted("NAME.familyname", "descending", &names),
            [2, 3, 0, 1]
        );
        let emails = json!([
            { "emails": [{ "value": "z" }, { "value": "b", "primary": true }] },
            { "emails": [{ "value": "C" }, { "value": "a" }] },
            {}
        ]);
        assert_eq!(sorted("emails", "ascending", &emails), [0, 1, 2]);
        assert_eq!(sorted("emails.value", "descending", &emails), [2, 1, 0]);
        let exact = json!([{ "externalId": "a" }, { "externalId": "B" }]);
        assert_eq!(sorted("externalId", "", &exact), [1, 0]);
        let times = json!([
            { "meta": { "created": "2020-01-01T00:00:00+02:00" } },
            { "meta": { "created": "2019-12-31T21:00:00Z" } }
        ]);
        assert_eq!(sorted("meta.created", "", &times), [1, 0]);
        let active = json!([{ "active": true }, {}, { "active": false }]);
        assert_eq!(sorted("active", "", &active), [2, 0, 1]);
    }

    #[test]
    fn o08_attributes_without_an_order_are_rejected() {
        let of = Catalogue::standard().resource_type(ResourceKind::User);
        for by in [
            "shoeSize",
            "name",
            "addresses",
            "password",
            "a b",
            "emails.odd",
        ] {
            assert!(Sort::parse(Some(by), None, of).is_err(), "{by}");
        }
        assert!(Sort::parse(Some("userName"), Some("sideways"), of).is_err());
        assert_eq!(Sort::parse(None, Some("descending"), of), Ok(None));
    }

    #[test]
    fn a_key_survives_json() {
        for key in [
            SortKey::Boolean(true),
            SortKey::Number(-0.1),
            SortKey::Number(1e300),
            SortKey::Instant("2026-02-03T04:05:06.789Z".parse().unwrap()),
            SortKey::Text("ä".repeat(10)),
            SortKey::Unassigned,
        ] {
            assert_eq!(SortKey::from_json(&key.to_json(20)), Some(key));
        }
        let long = SortKey::Text("ä".repeat(11));
        assert_eq!(
            SortKey::from_json(&long.to_json(21)),
            Some(SortKey::Text("ä".repeat(10)))
        );
        assert_eq!(*long.cut(21), SortKey::Text("ä".repeat(10)));
    }
}
