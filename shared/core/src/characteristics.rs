//! Tests of data types and characteristics that no attribute of RFC 7643 uses but an extension schema may use: RFC 7643
//! §2.2, §2.3, §7.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::effort::Effort;
use crate::filter::Filter;
use crate::patch::{PatchError, PatchRequest, apply};
use crate::schema::{
    Attribute, Catalogue, Extension, Mutability, ResourceKind, ResourceType, Returned, Schema,
    Type, Uniqueness,
};
use crate::sort::Sort;
use crate::{Attributes, Draft, ErrorKind, urn};

const BADGE: &str = "urn:example:schemas:extension:badge:1.0:User";

/// The resource type User with an extension that uses all of them.
fn of() -> ResourceType {
    let attribute = |name: &str, more: Value| {
        let mut attribute = json!({ "name": name, "description": "One of the badge." });
        for (name, value) in more.as_object().into_iter().flatten() {
            attribute[name] = value.clone();
        }
        attribute
    };
    let schema = json!({
        "id": BADGE, "name": "Badge", "description": "A badge",
        "attributes": [
            attribute("level", json!({ "type": "integer" })),
            attribute("weight", json!({ "type": "decimal" })),
            attribute("issued", json!({ "type": "dateTime" })),
            attribute("serial", json!({ "mutability": "immutable", "caseExact": true })),
            attribute("tags", json!({ "multiValued": true })),
            attribute("floors", json!({ "type": "integer", "multiValued": true })),
        ]
    });
    let schema: Schema = serde_json::from_value(schema).unwrap();
    let mut of = Catalogue::standard()
        .resource_type(ResourceKind::User)
        .clone();
    of.extensions.push(Extension {
        schema: Arc::new(schema),
        required: false,
    });
    of
}

/// The normal form of one attribute of the extension.
fn normal(name: &str, value: &Value) -> Result<Value, ErrorKind> {
    let body = json!({ "schemas": [urn::USER], "userName": "a", (BADGE): { name: value } });
    Draft::parse(body, &of())
        .map(|draft| {
            let badge = draft.attributes.get(BADGE);
            badge
                .and_then(|badge| badge.get(name))
                .cloned()
                .unwrap_or_default()
        })
        .map_err(|error| error.kind())
}

fn user(badge: &Value) -> Attributes {
    let user = json!({ "userName": "a", (BADGE): badge });
    user.as_object().unwrap().clone()
}

#[test]
fn n01_omitted_characteristics_have_their_defaults() {
    let said: Attribute = serde_json::from_value(json!({ "name": "note" })).unwrap();
    assert_eq!(said.kind, Type::String);
    assert_eq!(said.mutability, Mutability::ReadWrite);
    assert_eq!(said.returned, Returned::Default);
    assert_eq!(said.uniqueness, Uniqueness::None);
    assert!(!said.required && !said.case_exact && !said.multi_valued);
    assert!(said.canonical_values.is_empty());
    let published = serde_json::to_value(&said).unwrap();
    assert_eq!(
        published,
        json!({
            "name": "note", "type": "string", "multiValued": false, "description": "", "required": false,
            "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": "none"
        })
    );
}

#[test]
fn n04_integers_have_no_fraction_and_decimals_are_numbers() {
    for (name, given, expected) in [
        ("level", "5", Ok("5")),
        ("level", "-5", Ok("-5")),
        ("level", "0", Ok("0")),
        ("level", "18446744073709551615", Ok("18446744073709551615")),
        ("level", "5.5", Err(())),
        ("level", "5.0", Err(())),
        ("level", "5e3", Err(())),
        ("level", "1e300", Err(())),
        ("level", "\"5\"", Ok("5")),
        ("level", "\"-5\"", Ok("-5")),
        ("level", "\"5.5\"", Err(())),
        ("level", "\"+5\"", Err(())),
        ("level", "\"05\"", Err(())),
        ("level", "\"five\"", Err(())),
        ("level", "\"\"", Ok("null")),
        ("level", "\" \"", Ok("null")),
        ("level", "[{\"value\":\"5\"}]", Ok("5")),
        ("level", "{\"value\":5}", Ok("5")),
        ("level", "true", Err(())),
        ("level", "[5,6]", Err(())),
        ("level", "null", Ok("null")),
        ("weight", "5.5", Ok("5.5")),
        ("weight", "5", Ok("5")),
        ("weight", "-1e-3", Ok("-0.001")),
        ("weight", "\"5.5\"", Ok("5.5")),
        ("weight", "\"1e400\"", Err(())),
        ("weight", "\" \"", Ok("null")),
        ("weight", "{}", Err(())),
        (
            "issued",
            "\"2011-05-13T04:42:34.5+02:00\"",
            Ok("\"2011-05-13T04:42:34.5+02:00\""),
        ),
        ("issued", "\"2011-05-13\"", Err(())),
        ("issued", "\" \"", Ok("null")),
        ("issued", "1305261754", Err(())),
    ] {
        let value: Value = serde_json::from_str(given).unwrap();
        let result = normal(name, &value).map(|value| value.to_string());
        let expected = expected
            .map(str::to_owned)
            .map_err(|()| ErrorKind::InvalidValue);
        assert_eq!(result, expected, "{name} {given}");
    }
}

