//! What is refused, and how the detail names it.

use super::*;
use ErrorKind::{InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget};

fn before() -> Value {
    json!({ "userName": "a", "title": "t", "emails": [{ "value": "w", "type": "work" }],
        (E): { "manager": { "value": "m" } } })
}

#[test]
fn m04_an_error_anywhere_leaves_everything_as_it_was_and_names_its_operation() {
    let error = refusal(
        ResourceKind::User,
        &before(),
        &json!([
            { "op": "replace", "path": "title", "value": "new" },
            { "op": "replace", "path": "active", "value": "perhaps" },
            { "op": "remove", "path": "emails" }
        ]),
    );
    assert_eq!(error.kind, InvalidValue);
    assert_eq!(
        error.detail,
        "operation 2: `active` must be true or false, not `perhaps`"
    );
}

#[test]
fn m01_m02_m07_m22_messages_of_the_wrong_shape() {
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (json!([]), InvalidSyntax, "`Operations`"),
            (
                json!([{ "op": "move", "path": "title", "value": "x" }]),
                InvalidSyntax,
                "operation 1: `op`",
            ),
            (
                json!([{ "op": "add", "path": "title" }]),
                InvalidSyntax,
                "operation 1: `value`",
            ),
            (json!([{ "op": "remove" }]), NoTarget, "operation 1: `path`"),
            (
                json!([{ "op": "remove", "path": "" , "value": { "title": "t" } }]),
                NoTarget,
                "`path`",
            ),
            (
                json!([{ "op": "remove", "path": "a b" }]),
                InvalidPath,
                "operation 1: path `a b`: `a b` is no",
            ),
            (
                json!([{ "op": "remove", "path": "emails[0]" }]),
                InvalidFilter,
                "position 9",
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq work]" }]),
                InvalidFilter,
                "double quotes",
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"work\"].value.x" }]),
                InvalidPath,
                "`value.x`",
            ),
            (
                json!([{ "op": "add", "value": "x" }]),
                InvalidValue,
                "`path`",
            ),
            (
                json!([{ "op": "add", "value": { "a b": 1 } }]),
                InvalidPath,
                "`a b`",
            ),
        ],
    );
}

#[test]
fn m08_paths_and_names_that_no_schema_has() {
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (
                json!([{ "op": "add", "path": "shoeSize", "value": 1 }]),
                InvalidPath,
                "`shoeSize` is no attribute of a User",
            ),
            (
                json!([{ "op": "add", "value": { "shoeSize": 1 } }]),
                InvalidPath,
                "`shoeSize`",
            ),
            (
                json!([{ "op": "remove", "path": "name.nick" }]),
                InvalidPath,
                "`name.nick`",
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"work\"].nick" }]),
                InvalidPath,
                "`nick`",
            ),
            (
                json!([{ "op": "remove", "path": "emails[nick eq \"work\"]" }]),
                InvalidFilter,
                "`nick`",
            ),
            (
                json!([{ "op": "add", "path": "urn:x:y:title", "value": "t" }]),
                InvalidPath,
                "`urn:x:y` is no schema",
            ),
            (
                json!([{ "op": "add", "path": format!("{E}:title"), "value": "t" }]),
                InvalidPath,
                "`title` is no attribute of the schema",
            ),
            (
                json!([{ "op": "add", "value": { (E): { "title": "t" } } }]),
                InvalidPath,
                "title",
            ),
        ],
    );
}

#[test]
fn brackets_in_the_wrong_place_are_refused_not_passed_over() {
    let path = |path: &str| json!([{ "op": "remove", "path": path }]);
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (
                path("title[value eq \"t\"]"),
                InvalidPath,
                "`title` has a single value",
            ),
            (
                path("name[familyName eq \"t\"].givenName"),
                InvalidPath,
                "`name`",
            ),
            (path("password[value eq \"t\"]"), InvalidPath, "`password`"),
            (
                path("emails.value[type eq \"work\"]"),
                InvalidPath,
                "follow `emails`",
            ),
            (
                path("emails.type[type eq \"work\"].value"),
                InvalidPath,
                "follow `emails`",
            ),
            (
                path(&format!("{E}[department eq \"D\"]")),
                InvalidPath,
                "is a schema",
            ),
            (
                path(&format!("{}[title eq \"t\"].title", urn::USER)),
                InvalidPath,
                "is a schema",
            ),
            (
                path(&format!("{E}:manager[value eq \"m\"]")),
                InvalidPath,
                "`manager`",
            ),
        ],
    );
}

