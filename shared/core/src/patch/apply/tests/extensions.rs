//! Tests of section 14 of the matrix: unassigning values, extensions, the password.

use serde_json::json;

use super::*;

#[test]
fn m34_null_empty_arrays_and_blank_text_unassign() {
    let before = json!({ "userName": "a", "active": true, "profileUrl": "https://x",
        "emails": [{ "value": "w", "type": "work" }], "name": { "givenName": "G" } });
    // `active` always has a value.
    let bare = json!({ "userName": "a", "active": true });
    for nothing in [json!(null), json!([])] {
        let each = ["active", "profileUrl", "emails", "name"];
        let paths: Vec<Value> = each
            .iter()
            .map(|path| json!({ "op": "replace", "path": path, "value": nothing }))
            .collect();
        assert_eq!(user(&before, &json!(paths)), bare, "{nothing}");
        let value: Attributes = each
            .iter()
            .map(|name| ((*name).to_owned(), nothing.clone()))
            .collect();
        let operations = json!([{ "op": "replace", "value": value }]);
        assert_eq!(user(&before, &operations), bare, "{nothing}");
    }
    let operations = json!([
        { "op": "replace", "path": "active", "value": "" },
        { "op": "replace", "path": "profileUrl", "value": "" },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "" },
        { "op": "replace", "path": "name.givenName", "value": null }
    ]);
    assert_eq!(user(&before, &operations), bare);
    assert_eq!(
        user(
            &bare,
            &json!([{ "op": "replace", "path": "title", "value": "" }])
        ),
        json!({ "userName": "a", "active": true, "title": "" }),
        "empty text is kept where it stands for itself"
    );
}

#[test]
fn m12_m35_m36_m37_extensions_are_written_by_path_container_and_qualified_name() {
    let path = |name: &str| format!("{E}:{name}");
    let given = json!({ "userName": "a", (E): { "department": "D" } });
    assert_users([
        (
            json!({ "userName": "a" }),
            json!([{ "op": "add", "path": path("department"), "value": "D" }]),
            given.clone(),
        ),
        (
            json!({ "userName": "a" }),
            json!([{ "op": "add", "path": E, "value": { "department": "D" } }]),
            given.clone(),
        ),
        (
            json!({ "userName": "a" }),
            json!([{ "op": "add", "value": { (E): { "DEPARTMENT": "D" } } }]),
            given.clone(),
        ),
        (
            json!({ "userName": "a" }),
            json!([{ "op": "replace", "value": { (path("department")): "D" } }]),
            given.clone(),
        ),
        (
            json!({ "userName": "a" }),
            json!([
                { "op": "add", "path": "schemas", "value": [E] },
                { "op": "add", "path": E.to_uppercase(), "value": { "department": "D" } }
            ]),
            given.clone(),
        ),
        (
            json!({ "userName": "a", "name": { "familyName": "F" } }),
            json!([{ "op": "replace", "value": { "name.givenName": "G",
                "urn:ietf:params:scim:schemas:core:2.0:User:title": "T", (path("manager.value")): "m" } }]),
            json!({ "userName": "a", "name": { "familyName": "F", "givenName": "G" }, "title": "T",
                (E): { "manager": { "value": "m" } } }),
        ),
        (
            given.clone(),
            json!([{ "op": "replace", "path": E, "value": { "division": "V" } }]),
            json!({ "userName": "a", (E): { "department": "D", "division": "V" } }),
        ),
    ]);
}

#[test]
fn an_extension_without_data_leaves_no_empty_object() {
    let before =
        json!({ "userName": "a", (E): { "department": "D", "manager": { "value": "m" } } });
    for operations in [
        json!([{ "op": "remove", "path": E }]),
        json!([{ "op": "remove", "path": E, "value": { "department": "D" } }]),
        json!([{ "op": "replace", "path": E, "value": null }]),
        json!([{ "op": "replace", "value": { (E): [] } }]),
        json!([
            { "op": "remove", "path": format!("{E}:manager") },
            { "op": "replace", "path": format!("{E}:department"), "value": null }
        ]),
    ] {
        assert_eq!(
            user(&before, &operations),
            json!({ "userName": "a" }),
            "{operations}"
        );
    }
    let nothing =
        json!([{ "op": "add", "value": { (E): {} } }, { "op": "add", "value": { (E): null } }]);
    assert_eq!(
        user(&json!({ "userName": "a" }), &nothing),
        json!({ "userName": "a" })
    );
}

#[test]
fn m40_the_password_is_separate_from_the_attributes() {
    for (operation, expected) in [
        (
            json!({ "op": "replace", "value": { "password": "s3cret" } }),
            Some("s3cret"),
        ),
        (
            json!({ "op": "add", "path": "Password", "value": "s3cret" }),
            Some("s3cret"),
        ),
        (json!({ "op": "remove", "path": "password" }), Some("")),
        (
            json!({ "op": "replace", "path": "password", "value": null }),
            Some(""),
        ),
        (
            json!({ "op": "replace", "path": "title", "value": "t" }),
            None,
        ),
    ] {
        assert_eq!(
            password(&json!([operation])).as_deref(),
            expected,
            "{operation}"
        );
    }
}

#[test]
fn an_extension_value_may_contain_schemas() {
    let before = json!({ "userName": "a" });
    let value = json!({ "schemas": [urn::ENTERPRISE_USER], "department": "Sales" });
    let after = json!({ "userName": "a", (urn::ENTERPRISE_USER): { "department": "Sales" } });
    for operations in [
        json!([{ "op": "add", "path": urn::ENTERPRISE_USER, "value": value }]),
        json!([{ "op": "replace", "value": { (urn::ENTERPRISE_USER): value } }]),
    ] {
        assert_eq!(user(&before, &operations), after, "{operations}");
    }
}
