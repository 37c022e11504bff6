//! Checks JSON values against an attribute and converts them to normal form, RFC 7643 §2.3 to §2.5.
//!
//! The tolerance for providers' input is here, once for POST, PUT and PATCH:
//!
//! - Names are read in any case. Unknown and read-only sub-attributes are ignored.
//! - `null` and `[]` mean unassigned (RFC 7643 §2.5). So does blank text for types other than text, and a single complex
//!   value whose `value` is `null` or `""`: Entra ID and OneLogin unassign a manager that way.
//! - An element of a multi-valued attribute with an empty `value` but other content, such as `{"type": "work", "value":
//!   ""}`, is a provider's template for a value that the person does not have, and is dropped. An element without content
//!   (`null`, `""`, `{}`, `{"value": ""}`) is rejected, see [`elements`].
//! - Booleans and numbers may be text (Entra ID).
//! - A multi-valued attribute accepts a single value, and a single-valued attribute an array of one value.
//! - Duplicate values are merged.
//! - Values may be wrapped in the ways of [`wrapped`].
//! - A reference to something outside SCIM may be text that is not a URI, see
//!   [`crate::resource::invalid_references`].

use std::fmt;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Number, Value};

use crate::error::ScimError;
use crate::error::reason::{self, Found, KnownName};
use crate::limits;
use crate::schema::{Attribute, Profile, ResolvedAttribute, Type};
use crate::text;

mod multi_valued;
mod stored;
mod wrapped;

pub use multi_valued::{alike, elements, is_primary, keep_primary, named, unique, with, without};
pub use stored::read_stored;
pub(crate) use wrapped::{in_text, legible, opened, sole, value_in};

/// The position of a value in a message, for error details.
#[derive(Clone, Copy)]
pub struct ValuePosition<'a> {
    outer: Option<&'a Self>,
    urn: Option<&'a str>,
    name: &'a str,
    index: Option<usize>,
}

impl<'a> ValuePosition<'a> {
    /// An attribute of the resource.
    #[must_use]
    pub const fn of(name: &'a str) -> Self {
        Self {
            outer: None,
            urn: None,
            name,
            index: None,
        }
    }

    /// The attribute of a target.
    #[must_use]
    pub fn at(target: ResolvedAttribute<'a>) -> Self {
        Self {
            urn: target.container,
            ..Self::of(&target.attribute.name)
        }
    }

    /// The sub-attribute `name` of the value here.
    pub(crate) const fn part(&'a self, name: &'a str) -> Self {
        Self {
            outer: Some(self),
            urn: None,
            name,
            index: None,
        }
    }

    /// The element `index` of the multi-valued attribute here.
    pub(crate) const fn element(self, index: usize) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }
}

impl From<ValuePosition<'_>> for KnownName {
    fn from(place: ValuePosition<'_>) -> Self {
        Self::ours(place)
    }
}

impl fmt::Display for ValuePosition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            write!(f, "{outer}.")?;
        }
        if let Some(urn) = self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(self.name)?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}