#[test]
fn m09_m26_read_only_and_required_attributes_stay() {
    let add = |path: &str, value: Value| json!([{ "op": "add", "path": path, "value": value }]);
    let remove = |path: &str| json!([{ "op": "remove", "path": path }]);
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (add("id", json!(ID)), Mutability, "`id`"),
            (
                add("meta.version", json!("2")),
                Mutability,
                "`meta.version`",
            ),
            (
                add("groups", json!([{ "value": "g2" }])),
                Mutability,
                "`groups`",
            ),
            (remove("groups[value eq \"g1\"]"), Mutability, "`groups`"),
            (remove("meta"), Mutability, "`meta`"),
            (
                add(&format!("{E}:manager.displayName"), json!("M")),
                Mutability,
                "manager.displayName",
            ),
            (
                json!([{ "op": "replace", "value": { "id": "other" } }]),
                Mutability,
                "`id`",
            ),
            (
                json!([{ "op": "replace", "value": { "meta": { "version": "2" } } }]),
                Mutability,
                "`meta`",
            ),
            (
                json!([{ "op": "replace", "value": { "meta.version": "2" } }]),
                Mutability,
                "`meta.version`",
            ),
            (remove("userName"), Mutability, "`userName` is required"),
            (remove("schemas"), Mutability, "`schemas`"),
            (
                json!([{ "op": "replace", "path": "userName", "value": null }]),
                InvalidValue,
                "`userName` is required",
            ),
            (
                json!([{ "op": "replace", "value": { "userName": "" } }]),
                InvalidValue,
                "`userName`",
            ),
            (
                json!([{ "op": "replace", "value": { "userName": [] } }]),
                InvalidValue,
                "`userName`",
            ),
        ],
    );
}

#[test]
fn m09_read_only_attributes_that_say_nothing_new_are_passed_over() {
    let same = json!([{ "op": "replace", "value": { "ID": ID, "meta.version": "W/\"1\"",
        "meta": { "resourceType": "User" }, "groups": [], "schemas": [urn::USER] } }]);
    assert_eq!(
        user(&before(), &same),
        before(),
        "what says nothing new is passed over"
    );
}

#[test]
fn m13_values_of_the_wrong_type_or_shape() {
    let add = |path: &str, value: Value| json!([{ "op": "add", "path": path, "value": value }]);
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (add("title", json!(5)), InvalidValue, "`title` must be text"),
            (
                add("title", json!({ "value": "x" })),
                InvalidValue,
                "`title`",
            ),
            (add("active", json!("yes")), InvalidValue, "`active`"),
            (add("name", json!("Babs")), InvalidValue, "`name`"),
            (
                add("name.givenName", json!({})),
                InvalidValue,
                "`name.givenName`",
            ),
            (
                add("emails", json!([{ "value": true }])),
                InvalidValue,
                "`emails[0].value`",
            ),
            (
                add("emails[type eq \"work\"].primary", json!("x")),
                InvalidValue,
                "`emails.primary`",
            ),
            (
                add("emails[type eq \"new\"].primary", json!("x")),
                InvalidValue,
                "`emails.primary`",
            ),
            (
                add("userName", json!("a\u{0}b")),
                InvalidValue,
                "`userName`",
            ),
            (add("password", json!(5)), InvalidValue, "`password`"),
            (
                add("password", json!("a\u{0}b")),
                InvalidValue,
                "`password`",
            ),
            (add(E, json!("x")), InvalidValue, E),
            (
                add(
                    "emails[type eq \"work\"]",
                    json!([{ "value": "1" }, { "value": "2" }]),
                ),
                InvalidValue,
                "`emails[type eq \"work\"]` takes one value, not 2",
            ),
        ],
    );
}

#[test]
fn m33_a_filter_that_selects_nothing_and_describes_nothing() {
    let replace = |path: &str| json!([{ "op": "replace", "path": path, "value": "x" }]);
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (
                replace("emails[type co \"other\"].value"),
                NoTarget,
                "no value matches `emails[type co \"other\"]`",
            ),
            (
                replace("emails[type eq \"a\" or type eq \"b\"].value"),
                NoTarget,
                "emails",
            ),
            (
                replace("emails[not (type eq \"work\")].value"),
                NoTarget,
                "emails",
            ),
            (
                replace("emails[type eq \"a\" and type eq \"b\"].value"),
                NoTarget,
                "emails",
            ),
            (replace("emails[value eq \"\"].display"), NoTarget, "emails"),
            (replace("roles[value pr].display"), NoTarget, "roles"),
        ],
    );
}

#[test]
fn h13_limits_are_named() {
    let many: Vec<Value> = (0..=crate::limits::VALUES)
        .map(|n| json!({ "value": n.to_string() }))
        .collect();
    let (half, rest) = many.split_at(crate::limits::VALUES / 2);
    let long = "x".repeat(crate::limits::STRING_BYTES + 1);
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (
                json!([{ "op": "add", "path": "emails", "value": many }]),
                InvalidValue,
                "more than 1000",
            ),
            (
                json!([
                    { "op": "add", "path": "emails", "value": half },
                    { "op": "add", "path": "emails", "value": rest }
                ]),
                InvalidValue,
                "operation 2: `emails` would have more than 1000",
            ),
            (
                json!([{ "op": "add", "path": "title", "value": long }]),
                InvalidValue,
                "`title` is longer",
            ),
            (
                json!([{ "op": "add", "path": "x".repeat(600), "value": 1 }]),
                InvalidPath,
                "512",
            ),
        ],
    );
}

#[test]
fn w06_no_detail_quotes_a_password() {
    for value in [
        json!(["hunter2"]),
        json!({ "hunter2": 1 }),
        json!("hunter2\u{0}"),
    ] {
        let operations = json!([{ "op": "replace", "value": { "password": value } }]);
        let error = refusal(ResourceKind::User, &before(), &operations);
        assert!(!error.detail.contains("hunter2"), "{error}");
    }
}
