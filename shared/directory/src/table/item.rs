//! Items and the values of their attributes. An absent number may mean 0; an unreadable number is always an error.
//!
//! DynamoDB stores 38 significant digits and accepts `1E+28`. It has been observed to return such numbers in plain digits,
//! even more than 38 of them: 1E+100 (boto/boto3#2500), 1.000…E+50 as 51 digits (boto/boto3#4636), 1.5E2 as 150
//! (ExtendDB/extenddb#7). Other engines with its protocol return `1.0E+28`. No documentation that we found guarantees
//! either form, so this module reads both.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::keys::{Key, PARTITION_KEY, SORT_KEY};
use crate::limits::STREAM_NOTES;
use crate::table::error::{DirectoryError, corrupt};

/// A JSON object.
type JsonObject = Map<String, Json>;

/// An item: its attributes by name.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Item(HashMap<String, AttributeValue>);

impl Item {
    /// The item in DynamoDB's JSON, as a record of the stream has it. Attributes of types that no item here has are left out.
    pub(crate) fn of_json(image: &JsonObject) -> Self {
        let read = |(name, value): (&String, &Json)| {
            let (kind, value) = value.as_object()?.iter().next()?;
            let text = value.as_str();
            let value = match kind.as_str() {
                "S" => AttributeValue::S(text?.to_owned()),
                "N" => AttributeValue::N(text?.to_owned()),
                "BOOL" => AttributeValue::Bool(value.as_bool()?),
                "B" => AttributeValue::B(Blob::new(BASE64.decode(text?.as_bytes()).ok()?)),
                _ => return None,
            };
            Some((name.clone(), value))
        };
        Self(image.iter().filter_map(read).collect())
    }

    /// The item that the SDK returned.
    pub(super) const fn new(attributes: HashMap<String, AttributeValue>) -> Self {
        Self(attributes)
    }

    /// The attributes for the SDK.
    pub(super) fn into_attributes(self) -> HashMap<String, AttributeValue> {
        self.0
    }

    /// Adds or replaces an attribute.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value.0);
    }

    /// Whether the item has an attribute with this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names of the attributes, in no particular order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The attributes besides the key, sorted by name.
    pub(crate) fn into_values(mut self) -> Vec<(String, Value)> {
        for name in [PARTITION_KEY, SORT_KEY] {
            self.0.remove(name);
        }
        let values = self.0.into_iter();
        let mut values: Vec<_> = values.map(|(name, value)| (name, Value(value))).collect();
        values.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        values
    }
}

#[cfg(test)]
impl Item {
    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned().map(Value)
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The bytes of its names, texts and numbers.
    pub(crate) fn size(&self) -> usize {
        let size = |(name, value): (&String, &AttributeValue)| {
            name.len() + value.as_s().or(value.as_n()).map_or(0, String::len)
        };
        self.0.iter().map(size).sum()
    }
}

/// The value of an attribute, made from a domain value by [`s`], [`n`], [`bytes`], [`set_of`] or [`yes`].
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Value(AttributeValue);

impl Value {
    pub(super) fn into_attribute(self) -> AttributeValue {
        self.0
    }
}

/// A text attribute of an item.
pub(crate) fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.0.get(name)?.as_s().ok().map(String::as_str)
}

/// The texts of a set; none if the attribute is absent, because a set is never empty.
pub(crate) fn texts<'i>(item: &'i Item, name: &str) -> impl Iterator<Item = &'i str> {
    let texts = item.0.get(name).and_then(|value| value.as_ss().ok());
    texts.into_iter().flatten().map(String::as_str)
}

/// The sort key of an item.
pub(crate) fn sort_key(item: &Item) -> &str {
    text(item, SORT_KEY).unwrap_or_default()
}

/// Builds an item from its key and attributes.
pub(crate) fn item(key: &Key, attributes: impl IntoIterator<Item = (&'static str, Value)>) -> Item {
    let mut item = Item(key.attributes());
    for (name, value) in attributes {
        item.set(name, value);
    }
    item
}

/// Text as an attribute value.
pub(crate) fn s(text: impl Into<String>) -> Value {
    Value(AttributeValue::S(text.into()))
}

/// A number as an attribute value.
#[expect(clippy::needless_pass_by_value, reason = "numbers are copied")]
pub(crate) fn n(number: impl ToString) -> Value {
    Value(AttributeValue::N(number.to_string()))
}

/// A binary attribute of an item.
pub(crate) fn binary<'i>(item: &'i Item, name: &str) -> Option<&'i [u8]> {
    item.0.get(name)?.as_b().ok().map(AsRef::as_ref)
}

