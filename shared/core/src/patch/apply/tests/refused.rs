//! Tests of rejected operations and of the details.

use super::*;
use ErrorKind::{InvalidPath, InvalidValue, Mutability, NoTarget};

#[test]
fn m04_an_error_changes_nothing_and_names_its_operation() {
    let error = refusal(
        ResourceKind::User,
        &before(),
        &json!([
            { "op": "replace", "path": "title", "value": "new" },
            { "op": "replace", "path": "active", "value": "perhaps" },
            { "op": "remove", "path": "emails" }
        ]),
    );
    assert_eq!(error.kind(), InvalidValue);
    assert_eq!(
        error.detail().to_string(),
        "operation 2: `active` must be true or false, not `perhaps`"
    );
}

#[test]
fn m09_m26_read_only_and_required_attributes_cannot_be_removed() {
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
fn m09_unchanged_read_only_values_are_ignored() {
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
                add("title", json!({ "value": "x", "type": "y" })),
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
                "`emails[type eq \"work\"]` takes a single value, but the operation has 2",
            ),
        ],
    );
}

#[test]
fn m33_a_filter_without_a_match_that_describes_no_value() {
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
fn m33_a_filter_on_a_single_valued_attribute_must_match() {
    let manager = format!("{E}:manager");
    for (path, value) in [
        ("title[value eq \"other\"]".to_owned(), json!("x")),
        ("nickName[value eq \"n\"]".to_owned(), json!("x")),
        ("name[familyName eq \"F\"].givenName".to_owned(), json!("x")),
        (format!("{manager}[value eq \"other\"]"), json!("m2")),
        (format!("{manager}[value eq \"other\"].value"), json!("m2")),
    ] {
        for op in ["add", "remove", "replace"] {
            let operations = json!([{ "op": op, "path": path, "value": value }]);
            assert_refused(
                ResourceKind::User,
                &before(),
                [(operations, NoTarget, "no value matches `")],
            );
        }
    }
}

#[test]
fn m13_a_list_without_values_is_rejected() {
    let said = [json!({}), json!([{}]), json!([null])];
    let empty = [
        json!(""),
        json!([""]),
        json!([{ "value": "" }]),
        json!({ "value": null }),
        json!([{ "value": "", "type": "work" }]),
    ];
    let of_all = ["emails", "roles", "x509Certificates", "addresses"].into_iter();
    let of_some = ["emails", "roles", "x509Certificates"].into_iter();
    let rows = of_all.flat_map(|path| said.iter().map(move |given| (path, given)));
    let rows = rows.chain(of_some.flat_map(|path| empty.iter().map(move |given| (path, given))));
    for (path, given) in rows {
        let named = format!("`{path}[0]` has no value");
        for op in ["add", "replace", "remove"] {
            let by_path = json!([{ "op": op, "path": path, "value": given }]);
            let refused = [(by_path, InvalidValue, named.as_str())];
            assert_refused(ResourceKind::User, &before(), refused);
        }
        for op in ["add", "replace"] {
            let without = json!([{ "op": op, "value": { path: given } }]);
            let refused = [(without, InvalidValue, named.as_str())];
            assert_refused(ResourceKind::User, &before(), refused);
        }
    }
    let part = json!([{ "op": "replace", "path": "emails.value", "value": "" }]);
    let refused = [(part, InvalidValue, "`emails.value` has no value")];
    assert_refused(ResourceKind::User, &before(), refused);
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
        json!(["hunter2", "hunter3"]),
        json!({ "hunter2": 1 }),
        json!("hunter2\u{0}"),
    ] {
        let operations = json!([{ "op": "replace", "value": { "password": value } }]);
        let error = refusal(ResourceKind::User, &before(), &operations);
        assert!(!error.detail().to_string().contains("hunter2"), "{error}");
    }
}