#[test]
fn n10_arrays_of_primitives_keep_their_order_without_duplicates() {
    for (name, given, expected) in [
        (
            "tags",
            json!(["b", "a", "B", "c"]),
            Ok(json!(["b", "a", "c"])),
        ),
        ("tags", json!("a"), Ok(json!(["a"]))),
        ("tags", json!([]), Ok(json!(null))),
        ("tags", json!([["a"]]), Err(ErrorKind::InvalidValue)),
        (
            "tags",
            json!([{ "value": "a" }, "b"]),
            Ok(json!(["a", "b"])),
        ),
        ("tags", json!({ "value": "a" }), Ok(json!(["a"]))),
        ("tags", json!(["a", ""]), Err(ErrorKind::InvalidValue)),
        ("tags", json!([null]), Err(ErrorKind::InvalidValue)),
        ("tags", json!([{}]), Err(ErrorKind::InvalidValue)),
        ("floors", json!([" "]), Err(ErrorKind::InvalidValue)),
        ("floors", json!([3, 1, 3]), Ok(json!([3, 1]))),
        (
            "floors",
            json!([1, "2", { "value": "1" }]),
            Ok(json!([1, 2])),
        ),
        ("floors", json!([1, "x"]), Err(ErrorKind::InvalidValue)),
    ] {
        assert_eq!(normal(name, &given), expected, "{name} {given}");
    }
}

#[test]
fn f07_o06_numbers_and_instants_are_ordered_by_value_not_as_text() {
    let of = of();
    let users = [
        user(
            &json!({ "level": 9, "weight": 1.5, "issued": "2011-05-13T06:00:00+02:00", "floors": [2, 10] }),
        ),
        user(
            &json!({ "level": 10, "weight": -0.5, "issued": "2011-05-13T05:00:00Z", "floors": [9] }),
        ),
    ];
    for (filter, expected) in [
        ("level gt 9", [false, true]),
        ("level ge 9", [true, true]),
        ("level lt 10", [true, false]),
        ("level eq 10", [false, true]),
        ("level ne 10", [true, false]),
        ("level gt 9.5", [false, true]),
        ("weight le -0.5", [false, true]),
        ("weight gt -1e2", [true, true]),
        ("issued lt \"2011-05-13T04:30:00Z\"", [true, false]),
        ("issued eq \"2011-05-13T04:00:00Z\"", [true, false]),
        ("floors gt 9", [true, false]),
        ("floors[value gt 1 and value lt 9]", [true, false]),
    ] {
        let filter = Filter::parse(&format!("{BADGE}:{filter}")).unwrap();
        let resolved = filter.resolve(&of).unwrap();
        assert_eq!(
            users
                .each_ref()
                .map(|user| resolved.matches(user, &Effort::of_request())),
            expected.map(Ok),
            "{filter}"
        );
    }
    for filter in [
        "level eq \"nine\"",
        "level gt \"\"",
        "level co 1",
        "level pr 1",
        "weight sw 1",
        "level gt true",
    ] {
        let filter = Filter::parse(&format!("{BADGE}:{filter}"));
        let kind = filter
            .and_then(|filter| filter.resolve(&of).map(drop))
            .unwrap_err()
            .kind();
        assert_eq!(kind, ErrorKind::InvalidFilter);
    }
    for (by, expected) in [
        ("level", std::cmp::Ordering::Less),
        ("weight", std::cmp::Ordering::Greater),
        ("issued", std::cmp::Ordering::Less),
    ] {
        let by = format!("{BADGE}:{by}");
        let sort = Sort::parse(Some(&by), None, &of).unwrap().unwrap();
        let [one, other] = users
            .each_ref()
            .map(|user| sort.key(user, &Effort::of_request()).unwrap());
        assert_eq!(sort.direction.order(&one, &other), expected, "{by}");
    }
}