/// Bytes as an attribute value.
pub(crate) fn bytes(bytes: Vec<u8>) -> Value {
    Value(AttributeValue::B(Blob::new(bytes)))
}

/// Texts as a set. DynamoDB rejects an empty set.
pub(crate) fn set_of(texts: impl IntoIterator<Item = impl ToString>) -> Value {
    let texts = texts.into_iter().map(|text| text.to_string());
    Value(AttributeValue::Ss(texts.collect()))
}

/// The mark of an attribute whose presence says everything.
pub(crate) const fn yes() -> Value {
    Value(AttributeValue::Bool(true))
}

/// Truncates an instant to the milliseconds that the table stores.
#[must_use]
pub fn to_millis(instant: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant)
}

/// When a note for the change feed that is written now expires, in seconds since 1970.
pub(crate) fn stream_note_expiry(now: Timestamp) -> i64 {
    now.saturating_add(STREAM_NOTES).unwrap_or(now).as_second()
}

/// More trailing zeros than a DynamoDB number can have.
const MOST_ZEROS: i32 = 130;

/// A number attribute of an item; `None` if it is absent or unreadable.
pub(crate) fn number<N: FromStr>(item: &Item, name: &str) -> Option<N> {
    let text = item.0.get(name)?.as_n().ok()?;
    text.parse().ok().or_else(|| plain(text)?.parse().ok())
}

/// An optional number attribute; an error if it is present but unreadable.
pub(crate) fn number_if<N: FromStr>(item: &Item, name: &str) -> Result<Option<N>, DirectoryError> {
    match item.has(name) {
        true => number(item, name)
            .map(Some)
            .ok_or_else(|| corrupt("number")),
        false => Ok(None),
    }
}

/// An optional instant, stored as a number.
pub(crate) fn instant_if(
    item: &Item,
    name: &str,
    from: impl Fn(i64) -> Result<Timestamp, jiff::Error>,
) -> Result<Option<Timestamp>, DirectoryError> {
    let number = number_if(item, name)?;
    let instant = number.map(from).transpose();
    instant.map_err(|_| corrupt("instant"))
}

/// Converts a whole number with an exponent to plain digits.
fn plain(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['E', 'e']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let digits = format!("{}{fraction}", whole.trim_start_matches(['-', '+']));
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    let dropped = digits.len() - significant.len();
    let zeros = exponent
        .checked_sub(i32::try_from(fraction.len()).ok()?)?
        .checked_add(i32::try_from(dropped).ok()?)?;
    match (significant, zeros) {
        ("", _) => Some("0".to_owned()),
        (_, 0..=MOST_ZEROS) => {
            let zeros = "0".repeat(usize::try_from(zeros).ok()?);
            Some(format!("{sign}{significant}{zeros}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(value: AttributeValue) -> Item {
        Item(HashMap::from([("n".to_owned(), value)]))
    }

    #[test]
    fn a_whole_number_is_read_exactly_in_every_notation() {
        let most = "99999999999999999999999999999999";
        for (text, expected) in [
            ("0", 0),
            ("0E+3", 0),
            ("7", 7),
            ("7.0", 7),
            ("1E+28", 10_u128.pow(28)),
            ("1.0E+28", 10_u128.pow(28)),
            ("1e28", 10_u128.pow(28)),
            ("1.00020003E+32", 100_020_003 * 10_u128.pow(24)),
            ("120E-1", 12),
            (
                "9.9999999999999999999999999999999E+31",
                most.parse().unwrap(),
            ),
            ("10000000000000000000000000000", 10_u128.pow(28)),
        ] {
            let item = item(AttributeValue::N(text.to_owned()));
            assert_eq!(number(&item, "n"), Some(expected), "{text}");
            assert_eq!(number_if(&item, "n").unwrap(), Some(expected), "{text}");
        }
        let less = item(AttributeValue::N("-1.5E+1".to_owned()));
        assert_eq!(number::<i64>(&less, "n"), Some(-15));
    }

    #[test]
    fn an_absent_number_differs_from_an_unreadable_one() {
        assert_eq!(number_if::<u64>(&Item::default(), "n").unwrap(), None);
        for text in [
            "",
            "x",
            "1.5",
            "1E-3",
            "1E+",
            "E3",
            "1.0E+99999999999",
            "1E+131",
            "-1",
            "1E+20",
        ] {
            let item = item(AttributeValue::N(text.to_owned()));
            assert_eq!(number::<u64>(&item, "n"), None, "{text}");
            assert!(number_if::<u64>(&item, "n").is_err(), "{text}");
        }
        assert!(number_if::<u64>(&item(AttributeValue::S("1".to_owned())), "n").is_err());
    }
}
