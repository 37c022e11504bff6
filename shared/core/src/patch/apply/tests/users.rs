//! Tests of section 14 of the matrix: single-valued and multi-valued attributes.

use serde_json::json;

use super::*;

#[test]
fn m03_each_operation_works_on_the_result_of_the_previous_one() {
    assert_after(
        &json!({ "userName": "a" }),
        [
            (
                json!([
                    { "op": "add", "path": "title", "value": "one" },
                    { "op": "replace", "path": "title", "value": "two" },
                    { "op": "add", "path": "nickName", "value": "x" },
                    { "op": "remove", "path": "nickName" }
                ]),
                json!({ "userName": "a", "title": "two" }),
            ),
            (
                json!([
                    { "op": "add", "path": "emails", "value": { "value": "a@b", "type": "work" } },
                    { "op": "replace", "path": "emails[type eq \"work\"].type", "value": "home" },
                    { "op": "remove", "path": "emails[type eq \"work\"]" }
                ]),
                json!({ "userName": "a", "emails": [{ "value": "a@b", "type": "home" }] }),
            ),
        ],
    );
}

#[test]
fn m06_names_are_read_in_any_case_and_with_a_urn() {
    let before = json!({ "userName": "a" });
    for path in [
        "title",
        "TITLE",
        "urn:ietf:params:scim:schemas:core:2.0:User:title",
        "URN:ietf:PARAMS:scim:schemas:core:2.0:user:Title",
        " title ",
    ] {
        assert_eq!(
            user(
                &before,
                &json!([{ "op": "add", "path": path, "value": "x" }])
            ),
            json!({ "userName": "a", "title": "x" }),
            "{path}"
        );
    }
    for path in [
        "emails[type eq \"work\"].value",
        "EMAILS[TYPE EQ \"work\"].VALUE",
        "urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq \"work\"].value",
    ] {
        assert_eq!(
            user(
                &before,
                &json!([{ "op": "add", "path": path, "value": "x" }])
            ),
            json!({ "userName": "a", "emails": [{ "type": "work", "value": "x" }] }),
            "{path}"
        );
    }
}

#[test]
fn m11_a_new_primary_value_replaces_the_old_one_with_any_path() {
    let before = json!({ "userName": "a", "emails": [
        { "value": "w", "type": "work", "primary": true }, { "value": "h", "type": "home" }
    ] });
    let home = json!({ "userName": "a", "emails": [
        { "value": "w", "type": "work", "primary": false },
        { "value": "h", "type": "home", "primary": true }
    ] });
    for operation in [
        json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true }),
        json!({ "op": "add", "path": "emails[type eq \"home\"].primary", "value": "True" }),
        json!({ "op": "add", "path": "emails[type eq \"home\"]", "value": { "primary": true } }),
        json!({ "op": "add", "path": "emails[value eq \"H\"].primary", "value": true }),
        json!({ "op": "add", "path": "emails",
            "value": [{ "value": "h", "type": "home", "primary": true }] }),
        json!({ "op": "add", "value": {
            "emails": { "value": "h", "type": "home", "primary": true } } }),
    ] {
        assert_eq!(user(&before, &json!([operation])), home, "{operation}");
    }
    assert_after(
        &before,
        [
            (
                json!([{ "op": "add", "path": "emails", "value": [{ "value": "n", "primary": true }] }]),
                json!({ "userName": "a", "emails": [
                    { "value": "w", "type": "work", "primary": false },
                    { "value": "h", "type": "home" },
                    { "value": "n", "primary": true }
                ] }),
            ),
            (
                json!([{ "op": "replace", "path": "emails[primary eq true].value", "value": "n" }]),
                json!({ "userName": "a", "emails": [
                    { "value": "n", "type": "work", "primary": true },
                    { "value": "h", "type": "home" }
                ] }),
            ),
            (
                json!([{ "op": "replace", "path": "emails", "value": [
                    { "value": "n", "primary": true }, { "value": "m", "primary": true }] }]),
                json!({ "userName": "a", "emails": [
                    { "value": "n", "primary": true }, { "value": "m", "primary": false }
                ] }),
            ),
        ],
    );
}