#[test]
fn f07_f10_numeric_text_compares_as_a_number_and_blank_text_as_unassigned() {
    let of = of();
    let users = [
        user(&json!({ "level": 9, "weight": 1.5, "floors": [2, 10] })),
        user(&json!({ "level": 10, "issued": "2011-05-13T05:00:00Z", "floors": [9] })),
    ];
    for (filter, expected) in [
        ("level eq \"10\"", [false, true]),
        ("level gt \"9.5\"", [false, true]),
        ("weight le \"1.5\"", [true, false]),
        ("floors[value eq \"9\"]", [false, true]),
        ("weight eq \"\"", [false, true]),
        ("weight ne \" \"", [true, false]),
        ("issued eq \"\"", [true, false]),
        ("level eq \"\"", [false, false]),
    ] {
        let filter = Filter::parse(&format!("{BADGE}:{filter}")).unwrap();
        let resolved = filter.resolve(&of).unwrap();
        let matches = |user| resolved.matches(user, &Effort::of_request());
        assert_eq!(users.each_ref().map(matches), expected.map(Ok), "{filter}");
    }
}

fn patched(current: &Attributes, operation: &Value) -> Result<Attributes, ErrorKind> {
    let body = json!({ "schemas": [urn::PATCH_OP], "Operations": [operation] });
    let request = PatchRequest::parse(body).map_err(|error| error.kind())?;
    match apply(
        &request,
        &of(),
        current,
        current,
        None,
        &Effort::of_request(),
    ) {
        Ok(patched) => Ok(patched.attributes),
        Err(PatchError::Refused(error)) => Err(error.kind()),
        Err(PatchError::NeedsMembers) => panic!("users have no members"),
    }
}

#[test]
fn m10_n16_an_immutable_attribute_is_set_once() {
    let serial = format!("{BADGE}:serial");
    let (unset, set) = (
        user(&json!({ "level": 1 })),
        user(&json!({ "level": 1, "serial": "S-1" })),
    );
    for op in ["add", "replace"] {
        let given = json!({ "op": op, "path": serial, "value": "S-1" });
        assert_eq!(
            patched(&unset, &given).as_ref(),
            Ok(&set),
            "{op} while unset"
        );
        assert_eq!(patched(&set, &given).as_ref(), Ok(&set), "{op} of the same");
        let whole = json!({ "op": op, "value": { (BADGE): { "serial": "S-1" } } });
        assert_eq!(
            patched(&unset, &whole).as_ref(),
            Ok(&set),
            "{op} without a path"
        );
    }
    for change in [
        json!({ "op": "add", "path": serial, "value": "S-2" }),
        json!({ "op": "replace", "path": serial, "value": "S-2" }),
        json!({ "op": "replace", "path": serial, "value": "s-1" }),
        json!({ "op": "replace", "path": serial, "value": null }),
        json!({ "op": "remove", "path": serial }),
        json!({ "op": "remove", "path": BADGE }),
        json!({ "op": "replace", "value": { (BADGE): { "serial": "S-2" } } }),
        json!({ "op": "replace", "value": { (&serial): "S-2" } }),
    ] {
        assert_eq!(
            patched(&set, &change),
            Err(ErrorKind::Mutability),
            "{change}"
        );
    }
}

#[test]
fn u06_a_replacement_must_keep_immutable_values() {
    let check = |current: &Value, given: &Value| {
        let body = json!({ "schemas": [urn::USER], "userName": "a", (BADGE): given });
        let draft = Draft::parse(body, &of()).map_err(|error| error.kind())?;
        draft
            .check_immutable(&user(current), &of())
            .map_err(|error| error.kind())
    };
    let (unset, set) = (json!({ "level": 1 }), json!({ "serial": "S-1" }));
    assert_eq!(check(&unset, &set), Ok(()));
    assert_eq!(check(&set, &json!({ "serial": "S-1", "level": 2 })), Ok(()));
    for other in [
        json!({ "serial": "S-2" }),
        json!({ "serial": null }),
        json!({ "level": 2 }),
        json!(null),
    ] {
        assert_eq!(check(&set, &other), Err(ErrorKind::Mutability), "{other}");
    }
}
