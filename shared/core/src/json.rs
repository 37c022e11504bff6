//! Parses JSON and rejects objects with duplicate names, at any depth.
//!
//! RFC 8259 §4 does not define which of two equal names counts, so two parsers could read different resources from one
//! text. Names that differ only in case are duplicates too, because attribute names are case-insensitive (RFC 7643 §2.1),
//! including unknown ones.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::error::{Context, ScimError, reason};

/// Why a text cannot be parsed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// The text is not UTF-8 from this byte on, counted from 1.
    Encoding(usize),
    /// The text is not JSON, or nested deeper than 127 levels.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// An object has a duplicate name.
    Twice {
        /// The first spelling of the name.
        first: String,
        /// The second spelling of the name.
        then: String,
        /// The operations that contain the object, counted from 0: of a PATCH or bulk request, or of both.
        operations: Vec<usize>,
    },
}

impl Unreadable {
    /// The SCIM error; `what` names the body or the part of it that was parsed.
    #[must_use]
    pub fn explain(&self, what: &'static str) -> ScimError {
        match self {
            Self::Encoding(byte) => reason::not_utf8(what, *byte),
            Self::Syntax { line, column } => reason::not_json(what, *line, *column),
            Self::Twice {
                first,
                then,
                operations,
            } => {
                let error = match first == then {
                    true => reason::name_twice(first),
                    false => reason::name_twice_by_case(first, then),
                };
                within(error, operations)
            }
        }
    }
}

/// Adds the operations that contain the fault. Only a bulk operation contains operations.
fn within(error: ScimError, operations: &[usize]) -> ScimError {
    let number = |index: &usize| index.saturating_add(1);
    match operations {
        [] => error,
        [one] => error.within(Context::Operation(number(one))),
        [bulk, patch, ..] => error
            .within(Context::Operation(number(patch)))
            .within(Context::Bulk(number(bulk))),
    }
}

/// Parses a text as JSON.
///
/// # Errors
///
/// When the text is not UTF-8, not JSON, or an object has a duplicate name.
pub fn read(text: &[u8]) -> Result<Value, Unreadable> {
    let text = str::from_utf8(text)
        .map_err(|error| Unreadable::Encoding(error.valid_up_to().saturating_add(1)))?;
    let twice = RefCell::new(None);
    let index = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = ValueReader {
        twice: &twice,
        index: &index,
    }
    .deserialize(&mut reader)
    .and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        twice.take().unwrap_or_else(|| Unreadable::Syntax {
            line: error.line(),
            column: error.column(),
        })
    })
}

/// Parses one value. It stores a duplicate name on the side, because an error of `serde_json` cannot carry it.
#[derive(Clone, Copy)]
struct ValueReader<'r> {
    twice: &'r RefCell<Option<Unreadable>>,
    /// The index of the element that has just failed, until its array has a name.
    index: &'r Cell<Option<usize>>,
}

impl ValueReader<'_> {
    /// Notes the operation of a duplicate name, on the way from the inside to the outside.
    fn leave(&self, name: &str) {
        let index = self.index.take();
        let mut twice = self.twice.borrow_mut();
        if let (Some(Unreadable::Twice { operations, .. }), Some(index)) = (twice.as_mut(), index)
            && name.eq_ignore_ascii_case("Operations")
        {
            operations.insert(0, index);
        }
    }
}

