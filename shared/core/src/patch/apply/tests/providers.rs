//! Tests of operations on users as Okta, Entra ID and Keycloak send them.

use super::*;

#[test]
fn okta_deactivates_reactivates_and_updates_without_a_path() {
    let before =
        json!({ "userName": "a", "active": true, "name": { "givenName": "G", "familyName": "F" } });
    assert_after(
        &before,
        [
            (
                json!([{ "op": "replace", "value": { "active": false } }]),
                json!({ "userName": "a", "active": false, "name": { "givenName": "G", "familyName": "F" } }),
            ),
            (
                json!([{ "op": "replace", "value": { "active": true } }]),
                before.clone(),
            ),
            (
                json!([{ "op": "replace", "value": { "id": ID, "groups": [{ "value": "g9" }],
                    "name": { "givenName": "H" } } }]),
                json!({ "userName": "a", "active": true, "name": { "givenName": "H", "familyName": "F" } }),
            ),
        ],
    );
}

#[test]
fn keycloak_wraps_the_value_in_text() {
    assert_after(
        &json!({ "userName": "a", "title": "t" }),
        [(
            json!([{ "op": "replace", "value": "{\"title\":\"u\",\"name\":{\"givenName\":\"G\"}}" }]),
            json!({ "userName": "a", "name": { "givenName": "G" }, "title": "u" }),
        )],
    );
    for value in ["title", "{", "[1]", "{\"title\""] {
        let operations = json!([{ "op": "replace", "value": value }]);
        assert_refused(
            ResourceKind::User,
            &before(),
            [(operations, ErrorKind::InvalidValue, "must be an object")],
        );
    }
}

#[test]
fn entra_disables_in_every_spelling_of_both_dialects() {
    for operation in [
        json!({ "op": "Replace", "path": "active", "value": "False" }),
        json!({ "op": "Replace", "path": "active", "value": "false" }),
        json!({ "op": "replace", "path": "active", "value": false }),
        json!({ "op": "Add", "path": "active", "value": "False" }),
        json!({ "op": "replace", "value": { "active": "False" } }),
        json!({ "value": [false], "path": "ACTIVE", "op": "REPLACE" }),
    ] {
        assert_eq!(
            user(
                &json!({ "userName": "a", "active": true }),
                &json!([operation])
            ),
            json!({ "userName": "a", "active": false }),
            "{operation}"
        );
    }
}

#[test]
fn entra_changes_several_attributes_in_both_dialects() {
    let before = json!({ "userName": "a", "name": { "familyName": "Old", "middleName": "M" } });
    let after = json!({ "userName": "a", "displayName": "D",
        "name": { "familyName": "F", "middleName": "M", "givenName": "G" }, (E): { "employeeNumber": "7" } });
    assert_after(
        &before,
        [
            (
                json!([
                    { "op": "Add", "path": "displayName", "value": "D" },
                    { "op": "Replace", "path": "name.givenName", "value": "G" },
                    { "op": "Replace", "path": "name.familyName", "value": "F" },
                    { "op": "Add", "path": format!("{E}:employeeNumber"), "value": "7" }
                ]),
                after.clone(),
            ),
            (
                json!([{ "op": "replace", "value": { "displayName": "D", "name.givenName": "G",
                    "name.familyName": "F", (format!("{E}:employeeNumber")): "7" } }]),
                after,
            ),
        ],
    );
}

#[test]
fn entra_creates_the_value_that_a_typed_path_describes() {
    let bare = json!({ "userName": "a" });
    for (path, given, created) in typed_paths() {
        let name = path.split(['[', '.']).next().unwrap();
        for op in ["Add", "add", "Replace", "replace"] {
            let operations = json!([{ "op": op, "path": path, "value": given }]);
            let once = user(&bare, &operations);
            assert_eq!(
                once,
                json!({ "userName": "a", (name): [created] }),
                "{operations}"
            );
            assert_eq!(user(&once, &operations), once, "again: {operations}");
        }
    }
}