/// Converts the value of an attribute to normal form; `None` means unassigned.
///
/// # Errors
///
/// `invalidValue` for a value of the wrong type or beyond a limit.
pub fn normalize(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Option<Value>, ScimError> {
    if attribute.multi_valued {
        let values = elements(attribute, value, place)?;
        return Ok((!values.is_empty()).then_some(Value::Array(values)));
    }
    match value {
        Value::Array(mut values) if values.len() <= 1 => {
            single(attribute, values.pop().unwrap_or_default(), place)
        }
        value => single(attribute, value, place),
    }
}

/// Converts a single value to normal form; `None` means unassigned.
///
/// # Errors
///
/// As [`normalize`].
pub fn single(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Option<Value>, ScimError> {
    let value = match attribute.kind {
        Type::Complex => value,
        _ => wrapped::bare(value),
    };
    if value.is_null() || is_blank(attribute, &value) {
        return Ok(None);
    }
    match attribute.kind {
        Type::Complex => complex(attribute, value, place),
        Type::Boolean => match boolean(&value) {
            Some(truth) => Ok(Some(Value::Bool(truth))),
            None => Err(wrong(place, "true or false", &value)),
        },
        Type::Integer => match number(&value).filter(is_whole) {
            Some(number) => Ok(Some(Value::Number(number))),
            None if value.is_number() => {
                let found = Found::word("a decimal or very large number");
                Err(reason::wrong_type(place, A_WHOLE_NUMBER, found))
            }
            None => Err(wrong(place, A_WHOLE_NUMBER, &value)),
        },
        Type::Decimal => match number(&value) {
            Some(number) => Ok(Some(Value::Number(number))),
            None => Err(wrong(place, "a number", &value)),
        },
        Type::String => string(attribute, value, place).map(Some),
        Type::DateTime | Type::Binary | Type::Reference => formatted(attribute, value, place),
    }
}

/// Whether a value is blank text for a type other than text, which means unassigned.
pub(crate) fn is_blank(attribute: &Attribute, value: &Value) -> bool {
    !matches!(attribute.kind, Type::String | Type::Complex)
        && value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// The number in a value such as `7`, `"7"` or `"1.5"`.
pub(crate) fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

const A_WHOLE_NUMBER: &str = "a whole number";

fn is_whole(number: &Number) -> bool {
    number.is_i64() || number.is_u64()
}

/// The boolean in a value such as `true`, `"True"` or `"TRUE"` (section 22 of the matrix).
#[must_use]
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Parses an xsd:dateTime; without an offset it is read as UTC. RFC 7643 §2.3.5.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
    if text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    text.parse::<Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        local
            .to_zoned(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    })
}

fn string(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Value, ScimError> {
    let Value::String(text) = value else {
        return Err(wrong(place, "text", &value));
    };
    if text.len() > limits::STRING_BYTES {
        return Err(reason::too_long(place, limits::STRING_BYTES));
    }
    if attribute.required && text.is_empty() {
        return Err(reason::empty(place));
    }
    if attribute.profile == Profile::UserName {
        if text.len() > limits::USER_NAME_BYTES {
            return Err(reason::too_long(place, limits::USER_NAME_BYTES));
        }
        if text::user_name(&text).is_none() {
            return Err(reason::odd_user_name(place, text));
        }
    }
    Ok(Value::String(text))
}

fn formatted(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Option<Value>, ScimError> {
    let Value::String(text) = &value else {
        return Err(wrong(place, "text", &value));
    };
    if text.len() > limits::STRING_BYTES {
        return string(attribute, value, place).map(Some);
    }
    let expected = match attribute.kind {
        _ if has_form(attribute, text) => return Ok(Some(value)),
        Type::DateTime => "a dateTime such as \"2011-05-13T04:42:34Z\"",
        Type::Binary => "base64 text",
        _ => A_URI,
    };
    Err(wrong(place, expected, &value))
}

/// Whether text has the format of the type: dateTime, base64 or URI.
fn has_form(attribute: &Attribute, text: &str) -> bool {
    match attribute.kind {
        Type::DateTime => instant(text).is_some(),
        Type::Binary => is_base64(text),
        Type::Reference => is_uri(text) || is_outward(attribute),
        _ => true,
    }
}

/// Whether a reference points outside SCIM: it has no resource type as target.
fn is_outward(attribute: &Attribute) -> bool {
    attribute.reference_types.iter().all(|kind| {
        ["external", "uri"]
            .iter()
            .any(|word| kind.eq_ignore_ascii_case(word))
    })
}

/// The expected format of a reference, for error details.
pub(crate) const A_URI: &str = "a URI without spaces";

/// Whether a text can be an absolute or relative URI. RFC 7643 §2.3.7.
pub(crate) fn is_uri(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// Whether a text is base64 in either alphabet. Padding may be missing but must not be wrong.
fn is_base64(text: &str) -> bool {
    let bare = text.trim_end_matches('=').as_bytes();
    if bare.len() < text.len() && !(text.len().is_multiple_of(4) && text.len() - bare.len() <= 2) {
        return false;
    }
    BASE64_NOPAD.decode(bare).is_ok() || BASE64URL_NOPAD.decode(bare).is_ok()
}

fn is_empty_text(value: &Value) -> bool {
    value.as_str() == Some("")
}

/// Whether a value means unassigned: `null` or `[]` (RFC 7643 §2.5).
pub(crate) fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn complex(
    attribute: &Attribute,
    value: Value,
    place: ValuePosition<'_>,
) -> Result<Option<Value>, ScimError> {
    let given = match wrapped::unpacked(attribute, value)? {
        Value::Object(given) => given,
        other => return Err(wrong(place, "an object of sub-attributes", &other)),
    };
    let mut parts = Map::new();
    for (sub, value) in parts_of(attribute, given, place)? {
        match value {
            Some(value) => {
                parts.insert(sub.name.clone(), value);
            }
            None if sub.name == "value" => return Ok(None),
            None => {}
        }
    }
    Ok((!parts.is_empty()).then_some(Value::Object(parts)))
}

/// The given sub-attributes of a complex value in normal form; `None` for those to unassign.
///
/// # Errors
///
/// As [`normalize`]; `invalidSyntax` for a duplicate name.
pub fn parts_of<'s>(
    attribute: &'s Attribute,
    given: Map<String, Value>,
    place: ValuePosition<'_>,
) -> Result<Vec<(&'s Attribute, Option<Value>)>, ScimError> {
    let given = wrapped::unfolded(attribute, given)?;
    let mut parts: Vec<(&Attribute, Option<Value>)> = Vec::with_capacity(given.len());
    for (name, value) in given {
        let Some(sub) = attribute.sub(&name).filter(|sub| !sub.is_read_only()) else {
            continue;
        };
        if parts.iter().any(|(known, _)| known.name == sub.name) {
            return Err(twice(place.part(&sub.name)));
        }
        let value = normalize(sub, value, place.part(&sub.name))?
            .filter(|value| sub.name != "value" || !is_empty_text(value));
        parts.push((sub, value));
    }
    Ok(parts)
}

/// The error for an element without a value.
pub(crate) fn valueless(place: ValuePosition<'_>) -> ScimError {
    reason::no_value(place)
}

/// The error for an attribute that is repeated in one object.
#[must_use]
pub fn twice(place: ValuePosition<'_>) -> ScimError {
    reason::attribute_twice(place)
}

fn wrong(place: ValuePosition<'_>, expected: &'static str, value: &Value) -> ScimError {
    let found = match value {
        Value::String(text) => Found::sent(text),
        value => Found::word(kind_name(value)),
    };
    reason::wrong_type(place, expected, found)
}

/// What a JSON value is, in words.
#[must_use]
pub const fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Catalogue, ResourceKind};
    use serde_json::json;

    fn user(name: &str, value: Value) -> Result<Option<Value>, ScimError> {
        let of = Catalogue::standard().resource_type(ResourceKind::User);
        let attribute = of
            .attribute(name)
            .or_else(|| of.extensions[0].schema.attribute(name))
            .unwrap();
        normalize(attribute, value, ValuePosition::of(name))
    }

    #[test]
    fn providers_values_become_normal_form() {
        for (name, given, normal) in [
            ("active", json!("True"), json!(true)),
            ("active", json!("FALSE"), json!(false)),
            ("manager", json!("id1"), json!({"value": "id1"})),
            (
                "manager",
                json!([{"value": "id1", "$REF": "../Users/id1"}]),
                json!({"value": "id1", "$ref": "../Users/id1"}),
            ),
            (
                "manager",
                json!({"value": "id1", "displayName": "Read only"}),
                json!({"value": "id1"}),
            ),
            (
                "emails",
                json!({"value": "a@b", "Type": "work"}),
                json!([{"value": "a@b", "type": "work"}]),
            ),
            ("emails", json!("a@b"), json!([{"value": "a@b"}])),
            (
                "roles",
                json!("{\"value\":\"r\",\"primary\":\"True\"}"),
                json!([{"value": "r", "primary": true}]),
            ),
            (
                "roles",
                json!(["[not json", "[1]"]),
                json!([{"value": "[not json"}, {"value": "[1]"}]),
            ),
            (
                "roles",
                json!(" [{\"value\":\"r\"},{\"value\":\"s\"}]"),
                json!([{"value": "r"}, {"value": "s"}]),
            ),
            (
                "x509Certificates",
                json!([{"value": "QUI="}, {"value": "QUJD"}, {"value": "-_8"}]),
                json!([{"value": "QUI="}, {"value": "QUJD"}, {"value": "-_8"}]),
            ),
        ] {
            assert_eq!(
                user(name, given.clone()).unwrap(),
                Some(normal),
                "{name} {given}"
            );
        }
    }

    #[test]
    fn i12_n12_n13_empty_and_duplicate_values_are_removed() {
        for (name, given, normal) in [
            (
                "emails",
                json!([
                    {"value": "", "primary": true},
                    {"value": null, "type": "home"},
                    {"value": "a@b", "odd": 1}
                ]),
                json!([{"value": "a@b"}]),
            ),
            (
                "phoneNumbers",
                json!([{"value": "", "type": "mobile"}, {"value": "1"}]),
                json!([{"value": "1"}]),
            ),
            (
                "addresses",
                json!([{"type": "work", "formatted": null}]),
                json!([{"type": "work"}]),
            ),
            (
                "emails",
                json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}]),
                json!([{"value": "a", "primary": true}, {"value": "b", "primary": false}]),
            ),
            (
                "emails",
                json!([{"value": "a@B", "type": "Work"}, {"value": "A@b", "type": "work"}]),
                json!([{"value": "a@B", "type": "Work"}]),
            ),
            (
                "name",
                json!({"givenName": "", "familyName": null}),
                json!({"givenName": ""}),
            ),
        ] {
            assert_eq!(
                user(name, given.clone()).unwrap(),
                Some(normal),
                "{name} {given}"
            );
        }
    }

    #[test]
    fn i12_null_and_empty_arrays_mean_unassigned() {
        for (name, given) in [
            ("title", json!(null)),
            ("emails", json!(null)),
            ("emails", json!([])),
            ("emails", json!("[]")),
            ("emails", json!([{"value": "", "type": "home"}])),
            ("emails", json!({"value": [null], "primary": "False"})),
            ("name", json!({})),
            ("name", json!({"odd": 1})),
            ("manager", json!("")),
            ("manager", json!({"value": ""})),
            ("manager", json!({"value": null, "displayName": " "})),
            ("profileUrl", json!("")),
            ("profileUrl", json!(" \t")),
            ("profileUrl", json!([{"value": " "}])),
            ("active", json!("")),
            ("active", json!(" ")),
            ("title", json!({"value": null})),
            ("photos", json!([{"value": " ", "type": "photo"}])),
            ("x509Certificates", json!([{"value": " ", "display": "c"}])),
        ] {
            assert_eq!(user(name, given.clone()).unwrap(), None, "{name} {given}");
        }
    }

    #[test]
    fn i12_an_error_names_the_element_without_content() {
        for (name, given, at) in [
            ("emails", json!([null]), "`emails[0]`"),
            ("emails", json!({}), "`emails[0]`"),
            ("emails", json!(""), "`emails[0]`"),
            ("emails", json!([{"value": "a@b"}, {}]), "`emails[1]`"),
            ("emails", json!([{"value": "a@b"}, ""]), "`emails[1]`"),
            ("emails", json!([{"value": ""}]), "`emails[0]`"),
            ("emails", json!([{"value": null}]), "`emails[0]`"),
            ("emails", json!({"value": [""]}), "`emails[0]`"),
            (
                "emails",
                json!([{"value": "", "type": null, "display": " "}]),
                "`emails[0]`",
            ),
            ("emails", json!([{"mail": "a@b"}]), "`emails[0]`"),
            ("addresses", json!([{"formatted": null}]), "`addresses[0]`"),
            ("photos", json!([{"value": " "}]), "`photos[0]`"),
            (
                "roles",
                json!(["r", {"value": "", "odd": "x"}]),
                "`roles[1]`",
            ),
            ("entitlements", json!("{}"), "`entitlements[0]`"),
        ] {
            let error = user(name, given.clone()).unwrap_err();
            assert_eq!(
                error.kind(),
                crate::ErrorKind::InvalidValue,
                "{name} {given}"
            );
            let detail =
                format!("{at} has no value; omit it, or send an empty array to remove all values");
            assert_eq!(error.detail().to_string(), detail, "{name} {given}");
        }
    }

    #[test]
    fn n07_an_external_reference_that_is_not_a_uri_is_stored() {
        for (name, given) in [
            ("profileUrl", json!("linkedin.com/in/a b")),
            (
                "photos",
                json!([{"value": "https://x/p"}, {"value": "my photo.png"}]),
            ),
        ] {
            assert_eq!(user(name, given.clone()).unwrap(), Some(given), "{name}");
        }
        let error = user("manager", json!({"value": "m", "$ref": "a b"})).unwrap_err();
        assert_eq!(
            error.detail().to_string(),
            "`manager.$ref` must be a URI without spaces, not `a b`"
        );
    }

    #[test]
    fn n11_a_document_inside_a_value_is_the_value() {
        let document = r#"{"id":"1","value":"buyer","displayName":"Buyer"}"#;
        let buyer = json!([{"value": "buyer", "display": "Buyer"}]);
        for given in [
            json!([{"value": document}]),
            json!({"VALUE": document}),
            json!(document),
            json!([document]),
            json!([{"value": document}, {"value": document}]),
            json!([{"value": json!({"value": document}).to_string()}]),
            json!([{"value": "buyer", "displayName": "Buyer"}]),
        ] {
            for name in ["roles", "entitlements"] {
                let normal = user(name, given.clone()).unwrap();
                assert_eq!(normal.as_ref(), Some(&buyer), "{name} {given}");
            }
        }
        for (given, normal) in [
            (
                json!([{"value": document, "type": "t", "display": "D", "primary": "True"}]),
                json!([{"type": "t", "display": "D", "primary": true, "value": "buyer"}]),
            ),
            (
                json!([{"value": "{\"id\":\"1\"}"}]),
                json!([{"value": "{\"id\":\"1\"}"}]),
            ),
            (
                json!([{"value": "{not json"}]),
                json!([{"value": "{not json"}]),
            ),
        ] {
            assert_eq!(
                user("roles", given.clone()).unwrap(),
                Some(normal),
                "{given}"
            );
        }
    }

    #[test]
    fn n09_a_simple_value_may_be_wrapped_in_an_object() {
        for (name, given, normal) in [
            ("title", json!([{"value": "x"}]), json!("x")),
            ("title", json!({"VALUE": "x", "$ref": null}), json!("x")),
            ("active", json!({"value": "False"}), json!(false)),
            (
                "name",
                json!({"givenName": {"value": "G"}}),
                json!({"givenName": "G"}),
            ),
        ] {
            assert_eq!(
                user(name, given.clone()).unwrap(),
                Some(normal),
                "{name} {given}"
            );
        }
    }

    #[test]
    fn h05_wrong_types_are_rejected_and_named() {
        for (name, given, at) in [
            ("title", json!(5), "`title`"),
            ("title", json!(["a", "b"]), "`title`"),
            ("title", json!({"value": "a", "type": "work"}), "`title`"),
            ("title", json!({"value": {"value": "a"}}), "`title`"),
            ("active", json!("yes"), "`active`"),
            ("active", json!(1), "`active`"),
            (
                "name",
                json!("Babs"),
                "`name` must be an object of sub-attributes, not `Babs`",
            ),
            ("emails", json!([{"value": 5}]), "`emails[0].value`"),
            (
                "emails",
                json!([{"value": "a", "primary": "maybe"}]),
                "`emails[0].primary`",
            ),
            (
                "x509Certificates",
                json!([{"value": "***"}]),
                "`x509Certificates[0].value`",
            ),
            (
                "x509Certificates",
                json!([{"value": "===="}]),
                "`x509Certificates[0].value`",
            ),
            ("userName", json!("a\u{7}b"), "`userName`"),
            ("userName", json!(""), "`userName`"),
        ] {
            let error = user(name, given.clone()).unwrap_err();
            assert_eq!(
                error.kind(),
                crate::ErrorKind::InvalidValue,
                "{name} {given}"
            );
            assert!(
                error.detail().to_string().starts_with(at),
                "{}",
                error.detail().to_string()
            );
        }
    }

    #[test]
    fn h06_a_duplicate_name_in_different_case_is_rejected() {
        let error = user("name", json!({"givenName": "a", "GIVENNAME": "b"})).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::InvalidSyntax);
    }

    #[test]
    fn n05_date_times_need_date_and_time() {
        assert!(instant("2011-05-13T04:42:34.5+02:00").is_some());
        assert_eq!(
            instant("2011-05-13T04:42:34"),
            instant("2011-05-13T04:42:34Z")
        );
        for odd in [
            "2011-05-13",
            "04:42:34Z",
            "2011-13-13T04:42:34Z",
            "2011-05-13 04:42:34Z",
            "",
        ] {
            assert!(instant(odd).is_none(), "{odd}");
        }
    }
}
