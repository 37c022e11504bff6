//! Reads the input of an operation from the members of a JSON object. It finds every fault, not only the first one.
//!
//! A derived `Deserialize` stops at the first fault, and it knows its reason only as a sentence about Rust types.

use scim_core::value::kind_name;
use serde_json::{Map, Number, Value};

use crate::problem::reason::OwnWords;
use crate::problem::{Problem, reason, rejected};

/// The input of an operation.
pub(crate) trait FromBody: Sized {
    /// Reads each member once. A member with a fault gets an arbitrary value, because [`read`] returns only the faults.
    fn from_body(body: &mut BodyReader) -> Self;
}

/// The members of a body that are still to be read, and the faults so far.
pub(crate) struct BodyReader {
    unread: Map<String, Value>,
    known: Vec<&'static str>,
    faults: Vec<Problem>,
}

/// A text or an array of texts.
pub(crate) enum WordOrTexts {
    Word(String),
    Texts(Vec<String>),
}

/// Reads an input.
///
/// # Errors
///
/// All members that are absent, unknown or of the wrong type.
pub(crate) fn read<T: FromBody>(json: Value) -> Result<T, Problem> {
    let Value::Object(members) = json else {
        return Err(reason::body_not_object(kind_name(&json)).at(""));
    };
    let mut body = BodyReader::of(members);
    let input = T::from_body(&mut body);
    body.end()?;
    Ok(input)
}

impl BodyReader {
    const fn of(members: Map<String, Value>) -> Self {
        Self {
            unread: members,
            known: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn end(self) -> Result<(), Problem> {
        let names: Vec<String> = self.known.iter().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        let unknown = |name: &String| {
            let problem = reason::unknown_member(OwnWords::ours(&names));
            problem.at(&format!("/{}", escape(name)))
        };
        rejected(
            self.faults
                .into_iter()
                .chain(self.unread.keys().map(unknown)),
        )
    }

    /// The value of a member; `None` if it is absent.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.unread.shift_remove(name)
    }

    /// The value of a member; `None` if it is absent or null.
    fn given(&mut self, name: &'static str) -> Option<Value> {
        self.take(name).filter(|value| !value.is_null())
    }

    /// The value of a required member.
    fn required(&mut self, name: &'static str) -> Option<Value> {
        let value = self.take(name);
        if value.is_none() {
            let pointer = format!("/{name}");
            self.faults.push(reason::member_missing().at(&pointer));
        }
        value
    }

    fn wrong(&mut self, pointer: &str, expected: &'static str, found: &'static str) {
        let problem = reason::wrong_member_type(expected, found);
        self.faults.push(problem.at(pointer));
    }

    /// A required text.
    pub(crate) fn text(&mut self, name: &'static str) -> String {
        let given = self.required(name);
        given.map_or_else(String::new, |given| {
            self.as_text(given, format_args!("/{name}"))
        })
    }

    /// A text, if there is one.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        let given = self.given(name)?;
        Some(self.as_text(given, format_args!("/{name}")))
    }

    /// A required array of texts.
    pub(crate) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let given = self.required(name);
        given.map_or_else(Vec::new, |given| self.as_texts(given, name))
    }

    /// An array of texts, if there is one.
    pub(crate) fn optional_texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        let given = self.given(name)?;
        Some(self.as_texts(given, name))
    }

    /// A required text or array of texts. Without a fault there is one.
    pub(crate) fn word_or_texts(&mut self, name: &'static str) -> Option<WordOrTexts> {
        let given = self.required(name)?;
        self.as_word_or_texts(given, name)
    }

    /// A text or an array of texts, if there is one.
    pub(crate) fn optional_word_or_texts(&mut self, name: &'static str) -> Option<WordOrTexts> {
        let given = self.given(name)?;
        self.as_word_or_texts(given, name)
    }

    /// A whole number, if there is one. One that is too large for its type becomes the largest one of the type, which
    /// is beyond the limit of every member.
    pub(crate) fn optional_number(&mut self, name: &'static str) -> Option<i64> {
        const EXPECTED: &str = "a whole number";
        let given = self.given(name)?;
        let pointer = format!("/{name}");
        let Value::Number(number) = &given else {
            self.wrong(&pointer, EXPECTED, kind_name(&given));
            return None;
        };
        let whole = whole(number);
        if whole.is_none() {
            self.wrong(
                &pointer,
                EXPECTED,
                "a number with a fraction or an exponent",
            );
        }
        whole
    }

    /// A required array.
    pub(crate) fn array(&mut self, name: &'static str) -> Vec<Value> {
        let given = self.required(name);
        given.map_or_else(Vec::new, |given| self.as_array(given, name))
    }

    /// An object, if there is one. Null is none, because in a merge patch (RFC 7396) it would remove every member.
    pub(crate) fn optional_object(&mut self, name: &'static str) -> Map<String, Value> {
        match self.take(name) {
            None => Map::new(),
            Some(Value::Object(members)) => members,
            Some(other) => {
                self.wrong(&format!("/{name}"), "an object", kind_name(&other));
                Map::new()
            }
        }
    }

    fn as_array(&mut self, given: Value, name: &str) -> Vec<Value> {
        match given {
            Value::Array(values) => values,
            other => {
                self.wrong(&format!("/{name}"), "an array", kind_name(&other));
                Vec::new()
            }
        }
    }

    fn as_texts(&mut self, given: Value, name: &str) -> Vec<String> {
        let given = self.as_array(given, name).into_iter().enumerate();
        given
            .map(|(index, one)| self.as_text(one, format_args!("/{name}/{index}")))
            .collect()
    }

    fn as_word_or_texts(&mut self, given: Value, name: &str) -> Option<WordOrTexts> {
        match given {
            Value::String(word) => Some(WordOrTexts::Word(word)),
            Value::Array(_) => Some(WordOrTexts::Texts(self.as_texts(given, name))),
            other => {
                let pointer = format!("/{name}");
                self.wrong(&pointer, "text or an array", kind_name(&other));
                None
            }
        }
    }

    fn as_text(&mut self, given: Value, pointer: std::fmt::Arguments<'_>) -> String {
        match given {
            Value::String(text) => text,
            other => {
                self.wrong(&pointer.to_string(), "text", kind_name(&other));
                String::new()
            }
        }
    }
}