/// Rows of path, value, and the created value of the attribute.
fn typed_paths() -> Vec<(&'static str, Value, Value)> {
    vec![
        (
            "emails[type eq \"work\"].value",
            json!("w"),
            json!({ "type": "work", "value": "w" }),
        ),
        (
            "emails[type eq \"other\"].Value",
            json!("o"),
            json!({ "type": "other", "value": "o" }),
        ),
        (
            "addresses[type eq \"other\"].Formatted",
            json!("S 1"),
            json!({ "type": "other", "formatted": "S 1" }),
        ),
        (
            "addresses[type eq \"untyped\"].streetAddress",
            json!("S"),
            json!({ "type": "untyped", "streetAddress": "S" }),
        ),
        (
            "photos[type eq \"photo\"].value",
            json!("https://x/p"),
            json!({ "type": "photo", "value": "https://x/p" }),
        ),
        (
            "ims[type eq \"xmpp\"].value",
            json!("i"),
            json!({ "type": "xmpp", "value": "i" }),
        ),
        (
            "roles[primary eq \"True\"].value",
            json!("r"),
            json!({ "primary": true, "value": "r" }),
        ),
        (
            "emails[type eq \"work\"]",
            json!({ "value": "w", "primary": "True" }),
            json!({ "type": "work", "value": "w", "primary": true }),
        ),
        (
            "phoneNumbers[type eq \"mobile\"]",
            json!("+47 1"),
            json!({ "type": "mobile", "value": "+47 1" }),
        ),
        ("emails.value", json!("w"), json!({ "value": "w" })),
    ]
}

#[test]
fn entra_changes_only_the_work_value() {
    let before = json!({ "userName": "a", "emails": [
        { "value": "w", "type": "work", "primary": true }, { "value": "h", "type": "home" }],
        "roles": [{ "value": "r", "primary": true }, { "value": "s" }] });
    let roles = before["roles"].clone();
    for op in ["Add", "Replace"] {
        assert_after(
            &before,
            [
                (
                    json!([{ "op": op, "path": "emails[type eq \"work\"].value", "value": "n" }]),
                    json!({ "userName": "a", "roles": roles, "emails": [
                        { "value": "n", "type": "work", "primary": true }, { "value": "h", "type": "home" }] }),
                ),
                (
                    json!([{ "op": op, "path": "roles[primary eq \"True\"].value", "value": "n" }]),
                    json!({ "userName": "a", "emails": before["emails"],
                        "roles": [{ "value": "n", "primary": true }, { "value": "s" }] }),
                ),
            ],
        );
    }
}

#[test]
fn entra_writes_roles_as_a_json_document_in_text_and_as_a_list() {
    let document = "{\"id\":\"1\",\"value\":\"admin\",\"display\":\"Admin\",\"primary\":\"True\"}";
    let admin = json!({ "value": "admin", "display": "Admin", "primary": true });
    assert_after(
        &json!({ "userName": "a", "roles": [{ "value": "old", "primary": true }] }),
        [
            (
                json!([{ "op": "Add", "path": "roles", "value": document }]),
                json!({ "userName": "a", "roles": [{ "value": "old", "primary": false }, admin] }),
            ),
            (
                json!([{ "op": "Add", "path": "roles", "value": [{ "value": document }] }]),
                json!({ "userName": "a", "roles": [{ "value": "old", "primary": false }, admin] }),
            ),
            (
                json!([{ "op": "replace", "path": "roles", "value": [document] }]),
                json!({ "userName": "a", "roles": [admin] }),
            ),
            (
                json!([{ "op": "replace", "path": "roles", "value": [{ "value": "x" }, { "value": "y" }] }]),
                json!({ "userName": "a", "roles": [{ "value": "x" }, { "value": "y" }] }),
            ),
            (
                json!([{ "op": "Replace", "path": "roles", "value": "plain" }]),
                json!({ "userName": "a", "roles": [{ "value": "plain" }] }),
            ),
        ],
    );
}