#[test]
fn m15_to_m18_add_to_single_valued_and_complex_attributes() {
    assert_after(
        &json!({ "userName": "a", "title": "old", "name": { "givenName": "G", "familyName": "F" } }),
        [
            (
                json!([{ "op": "add", "value": { "title": "new", "nickName": "n" } }]),
                json!({ "userName": "a", "title": "new", "nickName": "n",
                    "name": { "givenName": "G", "familyName": "F" } }),
            ),
            (
                json!([{ "op": "add", "path": "title", "value": "new" }]),
                json!({ "userName": "a", "title": "new", "name": { "givenName": "G", "familyName": "F" } }),
            ),
            (
                json!([{ "op": "add", "path": "name", "value": { "givenName": "H", "middleName": "M" } }]),
                json!({ "userName": "a", "title": "old",
                    "name": { "givenName": "H", "familyName": "F", "middleName": "M" } }),
            ),
            (
                json!([{ "op": "add", "path": "name.middleName", "value": "M" }]),
                json!({ "userName": "a", "title": "old",
                    "name": { "givenName": "G", "familyName": "F", "middleName": "M" } }),
            ),
            (
                json!([{ "op": "add", "path": "active", "value": true }]),
                json!({ "userName": "a", "title": "old", "active": true,
                    "name": { "givenName": "G", "familyName": "F" } }),
            ),
        ],
    );
}

#[test]
fn m19_m20_add_appends_new_values() {
    let before =
        json!({ "userName": "a", "emails": [{ "value": "w", "type": "work", "primary": true }] });
    let both = json!({ "userName": "a", "emails": [
        { "value": "w", "type": "work", "primary": true }, { "value": "h", "type": "home" }] });
    assert_after(
        &before,
        [
            (
                json!([{ "op": "add", "path": "emails", "value": { "value": "h", "type": "home" } }]),
                both.clone(),
            ),
            (
                json!([{ "op": "add", "path": "emails", "value": [
                    { "value": "w", "type": "work" }, { "value": "h", "type": "home" }] }]),
                both.clone(),
            ),
            (
                json!([{ "op": "add", "value": { "emails": [{ "value": "h", "type": "home" }] } }]),
                both,
            ),
            (
                json!([{ "op": "add", "path": "emails", "value": [{ "value": "w", "type": "work" }] }]),
                before.clone(),
            ),
            (
                json!([{ "op": "add", "path": "emails", "value": [] }]),
                before.clone(),
            ),
            (
                json!([{ "op": "add", "path": "emails", "value": [{ "value": "w", "type": "work", "display": "W" }] }]),
                json!({ "userName": "a", "emails": [
                    { "value": "w", "type": "work", "primary": true, "display": "W" }] }),
            ),
            (
                json!([{ "op": "replace", "path": "userName", "value": "a" }]),
                before.clone(),
            ),
        ],
    );
}

