//! Tests of values that providers wrap, and of filters on single-valued attributes.

use super::*;

#[test]
fn entra_adds_and_removes_a_role_by_its_document() {
    let document = "{\"id\":\"1\",\"value\":\"buyer\",\"displayName\":\"Buyer\"}";
    let bare = json!({ "userName": "a" });
    let once = json!({ "userName": "a", "roles": [{ "value": "buyer", "display": "Buyer" }] });
    let listed = json!([{ "value": document }]);
    let filter = format!("roles[value eq {}]", Value::from(document));
    for op in ["Add", "Replace"] {
        for operation in [
            json!({ "op": op, "path": "roles", "value": listed }),
            json!({ "op": op, "value": { "roles": listed } }),
            json!({ "op": op, "path": "roles", "value": document }),
            json!({ "op": op, "path": "roles.value", "value": document }),
            json!({ "op": op, "path": "roles[value eq \"buyer\"]", "value": { "value": document } }),
        ] {
            for before in [&bare, &once] {
                assert_eq!(user(before, &json!([operation])), once, "{operation}");
            }
        }
        let primary =
            json!([{ "op": op, "path": "roles[primary eq \"True\"].value", "value": document }]);
        assert_eq!(
            user(&bare, &primary),
            json!({ "userName": "a", "roles": [{ "primary": true, "value": "buyer", "display": "Buyer" }] })
        );
    }
    for operation in [
        json!({ "op": "Remove", "path": "roles", "value": listed }),
        json!({ "op": "Remove", "path": "roles", "value": document }),
        json!({ "op": "Remove", "path": filter }),
    ] {
        assert_eq!(user(&once, &json!([operation])), bare, "{operation}");
    }
    let created = json!({ "userName": "a", "roles": [
        { "value": "buyer", "type": "WindowsAzureActiveDirectoryRole", "primary": false }] });
    assert_eq!(
        user(
            &created,
            &json!([{ "op": "Add", "path": "roles", "value": listed }])
        ),
        json!({ "userName": "a", "roles": [{ "value": "buyer",
            "type": "WindowsAzureActiveDirectoryRole", "primary": false, "display": "Buyer" }] }),
        "a create gives the type, an addition does not"
    );
}

#[test]
fn a_filter_on_a_single_value_applies_to_the_value_that_it_matches() {
    let manager = format!("{E}:manager");
    let before = json!({ "userName": "a", "active": true, "title": "T",
        "name": { "familyName": "F", "givenName": "G" }, (E): { "manager": { "value": "m" } } });
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut after = before.clone();
        change(&mut after);
        after
    };
    let without =
        |name: &str| changed(&|after| drop(after.as_object_mut().unwrap().shift_remove(name)));
    let one =
        |op: &str, path: &str, value: Value| json!([{ "op": op, "path": path, "value": value }]);
    let by_id = format!("{manager}[value eq \"m\"]");
    assert_after(
        &before,
        [
            (json!([{ "op": "Remove", "path": by_id }]), without(E)),
            (
                one("remove", &format!("{by_id}.value"), json!("m")),
                without(E),
            ),
            (
                json!([{ "op": "remove", "path": "title[value eq \"t\"]" }]),
                without("title"),
            ),
            (
                one("replace", "active[value eq \"True\"]", json!("False")),
                changed(&|after| after["active"] = json!(false)),
            ),
            (
                one("replace", "title[value eq \"T\"]", json!("U")),
                changed(&|after| after["title"] = json!("U")),
            ),
            (
                one("add", "name[familyName eq \"f\"].givenName", json!("H")),
                changed(&|after| after["name"]["givenName"] = json!("H")),
            ),
            (
                one("replace", &by_id, json!("n")),
                changed(&|after| after[E]["manager"]["value"] = json!("n")),
            ),
            (
                json!([{ "op": "remove", "path": "name[familyName sw \"F\"].familyName" }]),
                changed(&|after| after["name"] = json!({ "givenName": "G" })),
            ),
        ],
    );
}

#[test]
fn a_value_may_be_wrapped_in_an_array_or_an_object() {
    let before = json!({ "userName": "a", "emails": [{ "value": "w" }] });
    let titled = json!({ "userName": "a", "title": "t", "emails": [{ "value": "w" }] });
    for op in ["add", "replace"] {
        for operation in [
            json!({ "op": op, "value": [{ "title": "t" }] }),
            json!({ "op": op, "value": "[{\"title\":\"t\"}]" }),
            json!({ "op": op, "path": urn::USER, "value": [{ "title": "t" }] }),
            json!({ "op": op, "path": "title", "value": [{ "value": "t" }] }),
            json!({ "op": op, "path": "title", "value": { "value": "t" } }),
            json!({ "op": op, "path": "title", "value": { "title": "t" } }),
            json!({ "op": op, "value": { "title": { "value": "t" } } }),
        ] {
            assert_eq!(user(&before, &json!([operation])), titled, "{operation}");
        }
        for operation in [
            json!({ "op": op, "value": [{ (E): [{ "department": "D" }] }] }),
            json!({ "op": op, "path": E, "value": [{ "department": [{ "value": "D" }] }] }),
        ] {
            assert_eq!(
                user(&json!({ "userName": "a" }), &json!([operation])),
                json!({ "userName": "a", (E): { "department": "D" } }),
                "{operation}"
            );
        }
    }
    for operation in [
        json!({ "op": "remove", "path": "emails", "value": { "emails": [{ "value": "w" }] } }),
        json!({ "op": "replace", "path": "emails", "value": { "Emails": [] } }),
    ] {
        assert_eq!(
            user(&before, &json!([operation])),
            json!({ "userName": "a" }),
            "{operation}"
        );
    }
    let two = json!([{ "op": "replace", "value": [{ "title": "t" }, { "title": "u" }] }]);
    let refused = [(two, ErrorKind::InvalidValue, "must be an object")];
    assert_refused(ResourceKind::User, &before, refused);
    for given in [
        json!(["pass"]),
        json!({ "value": "pass" }),
        json!([{ "value": "pass" }]),
    ] {
        let operations = json!([{ "op": "replace", "path": "password", "value": given }]);
        assert_eq!(password(&operations).as_deref(), Some("pass"));
    }
}