impl<'de> DeserializeSeed<'de> for ValueReader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueReader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        loop {
            let next = elements.next_element_seed(self);
            match next.inspect_err(|_| self.index.set(Some(values.len())))? {
                Some(value) => values.push(value),
                None => break,
            }
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut names = FoldedNames::default();
        while let Some(name) = members.next_key::<String>()? {
            if let Some(first) = names.twin(&object, &name) {
                self.twice.replace(Some(Unreadable::Twice {
                    first: first.to_owned(),
                    then: name,
                    operations: Vec::new(),
                }));
                return Err(A::Error::custom("a name is repeated"));
            }
            let value = members.next_value_seed(self);
            let value = value.inspect_err(|_| self.leave(&name))?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The folded names of an object, filled only if there are many.
#[derive(Default)]
struct FoldedNames(BTreeSet<String>);

impl FoldedNames {
    /// Up to this number of names a linear search is faster.
    const FEW: usize = 32;

    /// The name in the object that equals `name`. The caller must insert `name` before the next call.
    fn twin<'o>(&mut self, object: &'o Map<String, Value>, name: &str) -> Option<&'o str> {
        if object.len() >= Self::FEW {
            if self.0.is_empty() {
                self.0
                    .extend(object.keys().map(|key| key.to_ascii_lowercase()));
            }
            if self.0.insert(name.to_ascii_lowercase()) {
                return None;
            }
        }
        let mut known = object.keys().map(String::as_str);
        known.find(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_match_those_of_serde_json() {
        for text in [
            "{}",
            " [1, -1, 1.5, 18446744073709551615, 1e300, true, false, null] ",
            r#"{"b":{"a":["\u00e4\ud83d\ude00"]},"a":{"b":""},"":{}}"#,
            r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}"#,
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            assert_eq!(read(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn h06_a_duplicate_name_is_rejected_at_any_depth() {
        for (text, first, then) in [
            (r#"{"userName":"a","userName":"b"}"#, "userName", "userName"),
            (
                r#"{"userName":"a","x":1,"USERNAME":"a"}"#,
                "userName",
                "USERNAME",
            ),
            (r#"{"unknown":{"a":[{"b":1,"b":1}]}}"#, "b", "b"),
            (r#"[[{"v\u0061lue":1,"value":2}]]"#, "value", "value"),
            (r#"{"":1,"":2}"#, "", ""),
            (r#"{"urn:x:Y":1,"urn:x:y":2}"#, "urn:x:Y", "urn:x:y"),
        ] {
            let (first, then) = (first.to_owned(), then.to_owned());
            let operations = Vec::new();
            let twice = Unreadable::Twice {
                first,
                then,
                operations,
            };
            assert_eq!(read(text.as_bytes()), Err(twice), "{text}");
        }
        let members = |names: &[String]| {
            let members: Vec<String> = names.iter().map(|name| format!("{name:?}:1")).collect();
            read(format!("{{{}}}", members.join(",")).as_bytes())
        };
        let mut many: Vec<String> = (0..1_000).map(|n| format!("Name{n}")).collect();
        assert_eq!(members(&many).unwrap().as_object().unwrap().len(), 1_000);
        for at in [0, 31, 32, 33, 999] {
            many.push(format!("naME{at}"));
            let twice = Unreadable::Twice {
                first: format!("Name{at}"),
                then: format!("naME{at}"),
                operations: Vec::new(),
            };
            assert_eq!(members(&many), Err(twice), "{at}");
            many.pop();
        }
    }

    #[test]
    fn h01_a_duplicate_name_is_reported_with_its_operation() {
        for (text, detail) in [
            (
                r#"{"Operations":[{"op":"add"},{"op":"add","value":{"title":[[1],[{"a":1,"a":2}]]}}]}"#,
                "operation 2: `a` is repeated in one object",
            ),
            (
                r#"{"operations":[{"data":{"Operations":[1,2,{"op":1,"OP":1}]}}]}"#,
                "operation 1, PATCH operation 3: `op` and `OP` are the same name in one object, because names are not case-sensitive",
            ),
            (
                r#"{"Operations":[{"op":"add"}],"a":[{"b":1,"b":2}]}"#,
                "`b` is repeated in one object",
            ),
            (
                r#"{"Operations":{"a":[{"b":1,"b":2}]}}"#,
                "`b` is repeated in one object",
            ),
        ] {
            let error = read(text.as_bytes()).unwrap_err().explain("the body");
            assert_eq!(error.detail().to_string(), detail);
        }
    }

    #[test]
    fn h01_a_syntax_error_names_its_position() {
        for (text, line, column) in [
            (&b"{\"a\":"[..], 1, 5),
            (b"{}\n{}", 2, 1),
            (b"{\"a\":1,}", 1, 8),
            (b"nul", 1, 3),
            (b"", 1, 0),
        ] {
            assert_eq!(read(text), Err(Unreadable::Syntax { line, column }));
        }
        assert_eq!(read(b"{\"a\":\"\xe4\"}"), Err(Unreadable::Encoding(7)));
        assert!(read("[".repeat(200).as_bytes()).is_err());
    }
}