#[test]
fn entra_writes_the_manager_in_every_form() {
    let path = format!("{E}:manager");
    let after = json!({ "userName": "a", (E): { "manager": { "value": "m2" } } });
    for before in [
        json!({ "userName": "a" }),
        json!({ "userName": "a", (E): { "manager": { "value": "m1", "$ref": "../Users/m1" } } }),
    ] {
        for operation in [
            json!({ "op": "Add", "path": path, "value": "m2" }),
            json!({ "op": "Replace", "path": path, "value": "m2" }),
            json!({ "op": "Replace", "path": path, "value": { "value": "m2" } }),
            json!({ "op": "Replace", "path": path, "value": { "value": "m2", "$ref": null, "displayName": "M" } }),
            json!({ "op": "Add", "path": path, "value": [{ "value": "m2" }] }),
            json!({ "op": "Replace", "path": format!("{path}.value"), "value": "m2" }),
            json!({ "op": "replace", "value": { (path.as_str()): "m2" } }),
            json!({ "op": "replace", "value": { (E): { "manager": "m2" } } }),
        ] {
            assert_eq!(user(&before, &json!([operation])), after, "{operation}");
        }
    }
    let operation =
        json!([{ "op": "Add", "path": path, "value": [{ "$ref": "../Users/m2", "value": "m2" }] }]);
    assert_eq!(
        user(&json!({ "userName": "a" }), &operation),
        json!({ "userName": "a", (E): { "manager": { "$ref": "../Users/m2", "value": "m2" } } })
    );
}

#[test]
fn entra_removes_the_manager_in_every_form() {
    let path = format!("{E}:manager");
    let before =
        json!({ "userName": "a", (E): { "manager": { "value": "m", "$ref": "../Users/m" } } });
    for operation in [
        json!({ "op": "Remove", "path": path }),
        json!({ "op": "Remove", "path": path, "value": "m" }),
        json!({ "op": "Remove", "path": path, "value": { "value": "stray" } }),
        json!({ "op": "Remove", "path": format!("{path}.value") }),
        json!({ "op": "Replace", "path": path, "value": { "value": "" } }),
        json!({ "op": "Replace", "path": path, "value": { "value": null } }),
        json!({ "op": "Replace", "path": path, "value": "" }),
        json!({ "op": "Replace", "path": path, "value": null }),
        json!({ "op": "Replace", "path": path, "value": [] }),
        json!({ "op": "replace", "value": { (path.as_str()): null } }),
    ] {
        assert_eq!(
            user(&before, &json!([operation])),
            json!({ "userName": "a" }),
            "{operation}"
        );
    }
}

#[test]
fn a_removal_ignores_an_unsuitable_value_and_removes_listed_ones() {
    let before = json!({ "userName": "a", "title": "t", "emails": [
        { "value": "w", "type": "work", "display": "W" }, { "value": "h", "type": "home" }] });
    let home =
        json!({ "userName": "a", "title": "t", "emails": [{ "value": "h", "type": "home" }] });
    assert_after(
        &before,
        [
            (
                json!([{ "op": "Remove", "path": "title", "value": "other" }]),
                json!({ "userName": "a", "emails": before["emails"] }),
            ),
            (
                json!([{ "op": "Remove", "path": "emails[type eq \"work\"].value", "value": "stray" }]),
                home.clone(),
            ),
            (
                json!([{ "op": "Remove", "path": "emails[type eq \"work\"]", "value": [{ "value": "h" }] }]),
                home.clone(),
            ),
            (
                json!([{ "op": "Remove", "path": "emails", "value": [{ "value": "W" }] }]),
                home.clone(),
            ),
            (
                json!([{ "op": "Remove", "path": "emails",
                    "value": [{ "value": "w", "type": "Work", "display": "other", "primary": true }] }]),
                home,
            ),
            (
                json!([{ "op": "Remove", "path": "emails", "value": [{ "value": "w", "type": "home" }] }]),
                before.clone(),
            ),
            (
                json!([{ "op": "Remove", "path": "emails", "value": [] }]),
                before.clone(),
            ),
        ],
    );
}