#[test]
fn m21_m32_m33_filters_select_every_match_or_describe_what_to_create() {
    let before = json!({ "userName": "a", "emails": [
        { "value": "w1", "type": "work" }, { "value": "w2", "type": "work" }, { "value": "h", "type": "home" }
    ] });
    let with = |last: Value| {
        let mut after = before.clone();
        after["emails"].as_array_mut().unwrap().push(last);
        after
    };
    assert_after(
        &before,
        [
            (
                json!([{ "op": "add", "path": "emails[type eq \"work\"].display", "value": "d" }]),
                json!({ "userName": "a", "emails": [
                    { "value": "w1", "type": "work", "display": "d" },
                    { "value": "w2", "type": "work", "display": "d" },
                    { "value": "h", "type": "home" }] }),
            ),
            (
                json!([{ "op": "replace", "path": "emails[value sw \"w\"]", "value": { "value": "x" } }]),
                json!({ "userName": "a", "emails": [{ "value": "x" }, { "value": "h", "type": "home" }] }),
            ),
            (
                json!([{ "op": "replace", "path": "emails[type eq \"home\"]",
                    "value": { "value": "x", "display": "d" } }]),
                json!({ "userName": "a", "emails": [
                    { "value": "w1", "type": "work" }, { "value": "w2", "type": "work" },
                    { "type": "home", "value": "x", "display": "d" }] }),
            ),
            (
                json!([{ "op": "replace", "path": "emails[type eq \"other\"].value", "value": "o" }]),
                with(json!({ "type": "other", "value": "o" })),
            ),
            (
                json!([{ "op": "add", "path": "emails[type eq \"other\" and primary eq \"True\"]",
                    "value": { "value": "o" } }]),
                with(json!({ "type": "other", "primary": true, "value": "o" })),
            ),
            (
                json!([{ "op": "replace", "path": "emails[type eq \"other\"].value", "value": null }]),
                before.clone(),
            ),
            (
                json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "same" }]),
                json!({ "userName": "a", "emails": [
                    { "value": "same", "type": "work" }, { "value": "h", "type": "home" }] }),
            ),
        ],
    );
}

#[test]
fn m23_to_m27_remove_unassigns_what_the_path_selects() {
    let before = json!({ "userName": "a", "title": "t", "name": { "givenName": "G" }, "emails": [
        { "value": "w", "type": "work", "display": "W" }, { "value": "h", "type": "home" }] });
    let without = |name: &str| {
        let mut after = before.clone();
        after.as_object_mut().unwrap().shift_remove(name);
        after
    };
    let only_home = json!({ "userName": "a", "title": "t", "name": { "givenName": "G" },
        "emails": [{ "value": "h", "type": "home" }] });
    assert_after(
        &before,
        [
            (
                json!([{ "op": "remove", "path": "title" }]),
                without("title"),
            ),
            (json!([{ "op": "remove", "path": "name" }]), without("name")),
            (
                json!([{ "op": "remove", "path": "name.givenName" }]),
                without("name"),
            ),
            (
                json!([{ "op": "remove", "path": "emails" }]),
                without("emails"),
            ),
            (
                json!([{ "op": "remove", "path": "emails[value pr]" }]),
                without("emails"),
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"work\"]" }]),
                only_home.clone(),
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"work\"].value" }]),
                only_home,
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"work\"].display" }]),
                json!({ "userName": "a", "title": "t", "name": { "givenName": "G" }, "emails": [
                    { "value": "w", "type": "work" }, { "value": "h", "type": "home" }] }),
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"other\"]" }]),
                before.clone(),
            ),
            (
                json!([{ "op": "remove", "path": "nickName" }]),
                before.clone(),
            ),
        ],
    );
}

#[test]
fn m28_to_m31_replace_keeps_unnamed_values() {
    assert_after(
        &json!({ "userName": "a", "title": "t", "name": { "givenName": "G", "familyName": "F" },
            "emails": [{ "value": "w", "type": "work" }, { "value": "h", "type": "home" }] }),
        [
            (
                json!([{ "op": "replace", "value": {
                    "userName": "b", "name": { "givenName": "H" }, "emails": [{ "value": "n" }] } }]),
                json!({ "userName": "b", "title": "t", "name": { "givenName": "H", "familyName": "F" },
                    "emails": [{ "value": "n" }] }),
            ),
            (
                json!([
                    { "op": "replace", "path": "emails", "value": { "value": "n" } },
                    { "op": "replace", "path": "nickName", "value": "new" },
                    { "op": "replace", "path": "name", "value": { "familyName": null } }
                ]),
                json!({ "userName": "a", "title": "t", "nickName": "new", "name": { "givenName": "G" },
                    "emails": [{ "value": "n" }] }),
            ),
            (
                json!([{ "op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User",
                    "value": { "title": "u" } }, { "op": "remove", "path": "emails" }]),
                json!({ "userName": "a", "title": "u", "name": { "givenName": "G", "familyName": "F" } }),
            ),
        ],
    );
}