/// The number, if it is whole. JSON has no largest number, so one beyond `i64` arrives as a floating-point number.
fn whole(number: &Number) -> Option<i64> {
    const BEYOND: f64 = 9.2e18;
    let most = |number: f64| match number {
        number if number >= BEYOND => Some(i64::MAX),
        number if number <= -BEYOND => Some(i64::MIN),
        _ => None,
    };
    number.as_i64().or_else(|| number.as_f64().and_then(most))
}

/// A name as part of a JSON pointer (RFC 6901).
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The members of an input, for comparison with its description.
#[cfg(test)]
pub(crate) fn members_of<T: FromBody>() -> Vec<&'static str> {
    let mut body = BodyReader::of(Map::new());
    T::from_body(&mut body);
    body.known
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An input with a member of each type.
    struct Every;

    impl FromBody for Every {
        fn from_body(body: &mut BodyReader) -> Self {
            body.text("text");
            body.texts("texts");
            body.array("array");
            body.word_or_texts("wordOrTexts");
            body.optional_word_or_texts("optionalWordOrTexts");
            body.optional_text("optionalText");
            body.optional_texts("optionalTexts");
            body.optional_number("optionalNumber");
            body.optional_object("optionalObject");
            Self
        }
    }

    fn good() -> Value {
        json!({ "text": "a", "texts": ["b"], "array": [1], "wordOrTexts": "d",
            "optionalWordOrTexts": ["e"], "optionalText": "c", "optionalTexts": [], "optionalNumber": 1, "optionalObject": {} })
    }

    /// The faults of a body, one on each line.
    fn faults(body: Value) -> Vec<String> {
        let problem = read::<Every>(body).err();
        let problem = problem.as_ref();
        let places = problem.map(Problem::places).unwrap_or_default();
        let line = |(pointer, detail): &(String, String)| format!("{pointer}: {detail}");
        places.iter().map(line).collect()
    }

    #[test]
    fn every_fault_has_its_place_and_none_repeats_a_value() {
        assert_eq!(faults(good()), Vec::<String>::new());
        let least = json!({ "text": "a", "texts": [], "array": [], "wordOrTexts": [],
            "optionalWordOrTexts": null, "optionalText": null, "optionalTexts": null, "optionalNumber": null });
        assert_eq!(faults(least), Vec::<String>::new());
        let wrong = json!({ "text": 987_654, "texts": ["b", null, ["secret"]], "array": {},
            "wordOrTexts": ["a", 1], "optionalWordOrTexts": 1, "optionalText": true, "optionalTexts": "secret", "optionalNumber": "secret",
            "optionalObject": null, "se/cr~et": 1 });
        let known = "`text`, `texts`, `array`, `wordOrTexts`, `optionalWordOrTexts`, `optionalText`, `optionalTexts`, `optionalNumber`, `optionalObject`";
        assert_eq!(
            faults(wrong),
            [
                "/text: must be text, not a number".to_owned(),
                "/texts/1: must be text, not null".to_owned(),
                "/texts/2: must be text, not an array".to_owned(),
                "/array: must be an array, not an object".to_owned(),
                "/wordOrTexts/1: must be text, not a number".to_owned(),
                "/optionalWordOrTexts: must be text or an array, not a number".to_owned(),
                "/optionalText: must be text, not a boolean".to_owned(),
                "/optionalTexts: must be an array, not text".to_owned(),
                "/optionalNumber: must be a whole number, not text".to_owned(),
                "/optionalObject: must be an object, not null".to_owned(),
                format!("/se~1cr~0et: this member does not exist; the members are {known}"),
            ]
        );
        assert_eq!(
            faults(json!({ "text": null })),
            [
                "/text: must be text, not null",
                "/texts: is required",
                "/array: is required",
                "/wordOrTexts: is required"
            ]
        );
        for (body, expected) in [
            (json!([1]), ": the body must be a JSON object, not an array"),
            (json!(null), ": the body must be a JSON object, not null"),
            (
                json!("secret"),
                ": the body must be a JSON object, not text",
            ),
        ] {
            assert_eq!(faults(body), [expected]);
        }
    }

    #[test]
    fn a_number_beyond_its_type_is_the_largest_one() {
        let number = |text: &str| {
            let mut body = good();
            body["optionalNumber"] = serde_json::from_str(text).unwrap();
            let Value::Object(members) = body else {
                unreachable!()
            };
            BodyReader::of(members).optional_number("optionalNumber")
        };
        for (text, expected) in [
            ("-5", Some(-5)),
            ("9223372036854775807", Some(i64::MAX)),
            ("18446744073709551615", Some(i64::MAX)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(i64::MIN)),
            ("1e300", Some(i64::MAX)),
            ("1.5", None),
            ("1e3", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn the_number_of_reported_faults_is_limited() {
        let names = (0..1_000).map(|n| (n.to_string(), Value::Null));
        assert_eq!(faults(Value::Object(names.collect())).len(), 100);
    }
}
